// Package sheet writes lists as a workbook (XLSX). Every cell is a text: nothing in it is a formula, whatever a stranger called a
// file, and what cannot be seen in a text is shown.
package sheet

import (
	"fmt"
	"io"
	"iter"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"sekisho/internal/notice"
)

// Bounds of a sheet in Excel: rows with the header, and UTF-16 units in a cell.
const (
	maxRows = 1 << 20
	maxCell = 32767
)

// ErrRows says that a list is longer than a sheet.
var ErrRows = fmt.Errorf("the list is longer than the %d rows of a sheet", maxRows)

// Write writes a workbook with one sheet: a header that stays in view and has a filter, then the rows. It breaks off at the first
// error of rows. Nothing is written to w before all rows are there.
func Write(w io.Writer, name string, header []string, rows iter.Seq2[[]string, error]) (err error) {
	book := excelize.NewFile()
	defer func() {
		if e := book.Close(); err == nil && e != nil {
			err = fmt.Errorf("cannot close workbook: %w", e)
		}
	}()
	if err := fill(book, name, header, rows); err != nil {
		return fmt.Errorf("cannot make workbook: %w", err)
	}
	if _, err := book.WriteTo(w); err != nil {
		return fmt.Errorf("cannot write workbook: %w", err)
	}
	return nil
}

func fill(book *excelize.File, name string, header []string, rows iter.Seq2[[]string, error]) error {
	if err := book.SetSheetName("Sheet1", name); err != nil {
		return err
	}
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	out, err := book.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := out.SetColWidth(1, len(header), 20); err != nil {
		return err
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if err := out.SetRow("A1", cells(header), excelize.RowOpts{StyleID: bold}); err != nil {
		return err
	}
	n := 1
	for row, err := range rows {
		if err != nil {
			return err
		}
		if n++; n > maxRows {
			return ErrRows
		}
		at, err := excelize.CoordinatesToCellName(1, n)
		if err == nil {
			err = out.SetRow(at, cells(row))
		}
		if err != nil {
			return err
		}
	}
	return out.Flush()
}

// cells makes texts of a row. A value of the type string is written as an inline string (ECMA-376 Part 1, 18.3.1.53), never as a
// formula.
func cells(texts []string) []any {
	row := make([]any, len(texts))
	for i, t := range texts {
		row[i] = cut(notice.Visible(t))
	}
	return row
}

// cut cuts a text to what a cell holds.
func cut(s string) string {
	if len(s) <= maxCell { // no rune has more units than bytes
		return s
	}
	units := 0
	for i, r := range s {
		if units += utf16.RuneLen(r); units >= maxCell {
			return s[:i] + "…"
		}
	}
	return s
}
