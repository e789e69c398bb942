package xmltext

import (
	"bytes"
	"strings"
)

// begin finds the encoding and reads the XML declaration (2.8), which may stand only at the very start.
func (r *Reader) begin() error {
	r.wide = r.src.decoded()
	if !r.src.need(6) || !bytes.HasPrefix(r.src.buf[r.src.pos:], []byte("<?xml")) || classes[r.src.buf[r.src.pos+5]]&blank == 0 {
		return nil
	}
	i, err := r.until(5, "?>", "the XML declaration")
	if err != nil {
		return err
	}
	attrs := r.src.buf[r.src.pos+5 : r.src.pos+i]
	r.src.pos += i + 2
	return r.declared(attrs)
}

// declared checks the pseudo-attributes of an XML declaration: version, encoding, standalone, in that order.
func (r *Reader) declared(b []byte) error {
	last := -1
	for {
		i := skipBlank(b, 0)
		if i == len(b) {
			break
		}
		name, value, n := pseudo(b[i:])
		k := bytes.Index([]byte("version encoding standalone "), append(name, ' '))
		if i == 0 || n == 0 || k <= last || last < 0 && k > 0 {
			return syntax("the XML declaration is broken")
		}
		last = k
		if err := r.declares(k, value); err != nil {
			return err
		}
		b = b[i+n:]
	}
	if last < 0 {
		return syntax("the XML declaration has no version")
	}
	return nil
}

func (r *Reader) declares(k int, value []byte) error {
	v := strings.ToLower(string(value))
	switch {
	case k == 0 && v != "1.0":
		return syntax("XML of another version than 1.0")
	case k == 8 && r.wide && !strings.HasPrefix(v, "utf-16"),
		k == 8 && !r.wide && v != "utf-8" && v != "utf8" && v != "us-ascii" && v != "ascii":
		return syntax("an encoding that is not UTF-8 or UTF-16, or another than it declares")
	case k == 17 && v != "yes" && v != "no":
		return syntax("standalone is neither yes nor no")
	}
	return nil
}

// pseudo reads one name = "value" at the start of b and returns the length, 0 when there is none.
func pseudo(b []byte) (name, value []byte, n int) {
	n = ncName(b)
	name = b[:n:n]
	i := skipBlank(b, n)
	if n == 0 || i == len(b) || b[i] != '=' {
		return nil, nil, 0
	}
	i = skipBlank(b, i+1)
	if i == len(b) || b[i] != '"' && b[i] != '\'' {
		return nil, nil, 0
	}
	end := bytes.IndexByte(b[i+1:], b[i])
	if end < 0 {
		return nil, nil, 0
	}
	return name, b[i+1 : i+1+end], i + end + 2
}

// instruction drops a processing instruction (2.6).
func (r *Reader) instruction() error {
	i, err := r.until(2, "?>", "a processing instruction")
	if err != nil {
		return err
	}
	body := r.src.buf[r.src.pos+2 : r.src.pos+i]
	n := ncName(body)
	if n == 0 || n < len(body) && classes[body[n]]&blank == 0 {
		return syntax("a processing instruction without a name")
	}
	if strings.EqualFold(string(body[:n]), "xml") {
		return syntax("an XML declaration that is not at the start")
	}
	if err := allChars(body); err != nil {
		return err
	}
	r.src.pos += i + 2
	r.Dropped.Instructions++
	return nil
}

// declaration reads what starts with "<!".
func (r *Reader) declaration() error {
	r.src.need(9)
	b := r.src.buf[r.src.pos:]
	switch {
	case bytes.HasPrefix(b, []byte("<!--")):
		return r.comment()
	case bytes.HasPrefix(b, []byte("<![CDATA[")) && len(r.opened) > 0:
		r.cdata = true
		r.src.pos += 9
		return nil
	case bytes.HasPrefix(b, []byte("<![")) && r.opt.VML:
		return r.conditional()
	case bytes.HasPrefix(b, []byte("<!DOCTYPE")) && r.opt.Doctype && !r.rooted && r.Dropped.Doctypes == 0:
		return r.doctype()
	case bytes.HasPrefix(b, []byte("<!DOCTYPE")):
		return syntax("a document type declaration")
	}
	return syntax("a declaration")
}

// comment drops a comment (2.5).
func (r *Reader) comment() error {
	i, err := r.until(4, "--", "a comment")
	if err != nil {
		return err
	}
	if !r.src.need(i + 3) {
		return r.src.ended("a comment")
	}
	if r.src.buf[r.src.pos+i+2] != '>' {
		return syntax("two hyphens in a comment")
	}
	if err := allChars(r.src.buf[r.src.pos+4 : r.src.pos+i]); err != nil {
		return err
	}
	r.src.pos += i + 3
	r.Dropped.Comments++
	return nil
}

// conditional drops one end of a conditional section as Office writes it: <![if gte mso 9]>.
func (r *Reader) conditional() error {
	i, err := r.until(3, "]>", "a conditional section")
	if err != nil {
		return err
	}
	word := r.src.buf[r.src.pos+3 : r.src.pos+i]
	if string(word) != "endif" && !bytes.HasPrefix(word, []byte("if ")) || bytes.ContainsAny(word, "<>[]&") {
		return syntax("a declaration")
	}
	r.src.pos += i + 2
	r.Dropped.Comments++
	return nil
}

// doctype drops a document type declaration (2.8): up to the '>' that is outside of quotes, comments and brackets.
func (r *Reader) doctype() error {
	var quote byte
	brackets := 0
	for i := 9; ; i++ {
		if !r.src.need(i+4) && r.src.pos+i >= len(r.src.buf) {
			return r.src.ended("a document type declaration")
		}
		b := r.src.buf[r.src.pos+i:]
		switch c := b[0]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case bytes.HasPrefix(b, []byte("<!--")):
			end, err := r.until(i+4, "-->", "a comment")
			if err != nil {
				return err
			}
			i = end + 2
		case c == '[':
			brackets++
		case c == ']':
			brackets--
		case c == '>' && brackets <= 0:
			r.src.pos += i + 1
			r.Dropped.Doctypes++
			return nil
		}
	}
}

// allChars refuses bytes that are not characters of XML.
func allChars(b []byte) error {
	for i := 0; i < len(b); {
		n, err := plain(b[i:], plainText)
		if err != nil {
			return err
		}
		i += n
		if n == 0 {
			if b[i] >= 0x80 {
				return syntax("a character that is cut off")
			}
			i++
		}
	}
	return nil
}
