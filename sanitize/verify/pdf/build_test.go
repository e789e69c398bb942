package pdf

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	jpegjudge "sekisho/sanitize/verify/jpeg"
	textjudge "sekisho/sanitize/verify/text"
)

func deflate(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// data returns a stream with the given keys, compressed.
func data(keys, s string) string {
	z := deflate(s)
	return fmt.Sprintf("<<%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", keys, len(z), z)
}

// raw returns a stream that is not compressed.
func raw(keys, s string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", keys, len(s), s)
}

// build writes objects 1, 2, … with a cross-reference table. The first is the catalog.
func build(objects ...string) []byte {
	b := []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	table := fmt.Sprintf("xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, o := range objects {
		table += fmt.Sprintf("%010d 00000 n \n", len(b))
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := len(b)
	return fmt.Appendf(b, "%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", table, len(objects)+1, start)
}

// pack writes objects 1, 2, … in an object stream, the streams among them in the file, and a cross-reference stream.
func pack(objects ...string) []byte {
	b := []byte("%PDF-2.0\n%\xe2\xe3\xcf\xd3\n")
	entries := []byte{0, 0, 0, 0, 0}
	var head, body string
	packed := 0
	stm, xref := len(objects)+1, len(objects)+2
	entry := func(kind byte, a, i int) {
		entries = append(entries, kind, byte(a>>16), byte(a>>8), byte(a), byte(i))
	}
	for i, o := range objects {
		if strings.Contains(o, "stream\n") {
			entry(1, len(b), 0)
			b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
			continue
		}
		entry(2, stm, packed)
		head += fmt.Sprintf("%d %d ", i+1, len(body))
		body += o + "\n"
		packed++
	}
	entry(1, len(b), 0)
	b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", stm, data(fmt.Sprintf("/Type/ObjStm/N %d/First %d", packed, len(head)), head+body))
	start := len(b)
	entry(1, start, 0)
	keys := fmt.Sprintf("/Type/XRef/Size %d/W[1 3 1]/Root 1 0 R", xref+1)
	b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", xref, data(keys, string(entries)))
	return fmt.Appendf(b, "startxref\n%d\n%%%%EOF\n", start)
}

// good returns the objects of a document with one page of everything.
func good() []string {
	return []string{
		0:     "<</Type/Catalog/Pages 2 0 R/Outlines 9 0 R/OpenAction[3 0 R/Fit]/AcroForm<</Fields[8 0 R]/DA(/F1 0 Tf)>>/Names<</Dests<</Names[(a)[3 0 R/Fit]]>>>>>>",
		2 - 1: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		3 - 1: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 10 10.5]/Contents 4 0 R/Annots[6 0 R 7 0 R 8 0 R]" +
			"/Resources<</Font<</F1 5 0 R>>/XObject<</Im0 10 0 R/Fm0 11 0 R>>/ColorSpace<</CS0[/ICCBased 12 0 R]>>/Shading<</Sh0 13 0 R>>>>>>",
		4 - 1: data("", "q BT /F1 12 Tf (a\\)b) Tj <0041> Tj ET Q\n/OC /MC0 BDC /Im0 Do EMC\nBI /W 1 /H 1 /BPC 8 /CS /G ID \xffEI\nBX foo EX"),
		5 - 1: "<</Type/Font/Subtype/TrueType/BaseFont/A#20B/FontDescriptor 14 0 R/ToUnicode 16 0 R>>",
		6 - 1: "<</Type/Annot/Subtype/Link/Rect[0 0 1 1]/A<</S/URI/URI(https://example.jp/)>>>>",
		7 - 1: "<</Type/Annot/Subtype/Link/Rect[0 0 1 1]/A<</Type/Action/S/Named/N/NextPage/Next<</S/GoTo/D[3 0 R/Fit]>>>>>>",
		8 - 1: "<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(x)/Rect[0 0 1 1]/AP<</N<</On 11 0 R>>>>>>",
		9 - 1: "<</Type/Outlines/Count 0>>",
		10 - 1: data("/Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceRGB/DecodeParms<</Predictor 15/Colors 3/Columns 2>>",
			"\x00abcdef\x02abcdef"),
		11 - 1: data("/Type/XObject/Subtype/Form/BBox[0 0 1 1]", "0 0 1 1 re f"),
		12 - 1: data("/N 3", string(colours())),
		13 - 1: "<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 1 1]/Function 15 0 R>>",
		14 - 1: "<</Type/FontDescriptor/FontName/A/Flags 4/FontFile2 17 0 R>>",
		15 - 1: raw("/FunctionType 4/Domain[0 1]/Range[0 1]", "{ 1 exch sub }"),
		16 - 1: data("", "/CIDInit /ProcSet findresource begin\n1 begincodespacerange <00> <ff> endcodespacerange end"),
		17 - 1: data("/Length1 32", font()),
	}
}

func colours() []byte {
	p := make([]byte, 152)
	p[3], p[131] = 152, 1
	copy(p[36:], "acsp")
	copy(p[132:], "cprt\x00\x00\x00\x90\x00\x00\x00\x08text")
	return p
}

func font() string {
	b := []byte("\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00head\x00\x00\x00\x00")
	b = binary.BigEndian.AppendUint32(b, 28)
	b = binary.BigEndian.AppendUint32(b, 4)
	return string(append(b, "head"...))
}

func judge(t testing.TB, b []byte, policy sanitize.Policy) string {
	t.Helper()
	set, err := verify.New(Judge{}, jpegjudge.Judge{}, textjudge.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	err = set.Check(context.Background(), "pdf", sanitize.BytesInput(b), policy)
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatalf("no violation: %v", err)
	}
	if err != nil {
		t.Log(err)
	}
	return v.Rule
}
