package text

import (
	"context"
	"strings"
	"unicode/utf8"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/charset"
)

// Table judges the format "csv". It does not guess which delimiter a reader will choose: a comma, a semicolon and a
// tab all begin a cell, and so does the opening quote of one.
type Table struct{}

var _ verify.Judge = Table{}

// ID implements verify.Judge.
func (Table) ID() string { return "csv" }

// Claims implements verify.Judge. It is always false: only a name can tell a table from a text.
func (Table) Claims(sanitize.Input) bool { return false }

// Check implements verify.Judge.
func (Table) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	b, readings, err := read(ctx, in, pass)
	if err != nil || pass.Policy.CSVFormulas {
		return err
	}
	for _, e := range readings {
		if err := cells(b, e); err != nil {
			return err
		}
		if err := sylk(b, e); err != nil {
			return err
		}
	}
	return nil
}

// cells fails at the first cell that a spreadsheet would run.
func cells(b []byte, e charset.Encoding) error {
	c := cell{sep: named(b, e)}
	line := 1
	var err error
	e.Each(b, func(_ int, r rune) bool {
		if r == charset.Designated {
			return true
		}
		if c.next(r) && c.runs() {
			err = verify.Fail(RuleFormula, "", "a cell of line %d begins with %q", line, string(c.text))
		}
		if r == '\n' {
			line++
		}
		return err == nil
	})
	if err == nil && c.runs() {
		err = verify.Fail(RuleFormula, "", "a cell of line %d begins with %q", line, string(c.text))
	}
	return err
}

// cell collects the start of one cell.
type cell struct {
	text   []rune // without the blanks and the quote that stand before it
	quoted bool   // inside quotes, where delimiters are text
	closed bool   // the character before was the closing quote
	sep    rune   // the delimiter that the first line names, or 0
}

// cellStart is how many characters of a cell are looked at: a number is shorter.
const cellStart = 64

// next takes one character and reports whether it ended the cell (RFC 4180, section 2, with any delimiter).
func (c *cell) next(r rune) (ended bool) {
	closed := c.closed
	c.closed = false
	switch {
	case r == '"' && c.quoted:
		c.quoted, c.closed = false, true
	case r == '"' && closed: // a doubled quote: one character of the text
		c.quoted = true
		c.add(r)
	case r == '"' && len(c.text) == 0:
		c.quoted = true
	case !c.quoted && (strings.ContainsRune(",;\t\n\r", r) || r == c.sep):
		return true
	default:
		c.add(r)
	}
	return false
}

// named returns the delimiter that a first line "sep=|" names to a spreadsheet, quoted or not, or 0.
func named(b []byte, e charset.Encoding) rune {
	rest, ok := strings.CutPrefix(strings.TrimLeft(start(b, e), "\""), "sep=")
	if !ok || rest == "" || rest[0] == '\r' || rest[0] == '\n' {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return r
}

// add keeps r, unless it is a blank at the start or the cell is long.
func (c *cell) add(r rune) {
	if len(c.text) == 0 && strings.ContainsRune(" \t\r\n\f　\u00A0\uFEFF", r) || len(c.text) >= cellStart {
		return
	}
	c.text = append(c.text, r)
}

// runs reports whether a spreadsheet would run the cell, and makes room for the next one when it would not.
func (c *cell) runs() bool {
	if len(c.text) > 0 && dangerous(c.text) {
		return true
	}
	c.text = c.text[:0]
	return false
}

// dangerous reports whether text is a formula: it begins with = + - @, of either width, and is no number.
func dangerous(text []rune) bool {
	switch text[0] {
	case '=', '@', '＝', '＠':
		return true
	case '+', '-', '＋', '－':
		return !number(text[1:])
	}
	return false
}

// number reports whether what follows a sign is a number, an amount, a date or a telephone number.
func number(text []rune) bool {
	digits := false
	for i, r := range text {
		switch {
		case '0' <= r && r <= '9' || '０' <= r && r <= '９':
			digits = true
		case strings.ContainsRune(".,-()/ %\"，．－　", r):
		case (r == 'e' || r == 'E') && digits && i+1 < len(text):
		case r == '+' && i > 0 && (text[i-1] == 'e' || text[i-1] == 'E'):
		default:
			return false
		}
	}
	return true
}

// sylk fails when a spreadsheet would take the table for SYLK, whatever its name: a first record ID;P, then cells.
func sylk(b []byte, e charset.Encoding) error {
	head := start(b, e)
	if strings.HasPrefix(head, "id;p") && (strings.Contains(head, "\nc;") || strings.Contains(head, "\rc;")) {
		return verify.Fail(RuleSylk, "", "it begins with the record ID;P and has cell records")
	}
	return nil
}
