package queue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"sekisho/internal/durable"
)

// ErrDamaged says that a finished line of the ledger cannot be read.
var ErrDamaged = errors.New("ledger is damaged")

// flushDelay is how long a line that nobody waits for may wait for others to share its sync.
const flushDelay = 50 * time.Millisecond

// The kinds of lines.
const (
	lineEnd = "end"
	lineTry = "try"
)

// line is one line of the journal, as JSON.
type line struct {
	Time       int64  `json:"t"` // Unix milliseconds
	Kind       string `json:"k"`
	ID         ID     `json:"id"`
	Generation int    `json:"g"`
	State      State  `json:"s,omitempty"`     // of an end
	Stage      string `json:"stage,omitempty"` // of a try
	Begun      int    `json:"n,omitempty"`     // of a try
	Returned   int    `json:"r,omitempty"`     // of a try
}

// journal is an append-only sequence of lines in segment files, with group commit: whoever finds no batch waiting leads
// one, and all that come before the leader gets the file are written and synced with it.
type journal struct {
	root   *os.Root
	opt    LedgerOptions
	forget func(last uint64) // told when segments up to last are gone

	mu      sync.Mutex // guards pending, timer, closed
	pending *batch
	timer   *time.Timer
	closed  bool

	writing  sync.Mutex // guards what follows: one batch at a time
	file     *durable.AppendFile
	size     int64 // of the newest segment
	broken   bool  // an append failed: the newest segment is not written to again
	segments []segment
}

// segment is one file of the journal.
type segment struct {
	number uint64
	newest int64 // time of its newest line, Unix milliseconds
	lines  int
}

func (s segment) name() string { return fmt.Sprintf("ledger-%012d.jsonl", s.number) }

// batch is a group of lines that are written and synced together.
type batch struct {
	text  []byte
	lines int
	noted []func(segment uint64)
	led   bool // somebody will write it
	done  chan struct{}
	err   error
}

// add puts a line in the next batch and returns a function that waits until it is durable. note, when there is one, is
// called once the line is durable, in the order of the lines; then wait must be called, for it may lead the batch. Without
// one the line is written within flushDelay, and wait returns at once.
func (j *journal) add(ln line, note func(segment uint64)) (wait func() error) {
	ln.Time = j.opt.Now().UnixMilli()
	text, err := json.Marshal(ln)
	if err != nil {
		return func() error { return fmt.Errorf("cannot encode ledger line: %w", err) }
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return func() error { return fs.ErrClosed }
	}
	b := j.pending
	if b == nil {
		b = &batch{done: make(chan struct{})}
		j.pending = b
	}
	b.text = append(append(b.text, text...), '\n')
	b.lines++
	if note == nil {
		if !b.led && j.timer == nil {
			j.timer = time.AfterFunc(flushDelay, j.flush)
		}
		return func() error { return nil }
	}
	b.noted = append(b.noted, note)
	lead := !b.led
	b.led = true
	return func() error {
		if lead {
			j.write()
		}
		<-b.done
		return b.err
	}
}

// flush writes the lines that nobody waits for.
func (j *journal) flush() {
	j.mu.Lock()
	j.timer = nil
	lead := j.pending != nil && !j.pending.led
	if lead {
		j.pending.led = true
	}
	j.mu.Unlock()
	if lead {
		j.write()
	}
}

// write takes the pending batch, once the file is free, and makes it durable. Only a batch's leader calls it.
func (j *journal) write() {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	b := j.pending
	j.pending = nil
	j.mu.Unlock()
	defer close(b.done)
	if b.err = j.append(b); b.err != nil {
		return
	}
	number := j.segments[len(j.segments)-1].number
	for _, note := range b.noted {
		note(number)
	}
}

// append writes the batch to the newest segment, or to a fresh one when that is full or broken.
func (j *journal) append(b *batch) error {
	if j.broken || j.size >= j.opt.SegmentBytes {
		if err := j.rotate(); err != nil {
			return err
		}
	}
	if err := j.file.Append(b.text); err != nil {
		// After a failed write or sync nobody knows what the disk holds. The lines are cut off, and the segment is left,
		// unless nothing else was in it: a disk that is full for hours must not end as thousands of empty segments.
		cut := j.file.Truncate(j.size)
		j.broken = cut != nil || j.size > 0
		return errors.Join(err, cut)
	}
	j.size += int64(len(b.text))
	s := &j.segments[len(j.segments)-1]
	s.lines += b.lines
	s.newest = j.opt.Now().UnixMilli()
	return nil
}

// rotate begins the next segment and removes those that are old.
func (j *journal) rotate() error {
	next := segment{number: 1}
	if n := len(j.segments); n > 0 {
		next.number = j.segments[n-1].number + 1
	}
	file, err := durable.OpenAppend(j.root, next.name(), 0o600)
	if err != nil {
		return err
	}
	if j.file != nil {
		j.file.Close()
	}
	j.file, j.size, j.broken = file, 0, false
	j.segments = append(j.segments, next)
	return j.compact()
}

// compact removes the oldest segments while all of their lines are older than Keep and KeepLines newer ones remain.
func (j *journal) compact() error {
	old := j.opt.Now().Add(-j.opt.Keep).UnixMilli()
	var lines int
	for _, s := range j.segments {
		lines += s.lines
	}
	for len(j.segments) > 1 {
		s := j.segments[0]
		if s.newest >= old || lines-s.lines < j.opt.KeepLines {
			return nil
		}
		if err := j.root.Remove(s.name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot remove old ledger segment: %w", err)
		}
		lines -= s.lines
		j.segments = slices.Delete(j.segments, 0, 1)
		j.forget(s.number)
	}
	return nil
}

// close writes what is pending and closes the file.
func (j *journal) close() error {
	j.mu.Lock()
	j.closed = true
	if j.timer != nil {
		j.timer.Stop()
	}
	b := j.pending
	lead := b != nil && !b.led
	if lead {
		b.led = true
	}
	j.mu.Unlock()
	if lead {
		j.write()
	}
	if b != nil {
		<-b.done
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	err := j.file.Close()
	if b != nil {
		err = errors.Join(b.err, err)
	}
	return err
}

// openJournal reads every line through replay and leaves the journal ready to grow.
func openJournal(root *os.Root, opt LedgerOptions, replay func(line, uint64) error, forget func(uint64)) (*journal, error) {
	j := &journal{root: root, opt: opt, forget: forget}
	names, err := fs.Glob(root.FS(), "ledger-*.jsonl")
	if err != nil {
		return nil, fmt.Errorf("cannot list ledger: %w", err)
	}
	slices.Sort(names)
	for i, name := range names {
		if err := j.load(name, i == len(names)-1, replay); err != nil {
			return nil, err
		}
	}
	if len(j.segments) == 0 {
		return j, j.rotate()
	}
	newest := j.segments[len(j.segments)-1]
	if j.file, err = durable.OpenAppend(root, newest.name(), 0o600); err != nil {
		return nil, err
	}
	return j, j.cut(newest.name())
}

// load replays one segment. In any segment a tail may be unfinished: a crash left the newest one so, a failed write an
// older one. A line that cannot be read before one that can is damage.
func (j *journal) load(name string, newest bool, replay func(line, uint64) error) error {
	var s segment
	if _, err := fmt.Sscanf(name, "ledger-%012d.jsonl", &s.number); err != nil || s.name() != name {
		return fmt.Errorf("%w: unknown segment %q", ErrDamaged, name)
	}
	text, err := fs.ReadFile(j.root.FS(), name)
	if err != nil {
		return fmt.Errorf("cannot read ledger: %w", err)
	}
	var good, at int
	var bad error
	for raw := range bytes.Lines(text) {
		at += len(raw)
		ln, err := decodeLine(raw)
		if err != nil {
			bad = errors.Join(bad, err)
			continue
		}
		if bad != nil {
			return fmt.Errorf("%w: %s before byte %d: %w", ErrDamaged, name, at-len(raw), bad)
		}
		if err := replay(ln, s.number); err != nil {
			return fmt.Errorf("%w: %s before byte %d: %w", ErrDamaged, name, at, err)
		}
		good = at
		s.lines++
		s.newest = max(s.newest, ln.Time)
	}
	if newest {
		j.size = int64(good)
	}
	j.segments = append(j.segments, s)
	return nil
}

// cut removes the unfinished tail of the newest segment.
func (j *journal) cut(name string) error {
	info, err := j.root.Stat(name)
	if err != nil {
		return fmt.Errorf("cannot stat ledger: %w", err)
	}
	if info.Size() == j.size {
		return nil
	}
	return j.file.Truncate(j.size)
}

func decodeLine(raw []byte) (line, error) {
	text, whole := bytes.CutSuffix(raw, []byte("\n"))
	if !whole {
		return line{}, errors.New("unfinished line")
	}
	var ln line
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&ln); err != nil {
		return line{}, fmt.Errorf("cannot decode line: %w", err)
	}
	return ln, nil
}
