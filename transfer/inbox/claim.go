package inbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"sekisho/internal/durable"
)

// maxHeld is how many claims are open at once. More files wait in the inbox, where staff can see them.
const maxHeld = 64

// ErrChanged says that the file was written to while it was copied.
var ErrChanged = errors.New("file has changed")

// Claim is a file that was taken out of the users' reach.
type Claim struct {
	ID      string // of the job; sorts by time of the claim
	Route   string
	Path    string // untrusted raw bytes, slash-separated, as it was below the inbox
	Size    int64
	ModTime time.Time
	Again   bool // it was claimed before this start: the handler may know it

	root   *os.Root
	stamp  stamp
	tries  int
	folder int // see Inbox.folder
}

// Open opens the file for reading, at its start.
func (c Claim) Open() (*os.File, error) {
	f, err := openRegular(c.root, c.name())
	if err != nil {
		return nil, fmt.Errorf("cannot open claimed file: %w", err)
	}
	return f, nil
}

// Unchanged returns ErrChanged when the file is no longer as it was when it was claimed.
func (c Claim) Unchanged() error {
	info, err := c.root.Lstat(c.name())
	if err != nil {
		return fmt.Errorf("cannot look at claimed file: %w", err)
	}
	if stampOf(info) != c.stamp {
		return ErrChanged
	}
	return nil
}

// gone reports whether somebody has removed the claimed file.
func (c Claim) gone() bool {
	_, err := c.root.Lstat(c.name())
	return errors.Is(err, fs.ErrNotExist)
}

// dir is the claim's own folder, name the file in it.
func (c Claim) dir() string  { return path.Join(claimsDir, c.ID) }
func (c Claim) name() string { return path.Join(claimsDir, c.ID, c.Path) }

// openRegular opens a file that must be a regular one. Without O_NONBLOCK a pipe put in its place would stop us.
func openRegular(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("not a regular file: %s", info.Mode().Type())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// newID returns a job id: UTC time, then random digits against two claims in the same microsecond on two machines.
func newID(now time.Time) string {
	var r [6]byte
	rand.Read(r[:]) // never fails
	t := now.UTC()
	return fmt.Sprintf("%s-%06d-%s", t.Format("20060102-150405"), t.Nanosecond()/1000, hex.EncodeToString(r[:]))
}

// claimReady claims ready files, in turn from each folder, while few claims are open.
func (b *Inbox) claimReady(ctx context.Context) {
	for ctx.Err() == nil && b.ready.len() > 0 {
		b.mu.Lock()
		full := b.held >= maxHeld
		b.mu.Unlock()
		if full || !b.claimNext(ctx, b.ready.pop()) {
			return
		}
	}
}

// claimNext claims p if it is as it was seen. False means that the folder lets nothing be claimed now.
func (b *Inbox) claimNext(ctx context.Context, p string) bool {
	t := b.files[p]
	if t == nil {
		return true
	}
	t.ready = false
	info, err := b.root.Lstat(p)
	if err != nil || stampOf(info) != t.stamp {
		return true // the next round sees it anew
	}
	c, err := claim(b.root, b.opt.Route, p, t.stamp)
	switch {
	case err == nil:
		delete(b.files, p)
		b.hand(c)
	case errors.Is(err, ErrChanged), errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EXDEV):
		b.refuse(ctx, p, t, info, Unreadable, err.Error())
	default:
		b.opt.Log.Warn("cannot claim", "route", b.opt.Route, "untrusted_path", p, "error", err)
		return false // a full disk, say: the next round tries again
	}
	return true
}

// claim moves the file p into a folder of its own below claimsDir. After an error it is where it was.
func claim(root *os.Root, route, p string, seen stamp) (Claim, error) {
	f, err := openRegular(root, p)
	if err != nil {
		return Claim{}, err
	}
	f.Close()
	c := Claim{ID: newID(time.Now()), Route: route, Path: p, root: root}
	if err := root.MkdirAll(path.Dir(c.name()), 0o700); err != nil {
		return Claim{}, errors.Join(err, root.RemoveAll(c.dir()))
	}
	// Not synced here: the worker does, before the file is handed in.
	if err := root.Rename(p, c.name()); err != nil {
		return Claim{}, errors.Join(err, root.RemoveAll(c.dir()))
	}
	if err := c.refresh(); err != nil {
		return Claim{}, errors.Join(err, c.putBack())
	}
	seen.ctime = c.stamp.ctime // the rename may change it
	if c.stamp != seen && c.putBack() == nil {
		return Claim{}, ErrChanged
	}
	return c, nil
}

// refresh takes the file as it is now for the claimed one.
func (c *Claim) refresh() error {
	info, err := c.root.Lstat(c.name())
	if err != nil {
		return fmt.Errorf("cannot look at claimed file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("cannot claim: not a regular file any more: %w", ErrChanged)
	}
	c.stamp, c.Size, c.ModTime = stampOf(info), info.Size(), info.ModTime()
	return nil
}

// putBack returns the file to its place in the inbox. It fails when that name is taken.
func (c Claim) putBack() error {
	if err := durable.RenameNew(c.root, c.name(), c.Path); err != nil {
		return fmt.Errorf("cannot put back: %w", err)
	}
	return c.root.RemoveAll(c.dir())
}

// sync makes the claim durable: a file that was handed in must never be back in the inbox after a power cut, where it would get
// a second id.
func (c Claim) sync() error {
	for dir := path.Dir(c.name()); dir != "."; dir = path.Dir(dir) {
		if err := durable.SyncDir(c.root, dir); err != nil {
			return err
		}
	}
	err := durable.SyncDir(c.root, path.Dir(c.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // its folder was removed since
	}
	return err
}

// hand queues c for the workers.
func (b *Inbox) hand(c Claim) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.folder = b.folder
	b.work = append(b.work, c)
	b.held++
	b.handIn.Signal()
}
