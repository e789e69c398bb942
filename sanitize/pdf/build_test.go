package pdf

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"strings"

	"sekisho/sanitize"
)

// file makes a PDF with a classic cross-reference table: objects are numbered from 1, the first is the catalog. A
// trailing part goes into the trailer dictionary.
func file(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, start)
	return b.Bytes()
}

// stream makes a stream object with data as it is.
func stream(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

// flated makes a stream object under FlateDecode.
func flated(dict, data string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(data))
	w.Close()
	return stream(dict+"/Filter/FlateDecode", b.String())
}

// sheet is a one-page file: catalog and page take more entries, content is what the page shows, and more objects are
// numbered from 6 on.
type sheet struct {
	catalog, page, content, trailer string
	resources, fonts                string
	objects                         []string
	change                          func([]byte) []byte
}

// text is what every page of the tests shows.
const text = "KEEPTHISTEXT"

func (s sheet) bytes() []byte {
	content := s.content
	if content == "" {
		content = "BT /F1 12 Tf 72 720 Td (" + text + ") Tj ET"
	}
	objects := append([]string{
		"<</Type/Catalog/Pages 2 0 R" + s.catalog + ">>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 5 0 R" + s.fonts + ">>" +
			s.resources + ">>/Contents 4 0 R" + s.page + ">>",
		stream("", content),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}, s.objects...)
	b := file(s.trailer, objects...)
	if s.change != nil {
		b = s.change(b)
	}
	return b
}

// last refers to the object that was added last.
func (s sheet) last() string { return fmt.Sprintf("%d 0 R", 5+len(s.objects)) }

// jpegStub stands for the format that rebuilds JPEG pictures: it takes what has both marks, and drops what follows.
type jpegStub struct{}

func (jpegStub) Info() sanitize.Info {
	return sanitize.Info{ID: "jpg", Name: "JPEG", Extensions: []string{"jpg"}, MIME: "image/jpeg"}
}

func (jpegStub) Detect(in sanitize.Input) bool {
	return strings.HasPrefix(string(in.Head(2)), "\xff\xd8")
}

func (jpegStub) Rebuild(_ context.Context, in sanitize.Input, out io.Writer, _ sanitize.Pass) (sanitize.Report, error) {
	b, err := in.Bytes(1 << 20)
	if err != nil {
		return sanitize.Report{}, err
	}
	end := bytes.Index(b, []byte("\xff\xd9"))
	if end < 0 {
		return sanitize.Report{}, sanitize.ErrMalformed
	}
	_, err = out.Write(b[:end+2])
	return sanitize.Report{}, err
}

// manyPages makes a file of n pages with a content stream each, under one node of the page tree.
func manyPages(n int) []byte {
	var kids strings.Builder
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}
	for i := range n {
		fmt.Fprintf(&kids, "%d 0 R ", len(objects)+1)
		objects = append(objects,
			fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>", len(objects)+2),
			flated("", fmt.Sprintf("BT /F1 12 Tf 72 720 Td (page %d) Tj ET", i)))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", kids.String(), n)
	return file("", objects...)
}
