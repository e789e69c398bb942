package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	minPause   = 100 * time.Millisecond // between two looks, whatever the hints say
	maxTracked = 200_000                // files that are remembered, those that stay included; more wait until some have left
	stepSize   = 256                    // directory entries read at once
	longWalk   = time.Second            // after which ready files are claimed while the walk goes on
	maxDetail  = 200                    // bytes of an error in a Refusal
	calmRest   = 4                      // least time between two looks, by what a look takes
	busyRest   = 20                     // the same while enough files are ready
)

// stamp is what must not change.
type stamp struct {
	ino          uint64
	size         int64
	mtime, ctime int64 // ns
}

// track is what the inbox remembers of a file. Times are of the steady clock, since Inbox.start.
type track struct {
	stamp stamp
	first time.Duration // first seen
	since time.Duration // first seen with this stamp
	born  uint32        // round of the first sight with this stamp
	round uint32        // of the last sight
	told  verdict       // refused in this state
	ready bool          // waits to be claimed
}

// verdict is a Why in one byte, its place in whys; 0 is none. There are many tracks.
type verdict uint8

var whys = [...]Why{"", TooLarge, NotRegular, Unreadable, Growing, TooDeep}

func verdictOf(why Why) verdict { return verdict(slices.Index(whys[:], why)) }

func (v verdict) is(why Why) bool { return whys[v] == why }

// look looks at the whole folder once, claims what is ready, and returns when to look again.
func (b *Inbox) look(ctx context.Context) time.Duration {
	b.mu.Lock()
	calm := b.held == 0
	b.mu.Unlock()
	err := b.present()
	if err == nil {
		err = b.walk(ctx)
	}
	b.trouble(err)
	if err != nil {
		b.note(0, false)
		return b.opt.Interval
	}
	b.cost = time.Since(b.begun)
	waiting, next := b.finishRound()
	b.claimReady(ctx)
	b.note(waiting, calm && waiting == 0)
	return max(next, b.rest())
}

// rest returns the least time between two looks. A large tree is not walked all the time because one file is being written,
// and still less while more files are ready than may be claimed: each that is taken away is a hint.
func (b *Inbox) rest() time.Duration {
	if b.ready.len() > maxHeld {
		return max(minPause, busyRest*b.cost)
	}
	return max(minPause, calmRest*b.cost)
}

// note publishes the result of a round.
func (b *Inbox) note(waiting int, settled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting, b.settled = waiting, settled && b.held == 0
}

// finishRound forgets files that are gone. It returns how many are left that may be taken, and when the first of them can
// have settled.
func (b *Inbox) finishRound() (waiting int, next time.Duration) {
	next = b.opt.Interval
	now := time.Since(b.start)
	clear(b.window.used)
	for p, t := range b.files {
		if t.round != b.round {
			delete(b.files, p)
			b.unstick(p)
			continue
		}
		if t.told != 0 {
			continue
		}
		waiting++
		b.window.add(b.laneOf(p, t.stamp.size))
		if !t.ready { // a ready one waits for a worker, not for a look
			next = min(next, max(t.since+b.opt.Settle-now, minPause))
		}
	}
	return waiting + b.window.beyond, next
}

// laneOf returns the lane of the file p of size bytes.
func (b *Inbox) laneOf(p string, size int64) lane { return lane{topOf(p), size >= b.opt.Large} }

// unstick forgets that p could not be taken.
func (b *Inbox) unstick(p string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.fixed, p)
}

// walk sees every file below the inbox, folder by folder. Only the folder itself failing is an error.
func (b *Inbox) walk(ctx context.Context) error {
	b.round++
	b.begun = time.Now()
	b.window.beyond = 0
	for dirs := []string{"."}; len(dirs) > 0; {
		dir := dirs[len(dirs)-1]
		dirs = dirs[:len(dirs)-1]
		below, err := b.list(ctx, dir)
		dirs = append(dirs, below...)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && dir == "." {
			return fmt.Errorf("cannot read inbox of route %q: %w", b.opt.Route, err)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			b.stays(ctx, dir, Unreadable, err)
		}
	}
	return nil
}

// list sees the files in dir and returns the folders in it.
func (b *Inbox) list(ctx context.Context, dir string) ([]string, error) {
	d, err := b.root.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	b.hint.watch(dir)
	var dirs []string
	for ctx.Err() == nil {
		entries, err := d.ReadDir(stepSize)
		for _, e := range entries {
			if name := path.Join(dir, e.Name()); ignored(e.Name()) {
				continue
			} else if !e.IsDir() {
				b.see(ctx, name)
			} else if strings.Count(name, "/") >= b.opt.MaxDepth {
				b.stays(ctx, name, TooDeep, fmt.Errorf("more than %d folders", b.opt.MaxDepth))
			} else {
				dirs = append(dirs, name)
			}
		}
		if time.Since(b.begun) > longWalk { // else claim at the end of the round, when all folders can have their turn
			b.claimReady(ctx)
		}
		if errors.Is(err, io.EOF) {
			return dirs, nil
		}
		if err != nil {
			return dirs, err
		}
	}
	return dirs, nil
}

// see looks at the file p, which is no folder, and decides whether it is ready, has to wait, or stays.
func (b *Inbox) see(ctx context.Context, p string) {
	taking, fixed := b.inHand(p)
	if taking {
		return // a worker is about to take its name away
	}
	known := b.files[p] != nil
	small, large := b.laneOf(p, 0), b.laneOf(p, b.opt.Large)
	if !known && (len(b.files) >= maxTracked || b.window.full(small) && b.window.full(large)) {
		b.window.beyond++
		return // its turn comes later
	}
	info, err := b.root.Lstat(p)
	if err != nil {
		return // gone
	}
	if l := b.laneOf(p, info.Size()); !known && b.window.full(l) {
		b.window.beyond++
		return
	} else if !known {
		b.window.add(l)
	}
	t := b.sight(p, info)
	now := time.Since(b.start)
	switch {
	case t.ready || t.told != 0 && !t.told.is(Growing):
	case t.born == b.round || now-t.since < b.opt.Settle:
		if t.since != t.first && now-t.first >= b.opt.Patience {
			b.refuse(ctx, p, t, info, Growing, fmt.Sprintf("changing for %s", (now-t.first).Round(time.Second)))
		}
	case !info.Mode().IsRegular():
		b.refuse(ctx, p, t, info, NotRegular, info.Mode().Type().String())
	case fixed == t.stamp:
		b.refuse(ctx, p, t, info, Unreadable, errFixed.Error())
	case info.Size() > b.opt.MaxSize:
		b.refuse(ctx, p, t, info, TooLarge, fmt.Sprintf("%d bytes, limit %d", info.Size(), b.opt.MaxSize))
	default:
		t.told, t.ready = 0, true
		if b.laneOf(p, info.Size()).large {
			b.readyLarge.push(p)
		} else {
			b.ready.push(p)
		}
	}
}

// inHand reports whether p is claimed, and the state in which it could not be.
func (b *Inbox) inHand(p string) (taking bool, fixed stamp) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taking[p], b.fixed[p]
}

// sight notes that p was seen with info, and returns what is known of it.
func (b *Inbox) sight(p string, info fs.FileInfo) *track {
	now, s := time.Since(b.start), stampOf(info)
	t := b.files[p]
	if t == nil {
		t = &track{stamp: s, first: now, since: now, born: b.round}
		b.files[p] = t
	}
	t.round = b.round
	if t.stamp != s {
		if t.stamp.ino != s.ino {
			t.first = now
		}
		t.stamp, t.since, t.born = s, now, b.round
		if !t.told.is(Growing) || t.stamp.ino != s.ino {
			t.told = 0
		}
	}
	return t
}

// stays refuses the folder p as a whole.
func (b *Inbox) stays(ctx context.Context, p string, why Why, cause error) {
	info, err := b.root.Lstat(p)
	if err != nil {
		return
	}
	if t := b.sight(p, info); t.told == 0 {
		b.refuse(ctx, p, t, info, why, cause.Error())
	}
}

// refuse tells, once, that p stays.
func (b *Inbox) refuse(ctx context.Context, p string, t *track, info fs.FileInfo, why Why, detail string) {
	if t.told.is(why) {
		return
	}
	t.told, t.ready = verdictOf(why), false
	if len(detail) > maxDetail {
		detail = detail[:maxDetail]
	}
	b.handler.Refuse(ctx, Refusal{
		Route: b.opt.Route, Path: p, Reason: why, Detail: detail, Size: info.Size(), ModTime: info.ModTime(),
	})
}

// ignored reports names that are no documents: other programs' private and unfinished files, and our own.
func ignored(name string) bool {
	hidden := strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "..") // `..\up` is no hidden file but an attempt
	if hidden || strings.HasPrefix(name, "~$") || name == heldDir {
		return true
	}
	lower := strings.ToLower(name)
	if lower == "thumbs.db" || lower == "desktop.ini" {
		return true
	}
	switch path.Ext(lower) {
	case ".tmp", ".part", ".partial", ".filepart", ".crdownload":
		return true
	}
	return false
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{size: info.Size(), mtime: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		s.ino, s.ctime = st.Ino, st.Ctim.Nano()
	}
	return s
}
