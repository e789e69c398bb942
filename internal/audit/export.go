package audit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Filter says which entries are exported. A zero field lets everything through.
type Filter struct {
	From, To time.Time // From ≤ time < To
	Job      string
	Kinds    []Kind
	Match    func(Entry) bool
}

func (f Filter) keeps(e Entry) bool {
	return (f.From.IsZero() || !e.Time.Before(f.From)) && (f.To.IsZero() || e.Time.Before(f.To)) &&
		(f.Job == "" || f.Job == e.Job) && (len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)) &&
		(f.Match == nil || f.Match(e))
}

// column is one column of the export.
type column struct {
	header string
	value  func(Entry) string
}

// columns is the export, from left to right. Times are Japan's, for the people who read them there.
func columns() []column {
	return []column{
		{"番号 / No.", func(e Entry) string { return strconv.FormatUint(e.Seq, 10) }},
		{"日時 / Time", func(e Entry) string { return e.Time.In(Japan()).Format("2006-01-02 15:04:05") }},
		{"出来事 / Event", func(e Entry) string { return string(e.Kind) }},
		{"受付番号 / Job", func(e Entry) string { return e.Job }},
		{"経路 / Route", func(e Entry) string { return e.Route }},
		{"フォルダー / Folder", func(e Entry) string { return e.Path }},
		{"ファイル名 / File name", func(e Entry) string { return e.Name }},
		{"種類 / Type", func(e Entry) string { return e.Type }},
		{"判定 / Verdict", func(e Entry) string { return e.Verdict }},
		{"理由 / Reason", func(e Entry) string { return e.Reason }},
		{"方針 / Policy", func(e Entry) string { return e.Policy }},
		{"操作者 / Actor", func(e Entry) string { return e.Actor }},
		{"詳細 / Detail", func(e Entry) string { return e.Detail }},
		{"取り除いたもの / Findings", func(e Entry) string { return findingsText(e.Findings) }},
		{"元のサイズ / Size in", func(e Entry) string { return size(e.SizeIn) }},
		{"渡したサイズ / Size out", func(e Entry) string { return size(e.SizeOut) }},
		{"元の SHA-256 / SHA-256 in", func(e Entry) string { return e.SHA256In }},
		{"渡した SHA-256 / SHA-256 out", func(e Entry) string { return e.SHA256Out }},
		{"記録の SHA-256 / Entry SHA-256", func(e Entry) string { return e.Hash }},
	}
}

func size(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// maxCell is what Excel takes in one cell, in UTF-16 units; we count runes, of which a few take two.
const maxCell = 30_000

func findingsText(findings []Finding) string {
	var b strings.Builder
	for i, f := range findings {
		if i > 0 {
			b.WriteString(" | ")
		}
		fmt.Fprintf(&b, "%s %s ×%d", f.Rule, f.Action, f.Count)
		if f.Where != "" {
			b.WriteString(" (" + f.Where + ")")
		}
	}
	return b.String()
}

// Export writes the entries that filter keeps as CSV that Excel opens as it is: UTF-8 with byte order mark, CRLF, every
// cell quoted. A cell that a spreadsheet would run as a formula begins with an apostrophe, and characters that no one sees
// or that turn the reading direction are spelled <U+202E>. A line of the record that cannot be read becomes a row that says
// so. It returns the number of rows below the header.
func Export(ctx context.Context, root *os.Root, log string, w io.Writer, filter Filter) (rows int, err error) {
	out := bufio.NewWriter(w)
	cols := columns()
	cells := make([]string, len(cols))
	for i, c := range cols {
		cells[i] = c.header
	}
	out.WriteString("\uFEFF")
	writeRow(out, cells)
	for e, err := range Read(root, log) {
		if ctx.Err() != nil {
			return rows, fmt.Errorf("cannot export record: %w", ctx.Err())
		}
		switch {
		case errors.Is(err, ErrTampered):
			cells = slices.Repeat([]string{""}, len(cols))
			cells[2] = "読めない行 / unreadable line"
			cells[12] = err.Error()
		case err != nil:
			return rows, fmt.Errorf("cannot export record: %w", err)
		case !filter.keeps(e):
			continue
		default:
			for i, c := range cols {
				cells[i] = c.value(e)
			}
		}
		writeRow(out, cells)
		rows++
	}
	if err := out.Flush(); err != nil {
		return rows, fmt.Errorf("cannot write export: %w", err)
	}
	return rows, nil
}

// writeRow writes cells as a row of CSV (RFC 4180), all quoted. An error stays in w until Flush.
func writeRow(w *bufio.Writer, cells []string) {
	for i, c := range cells {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteByte('"')
		w.WriteString(strings.ReplaceAll(Cell(c), `"`, `""`))
		w.WriteByte('"')
	}
	w.WriteString("\r\n")
}

// Cell makes a text harmless in a cell of a spreadsheet: characters that no one sees are spelled <U+202E>, and what would run as
// a formula begins with an apostrophe.
func Cell(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > maxCell {
			b.WriteString("…")
			break
		}
		if invisible(r) {
			fmt.Fprintf(&b, "<U+%04X>", r)
			continue
		}
		b.WriteRune(r)
	}
	if s = b.String(); startsFormula(s) {
		return "'" + s
	}
	return s
}

// startsFormula reports whether a spreadsheet would take the cell for a formula or a command (OWASP, "CSV injection"). The
// full-width signs are there because Japanese Excel folds them when a cell is edited.
func startsFormula(s string) bool {
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	for _, sign := range []string{"=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠", "−"} {
		if strings.HasPrefix(s, sign) {
			return true
		}
	}
	return false
}
