package durable

import (
	"errors"
	"fmt"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// RenameNew moves oldname to newname, both below root and on one file system, and syncs both folders. It fails with
// fs.ErrExist, and changes nothing, when newname is taken. The move is one step: at every moment exactly one of the two names
// exists. Only where the file system cannot rename so (NFS, SMB) it is a link and a removal, and a crash between them
// leaves both names of the one file.
func RenameNew(root *os.Root, oldname, newname string) error {
	from, err := root.Open(path.Dir(oldname))
	if err != nil {
		return fmt.Errorf("cannot rename: %w", err)
	}
	defer from.Close()
	to, err := root.Open(path.Dir(newname))
	if err != nil {
		return fmt.Errorf("cannot rename: %w", err)
	}
	defer to.Close()
	err = unix.Renameat2(int(from.Fd()), path.Base(oldname), int(to.Fd()), path.Base(newname), unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		err = linkNew(root, oldname, newname)
	}
	if err != nil {
		return fmt.Errorf("cannot rename: %w", err)
	}
	if err := to.Sync(); err != nil {
		return fmt.Errorf("cannot sync folder: %w", err)
	}
	if err := from.Sync(); err != nil {
		return fmt.Errorf("cannot sync folder: %w", err)
	}
	return nil
}

// linkNew is the move for file systems without RENAME_NOREPLACE.
func linkNew(root *os.Root, oldname, newname string) error {
	if err := root.Link(oldname, newname); err != nil {
		return err
	}
	return root.Remove(oldname)
}
