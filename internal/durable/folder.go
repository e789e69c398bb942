package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// OpenFolder opens the folder dir, a path of the machine, and makes it and its parents when they are not there. Its name
// survives a power cut when OpenFolder returns, and with it what is made durable inside: also when an earlier process made
// the folder and was killed before it could sync that.
func OpenFolder(dir string, perm fs.FileMode) (*os.Root, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot make folder: %w", err)
	}
	var missing []string
	for p := filepath.Dir(dir); ; p = filepath.Dir(p) {
		if _, err := os.Lstat(p); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, p)
	}
	for i := len(missing) - 1; i >= 0; i-- {
		if err := makeFolder(missing[i], perm); err != nil {
			return nil, err
		}
	}
	if err := makeFolder(dir, perm); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open folder: %w", err)
	}
	return root, nil
}

// makeFolder makes the folder dir, if it is not there, and syncs the one that it is in. One that is there already, in a
// folder that we may not open or that cannot be synced (a read-only image), was made by whoever installed us.
func makeFolder(dir string, perm fs.FileMode) error {
	made := os.Mkdir(dir, perm)
	if made != nil && !errors.Is(made, fs.ErrExist) {
		return fmt.Errorf("cannot make folder: %w", made)
	}
	parent, err := os.Open(filepath.Dir(dir))
	if err == nil {
		err = errors.Join(parent.Sync(), parent.Close())
	}
	foreign := errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EROFS)
	if err != nil && (made == nil || !foreign) {
		return fmt.Errorf("cannot sync the folder that %s is in: %w", dir, err)
	}
	return nil
}

// LockFolder takes the lock of the folder name of root, "." for root itself, for one holder at a time. Where another has it,
// LockFolder waits, or, unless wait is set, fails with an error that wraps syscall.EWOULDBLOCK. The lock ends with the returned
// file, or with the process.
func LockFolder(root *os.Root, name string, wait bool) (*os.File, error) {
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	dir, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot open folder: %w", err)
	}
	for {
		err = syscall.Flock(int(dir.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		dir.Close()
		return nil, fmt.Errorf("cannot lock folder: %w", err)
	}
	return dir, nil
}
