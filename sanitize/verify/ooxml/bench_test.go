package ooxml

import (
	"fmt"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/benchtest"
)

// BenchmarkJudge judges a workbook with 30,000 formulas. The rate is that of the XML of its sheet.
func BenchmarkJudge(b *testing.B) {
	var rows strings.Builder
	for i := 1; i <= 30000; i++ {
		fmt.Fprintf(&rows, `<row r="%d" spans="1:3"><c r="A%d" s="3"><v>%d</v></c><c r="B%d" t="inlineStr"><is><t>東京都千代田区 %d</t></is></c>`+
			`<c r="C%d" s="1"><f>SUM(A%d:A%d)*2</f><v>%d.5</v></c></row>`, i, i, i*7919%100003, i, i, i, i, i, i)
	}
	f := excel()
	sheet := `<worksheet xmlns="` + nsX + `"><sheetData>` + rows.String() + `</sheetData></worksheet>`
	f["xl/worksheets/sheet1.xml"] = sheet
	book := build(b, f)
	b.SetBytes(int64(len(sheet)))
	b.ReportAllocs()
	defer benchtest.PerCore(b, len(sheet))()
	for b.Loop() {
		if rule := judge(b, "xlsx", book, sanitize.Standard()); rule != "" {
			b.Fatal(rule)
		}
	}
}
