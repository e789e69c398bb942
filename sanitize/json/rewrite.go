package json

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/textenc"
)

// rewriter reads tokens and writes them. It keeps its own stack, so that depth is a number and not the program's.
type rewriter struct {
	in      []byte
	at      int
	out     []byte
	open    []map[string]bool // of each open object its keys, of each open list nil
	dropped textenc.Dropped
	limits  sanitize.Limits
}

func malformed(what string) error { return fmt.Errorf("%w: %s", sanitize.ErrMalformed, what) }

// document reads one value and nothing after it.
func (w *rewriter) document(ctx context.Context) error {
	for values := 1; ; values++ {
		if values%(1<<14) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if values > w.limits.Objects {
			return fmt.Errorf("%w: more than %d values", sanitize.ErrLimit, w.limits.Objects)
		}
		opened, err := w.value()
		if err != nil {
			return err
		}
		if !opened {
			if done, err := w.after(); done || err != nil {
				return err
			}
		}
	}
}

// value reads a scalar, or opens an object or a list that is not empty, up to its first value.
func (w *rewriter) value() (opened bool, err error) {
	w.space()
	switch c := w.peek(); {
	case c == '{' || c == '[':
		return w.begin(c)
	case c == '"':
		_, err := w.text()
		return false, err
	case c == '-' || c >= '0' && c <= '9':
		return false, w.number()
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(w.in[w.at:], []byte(word)) {
			w.copy(len(word))
			return false, nil
		}
	}
	return false, malformed("no value where one must be")
}

func (w *rewriter) begin(c byte) (opened bool, err error) {
	if len(w.open) >= w.limits.Nesting {
		return false, fmt.Errorf("%w: nested deeper than %d", sanitize.ErrLimit, w.limits.Nesting)
	}
	w.copy(1)
	w.space()
	if w.peek() == c+2 { // } follows { by two in ASCII, and ] follows [
		w.copy(1)
		return false, nil
	}
	if c == '[' {
		w.open = append(w.open, nil)
		return true, nil
	}
	w.open = append(w.open, map[string]bool{})
	return true, w.key()
}

// key reads a key and its colon.
func (w *rewriter) key() error {
	w.space()
	if w.peek() != '"' {
		return malformed("no key where one must be")
	}
	key, err := w.text()
	if err != nil {
		return err
	}
	keys := w.open[len(w.open)-1]
	if keys[key] {
		return malformed("an object with one key twice")
	}
	keys[key] = true
	w.space()
	if w.peek() != ':' {
		return malformed("no colon after a key")
	}
	w.copy(1)
	return nil
}

// after reads what follows a value: the end of what is open, or a comma; or the end of the document.
func (w *rewriter) after() (done bool, err error) {
	for len(w.open) > 0 {
		w.space()
		keys := w.open[len(w.open)-1]
		switch c := w.peek(); {
		case c == ',':
			w.copy(1)
			if keys != nil {
				return false, w.key()
			}
			return false, nil
		case c == '}' && keys != nil, c == ']' && keys == nil:
			w.copy(1)
			w.open = w.open[:len(w.open)-1]
		default:
			return false, malformed("no comma or end after a value")
		}
	}
	w.space()
	if w.at < len(w.in) {
		return false, malformed("data after the end")
	}
	return true, nil
}

// peek returns the next byte, and 0 at the end: a byte that JSON does not have.
func (w *rewriter) peek() byte {
	if w.at < len(w.in) {
		return w.in[w.at]
	}
	return 0
}

func (w *rewriter) copy(n int) {
	w.out = append(w.out, w.in[w.at:w.at+n]...)
	w.at += n
}

func (w *rewriter) space() {
	for c := w.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = w.peek() {
		w.copy(1)
	}
}

// number reads a number (RFC 8259 6).
func (w *rewriter) number() error {
	digits := func() bool {
		start := w.at
		for w.peek() >= '0' && w.peek() <= '9' {
			w.copy(1)
		}
		return w.at > start
	}
	if w.peek() == '-' {
		w.copy(1)
	}
	if w.peek() == '0' {
		w.copy(1)
	} else if !digits() {
		return malformed("a number without digits")
	}
	if w.peek() == '.' {
		w.copy(1)
		if !digits() {
			return malformed("a fraction without digits")
		}
	}
	if c := w.peek(); c == 'e' || c == 'E' {
		w.copy(1)
		if c := w.peek(); c == '+' || c == '-' {
			w.copy(1)
		}
		if !digits() {
			return malformed("an exponent without digits")
		}
	}
	return nil
}

// text reads a string (RFC 8259 7) and returns what it says. What is dropped is dropped in either spelling.
func (w *rewriter) text() (string, error) {
	var says []rune
	w.copy(1)
	for {
		c := w.peek()
		if c == '"' {
			w.copy(1)
			return string(says), nil
		}
		r, n, err := w.char(c)
		if err != nil {
			return "", err
		}
		if r == utf8.RuneError && c == '\\' {
			w.dropped.Invalid++
			w.at += n
		} else if w.dropped.Drops(r) {
			w.at += n
		} else {
			says = append(says, r)
			w.copy(n)
		}
	}
}

// char reads the character that stands here, whose first byte is c, and returns its length as it is spelled. Half of
// a surrogate pair is RuneError.
func (w *rewriter) char(c byte) (rune, int, error) {
	rest := w.in[w.at:]
	switch {
	case len(rest) == 0:
		return 0, 0, malformed("a string without an end")
	case c < ' ':
		return 0, 0, malformed("a control character in a string")
	case c != '\\':
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			return 0, 0, malformed("a string that is not UTF-8")
		}
		return r, n, nil
	case len(rest) < 2:
		return 0, 0, malformed("a string without an end")
	}
	switch rest[1] {
	case '"', '\\', '/':
		return rune(rest[1]), 2, nil
	case 'b', 'f', 'n', 'r', 't':
		return map[byte]rune{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}[rest[1]], 2, nil
	case 'u':
		return unicodeEscape(rest)
	}
	return 0, 0, malformed("an escape that JSON does not have")
}

func unicodeEscape(b []byte) (rune, int, error) {
	r, ok := hex4(b)
	if !ok {
		return 0, 0, malformed(`a \u without four digits`)
	}
	if !utf16.IsSurrogate(r) {
		return r, 6, nil
	}
	if low, ok := hex4(b[6:]); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12, nil
		}
	}
	return utf8.RuneError, 6, nil
}

// hex4 reads \uXXXX.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' || b[2] == '+' || b[2] == '-' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(v), err == nil
}
