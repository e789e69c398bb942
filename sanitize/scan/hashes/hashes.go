// Package hashes judges files by lists of SHA-256: what is on a deny list is malware, whatever other scanners say. An allow
// list only puts on record that a file is a known one: it passes nothing, and spares the file no rebuild and no scanner.
//
// A list is what sha256sum prints: a line for each file, 64 hexadecimal digits and whatever follows a blank. Lines that are
// empty or begin with # say nothing. A list that is missing, empty, cut off or has any other line is no answer, so that files
// wait: half a deny list is worse than none. A list is read again when its file changes.
package hashes

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"sekisho/sanitize/scan"
)

var _ scan.Scanner = (*Scanner)(nil)

// maxList bounds one list, in bytes: some 900,000 files.
const maxList = 64 << 20

// Options name the lists.
type Options struct {
	Name  string   // in configuration and record; "hashes" when empty
	Deny  []string // paths of lists of malware
	Allow []string // paths of lists of known files
}

// Scanner compares files with lists. Its methods may be called at the same time.
type Scanner struct {
	name        string
	deny, allow []*list
	mu          sync.Mutex // guards the lists
}

// New returns a scanner. It reads the lists when it is first asked.
func New(o Options) (*Scanner, error) {
	if len(o.Deny)+len(o.Allow) == 0 {
		return nil, errors.New("cannot make hash scanner: want a list")
	}
	s := &Scanner{name: o.Name}
	if s.name == "" {
		s.name = "hashes"
	}
	for _, path := range o.Deny {
		s.deny = append(s.deny, &list{path: path})
	}
	for _, path := range o.Allow {
		s.allow = append(s.allow, &list{path: path})
	}
	return s, nil
}

// Name returns how the scanner is called in configuration and record.
func (s *Scanner) Name() string { return s.name }

// Scan looks for the size bytes of r on the lists.
func (s *Scanner) Scan(ctx context.Context, r io.Reader, size int64) (scan.Result, error) {
	h := sha256.New()
	n, err := io.Copy(h, &stoppable{ctx, io.LimitReader(r, size)})
	if err != nil {
		return scan.Result{}, fmt.Errorf("cannot read file: %w", err)
	}
	var one [1]byte
	if more, err := io.ReadFull(r, one[:]); n != size || more != 0 || !errors.Is(err, io.EOF) {
		return scan.Result{}, fmt.Errorf("file has not the length that was said: %d bytes", size)
	}
	return s.look([sha256.Size]byte(h.Sum(nil)))
}

// look says on which list sum is. Deny wins.
func (s *Scanner) look(sum [sha256.Size]byte) (scan.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := scan.Result{Engine: "SHA-256 lists"}
	denied, err := s.on(s.deny, sum, &r)
	if err != nil {
		return scan.Result{}, err
	}
	known, err := s.on(s.allow, sum, &r)
	if err != nil {
		return scan.Result{}, err
	}
	switch {
	case denied:
		r.Signature = "Deny.SHA256"
	case known:
		r.Clean, r.Note = true, "on the allow list"
	default:
		r.Clean = true
	}
	return r, nil
}

// on reports whether sum is on one of lists, all of which are read, and notes in r what they are.
func (s *Scanner) on(lists []*list, sum [sha256.Size]byte, r *scan.Result) (found bool, err error) {
	for _, l := range lists {
		if err := l.refresh(); err != nil {
			return false, err
		}
		_, is := l.sums[sum]
		found = found || is
		r.Signatures += l.digest
		if l.changed.After(r.SignedAt) {
			r.SignedAt = l.changed
		}
	}
	return found, nil
}

// list is one list as it was last read.
type list struct {
	path    string
	state   os.FileInfo // of the file; nil: never read
	changed time.Time
	digest  string // of its text
	sums    map[[sha256.Size]byte]struct{}
}

// refresh reads the list unless its file is the one that was read. After an error it is read again.
func (l *list) refresh() error {
	f, err := os.Open(l.path)
	if err != nil {
		return fmt.Errorf("cannot read list: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("cannot read list: %w", err)
	}
	if l.state != nil && os.SameFile(info, l.state) && info.Size() == l.state.Size() && info.ModTime().Equal(l.changed) {
		return nil
	}
	l.state = nil
	text, err := io.ReadAll(io.LimitReader(f, maxList+1))
	if err != nil {
		return fmt.Errorf("cannot read list: %w", err)
	}
	sums, err := parse(text)
	if err != nil {
		return fmt.Errorf("cannot use list %s: %w", l.path, err)
	}
	digest := sha256.Sum256(text)
	l.state, l.changed, l.sums, l.digest = info, info.ModTime(), sums, hex.EncodeToString(digest[:6])
	return nil
}

// parse reads a list.
func parse(text []byte) (map[[sha256.Size]byte]struct{}, error) {
	switch {
	case len(text) == 0:
		return nil, errors.New("it is empty; one without files says so in a line that begins with #")
	case len(text) > maxList:
		return nil, fmt.Errorf("it is longer than %d bytes", maxList)
	case text[len(text)-1] != '\n':
		return nil, errors.New("its last line has no end")
	}
	sums := map[[sha256.Size]byte]struct{}{}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		digits, _, _ := bytes.Cut(line, []byte(" "))
		var sum [sha256.Size]byte
		if read, err := hex.Decode(sum[:], digits[:min(len(digits), 2*sha256.Size)]); err != nil || read != len(sum) || len(digits) != 2*len(sum) {
			return nil, fmt.Errorf("line %d is no SHA-256", n)
		}
		sums[sum] = struct{}{}
	}
	return sums, nil
}

// stoppable stops a long read when the context ends.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
