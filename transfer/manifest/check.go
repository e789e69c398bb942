package manifest

import (
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// check holds every rule for the values of a manifest. Seal and Open both call it.
func (m Manifest) check() error {
	if m.Schema != Schema {
		return fmt.Errorf("%w: schema %d", ErrContent, m.Schema)
	}
	for _, err := range []error{
		CheckID(m.ID), CheckRoute(m.Route), CheckPath(m.Path), CheckName(m.Name), m.checkMarks(), m.checkFindings(),
		checkHex("gateway", m.Gateway), checkHex("original", m.Original), checkHex("rebuilt", m.Rebuilt),
		checkText("type", m.Type), checkText("policy", m.Policy), checkRange("policy version", int64(m.Version), 0), checkText("engine", m.Engine),
		checkTime("modified", m.Modified), checkTime("created", m.Created),
		checkRange("length", m.Length, 0), checkRange("sequence", int64(m.Sequence), 1),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (m Manifest) checkMarks() error {
	if m.Marks == nil || len(m.Marks) > maxMarks || !slices.IsSorted(m.Marks) {
		return fmt.Errorf("%w: marks", ErrContent)
	}
	if len(slices.Compact(slices.Clone(m.Marks))) != len(m.Marks) {
		return fmt.Errorf("%w: mark given twice", ErrContent)
	}
	for _, mark := range m.Marks {
		if mark != MarkException {
			return fmt.Errorf("%w: unknown mark %q", ErrContent, mark)
		}
	}
	return nil
}

func (m Manifest) checkFindings() error {
	if m.Findings == nil || len(m.Findings) > MaxFindings {
		return fmt.Errorf("%w: number of findings", ErrContent)
	}
	for _, f := range m.Findings {
		for _, s := range []string{f.Rule, f.Action, f.Where} {
			if err := checkText("finding", s); err != nil {
				return err
			}
		}
		if err := checkRange("count of finding", int64(f.Count), 0); err != nil {
			return err
		}
	}
	return nil
}

// checkText accepts short text that is safe in a log: no control and no format characters, so none that turns or
// hides its neighbours.
func checkText(field, s string) error {
	if len(s) > MaxText || !utf8.ValidString(s) {
		return fmt.Errorf("%w: %s is too long or not UTF-8", ErrContent, field)
	}
	for _, r := range s {
		if hidden(r) {
			return fmt.Errorf("%w: %s has the character %U", ErrContent, field, r)
		}
	}
	return nil
}

// hidden reports control characters, format characters (bidirectional overrides, zero-width, tags) and the two
// separators that begin a new line.
func hidden(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }

func checkHex(field, s string) error {
	if len(s) != 64 {
		return fmt.Errorf("%w: %s is not a SHA-256", ErrContent, field)
	}
	for _, c := range []byte(s) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return fmt.Errorf("%w: %s is not a SHA-256", ErrContent, field)
		}
	}
	return nil
}

func checkTime(field string, t time.Time) error {
	if _, offset := t.Zone(); offset != 0 || t.Before(firstTime) || t.After(lastTime) {
		return fmt.Errorf("%w: %s is out of range or not UTC", ErrContent, field)
	}
	return nil
}

func checkRange(field string, n, least int64) error {
	if n < least || n > maxNumber {
		return fmt.Errorf("%w: %s is out of range", ErrContent, field)
	}
	return nil
}
