package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// fake is a scanner that reads everything and answers as it was told.
type fake struct {
	name   string
	result Result
	err    error
}

func (f fake) Name() string { return f.name }

func (f fake) Scan(_ context.Context, r io.Reader, size int64) (Result, error) {
	if n, err := io.Copy(io.Discard, r); err != nil || n != size {
		return Result{}, errors.New("short file")
	}
	return f.result, f.err
}

func open() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("content")), nil }

func TestAll(t *testing.T) {
	clean := fake{name: "a", result: Result{Clean: true}}
	found := fake{name: "b", result: Result{Signature: "X"}}
	down := fake{name: "c", err: errors.New("down")}
	refuses := fake{name: "d", err: fmt.Errorf("too large: %w", ErrRefused)}
	for _, c := range []struct {
		name     string
		scanners []Scanner
		answered string
		clean    bool
		failed   bool
	}{
		{"none", nil, "", false, false},
		{"clean", []Scanner{clean, clean}, "aa", true, false},
		{"one finds", []Scanner{clean, found}, "ab", false, false},
		{"one is down", []Scanner{down, clean}, "a", true, true},
		{"one refuses", []Scanner{refuses, clean}, "da", false, false},
		{"one refuses, one is down", []Scanner{refuses, down}, "d", false, true},
		{"one finds, one is down", []Scanner{down, found}, "b", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			results, err := All(t.Context(), c.scanners, 7, open)
			var answered string
			for _, r := range results {
				answered += r.Scanner
			}
			if answered != c.answered || (err != nil) != c.failed || AllClean(results) != c.clean {
				t.Errorf("answered %q, error %v, clean %v", answered, err, AllClean(results))
			}
		})
	}
}

func TestAllCannotOpen(t *testing.T) {
	broken := errors.New("disk")
	results, err := All(t.Context(), []Scanner{fake{name: "a"}}, 7, func() (io.ReadCloser, error) { return nil, broken })
	if !errors.Is(err, broken) || len(results) != 0 {
		t.Errorf("%v, %v", results, err)
	}
}

func TestZeroResultIsNotClean(t *testing.T) {
	if AllClean([]Result{{}}) || !(Result{}).Infected() {
		t.Error("the zero result passes")
	}
	if (Result{Incomplete: true}).Infected() {
		t.Error("incomplete is taken for malware")
	}
}
