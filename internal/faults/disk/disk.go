// Package disk is a file system for tests that fails as disks do. It lives in memory and is mounted with FUSE, so that
// whole programs can work on it unchanged.
//
// It keeps two states of everything: what programs see, and what would survive a power cut. Bytes survive when their file
// was synced, and a name survives when its folder was synced; nothing else does, as on a disk whose file system keeps no
// journal. Cut cuts the power. A disk can also be full, read-only or failing for a while, or slow.
package disk

import (
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Condition is the state of health of a disk.
type Condition int

// The conditions of a disk.
const (
	Healthy  Condition = iota
	Full               // what needs room fails with ENOSPC
	ReadOnly           // what changes anything fails with EROFS
	Failing            // every sync fails with EIO, and what it was to save is not saved by the next one either
	Gone               // everything fails with EIO: the power is cut
)

// Disk is one file system. Its methods may be called at the same time.
type Disk struct {
	mu        sync.Mutex
	root      *node
	inodes    uint64 // the newest inode number
	condition Condition
	latency   time.Duration // of a sync

	touched map[*node]bool // folders that changed since the last sync of anything

	changes int           // since the disk was made
	limit   int           // changes after which the power is cut; 0: never
	bad     int           // the sync that is going to fail, counted from now; 0: none
	cut     chan struct{} // closed when the power is cut

	server *mounted
}

// New returns an empty, healthy disk.
func New() *Disk {
	d := &Disk{cut: make(chan struct{}), touched: map[*node]bool{}}
	d.root = d.add(syscall.S_IFDIR | 0o755)
	return d
}

// add makes a node that has no name yet.
func (d *Disk) add(mode uint32) *node {
	d.inodes++
	return newNode(d.inodes+1, mode, time.Now()) // 1 is the number of the root of a mount
}

// Set changes the condition of the disk. A disk that is Gone stays so.
func (d *Disk) Set(c Condition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c == Gone {
		d.gone()
	} else if d.condition != Gone {
		d.condition = c
	}
}

// gone cuts the power.
func (d *Disk) gone() {
	if d.condition != Gone {
		d.condition = Gone
		close(d.cut)
	}
}

// SetLatency sets how long each sync takes.
func (d *Disk) SetLatency(latency time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.latency = latency
}

// CutAfter cuts the power once n more changes were made. A change is a write, a sync, or a new, removed or changed name.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limit = d.changes + n
}

// FailSync makes the n-th sync from now fail with EIO.
func (d *Disk) FailSync(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bad = n
}

// Failed reports whether the sync of FailSync has failed.
func (d *Disk) Failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bad == 0
}

// Stopped is closed when the power is cut.
func (d *Disk) Stopped() <-chan struct{} { return d.cut }

// Changes returns how many changes were made.
func (d *Disk) Changes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changes
}

// SyncAll makes everything survive.
func (d *Disk) SyncAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.root.walk(func(n *node) {
		n.sync()
		n.journal = maps.Clone(n.entries)
	})
}

// Survivor is what a power cut leaves of names that were not synced.
type Survivor int

// What may be left of names. What was not synced of a file's bytes is lost in either case.
const (
	SyncedNames Survivor = iota // a new name is lost, a removed one is back: a file system without a journal
	Journal                     // names are as they were at the last sync of anything: ext4, XFS, Btrfs
	AllNames                    // names are as they were seen: the same, when the journal was just written
)

// Cut cuts the power, if it is not cut yet, and returns the disk as the next start finds it.
func (d *Disk) Cut(names Survivor) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gone()
	next := New()
	next.inodes = d.inodes
	next.root = d.root.survivor(names, map[*node]*node{})
	return next
}

// change counts a change and says whether it may be made; room says that it needs room.
func (d *Disk) change(room bool) syscall.Errno {
	if d.limit > 0 && d.changes >= d.limit {
		d.gone()
	}
	switch {
	case d.condition == Gone:
		return syscall.EIO
	case d.condition == ReadOnly:
		return syscall.EROFS
	case d.condition == Full && room:
		return syscall.ENOSPC
	}
	d.changes++
	return 0
}

// alive says whether the disk can be read.
func (d *Disk) alive() syscall.Errno {
	if d.condition == Gone {
		return syscall.EIO
	}
	return 0
}

// saveNode syncs n, if the disk is up to it.
func (d *Disk) saveNode(n *node) syscall.Errno {
	if d.bad > 0 {
		d.bad--
		if d.bad == 0 {
			n.forget()
			return syscall.EIO
		}
	}
	if d.condition == Failing {
		n.forget()
		return syscall.EIO
	}
	if d.condition == ReadOnly {
		return 0
	}
	if errno := d.change(false); errno != 0 {
		return errno
	}
	n.sync()
	for folder := range d.touched {
		folder.journal = maps.Clone(folder.entries)
	}
	clear(d.touched)
	return 0
}

// names returns the names in a folder, sorted.
func (n *node) names() []string { return slices.Sorted(maps.Keys(n.entries)) }
