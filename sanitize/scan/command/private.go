package command

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// inMemory is the length in bytes up to which the copy of a file for a scanner is kept in memory. A longer one is an unnamed
// file of the folder for temporary files.
const inMemory = 32 << 20

// errLength says that a file was shorter or longer than it was said to be.
var errLength = errors.New("file has not the length that was said")

// private returns a copy of the size bytes of r that no other process has a name for, open for reading at its start. A copy
// in memory is sealed: nobody can change it any more, the scanner included.
func private(r io.Reader, size int64) (*os.File, error) {
	f, err := unnamed(size)
	if err != nil {
		return nil, fmt.Errorf("cannot copy file for scanner: %w", err)
	}
	defer f.Close()
	n, err := io.Copy(f, io.LimitReader(r, size))
	if err != nil {
		return nil, fmt.Errorf("cannot copy file for scanner: %w", err)
	}
	var one [1]byte
	if more, err := io.ReadFull(r, one[:]); n != size || more != 0 || !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %d bytes", errLength, size)
	}
	if size <= inMemory {
		seals := unix.F_SEAL_SEAL | unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK
		if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
			return nil, fmt.Errorf("cannot seal file for scanner: %w", err)
		}
	}
	read, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd())) // without the right to write
	if err != nil {
		return nil, fmt.Errorf("cannot open file for scanner: %w", err)
	}
	return read, nil
}

// unnamed returns a file without a name.
func unnamed(size int64) (*os.File, error) {
	if size <= inMemory {
		fd, err := unix.MemfdCreate("sekisho-scan", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(fd), "memory"), nil
	}
	fd, err := unix.Open(os.TempDir(), unix.O_RDWR|unix.O_TMPFILE|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "temporary file"), nil
}
