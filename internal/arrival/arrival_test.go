package arrival

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/transfer/manifest"
	"sekisho/transfer/receiver"
	"sekisho/transfer/transfertest"
)

func openRecord(t *testing.T) (*audit.Log, *os.Root) {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	log, err := audit.Open(root, RecordName, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log, root
}

func entries(t *testing.T, root *os.Root) []audit.Event {
	t.Helper()
	var out []audit.Event
	for e, err := range audit.Read(root, RecordName) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Event)
	}
	return out
}

func TestNumbersThatNeverComeAreAnAlarmOnce(t *testing.T) {
	tz := transfertest.NewZone(t)
	tz.Start(t, tz.Options(t))
	link := tz.Dial(t)
	for _, n := range []int{1, 4} {
		if err := link.Send(context.Background(), transfertest.Package(t, n, "a.txt", "x", nil)); err != nil {
			t.Fatal(err)
		}
	}
	tz.Settle(t)
	record, root := openRecord(t)
	z := &Zone{receiver: tz.Receiver, record: record, log: slog.New(slog.DiscardHandler), cfg: config.Receiver{GapsAfter: config.Duration(time.Hour)}}
	first := map[receiver.Gap]time.Time{}
	begun := time.Now()
	for minute := range 200 {
		first = z.gaps(context.Background(), first, begun.Add(time.Duration(minute)*time.Minute))
		if minute == 59 && len(entries(t, root)) != 0 {
			t.Error("alarm before its time")
		}
	}
	got := entries(t, root)
	if len(got) != 1 || got[0].Kind != audit.Alarm || !strings.Contains(got[0].Detail, "packages 2 to 3 of") {
		t.Errorf("entries %+v", got)
	}
}

func TestEventsAsTheRecordHasThem(t *testing.T) {
	m := manifest.Manifest{
		Route: "main", Path: "課", Name: "a.pdf", Type: "pdf", Policy: "standard", Length: 5, Sequence: 7,
		Marks: []string{manifest.MarkException}, Findings: []manifest.Finding{{Rule: "pdf/launch", Action: "dropped", Count: 2}},
	}
	e := entry(receiver.Event{Kind: receiver.Released, ID: "id", Path: "課", Name: "a (2).pdf", Manifest: m})
	if e.Kind != audit.Released || e.Job != "id" || e.Name != "a (2).pdf" || e.SizeOut != 5 || len(e.Findings) != 1 ||
		!strings.Contains(e.Detail, "sequence 7") || !strings.Contains(e.Detail, "例外措置") {
		t.Errorf("released: %+v", e)
	}
	e = entry(receiver.Event{Kind: receiver.Refused, ID: "id", Reason: receiver.ReasonHash, Detail: "why", Manifest: m})
	if e.Kind != audit.Refused || e.Reason != "hash" || e.Detail != "why" || e.Name != "a.pdf" {
		t.Errorf("refused: %+v", e)
	}
	e = entry(receiver.Event{Kind: receiver.Duplicate, ID: "id"})
	if e.Kind != audit.Arrived || e.Reason != "duplicate" {
		t.Errorf("duplicate: %+v", e)
	}
}

func TestNoRecordIsAnError(t *testing.T) {
	record, _ := openRecord(t)
	told := 0
	z := &Zone{record: record, tell: func(receiver.Event) { told++ }}
	if err := z.note(context.Background(), receiver.Event{Kind: receiver.Released, ID: "id"}); err != nil || told != 1 {
		t.Errorf("%v, told %d", err, told)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := z.note(ended, receiver.Event{Kind: receiver.Released, ID: "id"}); err == nil || told != 1 {
		t.Errorf("%v, told %d", err, told)
	}
}
