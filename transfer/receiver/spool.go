package receiver

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"sekisho/internal/durable"
	"sekisho/transfer/manifest"
)

const (
	arrivedDir = "in"
	refusedDir = "refused"
	packageExt = ".pkg"
	partExt    = ".pkg.part"
)

var (
	errFull  = errors.New("spool is full")
	errKnown = errors.New("package is here already")
)

// spool is the private folder where packages wait. It counts what it holds, arriving packages included.
type spool struct {
	root  *os.Root
	limit Limits

	mu      sync.Mutex
	bytes   int64
	files   int
	waiting map[string]int64 // size of each arrived package that has not ended
	refused []refusedFile    // in refused/, oldest first
	aside   int64            // bytes of them
}

// refusedFile is a package in refused/.
type refusedFile struct {
	name string
	size int64
}

// openSpool makes the folders, removes what a crash left half written, and counts the rest.
func openSpool(root *os.Root, limit Limits) (*spool, error) {
	s := &spool{root: root, limit: limit, waiting: map[string]int64{}}
	for _, dir := range []string{arrivedDir, refusedDir} {
		if err := durable.MkdirAll(root, dir, 0o700); err != nil {
			return nil, err
		}
		if err := durable.Sweep(root, dir); err != nil {
			return nil, err
		}
	}
	if err := durable.Sweep(root, "."); err != nil {
		return nil, err
	}
	return s, errors.Join(s.countArrived(), s.countRefused())
}

func (s *spool) countArrived() error {
	entries, err := fs.ReadDir(s.root.FS(), arrivedDir)
	if err != nil {
		return fmt.Errorf("cannot list spool: %w", err)
	}
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), packageExt)
		if !ok || manifest.CheckID(id) != nil {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("cannot list spool: %w", err)
		}
		s.waiting[id] = info.Size()
		s.bytes += info.Size()
		s.files++
	}
	return nil
}

func (s *spool) countRefused() error {
	entries, err := fs.ReadDir(s.root.FS(), refusedDir)
	if err != nil {
		return fmt.Errorf("cannot list spool: %w", err)
	}
	times := map[string]int64{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("cannot list spool: %w", err)
		}
		times[e.Name()] = info.ModTime().UnixNano()
		s.refused = append(s.refused, refusedFile{e.Name(), info.Size()})
		s.aside += info.Size()
	}
	slices.SortStableFunc(s.refused, func(a, b refusedFile) int { return cmp.Compare(times[a.name], times[b.name]) })
	return nil
}

// ids returns the packages that wait, oldest id first.
func (s *spool) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.waiting))
	for id := range s.waiting {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// reserve counts one arriving file, or fails with errFull or errKnown.
func (s *spool) reserve(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.waiting[id]; ok {
		return errKnown
	}
	if s.files >= s.limit.Waiting || s.bytes >= s.limit.Spool {
		return errFull
	}
	s.files++
	return nil
}

// has reports whether the package id waits.
func (s *spool) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.waiting[id]
	return ok
}

// grow counts n bytes of an arriving file before they are written.
func (s *spool) grow(n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes+n > s.limit.Spool {
		return errFull
	}
	s.bytes += n
	return nil
}

// release forgets an arriving file of n bytes that is not kept.
func (s *spool) release(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files--
	s.bytes -= n
}

// arrived notes that the reserved file became the package id.
func (s *spool) arrived(id string, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting[id] = size
}

// remove deletes the package id. When the deletion does not survive a power cut, the ledger knows that it has ended.
func (s *spool) remove(id string) error {
	if err := s.root.Remove(arrivedName(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove package: %w", err)
	}
	s.left(id)
	return nil
}

// setAside moves the package id to refused/, under a free name, and drops the oldest there beyond the limit.
func (s *spool) setAside(id string) error {
	for n := 1; ; n++ {
		name := id + packageExt
		if n > 1 {
			name = fmt.Sprintf("%s-%d%s", id, n, packageExt)
		}
		err := durable.RenameNew(s.root, arrivedName(id), path.Join(refusedDir, name))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		size := s.left(id)
		return s.dropRefused(refusedFile{name, size})
	}
}

// dropRefused notes one more refused package, and removes the oldest that are too many or, together, too large.
func (s *spool) dropRefused(added refusedFile) error {
	s.mu.Lock()
	s.refused = append(s.refused, added)
	s.aside += added.size
	n := 0
	for len(s.refused)-n > s.limit.Refused || s.aside > s.limit.Spool {
		s.aside -= s.refused[n].size
		n++
	}
	drop := s.refused[:n]
	s.refused = s.refused[n:]
	s.mu.Unlock()
	for _, f := range drop {
		if err := s.root.Remove(path.Join(refusedDir, f.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot remove refused package: %w", err)
		}
	}
	return nil
}

// left notes that the package id waits no more, and returns its size.
func (s *spool) left(id string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	size, ok := s.waiting[id]
	if ok {
		delete(s.waiting, id)
		s.files--
		s.bytes -= size
	}
	return size
}

func (s *spool) pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}

func arrivedName(id string) string { return path.Join(arrivedDir, id+packageExt) }
