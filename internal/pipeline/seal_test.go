package pipeline

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"sekisho/sanitize"
	"sekisho/transfer/manifest"
)

// TestFindingsNeverStopASeal: the places of findings are text of the file, as many and as long as a child may give.
func TestFindingsNeverStopASeal(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, where := range map[string]string{
		"long": strings.Repeat(`"`, 1<<10), "lines": "a\nb", "turned": "\u202excod.exe", "no text": "\xff\xfe", "joined": "👨\u200d👩",
	} {
		var all []sanitize.Finding
		for range 5000 {
			all = append(all, sanitize.Finding{Rule: "zip/" + strings.Repeat("r", 90), Action: sanitize.Removed, Where: where, Count: 1})
		}
		hash := strings.Repeat("0", 64)
		_, err := manifest.Seal(manifest.Manifest{
			ID: "0123456789", Route: "default", Path: strings.Repeat("p", 200), Name: "a.zip", Type: "zip", Original: hash, Rebuilt: hash,
			Policy: "standard", Engine: "1", Sequence: 1, Created: time.Now(), Findings: manifestFindings(all),
		}, key)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
