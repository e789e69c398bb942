package xmltext

import (
	"bytes"
	"errors"
	"io"
)

// Reader reads the tokens of one document. Its fields describe the token that Next returned last, and they and all
// they point to are valid until Next is called again.
type Reader struct {
	Name    Name    // of a Start or End
	Attrs   []Attr  // of a Start
	Text    []byte  // of a Text: a piece of character data; several pieces may follow each other
	Dropped Dropped // so far

	opt    Options
	src    source
	tokens int
	err    error // of the last call of Next, for good
	scope  scope
	known  knownNames
	opened []element // the open elements
	names  []byte    // their names, one after the other
	empty  bool      // the open element was written as an empty one: its End comes next
	rooted bool      // the document element has begun
	cdata  bool      // inside a CDATA section
	wide   bool      // the document is UTF-16
	one    [4]byte   // a character that stood as a reference
	seen   map[string]struct{}
}

// element is one open element.
type element struct {
	name     int // where it starts in names
	prefix   int // length of the prefix
	bindings int // of the scope outside of it
	space    Space
}

// NewReader returns a reader of the document that r holds.
func NewReader(r io.Reader, opt Options) *Reader {
	if opt.MaxDepth <= 0 {
		opt.MaxDepth = 256
	}
	if opt.MaxToken <= 0 {
		opt.MaxToken = 32 << 20
	}
	if opt.MaxAttrs <= 0 {
		opt.MaxAttrs = 512
	}
	return &Reader{opt: opt, src: source{r: r, max: max(opt.MaxToken, 256)}, scope: scope{state: 1, states: 1}}
}

// Depth returns the number of open elements: of a Start, with that element; of an End, without it.
func (r *Reader) Depth() int {
	return len(r.opened)
}

// Next returns the kind of the next token. After the document it returns io.EOF; any other error means that the
// document is not what this package accepts (ErrSyntax, ErrLimit), or is the error of the underlying reader.
func (r *Reader) Next() (Kind, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.tokens++; r.tokens&0xfff == 0 && r.opt.Stop != nil {
		if r.err = r.opt.Stop(); r.err != nil {
			return 0, r.err
		}
	}
	k, err := r.next()
	if err != nil {
		r.err = err
	}
	return k, err
}

func (r *Reader) next() (Kind, error) {
	if r.empty {
		r.empty = false
		r.pop()
		return End, nil
	}
	if !r.rooted && len(r.opened) == 0 && r.src.buf == nil {
		if err := r.begin(); err != nil {
			return 0, err
		}
	}
	for {
		if r.src.pos == len(r.src.buf) && !r.src.more() {
			return 0, r.end()
		}
		switch {
		case r.cdata:
			if k, err := r.section(); k != 0 || err != nil {
				return k, err
			}
		case r.src.buf[r.src.pos] == '<':
			if k, err := r.markup(); k != 0 || err != nil {
				return k, err
			}
		case len(r.opened) > 0:
			return r.text()
		default:
			if err := r.space(); err != nil {
				return 0, err
			}
		}
	}
}

// end returns what the end of the source means here.
func (r *Reader) end() error {
	switch {
	case !errors.Is(r.src.done, io.EOF):
		return r.src.done
	case len(r.opened) > 0 || r.cdata:
		return syntax("the document ends inside an element")
	case !r.rooted:
		return syntax("no element")
	}
	return io.EOF
}

// space skips white space outside of the document element, where nothing else may stand.
func (r *Reader) space() error {
	for r.src.pos < len(r.src.buf) && classes[r.src.buf[r.src.pos]]&blank != 0 {
		r.src.pos++
	}
	if r.src.pos < len(r.src.buf) && r.src.buf[r.src.pos] != '<' {
		return syntax("text outside of the document element")
	}
	return nil
}

// markup reads what starts with '<'. It returns no kind for what is dropped.
func (r *Reader) markup() (Kind, error) {
	if !r.src.need(2) {
		return 0, r.src.ended("a tag")
	}
	switch r.src.buf[r.src.pos+1] {
	case '/':
		return r.endTag()
	case '!':
		return 0, r.declaration()
	case '?':
		return 0, r.instruction()
	}
	return r.startTag()
}

func (r *Reader) endTag() (Kind, error) {
	if len(r.opened) > 0 { // the usual case: the right name, without white space
		name := r.names[r.opened[len(r.opened)-1].name:]
		b := r.src.buf[r.src.pos+2:]
		if len(b) > len(name) && b[len(name)] == '>' && bytes.Equal(b[:len(name)], name) {
			r.src.pos += len(name) + 3
			r.pop()
			return End, nil
		}
	}
	i, err := r.until(2, ">", "an end tag")
	if err != nil {
		return 0, err
	}
	tag := bytes.TrimRight(r.src.buf[r.src.pos+2:r.src.pos+i], " \t\r\n")
	r.src.pos += i + 1
	if r.opt.VML && string(tag) == "br" {
		return 0, nil // its start tag was taken for an empty element
	}
	if len(r.opened) == 0 {
		return 0, syntax("an end tag with no start tag")
	}
	if !bytes.Equal(tag, r.names[r.opened[len(r.opened)-1].name:]) {
		return 0, syntax("an end tag of another name")
	}
	r.pop()
	return End, nil
}

// push opens an element that has the name of r.Name and began with n bindings in scope.
func (r *Reader) push(n int) error {
	if len(r.opened) >= r.opt.MaxDepth {
		return limit("elements nested deeper than %d", r.opt.MaxDepth)
	}
	r.opened = append(r.opened, element{len(r.names), len(r.Name.Prefix), n, r.Name.Space})
	if len(r.Name.Prefix) > 0 {
		r.names = append(append(r.names, r.Name.Prefix...), ':')
	}
	r.names = append(r.names, r.Name.Local...)
	return nil
}

// pop closes the innermost element and makes it the current name.
func (r *Reader) pop() {
	e := r.opened[len(r.opened)-1]
	name := r.names[e.name:]
	r.Name = Name{Local: name, Space: e.space}
	if e.prefix > 0 {
		r.Name.Prefix, r.Name.Local = name[:e.prefix], name[e.prefix+1:]
	}
	r.Attrs = r.Attrs[:0]
	r.opened = r.opened[:len(r.opened)-1]
	r.names = r.names[:e.name]
	r.scope.leave(e.bindings)
}

// until returns where sep starts, counted from the position, looking from offset on.
func (r *Reader) until(from int, sep, where string) (int, error) {
	for {
		if n := len(r.src.buf) - r.src.pos; from < n {
			if i := bytes.Index(r.src.buf[r.src.pos+from:], []byte(sep)); i >= 0 {
				return from + i, nil
			}
			from = max(from, n-len(sep)+1)
		}
		if !r.src.more() {
			return 0, r.src.ended(where)
		}
	}
}
