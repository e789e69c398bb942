package worker

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sekisho/fixtures"
	"sekisho/internal/worker/wire"
)

// bare starts a pool whose children have no layer of the sandbox, and no name spaces.
func bare(b *testing.B, change ...func(*Options)) *Pool {
	b.Helper()
	build(filepath.Dir(children.bare), "bare", "sekisho/internal/worker/testdata/bare", "")
	p := pool(b, children.bare, append(change, func(o *Options) {
		for _, l := range wire.Layers() {
			o.AcceptMissing = append(o.AcceptMissing, string(l))
		}
	})...)
	p.starter.drop()
	p.program.dropNamespaces()
	for range p.opts.Ready + 1 { // those that were begun before
		c, err := p.take(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		c.end()
	}
	return p
}

// BenchmarkChildStart measures from the clone of a child to its readiness, with all layers on and without any, and the
// processor time that a child costs from its start to its end: its own, and ours. Both are started in turn.
func BenchmarkChildStart(b *testing.B) {
	pools := map[string]*Pool{"sandbox": pool(b, children.real), "bare": bare(b)}
	var cpu, wall [2]time.Duration
	for i, name := range []string{"sandbox", "bare"} {
		b.Run(name, func(b *testing.B) { cpu[i], wall[i] = starts(b, pools[name]) })
	}
	if wall[0] > 0 && wall[1] > 0 {
		b.Logf("the sandbox costs %.2f ms of processor time and %.2f ms of waiting a start",
			(cpu[0]-cpu[1]).Seconds()*1e3, (wall[0]-wall[1]).Seconds()*1e3)
	}
}

// starts starts children one after the other, and returns what one costs in processor time, and the median of the times
// until they were ready.
func starts(b *testing.B, p *Pool) (cpu, wall time.Duration) {
	var times []time.Duration
	var theirs time.Duration
	before := ownTime(b)
	for b.Loop() {
		start := time.Now()
		c, err := p.start()
		if err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
		state := c.end()
		theirs += state.UserTime() + state.SystemTime()
	}
	ours := ownTime(b) - before
	report(b, times)
	n := time.Duration(len(times))
	b.ReportMetric(theirs.Seconds()*1e3/float64(n), "child-cpu-ms")
	b.ReportMetric(ours.Seconds()*1e3/float64(n), "our-cpu-ms")
	return (theirs + ours) / n, times[len(times)/2]
}

// BenchmarkStream rebuilds and judges documents of 50 KB, a few at a time, in children with the sandbox and in children without,
// in turn: files/s of each, how many times as long the sandbox takes, and what it costs a file (two children) in processor time
// of the machine.
func BenchmarkStream(b *testing.B) {
	few := func(o *Options) { o.Ready = 3 }
	pools := []*Pool{pool(b, children.real, few), bare(b, few)}
	document := fixtures.TextPDF(70)
	var took [2]time.Duration
	files := 0
	const batch = 20
	for b.Loop() {
		for i, p := range pools {
			took[i] += stream(b, p, document, batch)
		}
		files += batch
	}
	n := float64(files)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(document))/1e3, "kB/document")
	b.ReportMetric(n/took[0].Seconds(), "files/s")
	b.ReportMetric(n/took[1].Seconds(), "bare-files/s")
	b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "ratio")
	b.ReportMetric((took[0]-took[1]).Seconds()*1e3/n*float64(min(streams, runtime.NumCPU())), "overhead-ms/file")
}

// streams is how many files are worked on at a time.
const streams = 2

// stream has n files rebuilt and judged, and returns how long that took.
func stream(b *testing.B, p *Pool, document []byte, n int) time.Duration {
	requests := make([]Request, n)
	for i := range requests {
		requests[i] = newRequest(b, string(document))
		requests[i].Name = "50.pdf"
	}
	start := time.Now()
	var all sync.WaitGroup
	next := make(chan Request, n)
	for range streams {
		all.Go(func() {
			for req := range next {
				r, err := p.Rebuild(b.Context(), req)
				if err == nil && r.Reason == "" {
					req.Input, req.Output, req.Format = req.Output, nil, r.Report.Output
					r, err = p.Verify(b.Context(), req)
				}
				if err != nil || r.Reason != "" {
					b.Errorf("%+v, %v", r, err)
				}
			}
		})
	}
	for _, req := range requests {
		next <- req
	}
	close(next)
	all.Wait()
	took := time.Since(start)
	for _, req := range requests {
		req.Input.Close()
		req.Output.Close()
	}
	return took
}

// BenchmarkRoundTrip measures one small file from the request to the child's end, with children kept ready.
func BenchmarkRoundTrip(b *testing.B) {
	p := pool(b, children.real, func(o *Options) { o.Ready = 2 })
	text := strings.Repeat("こんにちは、世界。\r\n", 100)
	var times []time.Duration
	for b.Loop() {
		b.StopTimer()
		req := newRequest(b, text)
		b.StartTimer()
		start := time.Now()
		r, err := p.Rebuild(b.Context(), req)
		if err != nil || r.Reason != "" {
			b.Fatalf("%+v, %v", r, err)
		}
		times = append(times, time.Since(start))
		b.StopTimer()
		req.Input.Close()
		req.Output.Close()
		b.StartTimer()
	}
	report(b, times)
}

func report(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	b.ReportMetric(times[len(times)/2].Seconds()*1e3, "p50-ms")
	b.ReportMetric(times[len(times)*95/100].Seconds()*1e3, "p95-ms")
}

func ownTime(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
