package xmlread

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// word is a qualified name as the document writes it, checked and divided once.
type word struct {
	raw, prefix, local string
	element, attribute meaning
}

// meaning is what a word stands for in one era of the declarations.
type meaning struct {
	era    int
	name   Name
	number int
}

// recentWords is how many words are found without a look into the map.
const recentWords = 256

// maxWords bounds the words and names that are remembered of one document.
const maxWords = 1 << 16

// word reads a qualified name.
func (r *Reader) word() (*word, error) {
	start := r.pos
	for r.pos < len(r.b) && marks[r.b[r.pos]]&inName != 0 {
		r.pos++
	}
	if r.pos == len(r.b) {
		return nil, errEnd
	}
	raw := r.b[start:r.pos]
	if len(raw) == 0 {
		return nil, fmt.Errorf("no name at offset %d", r.at(start))
	}
	n := len(raw)
	slot := &r.recent[(n*7+int(raw[0])*5+int(raw[n-1])*3+int(raw[n/2]))%recentWords]
	if w := *slot; w != nil && w.raw == string(raw) {
		return w, nil
	}
	w := r.words[string(raw)]
	if w == nil {
		var err error
		if w, err = newWord(raw); err != nil {
			return nil, fmt.Errorf("%w at offset %d", err, r.at(start))
		}
		if len(r.words) < maxWords {
			r.words[w.raw] = w
		}
	}
	*slot = w
	return w, nil
}

// newWord checks a qualified name and divides it at its colon (Namespaces, section 4).
func newWord(b []byte) (*word, error) {
	raw := string(b)
	if raw[0] >= '0' && raw[0] <= '9' || raw[0] == '-' || raw[0] == '.' || !utf8.ValidString(raw) {
		return nil, fmt.Errorf("the name %q", raw)
	}
	w := &word{raw: raw, local: raw}
	if i := bytes.IndexByte(b, ':'); i >= 0 {
		w.prefix, w.local = raw[:i], raw[i+1:]
		if w.prefix == "" || w.local == "" || bytes.IndexByte(b[i+1:], ':') >= 0 {
			return nil, fmt.Errorf("the name %q", raw)
		}
	}
	return w, nil
}

// expand fills m with what a word stands for now. An attribute without a prefix is in no namespace.
func (r *Reader) expand(w *word, m *meaning) error {
	if m.era == r.era {
		return nil
	}
	uri, ok := "", true
	if w.prefix != "" || m == &w.element {
		uri, ok = r.lookup(w.prefix)
	}
	if !ok {
		return fmt.Errorf("the prefix %q stands for nothing", w.prefix)
	}
	name := Name{uri, w.local}
	if m.era == 0 || m.name != name {
		*m = meaning{name: name, number: r.number(name)}
	}
	m.era = r.era
	return nil
}

// number returns the number of a name.
func (r *Reader) number(n Name) int {
	i, ok := r.numbers[n]
	if !ok && len(r.numbers) < maxWords {
		i = len(r.numbers) + 1
		r.numbers[n] = i
	}
	return i
}

// Classes of bytes, as bits.
const (
	inName    = 1 << iota // may be part of a name; names are checked further
	white                 // white space
	control               // no character of XML (2.2)
	ampersand             // begins a reference
	less                  // begins a tag
	bracket               // may begin "]]>"
	wide                  // part of a character that is not ASCII
)

var marks = func() (m [256]uint8) {
	for c := range 256 {
		switch {
		case c >= 0x80:
			m[c] = inName | wide
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == ':', c == '-', c == '.':
			m[c] = inName
		case c == ' ', c == '\n', c == '\t', c == '\r':
			m[c] = white
		case c < ' ':
			m[c] = control
		case c == '&':
			m[c] = ampersand
		case c == '<':
			m[c] = less
		case c == ']':
			m[c] = bracket
		}
	}
	return m
}()

// look returns the classes of all bytes of b.
func look(b []byte) (seen uint8) {
	for _, c := range b {
		seen |= marks[c]
	}
	return seen
}
