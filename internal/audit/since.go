package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
)

// Position is a place in the record: behind one of its entries. The zero value is its beginning.
type Position struct {
	Seq    uint64 // of the entry
	Hash   string // of the entry
	File   string // that holds it
	Offset int64  // where it ends in the file, bytes
}

// Placed is an entry with its place.
type Placed struct {
	Entry
	File  string
	Start int64 // of the line in the file, bytes
	End   int64
}

// Position returns the place behind the entry.
func (p Placed) Position() Position { return Position{p.Seq, p.Hash, p.File, p.End} }

// Since yields the entries behind a place, up to the last one that the head vouches for, and ends: who follows the record
// calls it again. It fails with ErrTampered when the entry before that place is not there any more; a line that is no entry is
// yielded as such an error too, and the reading goes on behind it. The chain is not checked: Verify does that.
func Since(root *os.Root, log string, from Position) iter.Seq2[Placed, error] {
	return func(yield func(Placed, error) bool) {
		head, _, err := readHead(root, log)
		if errors.Is(err, fs.ErrNotExist) && from == (Position{}) {
			return // nothing was ever recorded
		}
		var names []string
		if err == nil {
			names, err = files(root, log)
		}
		if err == nil && from.Seq > 0 {
			names, err = behind(root, names, from)
		}
		if err != nil {
			yield(Placed{}, fmt.Errorf("cannot follow record: %w", err))
			return
		}
		offset := from.Offset
		for _, name := range names {
			if !since(root, name, offset, head.Seq, yield) {
				return
			}
			offset = 0
		}
	}
}

// behind cuts the list of files to those from a place on, and checks that the place is what it was.
func behind(root *os.Root, names []string, from Position) ([]string, error) {
	i := slices.Index(names, from.File)
	if i < 0 {
		return nil, fmt.Errorf("%w: the file %q is not there any more", ErrTampered, from.File)
	}
	f, err := root.Open(from.File)
	if err != nil {
		return nil, fmt.Errorf("cannot open record: %w", err)
	}
	defer f.Close()
	line, err := lineBefore(f, from.Offset)
	if err != nil {
		return nil, err
	}
	if e, err := decode(line); err != nil || e.Seq != from.Seq || e.Hash != from.Hash {
		return nil, fmt.Errorf("%w: entry %d is not where it was", ErrTampered, from.Seq)
	}
	return names[i:], nil
}

// since yields the entries of one file from offset on, up to entry last, and reports whether to go on with the next file.
func since(root *os.Root, name string, offset int64, last uint64, yield func(Placed, error) bool) bool {
	f, err := root.Open(name)
	if err == nil {
		defer f.Close()
		_, err = f.Seek(offset, io.SeekStart)
	}
	if err != nil {
		yield(Placed{}, fmt.Errorf("cannot open record: %w", err))
		return false
	}
	for line, err := range lines(f) {
		if err != nil {
			yield(Placed{}, err)
			return false
		}
		p := Placed{File: name, Start: offset, End: offset + int64(len(line))}
		offset = p.End
		if line[len(line)-1] != '\n' && len(line) <= maxLine { // it is being written just now
			return false
		}
		if p.Entry, err = decode(line); err != nil {
			err = fmt.Errorf("%w: %s: %w", ErrTampered, name, err)
		} else if p.Seq > last {
			return false
		}
		if !yield(p, err) {
			return false
		}
	}
	return true
}

// At reads the entry whose line is at this place of a file of the log, as Placed says. It fails with ErrTampered when no entry
// is there.
func At(root *os.Root, log, file string, start, end int64) (Entry, error) {
	if _, _, err := parseName(log, file); err != nil {
		return Entry{}, err
	}
	if start < 0 || end <= start || end-start > maxLine {
		return Entry{}, fmt.Errorf("%w: no entry is from %d to %d", ErrTampered, start, end)
	}
	f, err := root.Open(file)
	if err != nil {
		return Entry{}, fmt.Errorf("cannot open record: %w", err)
	}
	defer f.Close()
	line := make([]byte, end-start)
	if _, err := f.ReadAt(line, start); err != nil {
		return Entry{}, fmt.Errorf("%w: %s was cut short: %v", ErrTampered, file, err)
	}
	e, err := decode(line)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %s: %v", ErrTampered, file, err)
	}
	return e, nil
}
