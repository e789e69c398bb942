// Package function parses the calculator functions of PDF (ISO 32000-2 7.10.5, Type 4), a small part of PostScript:
// arithmetic on a stack, with conditions and without loops.
package function

import (
	"errors"
	"fmt"

	"sekisho/sanitize/pdf/internal/object"
)

// ErrFunction says that a program has something in it that a calculator function has not.
var ErrFunction = errors.New("malformed calculator function")

// operator reports whether a word is one of the operators of ISO 32000-2 Table 42.
func operator(word []byte) bool {
	switch string(word) {
	case "abs", "add", "atan", "ceiling", "cos", "cvi", "cvr", "div", "exp", "floor", "idiv", "ln", "log", "mod", "mul", "neg",
		"round", "sin", "sqrt", "sub", "truncate", "and", "bitshift", "eq", "false", "ge", "gt", "le", "lt", "ne", "not", "or",
		"true", "xor", "if", "ifelse", "copy", "dup", "exch", "index", "pop", "roll":
		return true
	}
	return false
}

// Rebuild parses a program and returns it in one spelling.
func Rebuild(data []byte, nesting int) ([]byte, error) {
	var out []byte
	depth := 0
	for i := object.SkipSpace(data, 0); i < len(data); i = object.SkipSpace(data, i) {
		switch data[i] {
		case '{':
			if depth == 0 && len(out) > 0 {
				return nil, fmt.Errorf("%w: two programs", ErrFunction)
			}
			if depth++; depth > nesting {
				return nil, fmt.Errorf("%w: nested deeper than %d", ErrFunction, nesting)
			}
			out = append(out, '{')
			i++
			continue
		case '}':
			if depth--; depth < 0 {
				return nil, fmt.Errorf("%w: too many ends", ErrFunction)
			}
			out = append(out, '}')
			if i++; depth == 0 {
				return out, nil
			}
			continue
		}
		end := object.Word(data, i)
		if end == i || depth == 0 {
			return nil, fmt.Errorf("%w: unexpected %q", ErrFunction, data[i])
		}
		if object.IsRegular(out[len(out)-1]) {
			out = append(out, ' ')
		}
		if operator(data[i:end]) {
			out = append(out, data[i:end]...)
		} else if n, ok := object.CanonicalNumber(out, data[i:end]); ok {
			out = n
		} else {
			return nil, fmt.Errorf("%w: %.20q", ErrFunction, data[i:end])
		}
		i = end
	}
	return nil, fmt.Errorf("%w: no end", ErrFunction)
}
