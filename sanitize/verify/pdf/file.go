package pdf

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"

	"sekisho/sanitize/verify"
)

// file is a PDF whose bytes are all accounted for: a header, the objects one after the other, one cross-reference
// section that says exactly where they are, the trailer, and the end (ISO 32000-2 7.5).
type file struct {
	ctx     context.Context
	pass    verify.Pass
	b       []byte
	pos     int
	budget  int // objects that may still be read
	objects map[int]any
	offsets map[int]int    // of objects that stand in the file
	packed  map[int][2]int // of objects that stand in an object stream: its number, and the index there
	trailer dict
	zlib    io.ReadCloser // see zlibOf; nil at first
	paper   int64         // bytes that the next stream may hold at a lower charge, see paperShare
}

// open reads the whole file.
func open(ctx context.Context, b []byte, pass verify.Pass) (*file, error) {
	f := &file{
		ctx: ctx, pass: pass, b: b, budget: pass.Policy.Limits.Objects,
		objects: map[int]any{}, offsets: map[int]int{}, packed: map[int][2]int{},
	}
	if err := f.header(); err != nil {
		return nil, err
	}
	last, err := f.body()
	if err != nil {
		return nil, err
	}
	at := f.pos
	if bytes.HasPrefix(b[at:], []byte("xref\n")) {
		err = f.table()
	} else {
		at = f.offsets[last]
		err = f.section(last)
	}
	if err != nil {
		return nil, err
	}
	return f, f.end(at)
}

// header reads the version line and the line of binary after it (7.5.2).
func (f *file) header() error {
	line, rest, ok := bytes.Cut(f.b, []byte("\n"))
	version := string(line)
	if !ok || version != "%PDF-2.0" && (len(version) != 8 || version[:7] != "%PDF-1." || version[7] < '0' || version[7] > '7') {
		return verify.Fail(RuleStructure, "header", "no header at offset 0")
	}
	f.pos = len(line) + 1
	if len(rest) == 0 || rest[0] != '%' {
		return nil
	}
	line, _, ok = bytes.Cut(rest, []byte("\n"))
	if !ok || len(line) > 9 {
		return verify.Fail(RuleStructure, "header", "a long second line")
	}
	for _, c := range line[1:] {
		if c < 0x80 {
			return verify.Fail(RuleStructure, "header", "text in the second line")
		}
	}
	f.pos += len(line) + 1
	return nil
}

// body reads objects until something else stands there. It returns the number of the last one.
func (f *file) body() (last int, err error) {
	for f.pos < len(f.b) && f.b[f.pos] >= '1' && f.b[f.pos] <= '9' {
		if err := f.ctx.Err(); err != nil {
			return 0, err
		}
		n, err := f.indirect()
		if err != nil {
			return 0, err
		}
		last = n
	}
	if last == 0 {
		return 0, verify.Fail(RuleStructure, "", "no objects")
	}
	return last, nil
}

func (f *file) lexer(b []byte) *lexer {
	return &lexer{b: b, nesting: f.pass.Policy.Limits.Nesting, objects: f.budget}
}

// indirect reads one object (7.3.10).
func (f *file) indirect() (int, error) {
	start := f.pos
	digits := f.b[start:min(len(f.b), start+8)]
	n := bytes.IndexByte(digits, ' ')
	num := 0
	if n > 0 {
		num, _ = strconv.Atoi(string(digits[:n]))
	}
	const opening = " 0 obj"
	if num < 1 || num > maxObject || !bytes.HasPrefix(f.b[start+n:], []byte(opening)) {
		return 0, verify.Fail(RuleStructure, "", "no object at offset %d", start)
	}
	where := strconv.Itoa(num) + " 0 obj"
	if _, twice := f.objects[num]; twice {
		return 0, verify.Fail(RuleStructure, where, "it stands twice")
	}
	l := f.lexer(f.b)
	l.pos = start + n + len(opening)
	v, err := l.object(0)
	if err != nil {
		return 0, verify.Fail(RuleStructure, where, "%v", err)
	}
	if w, ok := v.(word); ok {
		return 0, verify.Fail(RuleStructure, where, "%q where an object should be", w)
	}
	f.budget = l.objects
	l.skip()
	if d, ok := v.(dict); ok && bytes.HasPrefix(f.b[l.pos:], []byte("stream\n")) {
		if v, err = f.stream(l, d); err != nil {
			return 0, verify.Fail(RuleStructure, where, "%v", err)
		}
	}
	if !bytes.HasPrefix(f.b[l.pos:], []byte("endobj\n")) {
		return 0, verify.Fail(RuleStructure, where, "no endobj at offset %d", l.pos)
	}
	f.pos = l.pos + len("endobj\n")
	f.objects[num], f.offsets[num] = v, start
	return num, nil
}

// stream reads the data of a stream (7.3.8): exactly as many bytes as its direct Length says.
func (f *file) stream(l *lexer, d dict) (*stream, error) {
	start := l.pos + len("stream\n")
	n, ok := integer(d["Length"], int64(len(f.b)-start))
	if !ok {
		return nil, fmt.Errorf("a stream with the length %v", d["Length"])
	}
	l.pos = start + int(n)
	rest := bytes.TrimPrefix(f.b[l.pos:], []byte("\n"))
	if !bytes.HasPrefix(rest, []byte("endstream\n")) {
		return nil, fmt.Errorf("a stream that does not end after %d bytes", n)
	}
	l.pos = len(f.b) - len(rest) + len("endstream\n")
	return &stream{dict: d, raw: f.b[start : start+int(n)]}, nil
}

// end reads startxref and the end of the file (7.5.5), after which there is nothing.
func (f *file) end(at int) error {
	if want := fmt.Sprintf("startxref\n%d\n%%%%EOF\n", at); string(f.b[f.pos:]) != want {
		if bytes.HasPrefix(f.b[f.pos:], []byte(want)) {
			return verify.Fail(RuleTrailing, "", "%d bytes after the end", len(f.b)-f.pos-len(want))
		}
		return verify.Fail(RuleStructure, "", "no startxref %d and end at offset %d", at, f.pos)
	}
	return nil
}
