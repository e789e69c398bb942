package inbox

import (
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// maxWatched is how many folders are watched; the kernel's own limit for all programs of an account is 8,192 on small machines.
const maxWatched = 1024

// hint tells that something was written, to look earlier. It may miss anything, and switches itself off when it fails.
// Its methods are used by the goroutine of Inbox.Run.
type hint struct {
	dir     string
	log     *slog.Logger
	watcher *fsnotify.Watcher // nil when off
	wakes   chan struct{}     // has one element after an event
	stopped chan struct{}     // closed when the goroutine has ended
	watched map[string]bool
}

func newHint(opt Options) *hint {
	h := &hint{dir: opt.Dir, log: opt.Log, wakes: make(chan struct{}, 1), stopped: make(chan struct{}), watched: map[string]bool{}}
	if !opt.NoHints {
		w, err := fsnotify.NewBufferedWatcher(256)
		if err != nil {
			h.log.Info("no notices of changes, polling only", "error", err)
		} else {
			h.watcher = w
			go h.forward(w)
			return h
		}
	}
	close(h.stopped)
	return h
}

// forward turns events into wakes. Our own moves out of the inbox are removals, and wake nobody.
func (h *hint) forward(w *fsnotify.Watcher) {
	defer close(h.stopped)
	for {
		select {
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			if e.Has(fsnotify.Create | fsnotify.Write) {
				h.wakeUp()
			}
		case _, ok := <-w.Errors:
			if !ok {
				return
			}
			h.wakeUp() // events were lost: look
		}
	}
}

func (h *hint) wakeUp() {
	select {
	case h.wakes <- struct{}{}:
	default:
	}
}

// events has an element after something was written.
func (h *hint) events() <-chan struct{} { return h.wakes }

// watch adds the folder dir, relative to the inbox. Watching a folder again is cheap, and needed when it was made anew.
func (h *hint) watch(dir string) {
	if h.watcher == nil || !h.watched[dir] && len(h.watched) >= maxWatched {
		return
	}
	h.watched[dir] = true
	if err := h.watcher.Add(filepath.Join(h.dir, dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.log.Info("no more notices of changes, polling only", "error", err)
		h.close()
	}
}

func (h *hint) close() {
	if h.watcher == nil {
		return
	}
	h.watcher.Close()
	h.watcher = nil
	<-h.stopped
}
