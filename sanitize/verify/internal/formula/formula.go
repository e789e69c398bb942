// Package formula reads the formulas of spreadsheets for the judges: which functions one calls. It has a list of those that
// stay inside of the document, and no other code that a rebuild has.
//
// A formula is read without what stands in text, in the quoted name of a sheet, or in the brackets of a reference.
package formula

import (
	"errors"
	"strings"
)

// Dialect says how brackets are read.
type Dialect int

// The dialects.
const (
	Office       Dialect = iota // Table[Column], in which a quote takes the meaning from what follows (ECMA-376 Part 1, 18.17.6.2)
	OpenDocument                // ['Sheet 1'.A1], in which names are quoted (OpenDocument 1.3 Part 4, 5.8)
)

var errOpen = errors.New("a formula that ends inside of quotes or brackets")

// Calls calls yield with the name before each parenthesis, in upper case, "" when there is none, and with what follows the
// parenthesis. It fails when the formula cannot be read, or with the error of yield.
func Calls(formula string, d Dialect, yield func(name, args string) error) error {
	start := -1 // of the name that is being read
	name := ""  // the name that was read last, up to here with nothing but blanks behind it
	for i := 0; i < len(formula); i++ {
		c := formula[i]
		if inName(c) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			name, start = formula[start:i], -1
		}
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		case c == '(':
			if err := yield(strings.ToUpper(name), formula[i+1:]); err != nil {
				return err
			}
		case c == '"' || c == '\'' || c == '[':
			n := over(formula[i:], d)
			if n == 0 {
				return errOpen
			}
			i += n - 1
			if c == '\'' { // a quoted name may not be called
				name = "'"
				continue
			}
		}
		name = ""
	}
	return nil
}

// inName reports whether a byte may stand in the name of a function.
func inName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '?' || c == '\\' || c >= 0x80
}

// over returns the length of the text, the quoted name or the brackets at the start of s, or 0 when they do not end.
func over(s string, d Dialect) int {
	if s[0] != '[' {
		end := strings.IndexByte(s[1:], s[0])
		if end < 0 {
			return 0
		}
		return end + 2 // a doubled quote begins the next piece at once
	}
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\'':
			if d == Office {
				i++
				continue
			}
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return 0
			}
			i += end + 1
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}
