package pipeline_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/internal/arrival"
	"sekisho/internal/audit"
	"sekisho/internal/pipeline"
	"sekisho/sanitize"
)

// TestLibreOffice: where the configuration says so, a document of an old kind is converted, and then rebuilt and judged as any
// other; what cannot be converted is held. Otherwise nothing is converted.
func TestLibreOffice(t *testing.T) {
	const letter = `{\rtf1\ansi\deff0{\fonttbl{\f0 Times New Roman;}}\f0 The words of the letter.\par ` +
		`{\field{\*\fldinst DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc"}{\fldrslt shown}}\par}`
	broken := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00garbage", 500)
	h := newHouse(t)
	h.drop(t, "前.rtf", letter)
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	h.gateway.LibreOffice.Types = []string{"doc", "rtf"}
	h.drop(t, "手紙.rtf", letter)
	h.drop(t, "壊れた.doc", broken)
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	want := map[string]sanitize.Reason{"前.rtf": sanitize.ReasonUnsupported, "手紙.rtf": "", "壊れた.doc": sanitize.ReasonMalformed}
	for _, e := range h.ended {
		if e.Reason != want[e.Name] {
			t.Errorf("%s ended as %s %s, want %q\n%s", e.Name, e.Verdict, e.Reason, want[e.Name], h.log.String())
		}
	}
	if len(h.ended) != len(want) {
		t.Errorf("%d files ended, want %d", len(h.ended), len(want))
	}
	data, err := os.ReadFile(filepath.Join(h.dir, "lgwan/手紙.docx"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	document, err := z.Open("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(document)
	if err != nil || !bytes.Contains(text, []byte("The words of the letter.")) || bytes.Contains(text, []byte("DDEAUTO")) || bytes.Contains(text, []byte("cmd.exe")) {
		t.Errorf("%v: %s", err, text)
	}
	if got := h.kinds(t, "手紙.rtf"); got != "received identified rebuilt verified sealed sent" {
		t.Errorf("record %q", got)
	}
	if all := h.details(t, audit.Alarm); len(all) != 0 {
		t.Errorf("alarms %q", all)
	}
}
