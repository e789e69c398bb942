package csv

import (
	"regexp"
	"strings"
)

// number is what may follow a sign: an amount with its currency, a telephone number, a date, a percentage, an
// amount with a Japanese unit; or nothing but more signs, as tables mark what is not there.
var number = regexp.MustCompile(`^[-+ー―−]*$|^[-+]?\s*[¥\\$€£]?[\d(][\d.,()\s/:-]*(e[-+]?\d+)?\s*([%‰℃°度円年月日時分秒人件個回名歳台冊本枚点位倍割]|千円|百万円|万円|億円|時間|箇所|か所|ポイント)?$`)

// isNumber reports whether a cell that has a sign before text is a value and no formula.
func isNumber(text []rune) bool {
	if len(text) > maxNumber {
		return false
	}
	s := strings.Map(halfWidth, string(text))
	return number.MatchString(strings.TrimSpace(strings.ToLower(s)))
}

// halfWidth returns the ASCII form of a full-width character.
func halfWidth(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '￥':
		return '¥'
	case r == '\u3000':
		return ' '
	}
	return r
}
