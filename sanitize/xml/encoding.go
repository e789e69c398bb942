package xml

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/textenc"
	"sekisho/sanitize/internal/xmltext"
)

// source is a document as UTF-8, and how it was encoded.
type source struct {
	r     io.Reader
	enc   textenc.Encoding
	label string                // the encoding as the output declares it
	codes map[rune]textenc.Char // of an encoding that is not Unicode: how its characters were written
}

// declared is an XML declaration that names an encoding (XML 1.0, 2.8).
var declared = regexp.MustCompile(`^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*["']1\.0["'][ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z0-9._-]+)["']` +
	`([ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*["'](?:yes|no)["'])?[ \t\r\n]*\?>`)

// maxDeclaration bounds an XML declaration in bytes.
const maxDeclaration = 1 << 10

// legacy returns the encoding that a document declares when it is one of the Japanese ones, and what the output declares.
func legacy(label string) (textenc.Encoding, string) {
	switch strings.ToLower(label) {
	case "shift_jis", "shift-jis", "x-sjis", "sjis", "ms_kanji", "csshiftjis":
		return textenc.CP932, "Shift_JIS"
	case "windows-31j", "cp932", "ms932", "cswindows31j":
		return textenc.CP932, "Windows-31J"
	case "euc-jp", "x-euc-jp", "eucjp":
		return textenc.EUCJP, "EUC-JP"
	case "iso-2022-jp", "csiso2022jp":
		return textenc.ISO2022JP, "ISO-2022-JP"
	}
	return textenc.None, ""
}

// open returns the document in. One in a Japanese encoding is decoded as a whole.
func open(in sanitize.Input, limit int64) (*source, error) {
	head := in.Head(maxDeclaration)
	m := declared.FindSubmatch(head)
	if m == nil {
		return direct(in, head), nil
	}
	enc, label := legacy(string(m[1]))
	if enc == textenc.None {
		return direct(in, head), nil
	}
	b, err := in.Bytes(limit)
	if err != nil {
		return nil, err
	}
	s := &source{enc: enc, label: label, codes: map[rune]textenc.Char{}}
	text, err := s.decode(b[len(m[0]):], true)
	s.r = bytes.NewReader(text)
	return s, err
}

// openHead is open for the start of a document.
func openHead(in sanitize.Input) (*source, error) {
	head := in.Head(headLen)
	start := bytes.TrimLeft(head, "\x00\xef\xbb\xbf\xfe\xff \t\r\n")
	if len(start) == 0 || start[0] != '<' {
		return nil, fmt.Errorf("%w: no markup", sanitize.ErrMalformed)
	}
	m := declared.FindSubmatch(head[:min(len(head), maxDeclaration)])
	if m == nil {
		return direct(sanitize.BytesInput(head), head), nil
	}
	enc, label := legacy(string(m[1]))
	if enc == textenc.None {
		return direct(sanitize.BytesInput(head), head), nil
	}
	s := &source{enc: enc, label: label, codes: map[rune]textenc.Char{}}
	text, err := s.decode(head[len(m[0]):], false)
	s.r = bytes.NewReader(text)
	return s, err
}

// direct returns a document in UTF-8 or UTF-16, which the reader of XML decodes.
func direct(in sanitize.Input, head []byte) *source {
	s := &source{r: in.Reader(), enc: textenc.UTF8, label: "UTF-8"}
	switch {
	case bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.HasPrefix(head, []byte("\x00<")):
		s.enc, s.label = textenc.UTF16BE, "UTF-16"
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("<\x00")):
		s.enc, s.label = textenc.UTF16LE, "UTF-16"
	}
	return s
}

// private is where codes without a character of Unicode are put while a document is read: planes 15 and 16, for private
// use; those of three bytes in the second.
const private = 0xf0000

// decode returns b as UTF-8, and notes how each character was written. A code without a character (gaiji of a vendor)
// stays what it was. Bytes that are no character end the document, but for the last ones of a part of one.
func (s *source) decode(b []byte, whole bool) ([]byte, error) {
	out := make([]byte, 0, len(b)+len(b)/2)
	for d := textenc.NewDecoder(s.enc, b); ; {
		c, ok := d.Next()
		if !ok || c.Bad && !whole {
			return out, nil
		}
		if c.Bad {
			return nil, fmt.Errorf("%w: bytes that are no character of %s", sanitize.ErrMalformed, s.label)
		}
		r := c.Rune
		if r == textenc.Unassigned {
			r = gaiji(c.Bytes)
		}
		if r >= utf8.RuneSelf {
			if _, ok := s.codes[r]; !ok {
				s.codes[r] = c
			}
		}
		out = utf8.AppendRune(out, r)
	}
}

// gaiji returns the character that stands for a code without one.
func gaiji(code []byte) rune {
	r := rune(private)
	if len(code) > 2 {
		r += 0x10000
	}
	last := code[max(0, len(code)-2):]
	if len(last) == 2 {
		r += rune(last[0]) << 8
	}
	return r + rune(last[len(last)-1])
}

// declaration returns the XML declaration of the output, as UTF-8.
func (s *source) declaration() string {
	return `<?xml version="1.0" encoding="` + s.label + `"?>` + "\n"
}

// writer returns a writer of UTF-8 to out in the encoding of the document. It must be closed.
func (s *source) writer(out io.Writer) io.WriteCloser {
	if s.enc == textenc.UTF8 {
		return plainWriter{out}
	}
	e := &encoder{source: s, out: out}
	e.reset()
	if s.enc == textenc.UTF16LE || s.enc == textenc.UTF16BE {
		e.enc.Put(textenc.Char{Rune: 0xfeff})
	}
	return e
}

type plainWriter struct{ io.Writer }

func (plainWriter) Close() error { return nil }

// encoder writes UTF-8 in another encoding.
type encoder struct {
	*source
	out  io.Writer
	enc  *textenc.Encoder
	part []byte // of a character that the last write cut
}

func (e *encoder) reset() { e.enc = textenc.NewEncoder(e.source.enc, nil) }

// flushAt is how many bytes are gathered before they are written. ISO-2022-JP is written as a whole, since each piece
// would end in ASCII.
const flushAt = 64 << 10

// Write implements io.Writer. A character that the encoding does not have, and that stood as a reference, is one again.
func (e *encoder) Write(p []byte) (int, error) {
	b := append(e.part, p...)
	for len(b) > 0 && utf8.FullRune(b) {
		r, n := utf8.DecodeRune(b)
		b = b[n:]
		code, known := e.codes[r]
		switch {
		case e.codes == nil:
			e.enc.Put(textenc.Char{Rune: r})
		case r < utf8.RuneSelf:
			e.enc.PutASCII(byte(r))
		case known:
			e.enc.Put(code)
		default:
			for _, c := range "&#" + strconv.Itoa(int(r)) + ";" {
				e.enc.PutASCII(byte(c))
			}
		}
	}
	e.part = append([]byte(nil), b...)
	if e.source.enc != textenc.ISO2022JP && e.enc.Len() >= flushAt {
		if err := e.flush(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (e *encoder) flush() error {
	_, err := e.out.Write(e.enc.Bytes())
	e.reset()
	return err
}

// Close writes what is left.
func (e *encoder) Close() error {
	if len(e.part) > 0 {
		return fmt.Errorf("%w: half a character", xmltext.ErrSyntax)
	}
	return e.flush()
}
