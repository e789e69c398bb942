package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sekisho/sanitize/verify"
)

// calculator are the operators of a type 4 function (ISO 32000-2 table 42).
const calculator = " abs add and atan bitshift ceiling copy cos cvi cvr div dup eq exch exp false floor ge gt idiv if ifelse index " +
	"le ln log lt mod mul ne neg not or pop roll round sin sqrt sub true truncate xor "

// mapping are the operators and words of a character map (9.7.5.4, Adobe technical note 5014).
const mapping = " CIDInit CIDSystemInfo CMapName CMapType begin begincmap beginbfchar beginbfrange begincidchar begincidrange begincodespacerange beginnotdefchar " +
	"beginnotdefrange beginrearrangedfont beginusematrix currentdict def defineresource dict dup end endbfchar endbfrange endcidchar endcidrange endcmap endcodespacerange " +
	"endnotdefchar endnotdefrange endrearrangedfont endusematrix findresource pop usecmap usefont "

// function judges a function that is a stream: a table of samples, or a program (7.10).
func (w *walk) function(s *stream, where string) error {
	data, err := w.f.decode(s)
	if err != nil {
		return err
	}
	switch w.f.resolve(s.dict["FunctionType"]) {
	case int64(0):
		return nil
	case int64(4):
		return w.tokens(data, calculator, where)
	}
	return verify.Fail(RuleProgram, where, "a function of the type %v", s.dict["FunctionType"])
}

func (w *walk) charMap(s *stream, where string) error {
	data, err := w.f.decode(s)
	if err != nil {
		return err
	}
	return w.tokens(data, mapping, where)
}

// tokens judges a program whose words must be on a list.
func (w *walk) tokens(b []byte, words, where string) error {
	l := &lexer{b: bytes.Clone(b), nesting: w.policy.Limits.Nesting, objects: len(b) + 1, noRefs: true}
	depth := 0
	for {
		l.skipComment()
		if l.pos >= len(l.b) {
			break
		}
		switch l.b[l.pos] {
		case '{':
			depth++
			l.pos++
			continue
		case '}':
			depth--
			l.pos++
			if depth < 0 {
				return verify.Fail(RuleProgram, where, "a brace too many")
			}
			continue
		}
		v, err := l.object(0)
		if err != nil {
			return verify.Fail(RuleProgram, where, "%v", err)
		}
		if op, ok := v.(word); ok && !strings.Contains(words, " "+string(op)+" ") {
			return verify.Fail(RuleProgram, where, "the word %q", string(op))
		}
	}
	if depth != 0 {
		return verify.Fail(RuleProgram, where, "a brace too few")
	}
	return nil
}

// skipComment moves past white space and comments, which character maps begin with.
func (l *lexer) skipComment() {
	for l.skip(); l.pos < len(l.b) && l.b[l.pos] == '%'; l.skip() {
		for l.pos < len(l.b) && l.b[l.pos] != '\n' && l.b[l.pos] != '\r' {
			l.pos++
		}
	}
}

// font judges a font program (9.9).
func (w *walk) font(s *stream, r role, where string) error {
	data, err := w.f.decode(s)
	if err != nil {
		return err
	}
	switch {
	case r == fileType1:
		err = type1(data, s.dict)
	case r == fileSfnt, s.dict["Subtype"] == name("OpenType"):
		err = sfnt(data)
	default:
		err = cff(data)
	}
	if err != nil {
		return verify.Fail(RuleFont, where, "%v", err)
	}
	return nil
}

// fontTables are the tables of a font that a reader of PDF has a use for (9.9.1, and the tables of OpenType that lay
// out text).
var fontTables = [...]string{
	"CFF ", "GDEF", "GPOS", "GSUB", "OS/2", "VORG", "cmap", "cvt ", "fpgm", "gasp", "glyf", "hdmx", "head", "hhea", "hmtx", "kern",
	"loca", "maxp", "name", "post", "prep", "vhea", "vmtx", "LTSH", "VDMX", "BASE", "PCLT",
}

// sfnt judges the directory of a TrueType or OpenType font: known tables, in the file, without sharing bytes.
func sfnt(b []byte) error {
	if len(b) < 12 || !slices.Contains([]string{"\x00\x01\x00\x00", "true", "OTTO"}, string(b[:4])) {
		return errors.New("no TrueType or OpenType font")
	}
	count := number(b[4:6])
	if count == 0 || count > len(fontTables) || len(b) < 12+16*count {
		return fmt.Errorf("a directory of %d tables", count)
	}
	end := 12 + 16*count
	var spans [][2]int
	for i := range count {
		e := b[12+16*i:]
		off, n := number(e[8:12]), number(e[12:16])
		if !slices.Contains(fontTables[:], string(e[:4])) || off < end || n > len(b) || off > len(b)-n {
			return fmt.Errorf("the table %q at %d of %d bytes", e[:4], off, n)
		}
		spans = append(spans, [2]int{off, off + n})
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	for _, s := range spans {
		if s[0] < end || s[0]-end > 3 || len(bytes.Trim(b[end:s[0]], "\x00")) > 0 {
			return fmt.Errorf("tables that overlap, or data between them, at %d", s[0])
		}
		end = s[1]
	}
	if len(b)-end > 3 || len(bytes.Trim(b[end:], "\x00")) > 0 {
		return fmt.Errorf("%d bytes after the tables", len(b)-end)
	}
	return nil
}

// cff judges the start of a CFF font: a header and four indexes, in the file (Adobe technical note 5176, section 3).
func cff(b []byte) error {
	if len(b) < 4 || b[0] != 1 || b[2] < 4 || int(b[2]) > len(b) || b[3] < 1 || b[3] > 4 {
		return errors.New("no CFF font")
	}
	at := int(b[2])
	for _, what := range [...]string{"names", "dictionaries", "strings", "subroutines"} {
		n := cffIndex(b[at:])
		if n < 0 {
			return fmt.Errorf("no index of %s", what)
		}
		at += n
	}
	return nil
}

// cffIndex returns the length of an index (section 5), or -1.
func cffIndex(b []byte) int {
	if len(b) < 2 {
		return -1
	}
	count := number(b[:2])
	if count == 0 {
		return 2
	}
	if len(b) < 3 || b[2] < 1 || b[2] > 4 || len(b) < 3+(count+1)*int(b[2]) {
		return -1
	}
	size := int(b[2])
	data := 3 + (count+1)*size - 1
	last := 1
	for i := range count + 1 {
		off := number(b[3+i*size : 3+(i+1)*size])
		if i == 0 && off != 1 || off < last || data+off > len(b) {
			return -1
		}
		last = off
	}
	return data + last
}

// type1 judges a Type 1 font: its mark, its three lengths, and that its matrix is of numbers and nothing else.
func type1(b []byte, d dict) error {
	clear, ok1 := integer(d["Length1"], int64(len(b)))
	secret, ok2 := integer(d["Length2"], int64(len(b)))
	rest, ok3 := integer(or(d["Length3"], int64(0)), int64(len(b)))
	if !ok1 || !ok2 || !ok3 || clear+secret+rest != int64(len(b)) || !bytes.HasPrefix(b, []byte("%!")) {
		return fmt.Errorf("no Type 1 font: %d, %d and %d of %d bytes", clear, secret, rest, len(b))
	}
	head := b[:clear]
	for {
		i := bytes.Index(head, []byte("/FontMatrix"))
		if i < 0 {
			return nil
		}
		head = head[i+len("/FontMatrix"):]
		m := bytes.TrimLeft(head, " \t\r\n")
		end := bytes.IndexAny(m, "]}")
		if end < 1 || len(bytes.Trim(m[1:end], "0123456789.+-eE \t\r\n")) > 0 {
			return errors.New("a matrix of other than numbers")
		}
	}
}
