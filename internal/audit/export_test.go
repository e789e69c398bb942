package audit_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"sekisho/internal/audit"
)

func export(t *testing.T, r *record, filter audit.Filter) ([]byte, [][]string) {
	t.Helper()
	var out bytes.Buffer
	n, err := audit.Export(t.Context(), r.root, "audit", &out, filter)
	if err != nil {
		t.Fatal(err)
	}
	text, ok := bytes.CutPrefix(out.Bytes(), []byte("\uFEFF"))
	if !ok {
		t.Error("no byte order mark")
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != n+1 {
		t.Errorf("%d rows, %d said", len(rows)-1, n)
	}
	return out.Bytes(), rows
}

func TestExport(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	l := r.open(t)
	add(t, l, received(1), audit.Event{Kind: audit.Held, Job: "job-000002", Reason: "encrypted", Name: `引用"符,.xlsx`})
	text, rows := export(t, r, audit.Filter{})
	if !bytes.HasSuffix(text, []byte("\"\r\n")) || bytes.Count(text, []byte("\r\n")) != 3 || bytes.Count(text, []byte("\n")) != 3 {
		t.Errorf("lines do not end with CRLF: %q", text)
	}
	if rows[0][6] != "ファイル名 / File name" || rows[1][6] != "報告書.docx" || rows[2][6] != `引用"符,.xlsx` {
		t.Errorf("%q", rows)
	}
	if rows[1][1] != "2026-11-23 15:00:00" || rows[1][13] != "docx/macro removed ×2 (vba)" {
		t.Errorf("%q", rows[1])
	}
}

func TestExportFilter(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	l := r.open(t)
	for n := range 10 {
		r.now = r.now.Add(time.Hour)
		add(t, l, received(n), audit.Event{Kind: audit.Sent, Job: received(n).Job})
	}
	start := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		filter audit.Filter
		want   int
	}{
		{audit.Filter{}, 20},
		{audit.Filter{Job: "job-000003"}, 2},
		{audit.Filter{Kinds: []audit.Kind{audit.Sent}}, 10},
		{audit.Filter{From: start.Add(2 * time.Hour), To: start.Add(4 * time.Hour)}, 4},
		{audit.Filter{Match: func(e audit.Entry) bool { return e.SizeIn > 7 }}, 2},
	} {
		if _, rows := export(t, r, c.filter); len(rows)-1 != c.want {
			t.Errorf("%+v: %d rows, want %d", c.filter, len(rows)-1, c.want)
		}
	}
}

// Nothing that a file is called runs in a spreadsheet, forges a row or hides itself.
func TestExportHostileNames(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	l := r.open(t)
	names := []string{
		"=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(1)", " =1+1", "\t=1", "\u3000＝1", "＋1", "－1", "＠x", "|x", "%0A",
		"\u202E=x", "a\"\r\n=1", "a\nb", "\u200B=1", "x,\"=1\"", "−1",
	}
	for _, n := range names {
		add(t, l, audit.Event{Kind: audit.Received, Name: n, Detail: n, Actor: n})
	}
	text, rows := export(t, r, audit.Filter{})
	if got := bytes.Count(text, []byte("\n")); got != len(names)+1 {
		t.Errorf("%d lines for %d rows", got, len(names)+1)
	}
	for i, row := range rows[1:] {
		for _, cell := range row {
			trimmed := strings.TrimSpace(cell)
			if trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@|%\t\r") {
				t.Errorf("%q became the cell %q", names[i], cell)
			}
			if strings.ContainsAny(cell, "\u202E\u200B\r\n\x00") {
				t.Errorf("%q became the cell %q", names[i], cell)
			}
		}
	}
	if rows[13][6] != "<U+202E>=x" {
		t.Errorf("the mark is not shown: %q", rows[13][6])
	}
}

func TestExportShowsUnreadableLines(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	add(t, r.open(t), received(1))
	appendTo(t, r.newest(t), "garbage\n")
	if _, rows := export(t, r, audit.Filter{}); len(rows) != 3 || !strings.Contains(rows[2][2], "unreadable") {
		t.Errorf("%q", rows)
	}
}
