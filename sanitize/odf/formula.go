package odf

import (
	"strings"
	"unicode/utf8"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/weblink"
	"sekisho/sanitize/odf/internal/grammar"
)

// formulaReader reads an expression (OpenDocument 1.3 Part 4, 5) from its start to its end, and finds out whether it
// computes from its own document and nothing else: it refers to no other file, calls no function but the known ones,
// and speaks of no sheet that goes. What cannot be read is not allowed.
type formulaReader struct {
	rest   string
	word   bool // what was read last is a name
	braces int  // inline arrays that are open
	sheets map[string]bool
	policy *sanitize.Policy
	mode   grammar.Check
}

func (f *formulaReader) allowed() bool {
	for f.rest != "" {
		if !f.token() {
			return false
		}
	}
	return true
}

// token reads the next token and reports whether it is allowed.
func (f *formulaReader) token() bool {
	c, size := utf8.DecodeRuneInString(f.rest)
	switch {
	case c == '"':
		f.word = false
		_, ok := f.quoted('"')
		return ok
	case c == '\'':
		f.word = true
		_, ok := f.quoted('\'')
		return ok && !strings.HasPrefix(f.rest, "#") && !strings.HasPrefix(f.rest, "!")
	case c == '[':
		f.word = false
		return f.brackets()
	case c == '#':
		return f.errorName()
	case isWord(c):
		return f.name()
	case c == '{' || c == '}':
		f.braces += map[rune]int{'{': 1, '}': -1}[c]
	case c == '|' && f.braces <= 0 && f.mode != grammar.Fields || c == '\\' || c == utf8.RuneError:
		return false
	}
	f.word = false
	f.rest = f.rest[size:]
	return true
}

// quoted reads what stands between two quotes; a doubled quote stands for one.
func (f *formulaReader) quoted(quote byte) (string, bool) {
	var b strings.Builder
	for i := 1; i < len(f.rest); i++ {
		if f.rest[i] == quote {
			if i+1 == len(f.rest) || f.rest[i+1] != quote {
				f.rest = f.rest[i+1:]
				return b.String(), true
			}
			i++
		}
		b.WriteByte(f.rest[i])
	}
	return "", false
}

// brackets reads a reference: "[.A1:.B2]", "[$'My sheet'.A1]" (Part 4, 5.8).
func (f *formulaReader) brackets() bool {
	inQuotes := false
	for i := 1; i < len(f.rest); i++ {
		switch {
		case f.rest[i] == '\'':
			inQuotes = !inQuotes
		case f.rest[i] == ']' && !inQuotes:
			inside := f.rest[1:i]
			f.rest = f.rest[i+1:]
			return allowedAddress(inside) && !f.goneSheet(inside)
		}
	}
	return false
}

// goneSheet reports whether a reference is to a sheet that is not in the output.
func (f *formulaReader) goneSheet(reference string) bool {
	if len(f.sheets) == 0 {
		return false
	}
	for part := range strings.SplitSeq(reference, ":") {
		sheet := part[:max(strings.LastIndexByte(part, '.'), 0)]
		if f.sheets[sheetKey(sheet)] {
			return true
		}
	}
	return false
}

// sheetKey returns the name of a sheet as references spell it, in one form.
func sheetKey(spelled string) string {
	spelled = strings.TrimPrefix(spelled, "$")
	if n := len(spelled); n >= 2 && spelled[0] == '\'' && spelled[n-1] == '\'' {
		spelled = strings.ReplaceAll(spelled[1:n-1], "''", "'")
	}
	return strings.ToLower(spelled)
}

// allowedAddress reports whether addresses of cells, one or several, are all of the same document: no name of a file
// stands before a sheet (Part 4, 5.8: "'file:///x.ods'#$Sheet1.A1").
func allowedAddress(text string) bool {
	inQuotes := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'':
			inQuotes = !inQuotes
		case inQuotes:
		case c == '#':
			if !strings.HasPrefix(text[i:], "#REF!") {
				return false
			}
		case c == '/' || c == '\\' || c == '|' || c == '<' || c == '(':
			return false
		}
	}
	return !inQuotes
}

// errorName reads the name of an error: "#N/A", "#REF!".
func (f *formulaReader) errorName() bool {
	if f.word {
		return false // a sheet of another file
	}
	end := strings.IndexFunc(f.rest[1:], func(c rune) bool {
		return !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/' || c == '!' || c == '?')
	})
	if end < 0 {
		end = len(f.rest) - 1
	}
	f.rest = f.rest[1+end:]
	f.word = false
	return end > 0
}

func isWord(c rune) bool {
	return c == '_' || c == '.' || c == '$' || c == '?' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' ||
		c >= 0x80 && c != utf8.RuneError
}

// name reads a name: of a number, a function, a range.
func (f *formulaReader) name() bool {
	end := strings.IndexFunc(f.rest, func(c rune) bool { return !isWord(c) && !(c == '-' && f.mode == grammar.Condition) })
	if end < 0 {
		end = len(f.rest)
	}
	name := f.rest[:end]
	f.rest = f.rest[end:]
	f.word = true
	next := strings.TrimLeft(f.rest, " \t\r\n")
	if !strings.HasPrefix(next, "(") {
		return true
	}
	f.rest = next
	f.word = false
	if f.mode == grammar.Fields && isOperator(strings.ToLower(name)) {
		return true
	}
	if f.mode == grammar.Condition {
		if isConditionFunction(strings.ToLower(name)) {
			return true
		}
		name = name[strings.LastIndexByte(name, '-')+1:]
	}
	return f.function(strings.ToUpper(name))
}

// function reports whether the function called name may be called.
func (f *formulaReader) function(name string) bool {
	if name == "HYPERLINK" {
		return f.hyperlink()
	}
	return name == "" || isFunction(name)
}

// hyperlink reports whether the first argument of HYPERLINK is a text, and leads to where policy allows.
func (f *formulaReader) hyperlink() bool {
	arg := formulaReader{rest: strings.TrimLeft(f.rest[1:], " \t\r\n")}
	if !strings.HasPrefix(arg.rest, `"`) {
		return false
	}
	target, ok := arg.quoted('"')
	if !ok {
		return false
	}
	next := strings.TrimLeft(arg.rest, " \t\r\n")
	if !strings.HasPrefix(next, ";") && !strings.HasPrefix(next, ",") && !strings.HasPrefix(next, ")") {
		return false
	}
	return insideLink(target) || f.policy.Links && weblink.Allowed(target)
}
