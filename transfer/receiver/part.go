package receiver

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"sekisho/internal/durable"
	"sekisho/internal/failpoint"
)

var (
	errTooLarge = errors.New("package is too large")
	errOverlap  = errors.New("bytes written twice, or too far out of order")
	errHoles    = errors.New("package has holes")
	errGone     = errors.New("upload has ended")
)

// maxExtents bounds how far out of order the writes of one package may be. A sender with 64 requests on their way
// needs 64.
const maxExtents = 1024

// part is a package being written. Writes come from several goroutines, at any offset, each byte once.
type part struct {
	id    string
	spool *spool
	file  *durable.File
	limit int64

	mu      sync.Mutex
	written []extent // ascending, not touching
	bytes   int64    // reserved in the spool
	closed  bool     // by the sender, without holes
	dead    bool
}

// extent is a range of written bytes.
type extent struct{ from, to int64 }

// newPart begins the package id.
func newPart(s *spool, id string) (*part, error) {
	if err := s.reserve(id); err != nil {
		return nil, err
	}
	f, err := durable.Begin(s.root, arrivedName(id), 0o600)
	if err != nil {
		s.release(0)
		return nil, err
	}
	return &part{id: id, spool: s, file: f, limit: s.limit.Package}, nil
}

// WriteAt writes b at off. The range is taken before the write, so two writers can never have the same one.
func (p *part) WriteAt(b []byte, off int64) (int, error) {
	if err := p.take(off, int64(len(b))); err != nil {
		return 0, statusOf(err)
	}
	n, err := p.file.WriteAt(b, off)
	if err != nil {
		p.abort()
		return n, statusOf(err)
	}
	return n, nil
}

// take reserves the n bytes at off.
func (p *part) take(off, n int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead || p.closed {
		return errGone
	}
	if off < 0 || off > p.limit || n > p.limit-off {
		return errTooLarge
	}
	if n == 0 {
		return nil
	}
	if err := p.insert(extent{off, off + n}); err != nil {
		return err
	}
	if err := p.spool.grow(n); err != nil {
		return err
	}
	p.bytes += n
	return nil
}

// insert adds e to the written ranges.
func (p *part) insert(e extent) error {
	w := p.written
	i, _ := slices.BinarySearchFunc(w, e.from, func(x extent, from int64) int {
		if x.from < from {
			return -1
		}
		return 1
	})
	if i > 0 && w[i-1].to > e.from || i < len(w) && w[i].from < e.to {
		return errOverlap
	}
	left, right := i > 0 && w[i-1].to == e.from, i < len(w) && w[i].from == e.to
	switch {
	case left && right:
		w[i-1].to = w[i].to
		p.written = slices.Delete(w, i, i+1)
	case left:
		w[i-1].to = e.to
	case right:
		w[i].from = e.from
	case len(w) == maxExtents:
		return errOverlap
	default:
		p.written = slices.Insert(w, i, e)
	}
	return nil
}

// TransferError is called when the connection ends with the file still open: what was written is not a package.
func (p *part) TransferError(error) { p.abort() }

// Close is the sender's word that everything was written.
func (p *part) Close() error {
	p.mu.Lock()
	whole := len(p.written) == 1 && p.written[0].from == 0
	p.closed = whole && !p.dead
	closed := p.closed
	p.mu.Unlock()
	if !closed {
		p.abort()
		return statusOf(errHoles)
	}
	return nil
}

// commit makes the package durable under its name.
func (p *part) commit() error {
	p.mu.Lock()
	if !p.closed || p.dead {
		p.mu.Unlock()
		return errGone
	}
	p.dead = true // from here on the outcome is CommitNew's
	size := p.bytes
	p.mu.Unlock()
	err := p.file.CommitNew()
	if err != nil {
		p.spool.release(size)
		if errors.Is(err, fs.ErrExist) {
			return errKnown
		}
		return fmt.Errorf("cannot keep package: %w", err)
	}
	failpoint.At(failpoint.PackageStored)
	p.spool.arrived(p.id, size)
	return nil
}

// abort forgets the package. It does nothing after commit or abort.
func (p *part) abort() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return
	}
	p.dead = true
	p.file.Abort()
	p.spool.release(p.bytes)
}
