// Package durable is the only writer of files in Sekisho. A name appears when, and only when, all of its bytes and
// the name itself would survive a power cut:
//
//	Begin: temporary name in the same folder ─► write ─► fsync ─► close ─► link or rename ─► fsync of the folder
//
// Everything happens below an os.Root, so that no name, link or ".." leads outside the folder that was opened.
package durable

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// TempPrefix begins the name of every file that is not finished. Readers skip such names; Sweep removes them.
const TempPrefix = ".sekisho-tmp-"

// File is a file being written. It has no visible name until Commit.
type File struct {
	*os.File
	root *os.Root
	temp string // relative to root
	name string // relative to root
	done bool
}

// Begin starts the file that will be called name (slash-separated, relative to root). The folder must exist.
func Begin(root *os.Root, name string, perm fs.FileMode) (*File, error) {
	var r [8]byte
	rand.Read(r[:]) // never fails
	temp := path.Join(path.Dir(name), TempPrefix+hex.EncodeToString(r[:]))
	f, err := root.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, fmt.Errorf("cannot begin file: %w", err)
	}
	return &File{File: f, root: root, temp: temp, name: name}, nil
}

// Commit makes the file durable under its name and replaces what had that name.
func (f *File) Commit() error {
	return f.finish(func() error { return f.root.Rename(f.temp, f.name) })
}

// CommitAs is Commit under another name in the same folder: for what is named only after it is written.
func (f *File) CommitAs(name string) error {
	if path.Dir(name) != path.Dir(f.name) {
		return errors.New("cannot commit file: another folder")
	}
	f.name = name
	return f.Commit()
}

// CommitNew makes the file durable under its name, and fails with fs.ErrExist when the name is taken.
func (f *File) CommitNew() error {
	err := f.finish(func() error { return f.root.Link(f.temp, f.name) })
	if err == nil {
		f.root.Remove(f.temp) // a second name of the same file; Sweep removes it if this does not
	}
	return err
}

// CommitFree commits under the first free name of next(0), next(1), … and returns that name. It gives up with
// fs.ErrExist after 10,000 names.
func (f *File) CommitFree(next func(n int) string) (string, error) {
	var taken string
	err := f.finish(func() error {
		for n := range 10_000 {
			taken = next(n)
			err := f.root.Link(f.temp, taken)
			if !errors.Is(err, fs.ErrExist) {
				return err
			}
		}
		return fs.ErrExist
	})
	if err != nil {
		return "", err
	}
	f.root.Remove(f.temp)
	return taken, nil
}

// finish makes the file durable under the name that name() gives it.
func (f *File) finish(name func() error) error {
	if err := f.place(name); err != nil {
		return err
	}
	return SyncDir(f.root, path.Dir(f.name))
}

// place syncs and closes the file, and gives it its name with name(). After an error nothing is visible, and the file is
// gone.
func (f *File) place(name func() error) error {
	if f.done {
		return errors.New("cannot commit file: already finished")
	}
	if err := f.File.Sync(); err != nil { // never tried twice: after a failed fsync the bytes are lost
		f.Abort()
		return fmt.Errorf("cannot sync file: %w", err)
	}
	if err := f.File.Close(); err != nil {
		f.Abort()
		return fmt.Errorf("cannot close file: %w", err)
	}
	if err := name(); err != nil {
		f.Abort()
		return fmt.Errorf("cannot name file: %w", err)
	}
	f.done = true
	return nil
}

// Abort forgets the file. It does nothing after a commit, so it is safe to defer.
func (f *File) Abort() {
	if f.done {
		return
	}
	f.done = true
	f.File.Close()
	f.root.Remove(f.temp)
}

// SetTimes sets the modification time that the file will have. It is called before Commit.
func (f *File) SetTimes(mtime time.Time) error { return f.root.Chtimes(f.temp, mtime, mtime) }

// WriteFile writes data durably under name, replacing what had that name.
func WriteFile(root *os.Root, name string, data []byte, perm fs.FileMode) error {
	f, err := Begin(root, name, perm)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("cannot write file: %w", err)
	}
	return f.Commit()
}

// MkdirAll makes the folder name and its parents, durably.
func MkdirAll(root *os.Root, name string, perm fs.FileMode) error {
	var made string
	for part := range strings.SplitSeq(path.Clean(name), "/") {
		parent := path.Clean("./" + made)
		made = path.Join(made, part)
		err := root.Mkdir(made, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot make folder: %w", err)
		}
		if err := SyncDir(root, parent); err != nil {
			return err
		}
	}
	return nil
}

// Rename moves oldname to newname and syncs both folders. It replaces a file of that name.
func Rename(root *os.Root, oldname, newname string) error {
	if err := root.Rename(oldname, newname); err != nil {
		return fmt.Errorf("cannot rename: %w", err)
	}
	if err := SyncDir(root, path.Dir(newname)); err != nil {
		return err
	}
	if path.Dir(oldname) != path.Dir(newname) {
		return SyncDir(root, path.Dir(oldname))
	}
	return nil
}

// SyncDir makes the names in the folder durable.
func SyncDir(root *os.Root, name string) error {
	d, err := root.Open(name)
	if err != nil {
		return fmt.Errorf("cannot open folder to sync: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("cannot sync folder: %w", err)
	}
	return nil
}

// Sweep removes what unfinished files a crash has left in the folder name.
func Sweep(root *os.Root, name string) error {
	entries, err := fs.ReadDir(root.FS(), name)
	if err != nil {
		return fmt.Errorf("cannot list folder to sweep: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), TempPrefix) {
			if err := root.Remove(path.Join(name, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("cannot sweep: %w", err)
			}
		}
	}
	return nil
}

// AppendFile is a file that only grows: a journal. Append is durable when it returns.
type AppendFile struct{ f *os.File }

// OpenAppend opens or makes the journal name.
func OpenAppend(root *os.Root, name string, perm fs.FileMode) (*AppendFile, error) {
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, perm)
	if err != nil {
		return nil, fmt.Errorf("cannot open journal: %w", err)
	}
	if err := SyncDir(root, path.Dir(name)); err != nil {
		f.Close()
		return nil, err
	}
	return &AppendFile{f: f}, nil
}

// Append writes b at the end and syncs it.
func (a *AppendFile) Append(b []byte) error {
	if _, err := a.f.Write(b); err != nil {
		return fmt.Errorf("cannot append: %w", err)
	}
	if err := syncData(a.f); err != nil {
		return fmt.Errorf("cannot sync journal: %w", err)
	}
	return nil
}

// syncData makes the bytes of f durable, and its length where that changed, but not its times: that spares a file system
// the write of its own journal when a file is only written over.
func syncData(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var syncErr error
	err = raw.Control(func(fd uintptr) {
		for {
			if syncErr = unix.Fdatasync(int(fd)); syncErr != unix.EINTR {
				return
			}
		}
	})
	return errors.Join(err, syncErr)
}

// Truncate cuts the journal to size bytes: the part of a line that a power cut left is not a line.
func (a *AppendFile) Truncate(size int64) error {
	if err := a.f.Truncate(size); err != nil {
		return fmt.Errorf("cannot truncate journal: %w", err)
	}
	return a.f.Sync()
}

// Close closes the journal.
func (a *AppendFile) Close() error { return a.f.Close() }

// Scratch returns an empty file without a name in the folder dir: it is gone when it is closed.
func Scratch(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, TempPrefix+"*")
	if err != nil {
		return nil, fmt.Errorf("cannot make scratch file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot make scratch file: %w", err)
	}
	return f, nil
}
