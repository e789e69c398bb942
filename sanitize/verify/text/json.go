package text

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// JSON judges the format "json" (RFC 8259): a text in UTF-8, one value and nothing after it, no name twice in an
// object, and no character in a string that no text may have, however it is spelled.
type JSON struct{}

var _ verify.Judge = JSON{}

// ID implements verify.Judge.
func (JSON) ID() string { return "json" }

// Claims implements verify.Judge. It is always false: only a name can tell JSON from a text that begins with a bracket.
func (JSON) Claims(sanitize.Input) bool { return false }

// Check implements verify.Judge.
func (JSON) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	b, readings, err := read(ctx, in, pass)
	if err != nil {
		return err
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if readings[0].Name != "UTF-8" || !json.Valid(b) {
		return verify.Fail(RuleJSON, "", "no JSON in UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var open []object
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return verify.Fail(RuleJSON, "", "%v", err)
		}
		if open, err = token(open, t); err != nil {
			return err
		}
		if len(open) > pass.Policy.Limits.Nesting {
			return verify.Fail(verify.RuleLimit, "", "values deeper than %d", pass.Policy.Limits.Nesting)
		}
	}
}

// object is an object or a list that is open.
type object struct {
	names map[string]bool // nil for a list
	value bool            // whether the next string is a value
}

// token judges one token where it stands, and returns what is open after it.
func token(open []object, t json.Token) ([]object, error) {
	if s, ok := t.(string); ok && !inert(s) {
		return nil, verify.Fail(RuleControl, "", "a string with a character that no text has")
	}
	switch t {
	case json.Delim('}'), json.Delim(']'):
		return passed(open[:len(open)-1]), nil
	case json.Delim('{'):
		return append(open, object{names: map[string]bool{}}), nil
	case json.Delim('['):
		return append(open, object{}), nil
	}
	if len(open) == 0 {
		return open, nil
	}
	last := &open[len(open)-1]
	s, _ := t.(string)
	if last.names == nil || last.value {
		return passed(open), nil
	}
	if last.names[s] {
		return nil, verify.Fail(RuleJSON, "", "the name %q twice", s)
	}
	last.names[s], last.value = true, true
	return open, nil
}

// passed notes that a value has ended: in an object, a name is next.
func passed(open []object) []object {
	if len(open) > 0 {
		open[len(open)-1].value = false
	}
	return open
}

// inert reports whether a string has only characters that a text may have.
func inert(s string) bool {
	return !slices.ContainsFunc([]rune(s), func(r rune) bool { return control(r) || turns(r) })
}
