package pdf

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// mutate damages a file in one of the ways in which files get damaged: cut, bits flipped, junk in front, the table of
// offsets wrong or gone.
func mutate(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	switch r.IntN(5) {
	case 0:
		return b[:r.IntN(len(b))]
	case 1:
		for range 1 + r.IntN(8) {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
	case 2:
		return append([]byte("junk before the file\n"), b...)
	case 3:
		return bytes.Replace(b, []byte("startxref\n"), []byte("startxref\n9"), 1)
	case 4:
		from := r.IntN(len(b))
		return append(b[:from], b[min(len(b), from+r.IntN(100)):]...)
	}
	return b
}

// TestMutations rebuilds damaged files: none may panic, none may let the needle through, and what comes out is stable.
// Most must come out: a damaged file that readers can show is not lost.
func TestMutations(t *testing.T) {
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}, jpegStub{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	cases := activeCases()
	usable := 0
	const count = 900
	for range count {
		c := cases[r.IntN(len(cases))]
		input := mutate(r, c.Input)
		out, report, err := run(t, engine, input)
		if err != nil {
			if strings.Contains(err.Error(), "panic:") && !strings.Contains(err.Error(), "cannot read PDF: panic") {
				t.Errorf("%s: %v", c.Name, err)
			}
			continue
		}
		usable++
		for _, part := range sanitizetest.Explode(out) {
			if bytes.Contains(part, []byte("JavaScript")) || bytes.Contains(part, []byte("/Launch")) {
				t.Errorf("%s: something active survives in %q (findings %v)", c.Name, input, report.Findings)
			}
		}
		again, report, err := run(t, engine, out)
		if err != nil || !bytes.Equal(again, out) || len(report.Findings) > 0 {
			t.Errorf("%s: not stable: error %v, findings %v for %q", c.Name, err, report.Findings, input)
		}
	}
	if usable < count*2/3 {
		t.Errorf("only %d of %d are usable", usable, count)
	}
}

func run(t *testing.T, engine *sanitize.Engine, input []byte) ([]byte, sanitize.Report, error) {
	t.Helper()
	var out bytes.Buffer
	report, err := engine.Rebuild(t.Context(), sanitize.Job{Input: sanitize.BytesInput(input), Policy: sanitize.Standard()}, &out)
	return out.Bytes(), report, err
}
