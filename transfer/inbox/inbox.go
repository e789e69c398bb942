package inbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"sekisho/internal/durable"
)

// Private names in an inbox.
const (
	claimsDir = ".sekisho" // claimed files; also the proof that this folder is the inbox
	heldDir   = "_止めたファイル" // notices for staff; never taken in
)

// Inbox is one watched folder. Run works it; the other methods may be called from any goroutine.
type Inbox struct {
	opt     Options
	handler Handler
	start   time.Time // of the steady clock
	hint    *hint

	// Used by the goroutine of Run only.
	root              *os.Root
	self              identity // of the folder that root is
	files             map[string]*track
	round             uint32
	begun             time.Time     // of the round
	cost              time.Duration // of the last whole round
	ready, readyLarge fairQueue
	window            window
	told              error // the trouble that was told last

	mu              sync.Mutex
	work            []Claim          // to be handed in
	held, heldLarge int              // claims that have not ended, and how many of them are large
	running         int              // calls of Take
	folder          int              // counts the folders that were adopted: claims of an earlier one are void
	taking          map[string]bool  // paths whose file is claimed and may still have its name in the inbox
	fixed           map[string]stamp // files that could not be taken out of the inbox
	waiting         int              // files seen that may be taken, as of the last round
	settled         bool             // the last whole round found nothing to take, with no claim before or after it
	freed           chan struct{}
	handIn          *sync.Cond // work has grown, or the context has ended
}

// identity tells one folder from another.
type identity struct{ dev, ino uint64 }

// New opens the folder and finds the claims that a crash has left. Nothing is handed in before Run.
func New(opt Options, h Handler) (*Inbox, error) {
	b := &Inbox{
		opt: opt.withDefaults(), handler: h, start: time.Now(), files: map[string]*track{},
		taking: map[string]bool{}, fixed: map[string]stamp{}, freed: make(chan struct{}, 1),
		window: window{size: windowSize, used: map[lane]int{}},
	}
	b.handIn = sync.NewCond(&b.mu)
	root, err := os.OpenRoot(b.opt.Dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open inbox of route %q: %w", opt.Route, err)
	}
	if err := root.Mkdir(claimsDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		root.Close()
		return nil, fmt.Errorf("cannot prepare inbox of route %q: %w", opt.Route, err)
	}
	err = durable.SyncDir(root, ".")
	if err == nil {
		err = b.adopt(root)
	}
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("cannot use inbox of route %q: %w", opt.Route, err)
	}
	return b, nil
}

// adopt makes root the inbox's folder and queues the claims in it.
func (b *Inbox) adopt(root *os.Root) error {
	info, err := root.Lstat(claimsDir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", claimsDir)
	}
	self, err := root.Stat(".")
	if err != nil {
		return err
	}
	left, err := leftClaims(root, b.opt)
	if err != nil {
		return err
	}
	b.root, b.self = root, identify(self)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range left {
		c.folder = b.folder
		b.work = append(b.work, c)
		b.taking[c.Path] = true
		b.holds(c, 1)
	}
	return nil
}

// Run watches the folder until ctx ends, and returns when the last call of Take has.
func (b *Inbox) Run(ctx context.Context) {
	defer func() { b.root.Close() }()
	b.hint = newHint(b.opt)
	defer b.hint.close()
	stop := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.handIn.Broadcast()
	})
	defer stop()
	var workers sync.WaitGroup
	defer workers.Wait()
	for range b.opt.Workers {
		workers.Go(func() { b.serve(ctx) })
	}
	for ctx.Err() == nil {
		next := b.look(ctx)
		b.wait(ctx, next)
	}
}

// wait waits for the next look: until next, or less when there is a hint. Meanwhile it claims for workers that become free.
func (b *Inbox) wait(ctx context.Context, next time.Duration) {
	timer := time.NewTimer(next)
	defer timer.Stop()
	pause := time.NewTimer(b.rest()) // a hint comes with each block that is written
	defer pause.Stop()
	hints := b.hint.events()
	for paused := false; ; {
		hinted := hints
		if !paused {
			hinted = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-hinted:
			return
		case <-pause.C:
			paused = true
		case <-b.freed:
			b.claimReady(ctx)
		}
	}
}

// Idle reports whether there is nothing to take: a whole look at the folder found no file that is or may become takeable,
// and no claim is open. Refused files do not count. It is false while the inbox is in trouble.
func (b *Inbox) Idle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.settled && b.held == 0
}

// Pending returns the number of files that were seen and may be taken, and of claims that have not ended.
func (b *Inbox) Pending() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waiting + b.held
}

// trouble tells err when it is news.
func (b *Inbox) trouble(err error) {
	if (err == nil) == (b.told == nil) && (err == nil || err.Error() == b.told.Error()) {
		return
	}
	b.told = err
	b.opt.Trouble(err)
}

// present checks that the folder at Options.Dir is still the one that is open. Another one is taken only when it is
// prepared as an inbox: an empty mount point is not.
func (b *Inbox) present() error {
	info, err := os.Stat(b.opt.Dir)
	if err != nil {
		return fmt.Errorf("cannot find inbox of route %q: %w", b.opt.Route, err)
	}
	if identify(info) == b.self {
		_, err := b.root.Lstat(claimsDir)
		if errors.Is(err, fs.ErrNotExist) {
			err = durable.MkdirAll(b.root, claimsDir, 0o700) // somebody has tidied up
		}
		if err != nil {
			return fmt.Errorf("cannot use inbox of route %q: %w", b.opt.Route, err)
		}
		return nil
	}
	root, err := os.OpenRoot(b.opt.Dir)
	if err != nil {
		return fmt.Errorf("cannot open inbox of route %q: %w", b.opt.Route, err)
	}
	old := b.root
	err = b.leave()
	if err == nil {
		err = b.adopt(root)
	}
	if err != nil {
		root.Close()
		return fmt.Errorf("inbox of route %q is another folder than it was (is the share mounted?): %w", b.opt.Route, err)
	}
	old.Close()
	b.files, b.ready, b.readyLarge = map[string]*track{}, fairQueue{}, fairQueue{}
	return nil
}

// leave gives up the claims in the present folder: they are found again where they are. It fails while one is being handed in.
func (b *Inbox) leave() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.folder++
	for _, c := range b.work {
		b.holds(c, -1)
	}
	b.work, b.taking, b.fixed = nil, map[string]bool{}, map[string]stamp{}
	if b.running > 0 {
		return errors.New("files of the earlier folder are still being read")
	}
	return nil
}

func identify(info fs.FileInfo) identity {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}
	}
	return identity{uint64(st.Dev), st.Ino}
}
