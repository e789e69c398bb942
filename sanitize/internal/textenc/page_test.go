package textenc

import (
	"slices"
	"testing"

	"sekisho/sanitize"
)

func TestIsPage(t *testing.T) {
	for text, want := range map[string]bool{
		"<html>":                    true,
		"\ufeff<!DOCTYPE html><p>x": true,
		"<!-- saved from url=(0014)about:internet -->\r\n<HTML>": true,
		"<!-- x --><div class=a>x</div>":                         true,
		"<TABLE border=1><TR><TD>x</TABLE>":                      true,
		"<p>住所<br>氏名":                                            true,
		"<?xml version=\"1.0\"?><html/>":                         true,
		"<?xml version=\"1.0\"?><table><tr/></table>":            false,
		"<table><row><cell/></row></table>":                      false,
		"<p xmlns:a='u'><a:b/></p>":                              false,
		"<data><p/></data>":                                      false,
		"<htmlx>":                                                false,
		"<svg/>":                                                 false,
		"<a/>":                                                   false,
		"text <p>":                                               false,
		"<html><hta:application>":                                false,
		"<!-- never ends <html>":                                 false,
		"<p>a < b and <unknown>":                                 false,
		"<!DOCTYPE other><p>":                                    false,
		"<script>x</script>":                                     false,
		"":                                                       false,
	} {
		beginning, ok := Beginning(sanitize.BytesInput([]byte(text)))
		if got := ok && IsPage(beginning); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if !slices.IsSorted(pieces[:]) || !slices.IsSorted(pageElements[:]) {
		t.Error("a list is not in order")
	}
	for _, name := range pieces {
		if !in(pageElements[:], name) {
			t.Errorf("%s begins a piece of a page, and stands in none", name)
		}
	}
}
