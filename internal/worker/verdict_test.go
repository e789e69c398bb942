package worker

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf8"

	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

// frame puts the length before a message.
func frame(body string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// FuzzResponse feeds the pool what a child under a hostile file's control could say.
func FuzzResponse(f *testing.F) {
	for _, body := range []string{
		`{"type":"docx","output":"docx","findings":[{"rule":"docx/macro","action":"removed","where":"word/vbaProject.bin","count":1}]}`,
		`{"type":"pdf","failed":true,"kind":"encrypted","text":"encrypted: no password"}`,
		`{"type":"pdf","failed":true,"transient":true,"text":"no space"}`,
		`{"failed":true,"kind":"fine"}`, `{"type":"../x"}`, `{} {}`, `[]`, `{"findings":[{}]}`, ``,
	} {
		f.Add(frame(body))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		var resp wire.Response
		if wire.Decode(bytes.NewReader(message), wire.MaxResponse, &resp) != nil {
			return
		}
		r, err := answered(resp)
		if err != nil {
			if !sanitize.IsTransient(err) || !resp.Failed {
				t.Errorf("error %v of %+v", err, resp)
			}
			return
		}
		if (r.Reason == "") == resp.Failed && r.Reason != sanitize.ReasonCrash {
			t.Errorf("failed %v, reason %q", resp.Failed, r.Reason)
		}
		checkShape(t, r)
	})
}

func checkShape(t *testing.T, r Result) {
	t.Helper()
	if len(r.Detail) > 2*maxDetail || !utf8.ValidString(r.Detail) {
		t.Errorf("detail of %d bytes", len(r.Detail))
	}
	for _, f := range r.Report.Findings {
		format, thing, _ := strings.Cut(f.Rule, "/")
		if format == "" || thing == "" || f.Count < 1 || len(f.Where) > 2*maxWhere || !utf8.ValidString(f.Where) {
			t.Errorf("finding %+v", f)
		}
	}
}

// TestKindsCross sends every kind of error over the wire and looks for it on the other side.
func TestKindsCross(t *testing.T) {
	for _, sent := range []error{
		sanitize.ErrUnsupported, sanitize.ErrAmbiguous, sanitize.ErrMismatch, sanitize.ErrMalformed,
		sanitize.ErrEncrypted, sanitize.ErrLimit, sanitize.ErrPolicy, sanitize.ErrMalware,
	} {
		r, err := answered(wire.Response{Failed: true, Kind: wire.KindOf(sent), Text: sent.Error() + ": why"})
		if err != nil || r.Kind != sent || r.Reason != sanitize.ReasonOf(sent) || r.Err().Error() != sent.Error()+": why" {
			t.Errorf("%v: %+v, %v", sent, r, err)
		}
	}
}
