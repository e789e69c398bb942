//go:build failpoints

package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

var met atomic.Int64

// At kills this program when step is the one that the environment names, and this is the time that it names.
func At(step string) {
	name, times, _ := strings.Cut(os.Getenv("SEKISHO_FAILPOINT"), ":")
	if name != step {
		return
	}
	if n, err := strconv.ParseInt(times, 10, 64); err == nil && met.Add(1) >= n {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// Pause returns d divided by what the environment says in SEKISHO_HASTE: an hour without the other side, in less than an hour.
func Pause(d time.Duration) time.Duration {
	if n, err := strconv.Atoi(os.Getenv("SEKISHO_HASTE")); err == nil && n > 0 {
		return d / time.Duration(n)
	}
	return d
}
