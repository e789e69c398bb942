package queue

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"

	"sekisho/internal/durable"
)

// The names in a job's folder that the spool itself knows. Later stages add theirs through Create and WriteFile.
const (
	OriginalFile = "original"
	jobFile      = "job.json" // written last: a folder without it was never accepted
)

// maxJobFile bounds what is read as job.json, in bytes. Names and paths in it are bounded by the file system.
const maxJobFile = 1 << 20

// Spool is the folder of accepted files: <root>/<job id>/{original, job.json, …}. One process at a time has it open.
// Its methods may be called at the same time, for one id by one caller at a time.
type Spool struct {
	root *os.Root
	lock *os.File
}

// OpenSpool opens the spool in root, which the caller keeps open and closes. It fails with ErrLocked when another process
// has it. It removes what a crash has left half-made: folders that were never accepted, whose source still has the file
// because a source forgets a file only after Commit, and unfinished files in the others.
func OpenSpool(root *os.Root) (*Spool, error) {
	lock, err := lockFolder(root)
	if err != nil {
		return nil, fmt.Errorf("cannot open spool: %w", err)
	}
	s := &Spool{root: root, lock: lock}
	if err := s.sweep(); err != nil {
		s.Close()
		return nil, fmt.Errorf("cannot open spool: %w", err)
	}
	return s, nil
}

// Close gives the spool back to other processes.
func (s *Spool) Close() error { return s.lock.Close() }

func (s *Spool) sweep() error {
	for id, err := range s.folders() {
		if err != nil {
			return err
		}
		if !s.Has(id, jobFile) {
			if err := s.root.RemoveAll(string(id)); err != nil {
				return fmt.Errorf("cannot remove half-made job: %w", err)
			}
			continue
		}
		if err := durable.Sweep(s.root, string(id)); err != nil {
			return err
		}
	}
	return nil
}

// List yields the id of every accepted job, in no order. It holds a bounded number of names at a time.
func (s *Spool) List() iter.Seq2[ID, error] {
	return func(yield func(ID, error) bool) {
		for id, err := range s.folders() {
			if err == nil && !s.Has(id, jobFile) {
				continue
			}
			if !yield(id, err) {
				return
			}
		}
	}
}

// folders yields the id of every job folder, half-made ones included. An error ends it.
func (s *Spool) folders() iter.Seq2[ID, error] {
	return func(yield func(ID, error) bool) {
		dir, err := s.root.Open(".")
		if err != nil {
			yield("", fmt.Errorf("cannot list spool: %w", err))
			return
		}
		defer dir.Close()
		for {
			entries, err := dir.ReadDir(16) // few: a file system may need one more look at each, and some callers want only one
			for _, e := range entries {
				if id := ID(e.Name()); e.IsDir() && id.Check() == nil && !yield(id, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield("", fmt.Errorf("cannot list spool: %w", err))
				return
			}
		}
	}
}

// Job returns the accepted job called id. The error wraps fs.ErrNotExist when there is none.
func (s *Spool) Job(id ID) (Job, error) {
	if err := id.Check(); err != nil {
		return Job{}, err
	}
	b, err := s.read(id, jobFile, maxJobFile)
	if err != nil {
		return Job{}, err
	}
	return decodeJob(id, b)
}

// Update replaces the job's job.json durably: a re-treatment with the next generation, under another policy.
func (s *Spool) Update(job Job) error {
	if _, err := s.Job(job.ID); err != nil {
		return err
	}
	b, err := job.encode()
	if err != nil {
		return err
	}
	return s.WriteFile(job.ID, jobFile, b)
}

// Has reports whether the job's folder holds the file name: how far a job has come is told by the files that exist.
func (s *Spool) Has(id ID, name string) bool {
	info, err := s.root.Lstat(path.Join(string(id), name))
	return err == nil && info.Mode().IsRegular()
}

// Open opens the file name of the job for reading. The error wraps fs.ErrNotExist when it is not there.
func (s *Spool) Open(id ID, name string) (*os.File, error) {
	if err := checkFile(id, name); err != nil {
		return nil, err
	}
	f, err := s.root.Open(path.Join(string(id), name))
	if err != nil {
		return nil, fmt.Errorf("cannot open spooled file: %w", err)
	}
	return f, nil
}

// ReadFile returns the file name of the job, and fails when it is longer than limit bytes.
func (s *Spool) ReadFile(id ID, name string, limit int64) ([]byte, error) {
	if err := checkFile(id, name); err != nil {
		return nil, err
	}
	return s.read(id, name, limit)
}

func (s *Spool) read(id ID, name string, limit int64) ([]byte, error) {
	f, err := s.root.Open(path.Join(string(id), name))
	if err != nil {
		return nil, fmt.Errorf("cannot open spooled file: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read spooled file: %w", err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("cannot read spooled file %s: longer than %d bytes", name, limit)
	}
	return b, nil
}

// Create begins the file name in the job's folder; its Commit replaces what had that name.
func (s *Spool) Create(id ID, name string) (*durable.File, error) {
	if err := checkFile(id, name); err != nil {
		return nil, err
	}
	return durable.Begin(s.root, path.Join(string(id), name), 0o600)
}

// WriteFile writes the file name in the job's folder durably, replacing what had that name.
func (s *Spool) WriteFile(id ID, name string, data []byte) error {
	f, err := s.Create(id, name)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("cannot write spooled file: %w", err)
	}
	return f.Commit()
}

// Drop removes the file name from the job's folder, when it is there. The removal itself need not survive a power cut.
func (s *Spool) Drop(id ID, name string) error {
	if err := checkFile(id, name); err != nil {
		return err
	}
	if err := s.root.Remove(path.Join(string(id), name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot drop spooled file: %w", err)
	}
	return nil
}

// Remove forgets a job that the ledger knows as ended. job.json goes first, so that a crash in between leaves a half-made
// folder and never a job without its original. No sync is needed: a folder that a power cut brings back has ended, and
// Reconcile removes it.
func (s *Spool) Remove(id ID) error {
	if err := s.Drop(id, jobFile); err != nil {
		return err
	}
	if err := s.root.RemoveAll(string(id)); err != nil {
		return fmt.Errorf("cannot remove job: %w", err)
	}
	return nil
}

// checkFile fails unless id is well-formed and name is the plain name of a file.
func checkFile(id ID, name string) error {
	if err := id.Check(); err != nil {
		return err
	}
	if name == "" || !fs.ValidPath(name) || slices.Contains([]byte(name), '/') || name == "." {
		return fmt.Errorf("cannot use %q as a name in a job's folder", name)
	}
	return nil
}
