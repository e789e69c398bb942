package worker

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkChildStart measures from the clone of a child to its readiness, all layers on, and the processor time that a
// child costs from its start to its end: its own, and ours.
func BenchmarkChildStart(b *testing.B) {
	p := pool(b, children.real)
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
	b.ReportMetric(theirs.Seconds()*1e3/float64(len(times)), "child-cpu-ms")
	b.ReportMetric(ours.Seconds()*1e3/float64(len(times)), "our-cpu-ms")
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
