package font

import (
	"bytes"
	"strconv"

	"sekisho/sanitize/pdf/internal/object"
)

// The keys of the encryption of Type 1 (Adobe Type 1 Font Format, 7.1), and the random bytes that it starts with.
const (
	eexecKey   = 55665
	cryptC1    = 52845
	cryptC2    = 22719
	eexecStart = 4
)

// Program is a rebuilt Type 1 font program with the lengths of its parts, as Length1 and Length2 give them. There is
// no third part: readers need no zeros.
type Program struct {
	Data           []byte
	Clear, Private int
}

// Type1 rebuilds a Type 1 font. The clear part is written anew from what was understood of it: the font's name, matrix,
// box and encoding. The private part is decrypted, read to the end of its glyphs, cut there, and encrypted again.
func Type1(data []byte) (*Program, error) {
	clearText, rest, err := split(unwrap(data))
	if err != nil {
		return nil, err
	}
	head, err := clearPart(clearText)
	if err != nil {
		return nil, err
	}
	private, err := privatePart(decrypt(rest))
	if err != nil {
		return nil, err
	}
	sealed := encrypt(private)
	return &Program{Data: append(head, sealed...), Clear: len(head), Private: len(sealed)}, nil
}

// unwrap takes a font out of the segments of a PFB file, which do not belong in a PDF but are seen there.
func unwrap(data []byte) []byte {
	if len(data) < 6 || data[0] != 0x80 {
		return data
	}
	var out []byte
	for len(data) >= 6 && data[0] == 0x80 && data[1] != 3 {
		n := int(data[2]) | int(data[3])<<8 | int(data[4])<<16 | int(data[5])<<24
		if n < 0 || n > len(data)-6 {
			n = len(data) - 6
		}
		out = append(out, data[6:6+n]...)
		data = data[6+n:]
	}
	return out
}

// split parts the clear text from what is encrypted after eexec.
func split(data []byte) (clearText, rest []byte, err error) {
	i := bytes.Index(data, []byte("eexec"))
	if i < 0 {
		return nil, nil, malformed("Type 1 without eexec")
	}
	rest = data[i+len("eexec"):]
	for len(rest) > 0 && object.IsSpace(rest[0]) {
		rest = rest[1:]
	}
	if len(rest) < eexecStart {
		return nil, nil, malformed("Type 1 without a private part")
	}
	return data[:i], rest, nil
}

// decrypt undoes the encryption of the private part, which may be written in hexadecimal.
func decrypt(b []byte) []byte {
	if isHex(b[:eexecStart]) {
		raw, _ := object.Hex(nil, append(append([]byte("<"), b...), '>'), 0)
		b = raw
	}
	out := make([]byte, len(b))
	r := uint16(eexecKey)
	for i, c := range b {
		out[i] = c ^ byte(r>>8)
		r = (uint16(c)+r)*cryptC1 + cryptC2
	}
	return out[min(eexecStart, len(out)):]
}

func isHex(b []byte) bool {
	for _, c := range b {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || object.IsSpace(c)) {
			return false
		}
	}
	return true
}

// encrypt is the reverse of decrypt. It starts with four fixed bytes that make the result neither hexadecimal nor
// white space.
func encrypt(plain []byte) []byte {
	out := make([]byte, 0, len(plain)+eexecStart)
	r := uint16(eexecKey)
	seal := func(p byte) {
		c := p ^ byte(r>>8)
		r = (uint16(c)+r)*cryptC1 + cryptC2
		out = append(out, c)
	}
	for range eexecStart {
		seal(0)
	}
	for _, p := range plain {
		seal(p)
	}
	return out
}

// clearPart writes the clear part of a font from the entries that a reader needs. A matrix or box that is not all
// numbers is no font: readers have been made to run what stood there.
func clearPart(text []byte) ([]byte, error) {
	out := []byte("%!PS-AdobeFont-1.0\n12 dict begin\n/FontType 1 def\n/PaintType 0 def\n")
	if name := entry(text, "FontName"); len(name) > 0 && name[0] == '/' {
		if word := string(name[1:object.Word(name, 1)]); !isKey(word) {
			out = append(append(append(out, "/FontName /"...), word...), " def\n"...)
		}
	}
	for _, e := range []struct {
		key   string
		count int
	}{{"FontMatrix", 6}, {"FontBBox", 4}} {
		value := entry(text, e.key)
		if value == nil {
			continue
		}
		numbers, err := numberList(value, e.count)
		if err != nil {
			return nil, err
		}
		out = append(append(append(append(out, '/'), e.key...), ' '), numbers...)
		out = append(out, " def\n"...)
	}
	out, err := appendEncoding(out, text)
	if err != nil {
		return nil, err
	}
	return append(out, "currentdict end\ncurrentfile eexec\n"...), nil
}

// isKey reports whether a name is one that the clear part is searched for: no font and no glyph is called that.
func isKey(name string) bool {
	return name == "FontName" || name == "FontMatrix" || name == "FontBBox" || name == "Encoding"
}

// entry returns what follows the last key of this name, or nil.
func entry(text []byte, key string) []byte {
	for rest := text; ; {
		i := bytes.LastIndex(rest, []byte("/"+key))
		if i < 0 {
			return nil
		}
		after := i + 1 + len(key)
		if after < len(rest) && !object.IsRegular(rest[after]) {
			return text[object.SkipSpace(text, after):]
		}
		rest = rest[:i]
	}
}

// numberList reads an array of count numbers in square or curly brackets, and writes it in square ones.
func numberList(b []byte, count int) ([]byte, error) {
	if len(b) == 0 || b[0] != '[' && b[0] != '{' {
		return nil, malformed("Type 1 array")
	}
	out := []byte{'['}
	pos := 1
	for i := range count {
		pos = object.SkipSpace(b, pos)
		end := object.Word(b, pos)
		f, err := strconv.ParseFloat(string(b[pos:end]), 64)
		if err != nil {
			return nil, malformed("Type 1 array of something else than numbers")
		}
		if i > 0 {
			out = append(out, ' ')
		}
		out = object.AppendReal(out, f)
		pos = end
	}
	pos = object.SkipSpace(b, pos)
	if pos >= len(b) || b[pos] != ']' && b[pos] != '}' {
		return nil, malformed("Type 1 array too long")
	}
	return append(out, ']'), nil
}

// appendEncoding writes the encoding: the standard one, or the pairs of code and glyph name.
func appendEncoding(out, text []byte) ([]byte, error) {
	value := entry(text, "Encoding")
	if value == nil || bytes.HasPrefix(value, []byte("StandardEncoding")) {
		return append(out, "/Encoding StandardEncoding def\n"...), nil
	}
	out = append(out, "/Encoding 256 array\n0 1 255 {1 index exch /.notdef put} for\n"...)
	p := object.Parser{Buf: value, Depth: 4}
	var last, code object.Object
	for {
		o, err := p.Next()
		if err != nil {
			return nil, malformed("Type 1 encoding without an end")
		}
		switch {
		case o == object.Keyword("def") || o == object.Keyword("readonly"):
			return append(out, "readonly def\n"...), nil
		case o == object.Keyword("put"):
			name, isName := last.(object.Name)
			n, isCode := code.(int64)
			if isName && isCode && n >= 0 && n < 256 && !isKey(string(name)) {
				out = append(strconv.AppendInt(append(out, "dup "...), n, 10), ' ')
				out = append(object.AppendName(out, string(name)), " put\n"...)
			}
		}
		last, code = o, last
	}
}
