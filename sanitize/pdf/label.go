package pdf

import (
	"fmt"
	"regexp"
	"strings"

	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// isLabel reports whether the text under a key is a name that programs and readers show beside something, no prose: whose
// a comment is and what it is about, what a field is called (ISO 32000-2 Tables 172 and 226).
func isLabel(key string) bool {
	switch key {
	case "NM", "Subj", "T", "TM", "TU":
		return true
	}
	return false
}

// markup is what is no part of a name: an element of HTML, which a reader made as a web page would run, and an address.
var markup = regexp.MustCompile(`(?i)<[!/]?[a-z][a-z0-9:-]*(?:[\s/][^<>]*)?>|<!--|[a-z0-9+.-]*://[^\s"'<>]*|(?:java|vb)script:\S*|data:[a-z]+/\S*`)

// maxMarkup is how often what is left of a name is looked through again: markup may be put together of what stands around
// other markup. A name that has more of it is none.
const maxMarkup = 8

// label copies a name without markup and addresses in it. A field that has no name left gets another.
func (w *walk) label(v object.String, in grammar.Type) object.Object {
	raw := string(textBytes(string(v)))
	wide := raw != string(v)
	if !markup.MatchString(raw) {
		return v
	}
	w.replace(ruleMarkup)
	for range maxMarkup {
		raw = markup.ReplaceAllString(raw, "")
	}
	if raw = strings.TrimSpace(raw); markup.MatchString(raw) {
		raw = ""
	}
	switch {
	case raw == "" && in == grammar.FieldOrWidget:
		w.unnamed++
		return object.String(fmt.Sprintf("field-%d", w.unnamed))
	case raw == "":
		return nil
	case wide:
		return textString(raw)
	}
	return object.String(raw)
}
