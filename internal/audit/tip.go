package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"sekisho/internal/durable"
)

// tip is the end of the log as this process knows it: the newest file, and the head.
type tip struct {
	known     bool
	head      Head
	headBytes []byte
	cell      *durable.Cell // that holds the head
	name      string        // of the newest file; "" when there is none
	month     string
	file      *durable.AppendFile
	size      int64
}

// close closes the files and forgets the tip.
func (t *tip) close() error {
	var err error
	if t.file != nil {
		err = t.file.Close()
	}
	if t.cell != nil {
		err = errors.Join(err, t.cell.Close())
	}
	*t = tip{head: t.head}
	return err
}

// refresh makes the tip what the disk says, which differs from what is known after another process has written, or after a
// failure, or at the start. The caller holds the lock of the folder.
func (l *Log) refresh() error {
	if l.tip.known && l.unchanged() {
		return nil
	}
	l.tip.close()
	names, err := files(l.root, l.name)
	if err != nil {
		return err
	}
	if err = l.loadHead(names); err == nil {
		err = l.adoptTail(names)
	}
	if err != nil {
		l.tip.close()
	}
	l.tip.known = err == nil
	return err
}

// adoptTail takes in what lies behind the head.
func (l *Log) adoptTail(names []string) error {
	t, err := l.readTail(names)
	if err != nil {
		return err
	}
	return l.adopt(names, t)
}

// unchanged reports whether the disk is as this process left it.
func (l *Log) unchanged() bool {
	b, err := durable.ReadCell(l.root, headName(l.name))
	if err != nil || !bytes.Equal(b, l.tip.headBytes) {
		return false
	}
	if l.tip.name == "" {
		return true
	}
	info, err := l.root.Stat(l.tip.name)
	return err == nil && info.Size() == l.tip.size
}

// tail is what lies behind the head: whole entries that a crash kept from being vouched for, and half a line.
type tail struct {
	entries int
	torn    int64 // bytes of the newest file that are no entry
	size    int64 // of the newest file without them
	head    Head  // the last entry
}

// readTail checks that what the head vouches for is there, and reads what lies behind it.
func (l *Log) readTail(names []string) (tail, error) {
	t := tail{head: l.tip.head}
	from := 0
	if t.head.Seq > 0 {
		if from = slices.Index(names, t.head.File); from < 0 {
			return tail{}, fmt.Errorf("%w: the file %q that the head names is not there", ErrTampered, t.head.File)
		}
		if err := l.checkAnchor(t.head); err != nil {
			return tail{}, err
		}
	}
	for i, name := range names[from:] {
		var offset int64
		if i == 0 && t.head.Seq > 0 {
			offset = t.head.Offset
		}
		if t.torn > 0 {
			return tail{}, fmt.Errorf("%w: a broken line is followed by %q", ErrTampered, name)
		}
		if err := l.readTailFile(&t, name, offset); err != nil {
			return tail{}, err
		}
	}
	return t, nil
}

// readTailFile reads the entries of one file from offset on into t, as long as they continue the chain.
func (l *Log) readTailFile(t *tail, name string, offset int64) error {
	f, err := l.root.Open(name)
	if err != nil {
		return fmt.Errorf("cannot open record: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return fmt.Errorf("cannot seek record: %w", err)
	}
	t.size = offset
	for line, err := range lines(f) {
		if err != nil {
			return err
		}
		e, err := decode(line)
		if err != nil || t.torn > 0 || e.Seq != t.head.Seq+1 || e.Prev != t.head.Hash {
			t.torn += int64(len(line))
			continue
		}
		t.entries++
		t.size += int64(len(line))
		t.head.Seq, t.head.Hash, t.head.File, t.head.Offset = e.Seq, e.Hash, name, t.size
	}
	return nil
}

// checkAnchor fails with ErrTampered unless the entry that the head names ends where the head says.
func (l *Log) checkAnchor(h Head) error {
	f, err := l.root.Open(h.File)
	if err != nil {
		return fmt.Errorf("cannot open record: %w", err)
	}
	defer f.Close()
	line, err := lineBefore(f, h.Offset)
	if err != nil {
		return err
	}
	if e, err := decode(line); err != nil || e.Seq != h.Seq || e.Hash != h.Hash {
		return fmt.Errorf("%w: entry %d is not where the head says", ErrTampered, h.Seq)
	}
	return nil
}

// lineBefore returns the line of f that ends at offset end, or fails with ErrTampered when the file is shorter.
func lineBefore(f *os.File, end int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot stat record: %w", err)
	}
	if end > info.Size() || end < 1 {
		return nil, fmt.Errorf("%w: %s was cut short", ErrTampered, info.Name())
	}
	for size := int64(16 << 10); ; size *= 4 {
		b := make([]byte, min(size, end))
		if _, err := f.ReadAt(b, end-int64(len(b))); err != nil {
			return nil, fmt.Errorf("cannot read record: %w", err)
		}
		if i := bytes.LastIndexByte(b[:len(b)-1], '\n'); i >= 0 {
			return b[i+1:], nil
		}
		if int64(len(b)) == end || size > maxLine {
			return b, nil
		}
	}
}

// adopt opens the newest file, cuts off what is no entry, and puts on record what a crash has left.
func (l *Log) adopt(names []string, t tail) error {
	if len(names) == 0 {
		return nil
	}
	newest := names[len(names)-1]
	_, month, err := parseName(l.name, newest)
	if err != nil {
		return err
	}
	file, err := durable.OpenAppend(l.root, newest, 0o600)
	if err != nil {
		return err
	}
	l.tip.file, l.tip.name, l.tip.month, l.tip.size = file, newest, month, t.size
	l.tip.head.Seq, l.tip.head.Hash = t.head.Seq, t.head.Hash
	if t.torn == 0 && t.entries == 0 {
		return nil
	}
	if t.torn > 0 {
		if err := file.Truncate(t.size); err != nil {
			return err
		}
	}
	note, err := Event{
		Kind:   Recovered,
		Detail: fmt.Sprintf("entries after the head: %d; bytes of an unfinished line: %d", t.entries, t.torn),
	}.prepare(l.opt.Now())
	if err != nil {
		return err
	}
	return l.extend([]Event{note})
}
