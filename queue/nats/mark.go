package nats

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sekisho/internal/durable"
)

// mark is a file beside the store that exists while a start has not proven itself. The server reads its store in its own
// goroutines, and a damaged one can make it panic there, which ends the process and which nobody can catch; without the
// mark the next start would read the same bytes and die again, for ever.
type mark struct {
	parent *os.Root // the folder that holds the store
	store  string   // name of the store in it

	mu     sync.Mutex
	closed bool
}

// openMark looks at the folder that holds the store dir. It must exist.
func openMark(dir string) (*mark, error) {
	dir = filepath.Clean(dir)
	parent, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return nil, fmt.Errorf("cannot open the folder of the store: %w", err)
	}
	return &mark{parent: parent, store: filepath.Base(dir)}, nil
}

func (m *mark) name() string { return m.store + ".proving" }

// start starts the server, on a fresh store when the one there is not to be trusted.
func (m *mark) start(opt ServerOptions) (*Server, error) {
	_, err := m.parent.Lstat(m.name())
	if err == nil {
		opt.Log.Error("queue server: the last start died; its store is set aside", "dir", opt.Dir)
		if err := m.setAside(); err != nil {
			return nil, err
		}
	}
	if err := durable.WriteFile(m.parent, m.name(), nil, 0o600); err != nil {
		return nil, err
	}
	s, err := start(opt)
	if err != nil {
		opt.Log.Error("queue server: the store cannot be used; it is set aside", "dir", opt.Dir, "err", err)
		if err := m.setAside(); err != nil {
			return nil, err
		}
		if s, err = start(opt); err != nil {
			return nil, err
		}
	}
	return &Server{s: s, mark: m, proven: time.AfterFunc(opt.Proving, m.clear)}, nil
}

// setAside renames the store. Nothing is lost with it: the queue is made again from the spool.
func (m *mark) setAside() error {
	broken := m.store + ".broken"
	if err := m.parent.RemoveAll(broken); err != nil {
		return fmt.Errorf("cannot remove older broken store: %w", err)
	}
	if err := m.parent.Rename(m.store, broken); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot set broken store aside: %w", err)
	}
	return nil
}

// clear says that the store is to be trusted. A mark that cannot be removed costs the next start its store, no more.
func (m *mark) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.parent.Remove(m.name())
	}
}

func (m *mark) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		m.parent.Close()
	}
}
