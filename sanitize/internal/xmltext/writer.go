package xmltext

import (
	"bytes"
	"io"
)

// Writer writes tokens. What it holds back, it holds in memory; Flush hands it on.
// The caller keeps starts and ends in balance: a Writer that copies a Reader's tokens cannot do it wrong.
type Writer struct {
	out  io.Writer
	buf  []byte
	open bool // a start tag still lacks its end
	held int  // marks that are in use: nothing may be handed on
	err  error
}

// flushAt is how many bytes a writer gathers before it hands them on.
const flushAt = 32 << 10

// NewWriter returns a writer to out.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out} }

// Reset makes w write to out as if it were new, with the memory it has.
func (w *Writer) Reset(out io.Writer) { *w = Writer{out: out, buf: w.buf[:0]} }

// Declaration writes the XML declaration.
func (w *Writer) Declaration() {
	w.buf = append(w.buf, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`+"\n"...)
}

// Start begins the start tag of an element. Attributes may follow.
func (w *Writer) Start(name Name) { w.StartNamed(name.Prefix, name.Local) }

// StartNamed is Start with the parts of a name.
func (w *Writer) StartNamed(prefix, local []byte) {
	w.closeTag()
	if w.held == 0 && len(w.buf) >= flushAt {
		w.Flush()
	}
	w.buf = appendName(append(w.buf, '<'), prefix, local)
	w.open = true
}

// Attr writes an attribute of the element that was started last.
func (w *Writer) Attr(name Name, value []byte) {
	prefix, local := name.Prefix, name.Local
	if name.Space == XMLNS && len(prefix) == 0 {
		local = []byte("xmlns")
	}
	w.AttrNamed(prefix, local, value)
}

// AttrNamed is Attr with the parts of a name.
func (w *Writer) AttrNamed(prefix, local, value []byte) {
	b := appendName(append(w.buf, ' '), prefix, local)
	b = appendEscaped(append(b, '=', '"'), value, escapeText|escapeValue)
	w.buf = append(b, '"')
}

// End ends the element called name, which must be the one that is open.
func (w *Writer) End(name Name) { w.EndNamed(name.Prefix, name.Local) }

// EndNamed is End with the parts of a name.
func (w *Writer) EndNamed(prefix, local []byte) {
	if w.open {
		w.open = false
		w.buf = append(w.buf, '/', '>')
		return
	}
	w.buf = append(appendName(append(w.buf, '<', '/'), prefix, local), '>')
}

// Text writes character data.
func (w *Writer) Text(text []byte) {
	if len(text) == 0 {
		return
	}
	w.closeTag()
	w.buf = appendEscaped(w.buf, text, escapeText)
}

// escapes are what stands for a character that may not stand for itself.
var escapes = ['>' + 1]string{
	'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&quot;", '\t': "&#9;", '\n': "&#10;", '\r': "&#13;",
}

// appendEscaped appends text with escapes for the bytes of a class.
func appendEscaped(b, text []byte, class uint8) []byte {
	from := 0
	for i, c := range text {
		if classes[c]&class != 0 {
			b = append(append(b, text[from:i]...), escapes[c]...)
			from = i + 1
		}
	}
	return append(b, text[from:]...)
}

// appendName appends a qualified name.
func appendName(b, prefix, local []byte) []byte {
	if len(prefix) > 0 {
		b = append(b, prefix...)
		if len(local) == 0 {
			return b
		}
		b = append(b, ':')
	}
	return append(b, local...)
}

func (w *Writer) closeTag() {
	if w.open {
		w.open = false
		w.buf = append(w.buf, '>')
	}
}

// Mark is a place in what a Writer wrote.
type Mark struct {
	at   int
	open bool
}

// Mark returns the place where the writer is. Until as many calls of Release as of Mark, all that was written stays
// in memory, so that it can be taken back.
func (w *Writer) Mark() Mark {
	if w.held == 0 && len(w.buf) >= flushAt {
		w.Flush()
	}
	w.held++
	return Mark{len(w.buf), w.open}
}

// Place returns the place where the writer is, while a mark is in use.
func (w *Writer) Place() Mark { return Mark{len(w.buf), w.open} }

// Release says that a mark is not needed any more.
func (w *Writer) Release() { w.held-- }

// Back takes back all that was written since m.
func (w *Writer) Back(m Mark) {
	w.buf, w.open = w.buf[:m.at], m.open
	w.reopen()
}

// reopen makes a start tag that nothing follows one that still lacks its end.
func (w *Writer) reopen() {
	if i := bytes.LastIndexByte(w.buf, '<'); !w.open && i >= 0 && isStartTag(w.buf[i:]) {
		w.buf = w.buf[:len(w.buf)-1]
		w.open = true
	}
}

// isStartTag reports whether b, which begins with the last '<' that was written, is a start tag and nothing more.
func isStartTag(b []byte) bool {
	n := len(b)
	return n > 2 && b[1] != '/' && b[1] != '?' && bytes.IndexByte(b, '>') == n-1 && b[n-2] != '/'
}

// Cut takes back what was written between two places, which must be whole elements or text. It returns by how many
// bytes what stands after them moves: see Mark.Moved.
func (w *Writer) Cut(from, to Mark) int {
	before := len(w.buf)
	if to.at == before {
		w.Back(from)
		return before - len(w.buf)
	}
	rest := w.buf[to.at:]
	w.buf = w.buf[:from.at]
	if from.open { // what is cut began with the end of the start tag before it
		w.buf = append(w.buf, '>')
	}
	if i := bytes.LastIndexByte(w.buf, '<'); rest[0] == '<' && rest[1] == '/' && i >= 0 && isStartTag(w.buf[i:]) {
		w.buf = append(w.buf[:len(w.buf)-1], '/', '>')
		rest = rest[bytes.IndexByte(rest, '>')+1:]
	}
	w.buf = append(w.buf, rest...)
	return before - len(w.buf)
}

// Moved says that Cut returned n for a place that ends at to: a mark behind it moves along.
func (m *Mark) Moved(to Mark, n int) {
	if m.at >= to.at {
		m.at -= n
	}
}

// Before reports whether m is a place before n.
func (m Mark) Before(n Mark) bool { return m.at < n.at }

// Since returns what was written since m. It is valid until the next call.
func (w *Writer) Since(m Mark) []byte { return w.buf[m.at:] }

// Raw writes b as it is: something that this writer wrote before.
func (w *Writer) Raw(b []byte) {
	w.closeTag()
	w.buf = append(w.buf, b...)
}

// Flush hands on what was written, but for what a mark may still take back. It returns the first error of the
// writer below.
func (w *Writer) Flush() error {
	if w.held > 0 {
		return w.err
	}
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.out.Write(w.buf)
	}
	w.buf = w.buf[:0]
	return w.err
}

// Append writes b as it is after what Raw wrote: the rest of something that this writer wrote before.
func (w *Writer) Append(b []byte) { w.buf = append(w.buf, b...) }
