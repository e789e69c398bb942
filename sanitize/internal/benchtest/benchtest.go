// Package benchtest measures benchmarks by the time that processors worked for them, which others on the same machine
// change little.
package benchtest

import (
	"syscall"
	"testing"
	"time"
)

// PerCore begins to measure. What it returns ends that, and reports size bytes an iteration as MB/s-a-core: by the user and
// system time of the process, collection of garbage included.
func PerCore(b *testing.B, size int) func() {
	before := spent(b)
	return func() {
		b.ReportMetric(float64(size)*float64(b.N)/1e6/(spent(b)-before).Seconds(), "MB/s-a-core")
	}
}

func spent(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
