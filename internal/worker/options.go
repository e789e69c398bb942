package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

// Options say how a Pool works.
type Options struct {
	Child         string          // path of the child program (cmd/sekisho-child); opened once, at NewPool
	Args          []string        // arguments for each child, as the child program understands them
	Judge         string          // path of the program for Verify (cmd/sekisho-judge, see JudgeBeside); "" means Child
	Ready         int             // children of each program kept started ahead of need; 0 means as many as there are processors, 2 at least
	Once          bool            // there will be one file: after the first child of each program none is started before it is asked for
	Procs         int             // processors that one child may use at a time for a large file; 0 means 2
	Limits        sanitize.Limits // bounds Time, Memory and FileSize of every request; zero fields mean the published limits
	Memory        int64           // of one child in bytes, whatever a request says; 0 means what it says
	Grace         time.Duration   // how long a child may live past the time of its run; 0 means 3 s
	AcceptMissing []string        // names of layers that may be missing (see Layers)
	Log           *slog.Logger    // may be nil
}

// judgeName is the file name of the program that judges and can do nothing else.
const judgeName = "sekisho-judge"

// JudgeBeside returns the path of the judging program in the folder of the child program, or "" where there is none: it
// starts in a third of the time, and has none of the code in it that it judges. The child program can judge as well.
func JudgeBeside(child string) string {
	path := filepath.Join(filepath.Dir(child), judgeName)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return path
}

// withDefaults fills what was left out, and refuses what makes no sense.
func (o Options) withDefaults() (Options, error) {
	if o.Child == "" {
		return o, errors.New("no child program")
	}
	d := sanitize.DefaultLimits()
	o.Ready = orDefault(o.Ready, max(2, runtime.NumCPU()))
	o.Procs = orDefault(o.Procs, 2)
	o.Grace = orDefault(o.Grace, 3*time.Second)
	o.Limits.Time = orDefault(o.Limits.Time, d.Time)
	o.Limits.Memory = orDefault(o.Limits.Memory, d.Memory)
	o.Limits.FileSize = orDefault(o.Limits.FileSize, d.FileSize)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

func orDefault[T ~int | ~int64](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// accepted returns the layers that may be missing.
func (o Options) accepted() (wire.Set, error) {
	var set wire.Set
	for _, name := range o.AcceptMissing {
		l := wire.Layer(name)
		if !slices.Contains(wire.Layers(), l) {
			return 0, fmt.Errorf("no layer is called %q: have %v", name, wire.Layers())
		}
		set = set.With(l)
	}
	return set, nil
}

// bound returns the limits of one request: its own, but none above the pool's, and the pool's where it has none.
func (o Options) bound(l sanitize.Limits) sanitize.Limits {
	l.Time = min(orDefault(l.Time, o.Limits.Time), o.Limits.Time)
	l.Memory = orDefault(o.Memory, min(orDefault(l.Memory, o.Limits.Memory), o.Limits.Memory))
	l.FileSize = min(orDefault(l.FileSize, o.Limits.FileSize), o.Limits.FileSize)
	return l
}
