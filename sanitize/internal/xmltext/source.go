package xmltext

import (
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

const firstBuffer = 32 << 10

// source is a window on a document: buf[pos:] is what was read and not yet used.
type source struct {
	r    io.Reader
	buf  []byte
	pos  int
	max  int // bytes that may be held at once
	done error
}

// more reads on, keeping buf[pos:]. It returns false when there is nothing more; then s.done says why.
// Slices of buf that were given out become invalid.
func (s *source) more() bool {
	if s.done != nil {
		return false
	}
	if s.pos > 0 {
		n := copy(s.buf, s.buf[s.pos:])
		s.buf, s.pos = s.buf[:n], 0
	}
	if len(s.buf) == cap(s.buf) && !s.grow() {
		return false
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if err != nil {
			s.done = err
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.done = io.ErrNoProgress
	return false
}

func (s *source) grow() bool {
	if len(s.buf) >= s.max {
		s.done = limit("a token longer than %d bytes", s.max)
		return false
	}
	grown := make([]byte, len(s.buf), min(max(2*cap(s.buf), firstBuffer), s.max))
	copy(grown, s.buf)
	s.buf = grown
	return true
}

// need makes sure that n bytes are there, if the document has them.
func (s *source) need(n int) bool {
	for len(s.buf)-s.pos < n {
		if !s.more() {
			return false
		}
	}
	return true
}

// ended returns the error of a document that ends where it may not.
func (s *source) ended(where string) error {
	if s.done == nil || errors.Is(s.done, io.EOF) {
		return syntax("the document ends in %s", where)
	}
	return s.done
}

// decoded returns r as UTF-8 without a byte order mark, and whether it was UTF-16. Without a mark, UTF-16 is known by
// the zero byte beside the first '<' (XML 1.0, appendix F).
func (s *source) decoded() (wide bool) {
	s.need(4)
	b := s.buf[s.pos:]
	switch {
	case len(b) >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf:
		s.pos += 3
	case len(b) >= 2 && (b[0] == 0xfe && b[1] == 0xff || b[0] == 0 && b[1] == '<'):
		s.narrow(true)
		return true
	case len(b) >= 2 && (b[0] == 0xff && b[1] == 0xfe || b[0] == '<' && b[1] == 0):
		s.narrow(false)
		return true
	}
	return false
}

// narrow puts a decoder of UTF-16 between the source and what was read so far.
func (s *source) narrow(big bool) {
	head := append([]byte(nil), s.buf[s.pos:]...)
	s.r = &utf16Reader{r: s.r, big: big, in: head, err: s.done, first: true}
	s.buf, s.pos, s.done = s.buf[:0], 0, nil
}

// utf16Reader reads UTF-16 as UTF-8. A lone surrogate or half a unit is an error.
type utf16Reader struct {
	r     io.Reader
	big   bool
	first bool // a byte order mark may come
	in    []byte
	err   error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if len(p) < utf8.UTFMax {
		return 0, io.ErrShortBuffer
	}
	n := 0
	for len(p)-n >= utf8.UTFMax {
		r, size, err := u.next()
		if err != nil {
			if n > 0 && !errors.Is(err, ErrSyntax) {
				return n, nil
			}
			return n, err
		}
		u.in = u.in[size:]
		if r == 0xfeff && u.first {
			u.first = false
			continue
		}
		u.first = false
		n += utf8.EncodeRune(p[n:], r)
	}
	return n, nil
}

// next returns the character at the start of the input and its length there.
func (u *utf16Reader) next() (r rune, size int, err error) {
	if len(u.in) < 4 && u.err == nil {
		u.fill()
	}
	if len(u.in) < 2 {
		if len(u.in) == 1 && errors.Is(u.err, io.EOF) {
			return 0, 0, syntax("half a UTF-16 unit at the end")
		}
		return 0, 0, u.err
	}
	r = u.unit(0)
	if !utf16.IsSurrogate(r) {
		return r, 2, nil
	}
	if len(u.in) >= 4 {
		if r = utf16.DecodeRune(r, u.unit(2)); r != utf8.RuneError {
			return r, 4, nil
		}
	}
	return 0, 0, syntax("a lone surrogate")
}

func (u *utf16Reader) unit(i int) rune {
	if u.big {
		return rune(u.in[i])<<8 | rune(u.in[i+1])
	}
	return rune(u.in[i+1])<<8 | rune(u.in[i])
}

func (u *utf16Reader) fill() {
	buf := make([]byte, 16<<10)
	n := copy(buf, u.in)
	k, err := io.ReadAtLeast(u.r, buf[n:], 4-n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	u.in, u.err = buf[:n+k], err
}
