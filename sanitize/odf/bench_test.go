package odf

import (
	"fmt"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/benchtest"
)

// BenchmarkSheet rebuilds a sheet of 20,000 cells. The rate is that of its XML.
func BenchmarkSheet(b *testing.B) {
	var rows strings.Builder
	for i := range 5000 {
		rows.WriteString(`<table:table-row table:style-name="ro1">`)
		for k := range 4 {
			rows.WriteString(cell(fmt.Sprintf("of:=SUM([.A%d:.B%d])*2", i+1, i+9), fmt.Sprint(i*k)))
		}
		rows.WriteString(`</table:table-row>`)
	}
	body := content("spreadsheet", "", `<table:table table:name="表1">`+rows.String()+`</table:table>`)
	in := pack(b, Ods, entries{{"content.xml", body}})
	e := fuzzEngine(b)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	defer benchtest.PerCore(b, len(body))()
	for b.Loop() {
		if _, _, err := fuzzRebuild(e, in, sanitize.Standard()); err != nil {
			b.Fatal(err)
		}
	}
}
