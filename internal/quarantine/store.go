package quarantine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"syscall"
	"time"

	"filippo.io/age"

	"sekisho/internal/durable"
)

// The names in an item's folder.
const (
	itemFile     = "item.json"
	stateFile    = "state.json"
	originalFile = "original.age"
	releaseFile  = "release.age"
)

// Options says what a store may do. The zero value can only look.
type Options struct {
	Review     []age.Recipient  // who can open what is held; needed by Hold
	Gateway    age.Recipient    // who can open instructions; needed by Instruct and Approve
	Exceptions bool             // whether originals may be released as they are (例外措置), by two people
	Now        func() time.Time // default time.Now

	// Approvals says which approvals the release of an original needs; nil: one, of anyone. None: it is never released.
	Approvals func(Item) []Role
}

// Store is a folder of held files.
type Store struct {
	root *os.Root
	opt  Options
}

// Open opens the store in root, which the caller keeps open.
func Open(root *os.Root, opt Options) *Store {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Store{root: root, opt: opt}
}

// Sweep removes what a crash has left half-made. What another process is making just now is left alone.
func (s *Store) Sweep() error {
	for id, err := range s.folders() {
		if err != nil {
			return err
		}
		if err := s.sweep(id); err != nil {
			return fmt.Errorf("cannot sweep quarantine: %w", err)
		}
	}
	return nil
}

func (s *Store) sweep(id string) error {
	lock, err := s.lock(id, false)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	if !s.has(id, itemFile) {
		return s.root.RemoveAll(id)
	}
	return durable.Sweep(s.root, id)
}

// List yields every item with its state, in no order. An item that cannot be read is yielded as an error, and the others
// follow.
func (s *Store) List() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for id, err := range s.folders() {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			e, err := s.Get(id)
			if errors.Is(err, fs.ErrNotExist) {
				continue // half-made, or deleted since
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// folders yields the names of the items' folders, half-made ones included. An error ends it.
func (s *Store) folders() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		dir, err := s.root.Open(".")
		if err != nil {
			yield("", fmt.Errorf("cannot list quarantine: %w", err))
			return
		}
		defer dir.Close()
		for {
			entries, err := dir.ReadDir(256)
			for _, e := range entries {
				if e.IsDir() && checkID(e.Name()) == nil && !yield(e.Name(), nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield("", fmt.Errorf("cannot list quarantine: %w", err))
				return
			}
		}
	}
}

// Get returns an item with its state. The error wraps fs.ErrNotExist when there is none.
func (s *Store) Get(id string) (Entry, error) {
	if err := checkID(id); err != nil {
		return Entry{}, err
	}
	var e Entry
	if err := s.read(id, itemFile, &e.Item); err != nil {
		return Entry{}, err
	}
	if e.Item.Version != itemVersion || e.Item.Job != id {
		return Entry{}, fmt.Errorf("%w: %s of version %d for job %q", ErrDamaged, itemFile, e.Item.Version, e.Item.Job)
	}
	err := s.read(id, stateFile, &e.State)
	if errors.Is(err, fs.ErrNotExist) {
		// The item is there and nobody has decided anything.
		e.State = State{Version: itemVersion, Stage: Waiting, Generation: e.Item.Generation, Since: e.Item.Held}
		err = nil
	}
	if err != nil {
		return Entry{}, err
	}
	return e, nil
}

func (s *Store) read(id, name string, v any) error {
	b, err := s.readFile(id, name)
	if err != nil {
		return err
	}
	if err := strict(b, v); err != nil {
		return fmt.Errorf("cannot read %s of %s: %w", name, id, err)
	}
	return nil
}

func (s *Store) readFile(id, name string) ([]byte, error) {
	f, err := s.root.Open(path.Join(id, name))
	if err != nil {
		return nil, fmt.Errorf("cannot open held file: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read held file: %w", err)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%w: %s is longer than %d bytes", ErrDamaged, name, maxFile)
	}
	return b, nil
}

func (s *Store) write(id, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return fmt.Errorf("cannot encode %s: %w", name, err)
	}
	return durable.WriteFile(s.root, path.Join(id, name), append(b, '\n'), 0o600)
}

func (s *Store) has(id, name string) bool {
	_, err := s.root.Lstat(path.Join(id, name))
	return err == nil
}

// remove forgets a file of an item. It need not be there.
func (s *Store) remove(id, name string) error {
	if err := s.root.Remove(path.Join(id, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove %s: %w", name, err)
	}
	return nil
}

// lock takes the lock of an item's folder, as durable.LockFolder does. The error wraps fs.ErrNotExist when there is no folder,
// also when it is deleted while lock waits.
func (s *Store) lock(id string, wait bool) (*os.File, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	dir, err := durable.LockFolder(s.root, id, wait)
	if err != nil {
		return nil, err
	}
	if err := s.same(dir, id); err != nil {
		dir.Close()
		return nil, fmt.Errorf("cannot lock item: %w", err)
	}
	return dir, nil
}

// same fails with fs.ErrNotExist unless dir is still the folder called id.
func (s *Store) same(dir *os.File, id string) error {
	held, err := dir.Stat()
	if err != nil {
		return err
	}
	named, err := s.root.Stat(id)
	if err != nil {
		return err
	}
	if !os.SameFile(held, named) {
		return fs.ErrNotExist
	}
	return nil
}

// Delete removes an item for good. It fails with ErrState while the gateway has work to do on it.
func (s *Store) Delete(id string) error {
	lock, err := s.lock(id, true)
	if err != nil {
		return err
	}
	defer lock.Close()
	e, err := s.Get(id)
	if err == nil && (e.State.Stage == Instructed || e.State.Stage == Treating) {
		return fmt.Errorf("cannot delete %s: %w: %s", id, ErrState, e.State.Stage)
	}
	if err := s.remove(id, itemFile); err != nil { // first: what is left is half-made, not an item without its file
		return err
	}
	if err := s.root.RemoveAll(id); err != nil {
		return fmt.Errorf("cannot delete item: %w", err)
	}
	return durable.SyncDir(s.root, ".")
}

// Expired yields the ids of the items that have been held longer than keep, that nobody is working on, and that nobody wants
// to keep for longer.
func (s *Store) Expired(keep time.Duration) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		before := s.opt.Now().Add(-keep)
		for e, err := range s.List() {
			busy := e.State.Stage == Instructed || e.State.Stage == Treating
			if err == nil && (busy || e.Item.Held.After(before) || e.State.KeepUntil.After(s.opt.Now())) {
				continue
			}
			if !yield(e.Item.Job, err) {
				return
			}
		}
	}
}
