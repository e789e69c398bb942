package inbox_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"sekisho/transfer/inbox"
)

// BenchmarkWaiting measures what each of ten thousand files that wait costs in memory, while no more of them can be claimed.
// Their names are of 32 bytes.
func BenchmarkWaiting(b *testing.B) {
	const files = 10_000
	var grown int64
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		for i := range files {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d 回覧のしらせ.docx", i)), nil, 0o644); err != nil {
				b.Fatal(err)
			}
		}
		before := heap()
		b.StartTimer()
		d, stop := newDesk(), make(chan struct{})
		d.fail = func(inbox.Claim) error { <-stop; return context.Canceled }
		opt := options(dir)
		opt.Settle = time.Millisecond
		box, err := inbox.New(opt, d)
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { box.Run(ctx); close(done) }()
		for box.Pending() < files {
			time.Sleep(10 * time.Millisecond)
		}
		least := int64(math.MaxInt64) // between two looks at the folder, and once all have been seen twice
		for range 10 {
			time.Sleep(200 * time.Millisecond)
			least = min(least, heap()-before)
		}
		grown += least
		cancel()
		close(stop)
		<-done
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(grown)/float64(b.N)/files, "heap-B/file")
}

// heap returns the bytes that are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
