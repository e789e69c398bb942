package child

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"golang.org/x/sys/unix"

	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

// descriptor is an open file. It is read and written by plain system calls: os.File would ask the kernel for more
// than the sandbox gives.
type descriptor int

// Read implements io.Reader.
func (d descriptor) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := retry(func() (int, error) { return unix.Read(int(d), p) })
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return n, err
}

// ReadAt implements io.ReaderAt.
func (d descriptor) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		n, err := retry(func() (int, error) { return unix.Pread(int(d), p[done:], off+int64(done)) })
		if err != nil {
			return done, err
		}
		if n == 0 {
			return done, io.EOF
		}
		done += n
	}
	return done, nil
}

// Write implements io.Writer. It fails with sanitize.ErrLimit where the process may not write more to a file.
func (d descriptor) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := retry(func() (int, error) { return unix.Write(int(d), p[done:]) })
		if errors.Is(err, unix.EFBIG) {
			return done, fmt.Errorf("%w: output too long", sanitize.ErrLimit)
		}
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// retry calls f until no signal interrupts it. It never returns a negative number.
func retry(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err == unix.EINTR {
			continue
		}
		return max(n, 0), err
	}
}

// closeInherited closes what the pool's process was itself given by whoever started it, and left open for its children.
func closeInherited() error {
	if err := unix.CloseRange(wire.ControlFD+1, math.MaxInt32, 0); err != nil {
		return fmt.Errorf("cannot close inherited descriptors: %w", err)
	}
	return nil
}

// newOutput returns a writer to d that gathers small writes.
func newOutput(d descriptor) *bufio.Writer { return bufio.NewWriterSize(d, 64<<10) }

// receive waits for the request and the descriptors of input and output, which come beside its first byte.
// It returns io.EOF when the other end is closed first.
func receive(control descriptor) (wire.Request, []descriptor, error) {
	var req wire.Request
	buf, oob := make([]byte, 4096), make([]byte, unix.CmsgSpace(2*4))
	var n, oobn, flags int
	_, err := retry(func() (int, error) {
		var err error
		n, oobn, flags, _, err = unix.Recvmsg(int(control), buf, oob, 0)
		return n, err
	})
	if err != nil {
		return req, nil, fmt.Errorf("cannot receive request: %w", err)
	}
	if n == 0 {
		return req, nil, io.EOF
	}
	if flags&unix.MSG_CTRUNC != 0 {
		return req, nil, errors.New("cannot receive request: too many descriptors")
	}
	files, err := descriptors(oob[:oobn])
	if err != nil {
		return req, nil, err
	}
	err = wire.Decode(io.MultiReader(bytes.NewReader(buf[:n]), control), wire.MaxRequest, &req)
	return req, files, err
}

// descriptors returns the one or two descriptors of a control message.
func descriptors(oob []byte) ([]descriptor, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(messages) != 1 {
		return nil, fmt.Errorf("cannot receive request: %d control messages: %w", len(messages), err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 || len(fds) > 2 {
		return nil, fmt.Errorf("cannot receive request: %d descriptors: %w", len(fds), err)
	}
	files := make([]descriptor, len(fds))
	for i, fd := range fds {
		files[i] = descriptor(fd)
	}
	return files, nil
}
