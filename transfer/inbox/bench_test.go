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

// BenchmarkWaiting measures what files that wait cost in memory, while no more of them can be claimed: how much more the heap
// holds with so many than with 2,000, for each file more. Their names are of 32 bytes.
func BenchmarkWaiting(b *testing.B) {
	const few = 2_000
	for _, many := range []int{10_000, 20_000} {
		b.Run(fmt.Sprint(many), func(b *testing.B) {
			var grown, slope float64
			for b.Loop() {
				least, most := waiting(b, few), waiting(b, many)
				grown += float64(most)
				slope += float64(most-least) / float64(many-few)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(grown/float64(b.N)/float64(many), "heap-B/file")
			b.ReportMetric(slope/float64(b.N), "heap-B/file-more")
		})
	}
}

// waiting returns how much more of the heap is in use while so many files wait, in bytes.
func waiting(b *testing.B, files int) int64 {
	b.Helper()
	dir := b.TempDir()
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d 回覧のしらせ.docx", i)), nil, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	before := heap()
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
	cancel()
	close(stop)
	<-done
	return least
}

// heap returns the bytes that are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
