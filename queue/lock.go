package queue

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrLocked says that another process has the spool or the ledger open.
var ErrLocked = errors.New("in use by another process")

// lockFolder takes the lock of the folder, which ends with the returned file, or with the process.
func lockFolder(root *os.Root) (*os.File, error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("cannot open folder: %w", err)
	}
	err = syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		dir.Close()
		return nil, fmt.Errorf("cannot lock folder: %w", err)
	}
	return dir, nil
}
