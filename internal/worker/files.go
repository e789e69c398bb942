package worker

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// files are the descriptors for one child: open files of their own, with their own offset and the least mode.
type files struct {
	list []int
	size int64 // of the input
}

func openFiles(req Request) (*files, error) {
	if req.Input == nil {
		return nil, errors.New("no input")
	}
	info, err := req.Input.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot look at input: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("input is no regular file")
	}
	f := &files{size: info.Size()}
	if err := f.add(req.Input, unix.O_RDONLY); err != nil {
		return nil, err
	}
	if req.Output == nil {
		return f, nil
	}
	if err := f.addOutput(req.Output); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *files) addOutput(out *os.File) error {
	info, err := out.Stat()
	if err != nil {
		return fmt.Errorf("cannot look at output: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() != 0 {
		return errors.New("output is no empty regular file")
	}
	return f.add(out, unix.O_WRONLY)
}

// add opens the file that of has open, once more and with mode.
func (f *files) add(of *os.File, mode int) error {
	raw, err := of.SyscallConn()
	if err != nil {
		return fmt.Errorf("cannot open descriptor: %w", err)
	}
	fd, openErr := -1, error(nil)
	err = raw.Control(func(old uintptr) {
		fd, openErr = unix.Open("/proc/self/fd/"+strconv.Itoa(int(old)), mode|unix.O_CLOEXEC, 0)
	})
	if err := errors.Join(err, openErr); err != nil {
		return fmt.Errorf("cannot open descriptor: %w", err)
	}
	f.list = append(f.list, fd)
	return nil
}

func (f *files) close() {
	for _, fd := range f.list {
		unix.Close(fd)
	}
	f.list = nil
}
