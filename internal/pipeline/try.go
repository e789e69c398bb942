package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/sanitize/identify"
	"sekisho/sanitize/scan"
	"sekisho/transfer/sftplink"
)

// tryTime bounds one attempt.
const tryTime = 10 * time.Second

// Errors of attempts.
var (
	ErrBlind = errors.New("the scanner does not find the scanners' test file (EICAR)")
	ErrAlarm = errors.New("the scanner finds malware in a text without any")
)

// TriedScanner is what became of having a scanner look at two files that are known.
type TriedScanner struct {
	Name, Type, Address string
	Result              scan.Result // about the test file
	Err                 error       // wraps ErrBlind, ErrAlarm or what the scanner failed with
}

// TryScanners has each configured scanner look at the scanners' test file, and at a text without malware. A list of hashes (type
// "hashes") is its owner's own, and finds what stands in it: it is only asked.
func (g *Gateway) TryScanners(ctx context.Context) []TriedScanner {
	var all []TriedScanner
	for i, s := range g.local.scanners {
		cfg := g.cfg.Scanners[i]
		t := TriedScanner{Name: s.Name(), Type: cfg.Type, Address: cfg.Address}
		t.Result, t.Err = tryScanner(ctx, s, cfg.Type != "hashes")
		all = append(all, t)
	}
	return all
}

func tryScanner(ctx context.Context, s scan.Scanner, finds bool) (scan.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	test, plain := identify.EICAR(), []byte("関所の試験 / a test of Sekisho\n")
	r, err := s.Scan(ctx, bytes.NewReader(test), int64(len(test)))
	if err != nil {
		return r, fmt.Errorf("cannot try scanner: %w", err)
	}
	if finds && !r.Infected() {
		return r, ErrBlind
	}
	other, err := s.Scan(ctx, bytes.NewReader(plain), int64(len(plain)))
	if err != nil {
		return r, fmt.Errorf("cannot try scanner: %w", err)
	}
	if !other.Clean {
		return r, fmt.Errorf("%w: %s", ErrAlarm, other.Signature)
	}
	return r, nil
}

// TryLink connects to the receiver in the LGWAN zone, with the keys that packages go with, and ends the connection.
func (g *Gateway) TryLink(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	link, err := sftplink.Dial(ctx, g.courier.options)
	if err != nil {
		return err
	}
	return link.Close()
}

// TryInbox looks whether the gateway can read the folder of a route, and take files out of it. It puts nothing there: what lies in an
// inbox is taken in.
func TryInbox(r config.Route) error {
	info, err := os.Stat(r.Inbox)
	if err == nil && !info.IsDir() {
		err = errors.New("not a folder")
	}
	if err == nil {
		_, err = os.ReadDir(r.Inbox)
	}
	if err == nil {
		err = unix.Access(r.Inbox, unix.R_OK|unix.W_OK|unix.X_OK)
	}
	if err != nil {
		return fmt.Errorf("cannot use inbox %s: %w", r.Inbox, err)
	}
	return nil
}

// Tested puts on record what came of the two test files of a first set-up.
func (g *Gateway) Tested(ctx context.Context, actor, detail string) error {
	return g.record(ctx, audit.Event{Kind: audit.Tested, Actor: actor, Detail: detail})
}
