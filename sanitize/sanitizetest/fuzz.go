package sanitizetest

import (
	"bytes"
	"context"
	"testing"

	"sekisho/sanitize"
)

// FuzzStable fuzzes a format: what comes out must come out the same the second time, with no finding. more looks at an output;
// nil does not.
func FuzzStable(f *testing.F, more func(t *testing.T, out []byte), formats ...sanitize.Format) {
	engine, err := sanitize.NewEngine(formats, sanitize.Naming{})
	if err != nil {
		f.Fatal(err)
	}
	run := func(b []byte) ([]byte, sanitize.Report, error) {
		var out bytes.Buffer
		report, err := engine.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(b), Policy: sanitize.Standard()}, &out)
		return out.Bytes(), report, err
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, _, err := run(b)
		if err != nil {
			return
		}
		again, report, err := run(out)
		if err != nil || !bytes.Equal(again, out) || len(report.Findings) > 0 {
			t.Fatalf("not stable: %q then %q, %v, %v", out, again, report.Findings, err)
		}
		if more != nil {
			more(t, out)
		}
	})
}
