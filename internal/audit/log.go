package audit

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"sekisho/internal/durable"
)

// Options configures a log. Zero values are the defaults.
type Options struct {
	Signer   crypto.Signer    // Ed25519: signs the head, and tells a head that somebody else made. nil: heads are not signed
	MaxFile  int64            // bytes after which a new file is begun, besides every month; default 256 MiB
	Location *time.Location   // in which a month begins; default Japan's
	Now      func() time.Time // default time.Now
}

func (o Options) withDefaults() Options {
	if o.MaxFile == 0 {
		o.MaxFile = 256 << 20
	}
	if o.Location == nil {
		o.Location = Japan()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Japan returns Japan's time zone, which knows no summer time and so needs no table.
func Japan() *time.Location { return time.FixedZone("JST", 9*60*60) }

// Log is a record that grows. Its methods may be called at the same time, and other processes may have the same log open.
type Log struct {
	root *os.Root
	name string
	opt  Options
	key  ed25519.PublicKey

	mu      sync.Mutex // guards pending
	pending *batch

	writing sync.Mutex // guards tip, and keeps batches in order
	tip     tip
}

// batch is a group of events that are written and synced together.
type batch struct {
	events []Event
	led    bool
	done   chan struct{}
	err    error
}

// Open opens the log called name in root, a folder that belongs to this log alone and that the caller keeps open. When a
// crash has left entries after the head, or an unfinished line, that is put on record (Recovered) and the rest is kept. It
// fails with ErrTampered when what the head vouches for is not there: then "sekisho audit verify" says what is missing, and
// nothing is recorded, and so nothing released, before somebody has decided.
func Open(root *os.Root, name string, opt Options) (*Log, error) {
	if name == "" || strings.ContainsAny(name, "/-.") {
		return nil, fmt.Errorf("cannot open record: no name %q", name)
	}
	l := &Log{root: root, name: name, opt: opt.withDefaults()}
	if opt.Signer != nil {
		key, ok := opt.Signer.Public().(ed25519.PublicKey)
		if !ok {
			return nil, errors.New("cannot open record: the key is not Ed25519")
		}
		l.key = key
	}
	lock, err := durable.LockFolder(root, ".", true)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := l.refresh(); err != nil {
		return nil, fmt.Errorf("cannot open record: %w", err)
	}
	return l, nil
}

// Close closes the log. Every Append has returned before.
func (l *Log) Close() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.tip.close()
}

// Head returns the end of the record as this process last saw it: the anchor to keep elsewhere.
func (l *Log) Head() Head {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.tip.head
}

// Append puts the events on record, next to each other and in this order. They are durable when it returns; after an error
// none of them counts as recorded, and what depends on them must not happen. Once it waits for the disk it does not look at
// ctx any more.
func (l *Log) Append(ctx context.Context, events ...Event) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("cannot record: %w", err)
	}
	ready := make([]Event, len(events))
	for i, e := range events {
		var err error
		if ready[i], err = e.prepare(l.opt.Now()); err != nil {
			return err
		}
	}
	b, lead := l.join(ready)
	if lead {
		l.lead()
	}
	<-b.done
	return b.err
}

// join adds events to the batch that is next, and reports whether the caller must lead it.
func (l *Log) join(events []Event) (b *batch, lead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending == nil {
		l.pending = &batch{done: make(chan struct{})}
	}
	b = l.pending
	b.events = append(b.events, events...)
	lead = !b.led
	b.led = true
	return b, lead
}

// lead writes the pending batch once the one before it is written; until then others join it.
func (l *Log) lead() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	b := l.pending
	l.pending = nil
	l.mu.Unlock()
	defer close(b.done)
	if b.err = l.write(b.events); b.err != nil {
		b.err = fmt.Errorf("cannot record: %w", b.err)
	}
}

// write appends events under the lock of the folder.
func (l *Log) write(events []Event) error {
	lock, err := durable.LockFolder(l.root, ".", true)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := l.refresh(); err != nil {
		return err
	}
	return l.extend(events)
}

// extend writes events behind the tip, and then the head. The caller holds the lock of the folder.
func (l *Log) extend(events []Event) error {
	if len(events) == 0 {
		return nil
	}
	if err := l.rotate(); err != nil {
		return err
	}
	next := l.tip.head
	var text []byte
	for _, e := range events {
		next.Seq++
		line, hash, err := Entry{Seq: next.Seq, Event: e, Prev: next.Hash}.encode()
		if err != nil {
			return err
		}
		text, next.Hash = append(text, line...), hash
	}
	if err := l.tip.file.Append(text); err != nil {
		return l.undo(err)
	}
	next.File, next.Offset, next.Time = l.tip.name, l.tip.size+int64(len(text)), l.opt.Now().UTC().Truncate(time.Microsecond)
	bytes, err := l.seal(&next)
	if err != nil {
		// The lines are durable, and the head may vouch for them already: cut off now they would look tampered with. The
		// next batch adopts them if it does not; what is recorded again after this error is then there twice.
		return errors.Join(err, l.tip.close())
	}
	l.tip.size, l.tip.head, l.tip.headBytes = next.Offset, next, bytes
	return nil
}

// seal signs the head and makes it durable.
func (l *Log) seal(h *Head) ([]byte, error) {
	if err := h.sign(l.opt.Signer); err != nil {
		return nil, err
	}
	b, err := h.encode()
	if err != nil {
		return nil, err
	}
	return b, l.tip.cell.Write(b)
}

// undo cuts off what a failed batch may have left, and forgets the tip, so that the next batch looks at the disk anew.
func (l *Log) undo(err error) error {
	err = errors.Join(err, l.tip.file.Truncate(l.tip.size))
	return errors.Join(err, l.tip.close())
}

// rotate begins a new file when the month is another or the file is full.
func (l *Log) rotate() error {
	month := monthOf(l.opt.Now().In(l.opt.Location))
	if l.tip.name != "" && l.tip.size < l.opt.MaxFile && l.tip.month == month {
		return nil
	}
	name := fileName(l.name, l.tip.head.Seq+1, month)
	if name == l.tip.name { // begun already, and still empty
		return nil
	}
	file, err := durable.OpenAppend(l.root, name, 0o600)
	if err != nil {
		return err
	}
	if l.tip.file != nil {
		l.tip.file.Close()
	}
	l.tip.file, l.tip.name, l.tip.month, l.tip.size = file, name, month, 0
	return nil
}

// fresh makes the head of a log that has no entries.
func (l *Log) fresh() error {
	cell, err := durable.OpenCell(l.root, headName(l.name), 0o600)
	if err != nil {
		return err
	}
	l.tip.cell = cell
	h := Head{Version: headVersion, Log: l.name, Hash: firstPrev, Time: l.opt.Now().UTC().Truncate(time.Microsecond)}
	l.tip.headBytes, err = l.seal(&h)
	l.tip.head = h
	return err
}

// loadHead reads and checks the head into the tip, and makes the first one in a folder that holds nothing of the log.
func (l *Log) loadHead(names []string) error {
	h, bytes, err := readHead(l.root, l.name)
	if len(names) == 0 && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, durable.ErrNoCell)) {
		return l.fresh()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: there are files but no head", ErrTampered)
	}
	if err == nil {
		err = h.Check(l.key)
	}
	if err != nil {
		return err
	}
	if l.tip.cell, err = durable.OpenCell(l.root, headName(l.name), 0o600); err != nil {
		return err
	}
	if _, err := l.tip.cell.Read(); err != nil { // so that it knows whose turn it is
		return err
	}
	l.tip.head, l.tip.headBytes = h, bytes
	return nil
}
