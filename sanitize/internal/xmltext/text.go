package xmltext

import "unicode/utf8"

// text returns the next piece of character data (2.4). The position is not at '<'.
func (r *Reader) text() (Kind, error) {
	b := r.src.buf[r.src.pos:]
	n, err := plain(b, plainText)
	if err != nil {
		return 0, err
	}
	if n > 0 {
		return r.piece(b[:n], n)
	}
	switch b[0] {
	case '&':
		return r.reference()
	case '\r':
		return r.carriageReturn()
	case ']':
		if r.src.need(3) && string(r.src.buf[r.src.pos:r.src.pos+3]) == "]]>" {
			return 0, syntax("]]> in text")
		}
		return r.piece(r.src.buf[r.src.pos:r.src.pos+1], 1)
	}
	return r.rest()
}

// section returns the next piece of a CDATA section (2.7), or no kind at its end.
func (r *Reader) section() (Kind, error) {
	b := r.src.buf[r.src.pos:]
	n := 0
	for n < len(b) && b[n] != ']' {
		k, err := plain(b[n:], plainText)
		if err != nil {
			return 0, err
		}
		if n += k; n < len(b) && (b[n] == '<' || b[n] == '&') {
			n++
		} else if n < len(b) && b[n] != ']' {
			break
		}
	}
	if n > 0 {
		return r.piece(b[:n], n)
	}
	switch {
	case b[0] == '\r':
		return r.carriageReturn()
	case b[0] != ']':
		return r.rest()
	case !r.src.need(3):
		return 0, r.src.ended("a CDATA section")
	case string(r.src.buf[r.src.pos:r.src.pos+3]) == "]]>":
		r.cdata = false
		r.src.pos += 3
		return 0, nil
	}
	return r.piece(r.src.buf[r.src.pos:r.src.pos+1], 1)
}

// piece returns text as a token that took n bytes.
func (r *Reader) piece(text []byte, n int) (Kind, error) {
	r.Text = text
	r.src.pos += n
	return Text, nil
}

// rest reads on after the first bytes of a character that the window cuts off.
func (r *Reader) rest() (Kind, error) {
	for {
		switch n := runeLen(r.src.buf[r.src.pos:]); {
		case n > 0:
			return r.piece(r.src.buf[r.src.pos:r.src.pos+n], n)
		case n == 0:
			return 0, syntax("a character that XML does not allow")
		}
		if !r.src.more() {
			return 0, r.src.ended("a character")
		}
	}
}

// carriageReturn returns the line end at the position as a line feed (2.11).
func (r *Reader) carriageReturn() (Kind, error) {
	n := 1
	if r.src.need(2) && r.src.buf[r.src.pos+1] == '\n' {
		n = 2
	}
	r.one[0] = '\n'
	return r.piece(r.one[:1], n)
}

// reference returns the reference at the position as a piece of text, or an empty piece when it is dropped.
func (r *Reader) reference() (Kind, error) {
	i, err := r.until(1, ";", "a reference")
	if err != nil {
		return 0, err
	}
	c, ok := decodeReference(r.src.buf[r.src.pos+1 : r.src.pos+i])
	n := 0
	switch {
	case ok:
		n = utf8.EncodeRune(r.one[:], c)
	case r.undefined(r.src.buf[r.src.pos+1 : r.src.pos+i]):
		r.Dropped.Entities++
	default:
		return 0, syntax("a reference to an unknown entity or character")
	}
	return r.piece(r.one[:n], i+1)
}

// undefined reports whether name may be a reference to an entity of a document type declaration that was dropped.
func (r *Reader) undefined(name []byte) bool {
	return r.opt.Doctype && r.Dropped.Doctypes > 0 && len(name) > 0 && ncName(name) == len(name)
}

// plain returns how many bytes at the start of b stand for themselves. It stops where a look is needed.
func plain(b []byte, class uint8) (int, error) {
	i := 0
	for i < len(b) {
		c := b[i]
		if c >= utf8.RuneSelf {
			n := runeLen(b[i:])
			if n == 0 {
				return 0, syntax("a character that XML does not allow")
			}
			if n < 0 {
				return i, nil
			}
			i += n
			continue
		}
		if classes[c]&class == 0 {
			if c < ' ' && classes[c]&blank == 0 {
				return 0, syntax("a control character")
			}
			return i, nil
		}
		i++
	}
	return i, nil
}

// decodeReference returns the character that the reference &name; stands for (4.1, 4.6).
func decodeReference(name []byte) (rune, bool) {
	switch string(name) {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	if name[1] == 'x' {
		return parseChar(name[2:], 16)
	}
	return parseChar(name[1:], 10)
}

// parseChar returns the character with the number digits.
func parseChar(digits []byte, base rune) (rune, bool) {
	var v rune
	for _, c := range digits {
		d := rune(c) - '0'
		if base == 16 && c|0x20 >= 'a' && c|0x20 <= 'f' {
			d = rune(c|0x20) - 'a' + 10
		}
		if d < 0 || d >= base || v > 0x10ffff {
			return 0, false
		}
		v = v*base + d
	}
	return v, len(digits) > 0 && isChar(v)
}
