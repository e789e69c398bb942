package receiver

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"

	"sekisho/internal/durable"
	"sekisho/transfer/manifest"
)

// stageDir is where files are made whole before they appear, when no other folder is given: hidden in the release folder,
// and staff cannot look into it.
const stageDir = ".sekisho"

// tokenName names the file among the staged ones that tells this release folder from any other, such as an empty mount point.
const tokenName = "folder"

// maxNumbered is how many files of one name a folder can have before names get the package id instead of a number.
const maxNumbered = 1000

// folder is the release folder of one route, and the folder where its files are staged.
type folder struct {
	root     *os.Root
	stages   *os.Root
	dir      string // below stages
	fileMode fs.FileMode
	dirMode  fs.FileMode

	mu   sync.Mutex
	safe map[string]bool // folders below root whose names are durable
}

// maxSafe bounds folder.safe. Beyond it all are synced once more.
const maxSafe = 10_000

// open makes the folder ready for the route, and removes staged files that have no intent. While an intent is open it insists
// on the folder the intent was for: in any other one the staged file would be missing, which would look like a release.
func (f *folder) open(route string, l *ledger) error {
	if err := durable.MkdirAll(f.stages, f.dir, 0o700); err != nil {
		return err
	}
	token, err := f.stages.ReadFile(f.stageName(tokenName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot open release folder of route %q: %w", route, err)
	}
	if want := l.folder(route); len(token) == 0 || string(token) != want {
		if l.intents(route) > 0 {
			return fmt.Errorf("cannot open release folder of route %q: not the folder that releases were begun in", route)
		}
		return f.adopt(route, string(token), l)
	}
	return f.sweep(l)
}

// adopt makes this the route's release folder.
func (f *folder) adopt(route, token string, l *ledger) error {
	if token == "" {
		token = rand.Text()
		if err := durable.WriteFile(f.stages, f.stageName(tokenName), []byte(token), 0o600); err != nil {
			return err
		}
	}
	if err := f.sweep(l); err != nil {
		return err
	}
	return l.journal.append(line{Kind: lineFolder, Route: route, ID: token})
}

// sweep removes staged files that no intent needs.
func (f *folder) sweep(l *ledger) error {
	entries, err := fs.ReadDir(f.stages.FS(), f.dir)
	if err != nil {
		return fmt.Errorf("cannot list staged files: %w", err)
	}
	for _, e := range entries {
		ours := manifest.CheckID(e.Name()) == nil || strings.HasPrefix(e.Name(), durable.TempPrefix)
		if !ours || e.Name() == tokenName || l.lookup(e.Name()).state == intended {
			continue
		}
		if err := f.stages.Remove(f.stageName(e.Name())); err != nil {
			return fmt.Errorf("cannot remove staged file: %w", err)
		}
	}
	return nil
}

// staged reports whether the package id is staged and not released. Where a file system cannot move in one step, a staged
// file with a second name was released.
func (f *folder) staged(id string) (bool, error) {
	info, err := f.stages.Lstat(f.stageName(id))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot look at staged file: %w", err)
	}
	if links(info) > 1 {
		return false, f.unstage(id)
	}
	return true, nil
}

// unstage removes the staged file of the package id, if there is one.
func (f *folder) unstage(id string) error {
	if err := f.stages.Remove(f.stageName(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove staged file: %w", err)
	}
	return nil
}

// sync makes the names in the folder dir durable. One that staff have removed since needs no sync.
func (f *folder) sync(dir string) error {
	if err := durable.SyncDir(f.root, path.Clean(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.SyncDir(f.stages, f.dir)
}

// makePath makes the folders of dir and returns them as they are called: where a file has a folder's name, the folder
// gets a number. A link is treated as a file, so it leads nowhere.
func (f *folder) makePath(dir string) (string, error) {
	made := ""
	if dir == "" {
		return "", nil
	}
	for part := range strings.SplitSeq(dir, "/") {
		next, err := f.makeOne(made, part)
		if err != nil {
			return "", err
		}
		made = next
	}
	return made, nil
}

// makeOne makes one folder in the folder parent.
func (f *folder) makeOne(parent, name string) (string, error) {
	for n := range maxNumbered {
		dir := path.Join(parent, numbered(name, n, ""))
		err := durable.MkdirAll(f.root, dir, f.dirMode)
		info, statErr := f.root.Lstat(dir)
		if statErr == nil && info.IsDir() && err == nil {
			return dir, f.secure(parent, dir)
		}
		if statErr != nil || info.IsDir() {
			return "", errors.Join(err, statErr)
		}
	}
	return "", fmt.Errorf("cannot make folder %q: too many files have its name", name)
}

// secure makes the name of the folder dir durable. It may be there because another package has just made it, and has not
// synced it yet; a file that is released into it would be lost with it.
func (f *folder) secure(parent, dir string) error {
	f.mu.Lock()
	known := f.safe[dir]
	f.mu.Unlock()
	if known {
		return nil
	}
	if err := durable.SyncDir(f.root, path.Clean(parent)); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.safe == nil || len(f.safe) >= maxSafe {
		f.safe = map[string]bool{}
	}
	f.safe[dir] = true
	return nil
}

// freeName returns the first name in the order name, name (2), name (3) … that is free in dir.
func (f *folder) freeName(dir, name, id string) (string, error) {
	for n := range maxNumbered + 100 {
		candidate := numbered(name, n, id)
		_, err := f.root.Lstat(path.Join(dir, candidate))
		if errors.Is(err, fs.ErrNotExist) {
			return candidate, nil
		}
		if err != nil {
			return "", fmt.Errorf("cannot look for a free name: %w", err)
		}
	}
	return "", fmt.Errorf("cannot find a free name for package %s", id)
}

// numbered returns the n-th name for a file: the name itself, then with " (2)" and so on, at last with the package id.
func numbered(name string, n int, id string) string {
	switch {
	case n == 0:
		return name
	case n < maxNumbered:
		return manifest.Shorten(name, fmt.Sprintf(" (%d)", n+1), manifest.MaxName)
	}
	return manifest.Shorten(name, fmt.Sprintf(" (%s-%d)", id, n-maxNumbered), manifest.MaxName)
}

// stageName is where the package id is staged, below f.stages.
func (f *folder) stageName(id string) string { return path.Join(f.dir, id) }
