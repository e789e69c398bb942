package csv

import (
	"context"
	"strings"
	"unicode"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/textenc"
)

// start says whether the next character may begin a cell.
type start int

const (
	inside start = iota // it does not
	soft                // it does for a program that splits elsewhere than most: at another delimiter, or inside quotes
	hard                // it does
)

// walker goes through a table character by character.
type walker struct {
	in       *textenc.Decoder
	out      *textenc.Encoder
	sep      rune // the delimiter that a sep= line names; comma, semicolon and tab are always delimiters
	quoted   bool
	closed   bool // the character before closed a quote: another one opens it again
	start    start
	formulas int
}

// neutralise writes the table with an apostrophe before each cell that a spreadsheet would calculate.
func neutralise(ctx context.Context, b []byte, enc textenc.Encoding, report *sanitize.Report) ([]byte, error) {
	bom := enc.BOM(b)
	w := &walker{in: textenc.NewDecoder(enc, b[len(bom):]), sep: ',', start: hard}
	w.out = textenc.NewEncoder(enc, append(make([]byte, 0, len(b)+len(b)/16), bom...))
	for w.sepLine(report) {
	}
	for n := 0; ; n++ {
		if n%(1<<16) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c, ok := w.in.Next()
		if !ok {
			break
		}
		if w.start != inside && operator(c.Rune) != 0 && w.runs(operator(c.Rune)) {
			w.out.PutASCII('\'')
			w.formulas++
		}
		w.step(c.Rune)
		w.out.Put(c)
	}
	if w.formulas > 0 {
		report.Findings = append(report.Findings,
			sanitize.Finding{Rule: RuleFormula, Action: sanitize.Replaced, Count: w.formulas})
	}
	return w.out.Bytes(), nil
}

// step moves over one character. White space before the content of a cell is no content, and a quote may open it.
func (w *walker) step(r rune) {
	closed := w.closed
	w.closed = false
	switch {
	case r == '"':
		w.closed = w.quoted
		w.quoted = !w.quoted && (closed || w.start == hard)
		w.start = max(w.start, soft)
	case w.splits(r) && !w.quoted:
		w.start = hard
	case w.splits(r):
		w.start = max(w.start, soft)
	case !isBlank(r):
		w.start = inside
	}
}

// splits reports whether some program takes r for the end of a cell.
func (w *walker) splits(r rune) bool {
	return r == w.sep || strings.ContainsRune(",;\t\r\n", r)
}

// isBlank reports whether a spreadsheet may pass over r to find the content of a cell.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r == 0xad || r >= 0x200b && r <= 0x200f || r == 0x2060 || r == 0x180e
}

// operator returns the ASCII form of a character that begins a formula, or 0. A Japanese spreadsheet takes the
// full-width forms for the same.
func operator(r rune) rune {
	switch r {
	case '=', '＝', '﹦':
		return '='
	case '@', '＠', '﹫':
		return '@'
	case '+', '＋', '﹢':
		return '+'
	case '-', '－', '﹣':
		return '-'
	}
	return 0
}

// Bounds on how far a cell is read to judge it, in characters. What is longer is no number.
const (
	maxNumber = 64
	maxCell   = 1024
)

// runs reports whether the cell that begins with op would be calculated. A plus or minus may begin a number; where
// only few programs would see a cell, it must look like a call or a link to be touched, because a list item may
// begin with a dash too.
func (w *walker) runs(op rune) bool {
	if op == '=' || op == '@' {
		return true
	}
	look := *w.in
	switch {
	case w.start == soft:
		return isCall(ahead(&look, maxCell, func(r rune) bool { return r == '"' || w.splits(r) }))
	case !w.quoted:
		return !isNumber(ahead(&look, maxNumber, w.splits))
	}
	value := ahead(&look, maxNumber, func(r rune) bool { return r == '"' })
	next, ok := look.Next() // what follows the closing quote belongs to the cell, too
	return !isNumber(value) || ok && !w.splits(next.Rune)
}

// ahead reads the characters up to the one that ends them, and more than limit of them when none does.
func ahead(look *textenc.Decoder, limit int, ends func(rune) bool) []rune {
	var text []rune
	for len(text) <= limit {
		c, ok := look.Next()
		if !ok || ends(c.Rune) {
			break
		}
		text = append(text, c.Rune)
	}
	return text
}

// isCall reports whether text calls a function or names another program's data: "SUM(", "cmd|'/c x'!A0".
func isCall(text []rune) bool {
	for i, r := range text {
		if r == '|' || r == '!' || r == '(' && i > 0 && (unicode.IsLetter(text[i-1]) || unicode.IsDigit(text[i-1])) {
			return true
		}
	}
	return len(text) > maxCell
}

// sepLine reads a first line that names the delimiter ("sep=;"), if it is there. It stays when it names one that
// tables have; any other makes a spreadsheet split where nobody looks, and the line goes.
func (w *walker) sepLine(report *sanitize.Report) bool {
	look := *w.in
	var line []rune
	for len(line) < 16 {
		c, ok := look.Next()
		if !ok {
			break
		}
		line = append(line, c.Rune)
		if c.Rune == '\n' {
			break
		}
	}
	text := strings.ToLower(strings.Trim(strings.TrimRight(string(line), "\r\n"), `"`))
	name, ok := strings.CutPrefix(text, "sep=")
	if !ok {
		return false
	}
	if r := []rune(name); len(r) == 1 && strings.ContainsRune(",;\t|:", r[0]) {
		w.sep = r[0]
		return false
	}
	report.Add(RuleSep, sanitize.Removed, "")
	w.skipLine()
	return true
}

func (w *walker) skipLine() {
	for {
		if c, ok := w.in.Next(); !ok || c.Rune == '\n' {
			return
		}
	}
}
