package csv

import (
	"regexp"
	"strings"
	"sync"
)

// number matches what may follow a sign: an amount, a telephone number, a date, a percentage; or nothing but more
// dashes, as tables mark what is not there.
var number = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[- ]*$|^[- ]*[\d(][\d.,() /-]*(e[-+]?\d+)? *%? *$`)
})

// isNumber reports whether a cell that has a sign before text is a value and no formula.
func isNumber(text []rune) bool {
	if len(text) > maxNumber {
		return false
	}
	s := strings.Map(halfWidth, string(text))
	return number().MatchString(strings.ToLower(s))
}

// halfWidth returns the ASCII form of the full-width characters that numbers are written with.
func halfWidth(r rune) rune {
	switch {
	case r >= '０' && r <= '９':
		return r - '０' + '0'
	case r == '－' || r == '，' || r == '．':
		return r - '！' + '!'
	case r == '\u3000':
		return ' '
	}
	return r
}
