package pdf

import (
	"bytes"
	"fmt"
	"testing"

	"sekisho/sanitize/sanitizetest"
)

// damaged makes a case of a file that is not as its own table says. Nothing of it may be lost, and the repair is told.
func damaged(name string, s sheet, change func([]byte) []byte) sanitizetest.Case {
	return sanitizetest.Case{
		Name: name, Input: s.with(change).bytes(), Keep: []string{text, "/Helvetica"}, Rules: []string{ruleRepaired}, Exact: true,
	}
}

// moved gives one object another offset in the table.
func moved(number, to int) func([]byte) []byte {
	return func(b []byte) []byte {
		at := bytes.Index(b, fmt.Appendf(nil, "\n%d 0 obj", number)) + 1
		return bytes.Replace(b, fmt.Appendf(nil, "%010d 00000 n", at), fmt.Appendf(nil, "%010d 00000 n", to), 1)
	}
}

func replaced(old, new string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
}

func TestDamaged(t *testing.T) {
	sanitizetest.Run(t, sanitizetest.Suite{Format: Format{}, Cases: []sanitizetest.Case{
		damaged("the content is elsewhere", sheet{}, moved(4, 9)),
		damaged("the font is elsewhere", sheet{}, moved(5, 20)),
		damaged("the font is behind the end", sheet{}, moved(5, 999999)),
		damaged("the content is shorter than it is", sheet{}, replaced("/Length 43", "/Length 12")),
		damaged("the content is longer than it is", sheet{}, replaced("/Length 43", "/Length 77")),
		damaged("a word in the font", sheet{}, replaced("/Subtype/Type1/BaseFont", "/Subtype/Type1 \\\\x /BaseFont")),
		damaged("no end of the font", sheet{}, replaced("/Helvetica>>\nendobj", "/Helvetica  \nendobj")),
		damaged("a word in an array", sheet{}, replaced("[0 0 612 792]", "[0 0 612 792 x]")),
		{Name: "a type that is none", Input: sheet{}.font("<</Type/Fnt#17/Subtype/Type1/BaseFont/Courier>>").bytes(),
			Keep: []string{text, "/Courier"}, Rules: []string{ruleWrongType}, Exact: true},
	}})
}
