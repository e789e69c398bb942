package sandbox

import (
	"runtime"
	"testing"

	"sekisho/internal/worker/sandbox/policy"
)

// TestFilterIsThePolicy compares the table with what it was made from.
func TestFilterIsThePolicy(t *testing.T) {
	want, err := policy.Filter()
	if err != nil {
		t.Fatal(err)
	}
	got := filter()
	if runtime.GOARCH != "amd64" {
		if got != nil {
			t.Errorf("a filter of %d instructions for %s, where none was made", len(got), runtime.GOARCH)
		}
		return
	}
	if len(got) != len(want) {
		t.Fatalf("%d instructions, want %d: run go generate", len(got), len(want))
	}
	placeholders := 0
	for i, g := range got {
		w := want[i]
		if g.Code != w.Op || g.Jt != w.Jt || g.Jf != w.Jf || g.K != w.K {
			t.Errorf("instruction %d is %+v, want %+v: run go generate", i, g, w)
		}
		if g.K == ownPID {
			placeholders++
		}
	}
	if placeholders != 1 || ownPID != policy.OwnPID {
		t.Errorf("the process id stands at %d places, want 1", placeholders)
	}
}
