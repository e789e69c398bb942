// Package scan asks virus scanners about a file.
//
// It promises one thing: nothing but a scanner's own, complete and exact word makes a file clean. A scanner that is
// down, slow, confused or out of date gives an error, and a caller that meets an error waits: it never passes the file.
package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// ErrRefused says that a scanner answered, and that it will not judge this file however often it is asked: the file
// is too large for it, say. The file is held. Any other error of a scanner may go away by itself.
var ErrRefused = errors.New("scanner does not judge this file")

// Scanner is one virus scanner.
type Scanner interface {
	// Name returns how the scanner is called in configuration and record.
	Name() string

	// Scan judges the size bytes of r. It fails when r holds fewer or more. An error means that the scanner gave no
	// judgement.
	Scan(ctx context.Context, r io.Reader, size int64) (Result, error)
}

// Result is the judgement of one scanner about one file. The zero value is not clean.
type Result struct {
	Scanner    string    // name of the scanner
	Clean      bool      // nothing was found, and all of the file was looked at
	Incomplete bool      // not clean only because part of the file could not be looked at (encrypted, too large inside)
	Signature  string    // what was found; empty when clean
	Engine     string    // version of the scanner's program
	Signatures string    // version of its signatures; may be empty
	SignedAt   time.Time // when its signatures were made; zero when it does not say
	Note       string    // what else is to be on record; may be empty
}

// Infected reports whether r says that malware was found.
func (r Result) Infected() bool { return !r.Clean && !r.Incomplete }

// All asks every scanner about the same file of size bytes, at the same time. open is called once for each. The results
// are in the order of the scanners, without those that failed; the error joins the failures. A scanner that refuses the file
// has answered: its result is incomplete. The file is clean only when the error is nil and every result is. No scanners is no error: that none is needed is the configuration's word.
func All(ctx context.Context, scanners []Scanner, size int64, open func() (io.ReadCloser, error)) ([]Result, error) {
	results := make([]Result, len(scanners))
	errs := make([]error, len(scanners))
	var wg sync.WaitGroup
	for i, s := range scanners {
		wg.Go(func() { results[i], errs[i] = one(ctx, s, size, open) })
	}
	wg.Wait()
	var answered []Result
	for i := range scanners {
		if errs[i] == nil {
			answered = append(answered, results[i])
		}
	}
	return answered, errors.Join(errs...)
}

func one(ctx context.Context, s Scanner, size int64, open func() (io.ReadCloser, error)) (Result, error) {
	r, err := open()
	if err != nil {
		return Result{}, fmt.Errorf("cannot open file for scanner %s: %w", s.Name(), err)
	}
	defer r.Close()
	result, err := s.Scan(ctx, r, size)
	if errors.Is(err, ErrRefused) {
		return Result{Scanner: s.Name(), Incomplete: true, Signature: "refused"}, nil
	}
	if err != nil {
		return Result{}, fmt.Errorf("cannot scan with %s: %w", s.Name(), err)
	}
	result.Scanner = s.Name()
	return result, nil
}

// AllClean reports whether every one of results is clean, and there is one at least.
func AllClean(results []Result) bool {
	for _, r := range results {
		if !r.Clean {
			return false
		}
	}
	return len(results) > 0
}
