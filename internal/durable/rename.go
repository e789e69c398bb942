package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// RenameNew moves oldname to newname, both below root. See MoveNew.
func RenameNew(root *os.Root, oldname, newname string) error {
	return MoveNew(root, oldname, root, newname)
}

// MoveNew moves oldname below from to newname below to, on one file system, and syncs both folders. It fails with
// fs.ErrExist, and changes nothing, when newname is taken. The move is one step: at every moment exactly one of the two names
// exists. Only where the file system cannot rename so (NFS, SMB) it is a link and a removal, and a crash between them
// leaves both names of the one file.
func MoveNew(from *os.Root, oldname string, to *os.Root, newname string) error {
	source, err := from.Open(path.Dir(oldname))
	if err != nil {
		return fmt.Errorf("cannot rename: %w", err)
	}
	defer source.Close()
	target, err := to.Open(path.Dir(newname))
	if err != nil {
		return fmt.Errorf("cannot rename: %w", err)
	}
	defer target.Close()
	err = renameNew(source, path.Base(oldname), target, path.Base(newname))
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		err = linkNew(source, path.Base(oldname), target, path.Base(newname))
	}
	if err != nil {
		return fmt.Errorf("cannot rename: %w", err)
	}
	if err := target.Sync(); err != nil {
		return fmt.Errorf("cannot sync folder: %w", err)
	}
	if err := source.Sync(); err != nil {
		return fmt.Errorf("cannot sync folder: %w", err)
	}
	return nil
}

// CanMove reports whether MoveNew can move files from one folder to the other: both are of one mount. It changes nothing:
// a kernel compares the mounts before it looks for a file, which here does not exist.
func CanMove(from, to *os.Root) (bool, error) {
	source, err := from.Open(".")
	if err != nil {
		return false, fmt.Errorf("cannot open folder: %w", err)
	}
	defer source.Close()
	target, err := to.Open(".")
	if err != nil {
		return false, fmt.Errorf("cannot open folder: %w", err)
	}
	defer target.Close()
	const nothing = TempPrefix + "nothing"
	err = unix.Renameat(int(source.Fd()), nothing, int(target.Fd()), nothing)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case errors.Is(err, unix.EXDEV):
		return false, nil
	}
	return false, fmt.Errorf("cannot tell whether files can be moved: %w", err)
}

func renameNew(from *os.File, oldname string, to *os.File, newname string) error {
	return unix.Renameat2(int(from.Fd()), oldname, int(to.Fd()), newname, unix.RENAME_NOREPLACE)
}

// linkNew is the move for file systems without RENAME_NOREPLACE.
func linkNew(from *os.File, oldname string, to *os.File, newname string) error {
	if err := unix.Linkat(int(from.Fd()), oldname, int(to.Fd()), newname, 0); err != nil {
		return err
	}
	return unix.Unlinkat(int(from.Fd()), oldname, 0)
}
