package pipeline

import (
	"testing"

	"sekisho/sanitize/formats"
	"sekisho/sanitize/name"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/judges"
	"sekisho/transfer/manifest"
)

// TestJudgeKnowsEveryExtension: what a format may be called on release, the judge of that format takes it for.
func TestJudgeKnowsEveryExtension(t *testing.T) {
	engine, err := Engine()
	if err != nil {
		t.Fatal(err)
	}
	judged := map[string]bool{}
	for _, j := range judges.All() {
		judged[j.ID()] = true
	}
	for _, f := range formats.All() {
		info := f.Info()
		if !judged[info.ID] {
			continue // it is never written
		}
		id := info.ID
		if id == "csv" || id == "json" { // what the content says of them
			id = "txt"
		}
		for _, ext := range append([]string{"", "exe"}, info.Extensions...) {
			if err := verify.Agree(releaseName(engine, "名前."+ext, info.ID), id); err != nil {
				t.Errorf("%s released as .%s: %v", info.ID, ext, err)
			}
		}
	}
}

// FuzzReleaseName: no name that a file can come with makes the judges refuse it, here or in the other zone.
func FuzzReleaseName(f *testing.F) {
	for _, s := range []string{"-議事録", "=1+1", "a`b", "~$報告", ".env", "CON", "a\ufe0f", "\xff\xfe", "desktop.ini", "ｃｏｎ", "x.{a}", " \u3000 "} {
		f.Add([]byte(s))
	}
	engine, err := Engine()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		clean, _ := name.Clean(raw)
		released := releaseName(engine, manifest.SafeName(clean), "pdf")
		if err := verify.CheckName(released); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
		if err := manifest.CheckName(released); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	})
}
