package font

import (
	"bytes"
	"strconv"

	"sekisho/sanitize/pdf/internal/object"
)

// privatePart reads the private part of a Type 1 font: words and values, and after each count and its RD (or -|) that
// many bytes. It returns the part up to the end of the glyphs, with the words that close it written anew.
func privatePart(b []byte) ([]byte, error) {
	glyphs := bytes.Index(b, []byte("/CharStrings"))
	if glyphs < 0 || !bytes.Contains(b[:glyphs], []byte("/Private")) {
		return nil, malformed("Type 1 without glyphs")
	}
	end, count, err := charStrings(b, glyphs)
	if err != nil {
		return nil, err
	}
	if count == 0 {
		return nil, malformed("Type 1 without glyphs")
	}
	if err := binaries(b[:glyphs]); err != nil {
		return nil, err
	}
	out := append([]byte(nil), b[:end]...)
	if !object.IsSpace(out[end-1]) {
		out = append(out, '\n')
	}
	return append(out, "end\nend\nreadonly put\nnoaccess put\ndup/FontName get exch definefont pop\nmark currentfile closefile\n"...), nil
}

// charStrings walks "/name n RD bytes ND" until a word that is no glyph, and returns where that stands.
func charStrings(b []byte, pos int) (end, count int, err error) {
	begin := bytes.Index(b[pos:], []byte("begin"))
	if begin < 0 {
		return 0, 0, malformed("Type 1 glyphs without a start")
	}
	pos += begin + len("begin")
	for {
		at := object.SkipSpace(b, pos)
		if at >= len(b) || b[at] != '/' {
			for pos < at && object.IsSpace(b[pos]) {
				pos++
			}
			return pos, count, nil
		}
		next, ok := counted(b, object.Word(b, at+1))
		if !ok {
			return 0, 0, malformed("Type 1 glyph %d cut short", count)
		}
		count++
		word := object.SkipSpace(b, next) // ND or |-
		if pos = object.Word(b, word); string(b[word:pos]) == "end" {
			pos = next
		}
	}
}

// counted reads a count, a word and one space at pos, and returns the position behind that many bytes.
func counted(b []byte, pos int) (int, bool) {
	pos = object.SkipSpace(b, pos)
	end := object.Word(b, pos)
	n, err := strconv.Atoi(string(b[pos:end]))
	if err != nil || n < 0 {
		return 0, false
	}
	word := object.SkipSpace(b, end)
	data := object.Word(b, word) + 1
	if word == data-1 || data > len(b) || n > len(b)-data {
		return 0, false
	}
	return data + n, true
}

// binaries sees that every subroutine, "dup i n RD bytes", is all there.
func binaries(b []byte) error {
	i := bytes.Index(b, []byte("/Subrs"))
	if i < 0 {
		return nil
	}
	for pos := i; ; {
		k := bytes.Index(b[pos:], []byte("dup "))
		if k < 0 {
			return nil
		}
		number := object.SkipSpace(b, pos+k+len("dup "))
		next, ok := counted(b, object.Word(b, number))
		if !ok {
			return nil // no subroutine: the words after the last of them
		}
		pos = next
	}
}
