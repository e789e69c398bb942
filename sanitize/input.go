package sanitize

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Input is an immutable file of known size. It has no path and no name: what a file is, its content says.
type Input struct {
	r    io.ReaderAt
	size int64
	held []byte // the whole of it, when it is in memory
}

// NewInput returns the input of the size bytes that r holds. The bytes must not change while the input is in use.
func NewInput(r io.ReaderAt, size int64) Input { return Input{r: r, size: size} }

// BytesInput returns an input over b, which must not change while the input is in use.
func BytesInput(b []byte) Input {
	return Input{r: bytes.NewReader(b), size: int64(len(b)), held: b[:len(b):len(b)]}
}

// Size returns the length in bytes.
func (in Input) Size() int64 { return in.size }

// ReadAt implements io.ReaderAt. It never reads past Size, however long the thing underneath has become.
func (in Input) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("cannot read input: negative offset")
	}
	if off >= in.size {
		return 0, io.EOF
	}
	if rest := in.size - off; int64(len(p)) > rest {
		n, err := in.r.ReadAt(p[:rest], off)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	return in.r.ReadAt(p, off)
}

// Reader returns a reader over the whole input, from its start.
func (in Input) Reader() *io.SectionReader { return io.NewSectionReader(in, 0, in.size) }

// Head returns up to n bytes from the start. It returns fewer only when the input is shorter or cannot be read.
func (in Input) Head(n int) []byte { return in.slice(0, int64(n)) }

// Tail returns up to n bytes from the end.
func (in Input) Tail(n int) []byte { return in.slice(max(0, in.size-int64(n)), int64(n)) }

func (in Input) slice(off, n int64) []byte {
	b := make([]byte, min(n, in.size-off))
	k, err := in.ReadAt(b, off)
	if err != nil && err != io.EOF {
		return nil
	}
	return b[:k]
}

// Bytes returns the whole input, or ErrLimit when it is longer than limit bytes.
// The caller must not write to the result.
func (in Input) Bytes(limit int64) ([]byte, error) {
	if in.size > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrLimit, in.size, limit)
	}
	if in.held != nil {
		return in.held, nil
	}
	b := make([]byte, in.size)
	if _, err := io.ReadFull(in.Reader(), b); err != nil {
		return nil, fmt.Errorf("cannot read input: %w", err)
	}
	return b, nil
}
