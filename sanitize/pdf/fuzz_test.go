package pdf

import (
	"bytes"
	"testing"
	"time"

	"sekisho/sanitize"
	txt "sekisho/sanitize/text"
)

// FuzzRebuild rebuilds any bytes: no panic, and what comes out is stable and holds nothing to find.
func FuzzRebuild(f *testing.F) {
	for _, c := range append(append(keptCases(), otherCases()...), activeCases()...) {
		if len(c.Input) < 4096 {
			f.Add(c.Input)
		}
	}
	f.Add(sheet{catalog: "/AF[7 0 R]" + fileNames("7 0 R"), objects: []string{stream("/Type/EmbeddedFile", "words"), attachment("a.txt", "6")}}.bytes())
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}, jpegStub{}, txt.Format{}}, sanitize.Naming{})
	if err != nil {
		f.Fatal(err)
	}
	policy := sanitize.Attachments()
	policy.Limits.Objects, policy.Limits.Expanded, policy.Limits.Time = 10_000, 4<<20, 10*time.Second
	rebuild := func(t *testing.T, b []byte) ([]byte, sanitize.Report, error) {
		var out bytes.Buffer
		report, err := engine.Rebuild(t.Context(), sanitize.Job{Input: sanitize.BytesInput(b), Policy: policy}, &out)
		if err != nil && bytes.Contains([]byte(err.Error()), []byte("panic")) && !bytes.Contains([]byte(err.Error()), []byte("cannot read PDF: panic")) {
			t.Fatal(err)
		}
		return out.Bytes(), report, err
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		once, _, err := rebuild(t, b)
		if err != nil {
			return
		}
		twice, report, err := rebuild(t, once)
		if err != nil || !bytes.Equal(once, twice) || len(report.Findings) > 0 {
			t.Fatalf("not stable: error %v, findings %v\n%q\nbecame %q\nand then %q", err, report.Findings, b, once, twice)
		}
	})
}

// BenchmarkPages measures a document of many pages: the time must grow with their number, not with its square.
func BenchmarkPages(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(map[int]string{100: "100", 1000: "1000"}[n], func(b *testing.B) {
			input := manyPages(n)
			engine, err := sanitize.NewEngine([]sanitize.Format{Format{}}, sanitize.Naming{})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(input)))
			for b.Loop() {
				var out bytes.Buffer
				job := sanitize.Job{Input: sanitize.BytesInput(input), Policy: sanitize.Standard()}
				if _, err := engine.Rebuild(b.Context(), job, &out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
