package queue

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"sekisho/internal/durable"
)

// ErrLocked says that another process has the spool or the ledger open.
var ErrLocked = errors.New("in use by another process")

// lockFolder takes the lock of the folder, which ends with the returned file, or with the process.
func lockFolder(root *os.Root) (*os.File, error) {
	lock, err := durable.LockFolder(root, ".", false)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("cannot lock folder: %w", ErrLocked)
	}
	return lock, err
}
