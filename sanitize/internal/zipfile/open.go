package zipfile

import (
	"bufio"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"

	"sekisho/sanitize"
)

// Open returns the content of e. Each block is charged to expand before it is handed out. The content is good only
// when io.EOF came: then it had the declared length and checksum, and its compressed form the declared length too.
// An encrypted entry is ErrEncrypted, a method other than stored and deflated ErrUnsupported.
func (a *Archive) Open(e *Entry, expand func(int64) error) (io.ReadCloser, error) {
	if e.Encrypted {
		return nil, fmt.Errorf("cannot read zip: %w: entry %q needs a password", sanitize.ErrEncrypted, e.Name)
	}
	raw := io.NewSectionReader(a.in, e.data, e.Compressed)
	return a.open(e, raw, e.Method, true, expand)
}

// ReadAll returns the content of e, charged to expand as a whole before it is allocated. The passwords are tried on an
// encrypted entry, and without the right one it is ErrEncrypted. It fails with ErrLimit when the entry declares more
// than limit bytes.
func (a *Archive) ReadAll(e *Entry, limit int64, expand func(int64) error, passwords ...string) ([]byte, error) {
	if e.Size > limit {
		return nil, fmt.Errorf("cannot read zip: %w: entry %q has %d bytes, at most %d", sanitize.ErrLimit, e.Name, e.Size, limit)
	}
	if err := expand(e.Size); err != nil {
		return nil, err
	}
	b := make([]byte, e.Size)
	free := func(int64) error { return nil }
	if !e.Encrypted {
		r, err := a.Open(e, free)
		if err != nil {
			return nil, err
		}
		return b, readExactly(e, r, b)
	}
	for _, password := range spellings(passwords) {
		r, err := a.OpenEncrypted(e, password, free)
		if err == nil {
			err = readExactly(e, r, b)
		}
		if err == nil || !errors.Is(err, sanitize.ErrEncrypted) {
			return b, err
		}
	}
	return nil, fmt.Errorf("cannot read zip: %w: no password opens entry %q", sanitize.ErrEncrypted, e.Name)
}

// readExactly fills b with the content, checks that it ends there, and closes it.
func readExactly(e *Entry, r io.ReadCloser, b []byte) error {
	defer r.Close()
	if _, err := io.ReadFull(r, b); err != nil {
		return notEOF(e, err)
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		return notEOF(e, err)
	}
	return nil
}

func notEOF(e *Entry, err error) error {
	if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF {
		return malformed("entry %q has another length than it declares", e.Name)
	}
	return err
}

// open returns the content behind raw, which holds it compressed by method and not encrypted.
func (a *Archive) open(e *Entry, raw io.Reader, method uint16, checked bool, expand func(int64) error) (io.ReadCloser, error) {
	c := &content{entry: e, expand: expand}
	if checked {
		c.sum = crc32.NewIEEE()
	}
	switch method {
	case Stored:
		c.r = raw
	case Deflated:
		c.pool = a
		c.inflate = a.inflater(raw)
		c.r = c.inflate.flate
	default:
		return nil, unsupported("entry %q is compressed by method %d", e.Name, method)
	}
	return c, nil
}

// inflater is a deflate reader and its buffer, used again for many entries.
type inflater struct {
	in    *bufio.Reader
	flate io.ReadCloser
}

func (a *Archive) inflater(raw io.Reader) *inflater {
	if f, ok := a.inflaters.Get().(*inflater); ok {
		f.in.Reset(raw)
		if err := f.flate.(flate.Resetter).Reset(f.in, nil); err == nil {
			return f
		}
	}
	in := bufio.NewReaderSize(raw, 16<<10)
	return &inflater{in, flate.NewReader(in)}
}

// content reads one entry and checks it at its end.
type content struct {
	entry   *Entry
	r       io.Reader
	expand  func(int64) error
	sum     hash.Hash32 // nil when the entry is authenticated instead (AE-2)
	read    int64
	err     error
	inflate *inflater
	pool    *Archive
}

func (c *content) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.r.Read(p)
	if c.read += int64(n); c.read > c.entry.Size {
		c.err = malformed("entry %q is longer than it declares", c.entry.Name)
		return 0, c.err
	}
	if c.err = c.expand(int64(n)); c.err != nil {
		return 0, c.err
	}
	if c.sum != nil {
		c.sum.Write(p[:n])
	}
	switch {
	case err == io.EOF:
		c.err = c.finish()
	case err != nil:
		c.err = c.explain(err)
	}
	return n, c.err
}

// explain tells a broken stream from an input that cannot be read.
func (c *content) explain(err error) error {
	var corrupt flate.CorruptInputError
	var internal flate.InternalError
	switch {
	case errors.Is(err, sanitize.ErrMalformed) || errors.Is(err, sanitize.ErrEncrypted):
		return err
	case errors.As(err, &corrupt) || errors.As(err, &internal) || err == io.ErrUnexpectedEOF:
		return malformed("entry %q does not decompress: %v", c.entry.Name, err)
	}
	return fmt.Errorf("cannot read zip: %w", err)
}

// finish is what must hold once the last byte came.
func (c *content) finish() error {
	if c.read != c.entry.Size {
		return malformed("entry %q has %d bytes and declares %d", c.entry.Name, c.read, c.entry.Size)
	}
	if c.sum != nil && c.sum.Sum32() != c.entry.CRC32 {
		return malformed("entry %q has another checksum than it declares", c.entry.Name)
	}
	if c.inflate != nil {
		if _, err := c.inflate.in.ReadByte(); err == nil {
			return malformed("entry %q has data after its compressed data", c.entry.Name)
		} else if err != io.EOF {
			return c.explain(err)
		}
	}
	return io.EOF
}

// Close gives the buffers back. The content cannot be read afterwards.
func (c *content) Close() error {
	if c.inflate != nil {
		c.pool.inflaters.Put(c.inflate)
		c.inflate = nil
	}
	c.err = io.ErrClosedPipe
	return nil
}
