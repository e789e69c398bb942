package audit

import (
	"bytes"
	"testing"
	"time"
)

// FuzzDecode: whatever is accepted as a line is exactly what would have been written.
func FuzzDecode(f *testing.F) {
	for _, e := range []Event{
		{Kind: Started},
		{Kind: Held, Name: "名\u202E前\U000E0041", Findings: []Finding{{Rule: "a/b", Count: 1}}},
	} {
		ready, err := e.prepare(time.Unix(1_800_000_000, 0))
		if err != nil {
			f.Fatal(err)
		}
		line, _, err := Entry{Seq: 1, Event: ready, Prev: firstPrev}.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := decode(line)
		if err != nil {
			return
		}
		again, hash, err := e.encode()
		if err != nil || !bytes.Equal(again, line) || hash != e.Hash {
			t.Errorf("%q was accepted and is written as %q", line, again)
		}
	})
}

// FuzzPrepare: any text can be put on record, on one line, and is read back.
func FuzzPrepare(f *testing.F) {
	f.Add("a\nb", "\u202E")
	f.Add("\xff", "\U000E0041\u2028")
	f.Fuzz(func(t *testing.T, name, where string) {
		e, err := Event{Kind: Held, Name: name, Detail: name, Findings: []Finding{{Where: where}}}.prepare(time.Unix(0, 0))
		if err != nil {
			t.Fatal(err)
		}
		line, _, err := Entry{Seq: 1, Event: e, Prev: firstPrev}.encode()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(line, '\n') != len(line)-1 || bytes.ContainsFunc(line[:len(line)-1], invisible) {
			t.Errorf("%q", line)
		}
		back, err := decode(line)
		if err != nil || back.Name != e.Name || back.Findings[0].Where != e.Findings[0].Where {
			t.Errorf("%q: %+v, %v", line, back, err)
		}
	})
}
