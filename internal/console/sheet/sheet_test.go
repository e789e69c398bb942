package sheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"sekisho/internal/console/sheet"
)

func of(rows ...[]string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// TestNoFormula: what looks like a formula, a link or markup is a text, and reads back as it was.
func TestNoFormula(t *testing.T) {
	hostile := []string{
		"=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"https://evil.example\")", "</t></is></c><c><f>1+1</f></c>",
		"請求\u202efdp.exe", "a\r\nb\x00c\x1b[31m", "\xff\xfe", "_x0041_", strings.Repeat("長", 40_000),
	}
	var rows [][]string
	for _, h := range hostile {
		rows = append(rows, []string{h, "2"})
	}
	var b bytes.Buffer
	if err := sheet.Write(&b, "一覧", []string{"=1+1", "番号"}, of(rows...)); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	got, err := book.GetRows("一覧")
	if err != nil || len(got) != len(hostile)+1 {
		t.Fatal(len(got), err)
	}
	for i, h := range hostile[:6] {
		if got[i+1][0] != h {
			t.Errorf("%q reads back as %q", h, got[i+1][0])
		}
	}
	for i := range got {
		for _, column := range []string{"A", "B"} {
			cell := column + string(rune('1'+i%9))
			if f, err := book.GetCellFormula("一覧", cell); f != "" || err != nil {
				t.Errorf("%s has the formula %q, %v", cell, f, err)
			}
		}
	}
	archive, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		part, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<f>", "<f ", "\u202e", "\x1b", "hyperlink"} {
			if bytes.Contains(part, []byte(bad)) {
				t.Errorf("%s holds %q", f.Name, bad)
			}
		}
	}
}

func TestBroken(t *testing.T) {
	broken := errors.New("the database is away")
	var b bytes.Buffer
	err := sheet.Write(&b, "一覧", []string{"a"}, func(yield func([]string, error) bool) {
		if yield([]string{"1"}, nil) {
			yield(nil, broken)
		}
	})
	if !errors.Is(err, broken) || b.Len() != 0 {
		t.Errorf("%v, %d bytes", err, b.Len())
	}
}
