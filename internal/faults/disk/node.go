package disk

import (
	"maps"
	"slices"
	"syscall"
	"time"
)

// node is a file or a folder.
type node struct {
	ino          uint64
	mode         uint32 // type and permissions
	links        uint32 // names it has now
	mtime, ctime time.Time

	entries, savedEntries map[string]*node // of a folder: as seen, and as synced
	journal               map[string]*node // as it was at the last sync of anything

	data, saved []byte // of a file: as seen, and as synced
	from, to    int    // the range of data that is not synced; empty unless from < to
}

func newNode(ino uint64, mode uint32, now time.Time) *node {
	n := &node{ino: ino, mode: mode, mtime: now, ctime: now}
	if n.folder() {
		n.entries, n.savedEntries, n.journal = map[string]*node{}, map[string]*node{}, map[string]*node{}
	}
	return n
}

func (n *node) folder() bool { return n.mode&syscall.S_IFMT == syscall.S_IFDIR }

// write puts b at off.
func (n *node) write(b []byte, off int) {
	n.resize(max(len(n.data), off+len(b)))
	copy(n.data[off:], b)
	n.dirty(off, off+len(b))
	n.touch()
}

// resize makes the file size bytes long.
func (n *node) resize(size int) {
	old := len(n.data)
	n.data = extend(n.data, size)
	if size > old {
		n.dirty(old, size)
	}
}

// extend returns b with so many bytes, new ones being zero.
func extend(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size]
	}
	return append(b, make([]byte, size-len(b))...)
}

func (n *node) dirty(from, to int) {
	if n.from >= n.to {
		n.from, n.to = from, to
		return
	}
	n.from, n.to = min(n.from, from), max(n.to, to)
}

func (n *node) touch() {
	n.mtime = time.Now()
	n.ctime = n.mtime
}

// sync makes the node survive as it is.
func (n *node) sync() {
	if n.folder() {
		n.savedEntries = maps.Clone(n.entries)
		return
	}
	n.saved = extend(n.saved, len(n.data))
	if end := min(n.to, len(n.data)); n.from < end {
		copy(n.saved[n.from:end], n.data[n.from:end])
	}
	n.from, n.to = 0, 0
}

// forget is what a failed sync does: the bytes count as written and are not.
func (n *node) forget() { n.from, n.to = 0, 0 }

// walk calls visit for n and all below it.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, child := range n.entries {
		child.walk(visit)
	}
}

// survivor returns what is left of n, and of all below it, after a power cut. Copies holds what was copied already: a file
// may have several names.
func (n *node) survivor(names Survivor, copies map[*node]*node) *node {
	if c := copies[n]; c != nil {
		c.links++
		return c
	}
	c := newNode(n.ino, n.mode, n.mtime)
	c.ctime, c.links = n.ctime, 1
	c.saved, c.data = n.saved, slices.Clone(n.saved)
	copies[n] = c
	entries := n.savedEntries
	switch names {
	case AllNames:
		entries = n.entries
	case Journal:
		entries = n.journal
	}
	for name, child := range entries {
		c.entries[name] = child.survivor(names, copies)
	}
	c.savedEntries, c.journal = maps.Clone(c.entries), maps.Clone(c.entries)
	return c
}
