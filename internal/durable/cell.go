package durable

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path"
)

// slotSize is the size of each of a cell's two slots, in bytes: one page, so that a slot is one write of the disk.
const slotSize = 4096

// MaxCell is how many bytes a cell holds at most.
const MaxCell = slotSize - 64

// maxTurn is more writes than a disk lives to see; a greater turn was written by nobody.
const maxTurn = 1 << 62

// ErrNoCell says that a cell holds nothing that was ever written whole.
var ErrNoCell = errors.New("the file holds no value")

// Cell is a small file whose value is replaced in place, which costs a fraction of replacing the file: no name, no size
// and no block changes, so the file system's own journal has nothing to do. It has two slots that are written in turn; a
// power cut in the middle of a write leaves the value before it. A slot is a line "<turn> <checksum> <value>", padded with
// line feeds.
type Cell struct {
	f    *os.File
	turn uint64
}

// OpenCell opens or makes the cell name. Read and Write are for one caller at a time; who shares a cell between processes
// locks something else.
func OpenCell(root *os.Root, name string, perm os.FileMode) (*Cell, error) {
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, perm)
	if err != nil {
		return nil, fmt.Errorf("cannot open cell: %w", err)
	}
	if err := SyncDir(root, path.Dir(name)); err != nil {
		f.Close()
		return nil, err
	}
	return &Cell{f: f}, nil
}

// Read returns the last value that was written whole. The error wraps ErrNoCell when there is none.
func (c *Cell) Read() ([]byte, error) {
	turn, value, err := readCell(c.f)
	if err == nil {
		c.turn = turn
	}
	return value, err
}

// ReadCell returns the value of a cell that somebody else writes.
func ReadCell(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot open cell: %w", err)
	}
	defer f.Close()
	_, value, err := readCell(f)
	return value, err
}

func readCell(r io.ReaderAt) (turn uint64, value []byte, err error) {
	buf := make([]byte, 2*slotSize)
	n, err := r.ReadAt(buf, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, nil, fmt.Errorf("cannot read cell: %w", err)
	}
	buf = buf[:n]
	for slot := range 2 {
		if len(buf) < slot*slotSize {
			break
		}
		t, v, ok := parseSlot(buf[slot*slotSize : min(len(buf), (slot+1)*slotSize)])
		if ok && (value == nil || t > turn) {
			turn, value = t, v
		}
	}
	if value == nil {
		return 0, nil, fmt.Errorf("cannot read cell: %w", ErrNoCell)
	}
	return turn, value, nil
}

// parseSlot reads one slot and reports whether it was written whole.
func parseSlot(slot []byte) (turn uint64, value []byte, ok bool) {
	var sum uint32
	head, rest, _ := bytes.Cut(bytes.TrimRight(slot, "\n"), []byte(": "))
	if _, err := fmt.Sscanf(string(head), "%d %08x", &turn, &sum); err != nil {
		return 0, nil, false
	}
	return turn, rest, len(slot) == slotSize && turn < maxTurn && sum == checksum(turn, rest)
}

func checksum(turn uint64, value []byte) uint32 {
	return crc32.ChecksumIEEE(fmt.Appendf(nil, "%d %s", turn, value))
}

// Write replaces the value. It is durable when Write returns; after an error the value is the old or the new one. A value
// has at most MaxCell bytes and does not end with a line feed.
func (c *Cell) Write(value []byte) error {
	if len(value) > MaxCell || bytes.HasSuffix(value, []byte("\n")) {
		return fmt.Errorf("cannot write cell: %d bytes, at most %d, and no line feed at the end", len(value), MaxCell)
	}
	turn := c.turn + 1
	slot := fmt.Appendf(make([]byte, 0, slotSize), "%d %08x: %s", turn, checksum(turn, value), value)
	slot = append(slot, bytes.Repeat([]byte("\n"), slotSize-len(slot))...)
	if _, err := c.f.WriteAt(slot, int64(turn%2)*slotSize); err != nil {
		return fmt.Errorf("cannot write cell: %w", err)
	}
	if err := syncData(c.f); err != nil {
		return fmt.Errorf("cannot sync cell: %w", err)
	}
	c.turn = turn
	return nil
}

// Close closes the cell.
func (c *Cell) Close() error { return c.f.Close() }
