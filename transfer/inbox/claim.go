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

	"golang.org/x/sys/unix"

	"sekisho/internal/durable"
	"sekisho/internal/failpoint"
)

// Bounds of the claims that are open at once. More files wait in the inbox, where staff can see them. Large ones never hold
// all workers.
const (
	maxHeld      = 64
	maxHeldLarge = 2
)

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
	first  int64 // its size when it was claimed
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

// claimReady claims ready files, in turn from each folder, while few claims are open: small ones first.
func (b *Inbox) claimReady(ctx context.Context) {
	for ctx.Err() == nil {
		small, large := b.room()
		next := &b.ready
		if !small || next.len() == 0 {
			next = &b.readyLarge
			small = large
		}
		if !small || next.len() == 0 || !b.claimNext(ctx, next.pop()) {
			return
		}
	}
}

// room reports whether one more small file, and one more large one, may be claimed.
func (b *Inbox) room() (small, large bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held < maxHeld, b.held < maxHeld+maxHeldLarge && b.heldLarge < min(maxHeldLarge, b.opt.Workers)
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

// claim gives the file p a second name, in a folder of its own below claimsDir. After an error it has only its own. The
// worker takes that one away (see detach).
func claim(root *os.Root, route, p string, seen stamp) (Claim, error) {
	f, err := openRegular(root, p)
	if err != nil {
		return Claim{}, err
	}
	f.Close()
	if err := canLeave(root, path.Dir(p)); err != nil {
		return Claim{}, err
	}
	c := Claim{ID: newID(time.Now()), Route: route, Path: p, root: root}
	if err := root.MkdirAll(path.Dir(c.name()), 0o700); err != nil {
		return Claim{}, errors.Join(err, root.RemoveAll(c.dir()))
	}
	err = root.Link(p, c.name())
	if noLinks(err) {
		err = root.Rename(p, c.name())
	}
	if err != nil {
		return Claim{}, errors.Join(err, root.RemoveAll(c.dir()))
	}
	if err := c.refresh(); err != nil {
		return Claim{}, errors.Join(err, c.putBack())
	}
	seen.ctime = c.stamp.ctime // the new name changes it
	if c.stamp != seen && c.putBack() == nil {
		return Claim{}, ErrChanged
	}
	c.first = c.Size
	failpoint.At(failpoint.InboxLinked)
	return c, nil
}

// canLeave fails when files cannot be taken out of the folder dir, so that one is not claimed for nothing.
func canLeave(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := unix.Faccessat(int(d.Fd()), ".", unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return &fs.PathError{Op: "write", Path: dir, Err: err}
	}
	return nil
}

// noLinks reports whether a link was refused as such: by a file system that has none (exFAT, some network shares), or by a
// kernel that lets nobody link to files of others (fs.protected_hardlinks). The file is then renamed, which a power cut may
// tear in two where the file system keeps no journal.
func noLinks(err error) bool {
	return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EMLINK)
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

// putBack returns the file to its place in the inbox, where it may still be. It fails when that name is taken by another. The
// end of the claim is durable: it must not come back beside the next one of the same file.
func (c Claim) putBack() error {
	if !c.attached() {
		if err := durable.RenameNew(c.root, c.name(), c.Path); err != nil {
			return fmt.Errorf("cannot put back: %w", err)
		}
	}
	if err := c.root.RemoveAll(c.dir()); err != nil {
		return err
	}
	return durable.SyncDir(c.root, claimsDir)
}

// attached reports whether the inbox still has the file under its own name.
func (c Claim) attached() bool {
	info, err := c.root.Lstat(c.Path)
	return err == nil && stampOf(info).ino == c.stamp.ino
}

// aside is the name that takes the file's own one away: what somebody has put in its place at the last moment is moved, not
// removed.
func (c Claim) aside() string { return c.dir() + ".old" }

// detach takes the file's own name out of the inbox once the claim would survive a power cut, and makes that durable: a file
// that was handed in must never be back in the inbox, where it would get a second id. Neither step can lose the file, on any
// file system. It may be called again after an error or a crash.
func (c *Claim) detach() error {
	for dir := path.Dir(c.name()); dir != "."; dir = path.Dir(dir) {
		if err := durable.SyncDir(c.root, dir); err != nil {
			return err
		}
	}
	failpoint.At(failpoint.InboxSynced)
	if c.attached() {
		if err := c.root.Rename(c.Path, c.aside()); err != nil {
			return fmt.Errorf("cannot take file out of the inbox: %w", err)
		}
		failpoint.At(failpoint.InboxAside)
		if err := c.forget(c.aside()); err != nil {
			return err
		}
		if err := c.unlinked(); err != nil {
			return err
		}
	}
	failpoint.At(failpoint.InboxUnlinked)
	err := durable.SyncDir(c.root, path.Dir(c.Path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // its folder was removed since
		return err
	}
	failpoint.At(failpoint.InboxDetached)
	return nil
}

// forget removes the name aside of the claimed file. Another file that has it goes back to the inbox.
func (c Claim) forget(aside string) error {
	info, err := c.root.Lstat(aside)
	if err != nil {
		return fmt.Errorf("cannot look at claimed file: %w", err)
	}
	if stampOf(info).ino != c.stamp.ino {
		return durable.RenameNew(c.root, aside, c.Path)
	}
	return c.root.Remove(aside)
}

// unlinked notes the time at which the file lost a name. It returns ErrChanged when something else has changed too.
func (c *Claim) unlinked() error {
	was := c.stamp
	if err := c.refresh(); err != nil {
		return err
	}
	if was.ctime = c.stamp.ctime; was != c.stamp {
		return ErrChanged
	}
	return nil
}

// hand queues c for the workers.
func (b *Inbox) hand(c Claim) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c.folder = b.folder
	b.work = append(b.work, c)
	b.taking[c.Path] = true
	b.holds(c, 1)
	b.handIn.Signal()
}

// holds counts a claim that begins, or, with -1, ends. The caller holds the lock.
func (b *Inbox) holds(c Claim, n int) {
	b.held += n
	if c.large(b.opt) {
		b.heldLarge += n
	}
}

func (c Claim) large(opt Options) bool { return c.first >= opt.Large }
