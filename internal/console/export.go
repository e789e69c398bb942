package console

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/console/sheet"
)

// maxExport is the number of rows of one export. More than that is two periods.
const maxExport = 200_000

// exported returns the list that the address names, for the offices that the person may export: the names of the columns, and the
// rows. As long as rows are taken, the answer has time.
func (c *Console) exported(w http.ResponseWriter, r *http.Request) (heads []string, rows iter.Seq2[[]string, error]) {
	f := c.filterOf(r)
	f.filter.Scope = scope(sessionOf(r).account, account.Export)
	p := c.page(r, "files.title")
	for _, id := range []string{"file.job", "file.received", "files.office", "file.folder", "file.name", "file.who", "files.state", "audit.kind", "file.type", "file.size", "file.sha.in", "file.sha.out"} {
		heads = append(heads, strings.TrimRight(p.say(id), "： :"))
	}
	control := http.NewResponseController(w)
	return heads, func(yield func([]string, error) bool) {
		after := ""
		for n := 0; n < maxExport; {
			found, err := c.index.Files(r.Context(), f.filter, after, index.MaxPage)
			if err == nil {
				err = control.SetWriteDeadline(time.Now().Add(writeTime))
			}
			if err != nil {
				yield(nil, fmt.Errorf("cannot export files: %w", err))
				return
			}
			for _, file := range found.Files {
				v := viewOf(p, file)
				if !yield([]string{
					v.ID, v.When, v.Office, v.Folder, v.Name, v.Who, v.Tag.Word, v.Reason, file.Type, strconv.FormatInt(file.SizeIn, 10), file.SHA256In, file.SHA256Out,
				}, nil) {
					return
				}
			}
			n += len(found.Files)
			if after = found.Next; after == "" {
				return
			}
		}
	}
}

// filesCSV writes the list as CSV that Excel opens as it is: UTF-8 with byte order mark, CRLF, every cell quoted and harmless.
func (c *Console) filesCSV(w http.ResponseWriter, r *http.Request) {
	heads, rows := c.exported(w, r)
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="sekisho-files.csv"`)
	out := bufio.NewWriter(w)
	out.WriteString("\uFEFF")
	writeCSV(out, heads)
	for row, err := range rows {
		if err != nil {
			c.brokeOff(r, err)
		}
		if writeCSV(out, row) != nil { // a browser that went away misses nothing
			return
		}
	}
	out.Flush()
}

// filesXLSX writes the list as a workbook.
func (c *Console) filesXLSX(w http.ResponseWriter, r *http.Request) {
	heads, rows := c.exported(w, r)
	w.Header().Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	w.Header().Set("Content-Disposition", `attachment; filename="sekisho-files.xlsx"`)
	if err := sheet.Write(w, c.page(r, "files.title").Title, heads, rows); err != nil {
		c.brokeOff(r, err)
	}
}

// brokeOff ends an answer of which the beginning may be on its way: one that breaks off is seen to be one.
func (c *Console) brokeOff(r *http.Request, err error) {
	if r.Context().Err() == nil {
		c.log.Error("an export broke off", "path", r.URL.Path, "error", err)
	}
	panic(http.ErrAbortHandler)
}

// writeCSV writes a row (RFC 4180).
func writeCSV(w io.Writer, cells []string) error {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%s"`, strings.ReplaceAll(audit.Cell(cell), `"`, `""`))
	}
	b.WriteString("\r\n")
	_, err := io.WriteString(w, b.String())
	return err
}
