package pdfium_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/image/jpeg"
	"sekisho/sanitize/pdf"
	"sekisho/sanitize/pdf/pdfium"
	"sekisho/sanitize/sanitizetest"
	"sekisho/sanitize/verify"
	judge "sekisho/sanitize/verify/pdf"
)

// shared is the engine of all tests but those that need another: compiling PDFium takes seconds, so what was compiled is
// kept between runs as well.
var shared = sync.OnceValues(func() (*pdfium.Engine, error) {
	return pdfium.New(pdfium.Options{Cache: filepath.Join(os.TempDir(), "sekisho-pdfium-tests")})
})

func engine(t testing.TB) *pdfium.Engine {
	t.Helper()
	e, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// file makes a PDF: objects are numbered from 1, the first is the catalog.
func file(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

func stream(dict, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

// sheet makes a file of one page; more objects are numbered from 5 on.
func sheet(resources, content, page string, more ...string) []byte {
	return file(append([]string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<<" + resources + ">>/Contents 4 0 R" + page + ">>",
		stream("", content),
	}, more...)...)
}

// pictured makes a file with one picture on its page.
func pictured(dict string, data []byte, more ...string) []byte {
	picture := stream("/Type/XObject/Subtype/Image"+dict, string(data))
	return sheet("/XObject<</I 5 0 R>>", "q 200 0 0 100 20 20 cm /I Do Q", "", append([]string{picture}, more...)...)
}

const latin = "/Font<</F 5 0 R>>"

var helvetica = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"

// rebuild runs a file through an engine of formats and has the output judged.
func rebuild(t testing.TB, e pdf.Engine, data []byte, policy sanitize.Policy) ([]byte, sanitize.Report, error) {
	t.Helper()
	all, err := sanitize.NewEngine([]sanitize.Format{pdf.Format{Engine: e}, jpeg.Format{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	report, err := all.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(data), Policy: policy}, &out)
	if err != nil {
		return nil, report, err
	}
	set, err := verify.New(judge.Judge{})
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Check(context.Background(), "pdf", sanitize.BytesInput(out.Bytes()), policy); err != nil {
		t.Errorf("the judge refuses: %v", err)
	}
	return out.Bytes(), report, nil
}

func rules(r sanitize.Report) (list []string) {
	for _, f := range r.Findings {
		list = append(list, f.Rule)
	}
	return list
}

func TestJBIG2(t *testing.T) {
	const width, height = 43, 29
	rows := make([][]bool, height)
	want := make([]byte, (width+7)/8*height) // DeviceGray: 0 is black
	for y := range rows {
		rows[y] = make([]bool, width)
		for x := range width {
			rows[y][x] = (x*x+y*7)%11 < 5 || x == y
			if !rows[y][x] {
				want[y*((width+7)/8)+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	dict := fmt.Sprintf("/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/JBIG2Decode", width, height)
	out, report, err := rebuild(t, engine(t), pictured(dict, jbig2(rows)), sanitize.Standard())
	if err != nil {
		t.Fatal(err)
	}
	if got := rules(report); !slices.Equal(got, []string{"pdf/reencoded"}) {
		t.Errorf("findings %v", got)
	}
	if !slices.ContainsFunc(sanitizetest.Explode(out), func(b []byte) bool { return bytes.Equal(b, want) }) {
		t.Error("the picture does not come out bit for bit")
	}
}

func TestJPX(t *testing.T) {
	grey := func(x, y int) []byte { return []byte{byte(7*x + 11*y)} }
	colour := func(x, y int) []byte { return []byte{byte(7 * x), byte(11 * y), byte(x * y)} }
	for _, c := range []struct {
		name, dict string
		want       []func(x, y int) []byte // streams of the output, as formulas
	}{
		{"grey", "/ColorSpace/DeviceGray/BitsPerComponent 8", []func(x, y int) []byte{grey}},
		{"grey", "", []func(x, y int) []byte{grey}},
		{"grey", "/ColorSpace[/Indexed/DeviceRGB 255 6 0 R]/BitsPerComponent 8", []func(x, y int) []byte{grey}},
		{"colour", "/ColorSpace/DeviceRGB", []func(x, y int) []byte{colour}},
		{"colour", "", []func(x, y int) []byte{colour}},
		{"colour", "/ColorSpace/DeviceGray", []func(x, y int) []byte{colour}}, // the picture is right, the PDF is not
		{"opacity", "/ColorSpace/DeviceRGB", []func(x, y int) []byte{colour}},
		{"opacity", "/ColorSpace/DeviceRGB/SMaskInData 1", []func(x, y int) []byte{colour, func(x, y int) []byte { return []byte{byte(6 * x)} }}},
		{"two-bits", "/ColorSpace/DeviceGray", []func(x, y int) []byte{func(x, y int) []byte { return []byte{byte((x + y) % 4 * 85)} }}},
		{"two-bits", "/ColorSpace[/Indexed/DeviceRGB 255 6 0 R]", []func(x, y int) []byte{func(x, y int) []byte { return []byte{byte((x + y) % 4)} }}},
	} {
		t.Run(c.name+c.dict, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", c.name+".jp2"))
			if err != nil {
				t.Fatal(err)
			}
			palette := stream("", strings.Repeat("abc", 256))
			out, report, err := rebuild(t, engine(t), pictured("/Width 37/Height 23"+c.dict+"/Filter/JPXDecode", data, palette), sanitize.Standard())
			if err != nil {
				t.Fatal(err)
			}
			if got := rules(report); !slices.Equal(got, []string{"pdf/reencoded"}) {
				t.Errorf("findings %v", got)
			}
			for i, f := range c.want {
				var want []byte
				for n := range 37 * 23 {
					want = append(want, f(n%37, n/37)...)
				}
				if !slices.ContainsFunc(sanitizetest.Explode(out), func(b []byte) bool { return bytes.Contains(b, want) }) {
					t.Errorf("stream %d does not come out sample for sample", i)
				}
			}
			again, second, err := rebuild(t, engine(t), out, sanitize.Standard())
			if err != nil || !bytes.Equal(again, out) || len(second.Findings) > 0 {
				t.Errorf("not stable: error %v, findings %v", err, second.Findings)
			}
		})
	}
}

func TestBrokenPictures(t *testing.T) {
	good, err := os.ReadFile("testdata/colour.jp2")
	if err != nil {
		t.Fatal(err)
	}
	huge := bytes.Replace(good, []byte("\xff\x4f\xff\x51\x00\x2f\x00\x00\x00\x00\x00\x25\x00\x00\x00\x17"),
		[]byte("\xff\x4f\xff\x51\x00\x2f\x00\x00\x7f\xff\xff\xff\x7f\xff\xff\xff"), 1)
	for name, c := range map[string]struct {
		dict string
		data []byte
		err  error
	}{
		"no codestream":   {"/Width 5/Height 5/Filter/JPXDecode", []byte("hello"), nil},
		"breaks off":      {"/Width 37/Height 23/Filter/JPXDecode", good[:len(good)/3], nil},
		"too many pixels": {"/Width 37/Height 23/Filter/JPXDecode", huge, sanitize.ErrLimit},
		"no JBIG2":        {"/Width 64/Height 64/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/JBIG2Decode", []byte("hello"), nil},
		"JBIG2 too big":   {"/Width 99999/Height 99999/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/JBIG2Decode", []byte("hello"), sanitize.ErrLimit},
	} {
		t.Run(name, func(t *testing.T) {
			_, report, err := rebuild(t, engine(t), pictured(c.dict, c.data), sanitize.Standard())
			if !errors.Is(err, c.err) {
				t.Fatalf("got error %v, want %v", err, c.err)
			}
			if got := rules(report); err == nil && !slices.Contains(got, "pdf/image") && !slices.Contains(got, "pdf/reencoded") {
				t.Errorf("findings %v: nothing is told", got)
			}
		})
	}
	if _, _, err := rebuild(t, nil, pictured("/Width 37/Height 23/Filter/JPXDecode", good), sanitize.Standard()); !errors.Is(err, sanitize.ErrUnsupported) {
		t.Errorf("without an engine: got error %v, want %v", err, sanitize.ErrUnsupported)
	}
}

func TestRepair(t *testing.T) {
	whole := sheet(latin, "BT /F 24 Tf 20 100 Td (KEEPTHIS) Tj ET", "/AA<</O<</S/JavaScript/JS(NEEDLE)>>>>", helvetica)
	repaired, err := engine(t).Repair(context.Background(), bytes.Replace(whole, []byte("xref\n0"), []byte("XXXX\n0"), 1), nil)
	if err != nil || !keeps(repaired, "KEEPTHIS") || !bytes.HasPrefix(repaired, []byte("%PDF-")) {
		t.Fatalf("not repaired: error %v, %d bytes", err, len(repaired))
	}
	for name, data := range map[string][]byte{"nothing": {}, "no PDF": []byte("hello"), "no pages": file("<</Type/Catalog>>")} {
		if _, _, err := rebuild(t, engine(t), append([]byte("%PDF-1.7\n"), data...), sanitize.Standard()); !errors.Is(err, sanitize.ErrMalformed) {
			t.Errorf("%s: got error %v, want %v", name, err, sanitize.ErrMalformed)
		}
	}
	out, _, err := rebuild(t, engine(t), whole[:bytes.LastIndex(whole, []byte("xref\n0"))], sanitize.Standard())
	if err != nil || !keeps(out, "KEEPTHIS") {
		t.Errorf("cut before its cross-reference table: error %v", err)
	}
}

// keeps reports whether data holds a word, in anything compressed in it or plainly.
func keeps(data []byte, word string) bool {
	return slices.ContainsFunc(sanitizetest.Explode(data), func(b []byte) bool { return bytes.Contains(b, []byte(word)) })
}

// TestTrap sees that an engine works on after a guest has been thrown away.
func TestTrap(t *testing.T) {
	for range 3 {
		if _, err := engine(t).Repair(context.Background(), []byte("hello"), nil); !errors.Is(err, sanitize.ErrMalformed) {
			t.Fatalf("got error %v", err)
		}
		if _, err := engine(t).Repair(context.Background(), sheet("", "", ""), nil); err != nil {
			t.Fatal(err)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := engine(t).Repair(ended, sheet("", "", ""), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v after the end", err)
	}
}

// textOf returns what another reader finds written in a PDF.
func textOf(t *testing.T, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f.pdf")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", name, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	return string(out)
}

// japanese is a page in a font with a CMap for what its codes mean: 1 to 4 are 戸籍謄𠮷. Its program, when it has
// one, draws squares.
func japanese(content, encoding string, embedded bool) []byte {
	cmap := "/CIDInit /ProcSet findresource begin begincmap /CMapName /X def /CMapType 2 def 1 begincodespacerange <0000> <FFFF> endcodespacerange " +
		"4 beginbfchar <0001> <6238> <0002> <7C4D> <0003> <8B04> <0004> <D842DFB7> endbfchar endcmap"
	program := ""
	if embedded {
		program = "/FontFile2 9 0 R"
	}
	return sheet("/Font<</F 5 0 R>>", content, "",
		"<</Type/Font/Subtype/Type0/BaseFont/Test/Encoding/"+encoding+"/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
		"<</Type/Font/Subtype/CIDFontType2/BaseFont/Test/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 1000"+
			"/FontDescriptor 8 0 R>>",
		stream("", cmap),
		"<</Type/FontDescriptor/FontName/Test/Flags 4/FontBBox[0 -200 1000 800]/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 800/StemV 80"+program+">>",
		stream("", string(boxFont())),
	)
}

func TestRenderedTextIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"latin":    {sheet(latin, "BT /F 12 Tf 20 100 Td (Resident register) Tj 0 -20 Td (2nd line) Tj ET", "", helvetica), []string{"Resident register", "2nd line"}},
		"spaced":   {sheet(latin, "BT /F 12 Tf 3 Tc 20 100 Td (SPACED) Tj ET", "", helvetica), []string{"SPACED"}},
		"turned":   {sheet(latin, "BT /F 12 Tf 0 1 -1 0 100 20 Tm (upwards) Tj ET", "", helvetica), []string{"upwards"}},
		"page":     {sheet(latin, "BT /F 12 Tf 20 100 Td (quarter) Tj ET", "/Rotate 90", helvetica), []string{"quarter"}},
		"japanese": {japanese("BT /F 20 Tf 20 100 Td <0001000200030004> Tj ET", "Identity-H", true), []string{"戸籍謄𠮷"}},
		"vertical": {japanese("BT /F 20 Tf 150 180 Td <0001000200030004> Tj ET", "Identity-V", true), []string{"戸籍謄𠮷"}},
		"field": {sheet(latin, "", "/Annots[6 0 R]", helvetica,
			"<</Type/Annot/Subtype/FreeText/Rect[20 20 200 60]/F 4/AP<</N 7 0 R>>>>",
			stream("/Type/XObject/Subtype/Form/BBox[0 0 180 40]/Resources<</Font<</F 5 0 R>>>>", "BT /F 12 Tf 5 15 Td (annotated) Tj ET")), []string{"annotated"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, report, err := rebuild(t, engine(t), c.data, sanitize.Render())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(rules(report), "pdf/rendered") {
				t.Errorf("findings %v", rules(report))
			}
			text := textOf(t, out)
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not found in %q", want, text)
				}
			}
			again, second, err := rebuild(t, engine(t), out, sanitize.Render())
			if err != nil || !bytes.Equal(again, out) || len(second.Findings) > 0 {
				t.Errorf("not stable: error %v, findings %v, %d and %d bytes", err, second.Findings, len(out), len(again))
			}
			standard, second, err := rebuild(t, engine(t), out, sanitize.Standard())
			if err != nil || !bytes.Equal(standard, out) || len(second.Findings) > 0 {
				t.Errorf("not stable under the standard policy: error %v, findings %v", err, second.Findings)
			}
		})
	}
}

func TestRender(t *testing.T) {
	link := "<</Type/Annot/Subtype/Link/Rect[20 90 100 120]/Dest[3 0 R/Fit]>>"
	data := sheet(latin, "BT /F 12 Tf 20 100 Td (Text) Tj ET /NEEDLE gs", "/Rotate 90/Annots[6 0 R]", helvetica, link)
	data = bytes.Replace(data, []byte("/Type/Catalog"), []byte("/Type/Catalog/Outlines 7 0 R"), 1)
	out, _, err := rebuild(t, engine(t), data, sanitize.Render())
	if err != nil {
		t.Fatal(err)
	}
	parts := bytes.Join(sanitizetest.Explode(out), []byte("\n"))
	for _, want := range []string{"/Subtype/Link", "/Rotate 90", "/MediaBox[0 0 300 200]", "3 Tr", "/ToUnicode"} {
		if !bytes.Contains(parts, []byte(want)) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, gone := range []string{"NEEDLE", "Helvetica"} {
		if bytes.Contains(parts, []byte(gone)) {
			t.Errorf("%s is there still", gone)
		}
	}
	if _, _, err := rebuild(t, nil, data, sanitize.Render()); !errors.Is(err, sanitize.ErrUnsupported) {
		t.Errorf("without an engine: got error %v, want %v", err, sanitize.ErrUnsupported)
	}
}

// TestBlankIsRefused: text in a font that is nowhere must not vanish.
func TestBlankIsRefused(t *testing.T) {
	data := japanese("BT /F 20 Tf 20 100 Td <0001000200030004> Tj ET", "Identity-H", false)
	if _, _, err := rebuild(t, engine(t), data, sanitize.Render()); !errors.Is(err, sanitize.ErrMalformed) {
		t.Errorf("got error %v, want %v", err, sanitize.ErrMalformed)
	}
	invisible := japanese("BT 3 Tr /F 20 Tf 20 100 Td <0001000200030004> Tj ET", "Identity-H", false)
	_, report, err := rebuild(t, engine(t), invisible, sanitize.Render())
	if err != nil {
		t.Errorf("a page with invisible text alone: %v", err)
	}
	if !slices.Contains(rules(report), "pdf/font-substituted") {
		t.Errorf("findings %v: the missing font is not told", rules(report))
	}
}

func TestLooksTheSame(t *testing.T) {
	content := "1 0 0 rg 20 20 100 60 re f 0 0 1 rg 150 100 80 50 re f 0 0 0 rg BT /F 18 Tf 30 150 Td (Looks) Tj ET"
	for _, turn := range []string{"", "/Rotate 90", "/Rotate 180", "/Rotate 270", "/CropBox[10 10 250 180]"} {
		data := sheet(latin, content, turn, helvetica)
		out, _, err := rebuild(t, engine(t), data, sanitize.Render())
		if err != nil {
			t.Fatal(err)
		}
		before, after := pixels(t, data), pixels(t, out)
		if len(before) != len(after) {
			t.Errorf("%s: %d pixels, were %d", turn, len(after)/4, len(before)/4)
			continue
		}
		far := 0
		for i := range before {
			if d := int(before[i]) - int(after[i]); d > 40 || d < -40 {
				far++
			}
		}
		if far*200 > len(before) {
			t.Errorf("%s: %d of %d samples differ", turn, far, len(before))
		}
	}
}

func pixels(t *testing.T, data []byte) (px []byte) {
	t.Helper()
	err := engine(t).Draw(context.Background(), data, pdf.Drawing{DPI: 72, Pixels: 1 << 20, Pages: 1}, func(s pdf.Sheet) error {
		px = bytes.Clone(s.RGBA)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return px
}

func TestDrawBounds(t *testing.T) {
	wide := bytes.Replace(sheet("", "", ""), []byte("[0 0 300 200]"), []byte("[0 0 14400 14400]"), 1)
	err := engine(t).Draw(context.Background(), wide, pdf.Drawing{DPI: 150, Pixels: 100_000, Pages: 1}, func(s pdf.Sheet) error {
		if s.Width*s.Height > 100_000 || len(s.RGBA) != 4*s.Width*s.Height {
			t.Errorf("%d × %d pixels in %d bytes", s.Width, s.Height, len(s.RGBA))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	err = engine(t).Draw(context.Background(), wide, pdf.Drawing{DPI: 10, Pixels: 1000}, func(pdf.Sheet) error { return nil })
	if !errors.Is(err, sanitize.ErrLimit) {
		t.Errorf("more pages than allowed: got error %v", err)
	}
	three := bytes.Replace(wide, []byte("/Kids[3 0 R]/Count 1"), []byte("/Kids[3 0 R 3 0 R 3 0 R]/Count 3"), 1)
	for first, want := range map[int]int{0: 3, 2: 2, 5: 3} {
		drawn := 0
		err = engine(t).Draw(context.Background(), three, pdf.Drawing{DPI: 10, Pixels: 1000, Pages: 3, First: first}, func(pdf.Sheet) error { drawn++; return nil })
		if err != nil || drawn != want {
			t.Errorf("of the first %d of 3 pages %d were drawn: %v", first, drawn, err)
		}
	}
}

// scanned makes a page with a photograph, deflated.
func scanned() []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	for i := range 200 * 100 * 3 {
		w.Write([]byte{byte(i*i>>3 ^ i*7)})
	}
	w.Close()
	return pictured("/Width 200/Height 100/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/FlateDecode", b.Bytes())
}

// TestConformance runs the suite of all formats under the policy that draws.
func TestConformance(t *testing.T) {
	render := sanitize.Render()
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: pdf.Format{Engine: engine(t)}, Others: []sanitize.Format{jpeg.Format{}},
		Cases: []sanitizetest.Case{
			{Name: "text", Input: sheet(latin, "BT /F 24 Tf 20 100 Td (KEEPTHIS) Tj ET", "", helvetica), Policy: &render,
				Gone: []string{"KEEPTHIS", "Helvetica"}, Rules: []string{"pdf/rendered"}, Exact: true, MaxAlloc: 1 << 30},
			{Name: "photograph", Input: scanned(), Policy: &render, Keep: []string{"DCTDecode"}, Rules: []string{"pdf/rendered"}, Exact: true, MaxAlloc: 1 << 30},
			{Name: "no pages", Input: file("<</Type/Catalog>>"), Policy: &render, Err: sanitize.ErrMalformed},
		},
	})
}

// FuzzPicture decodes what is no picture: whatever comes, it ends with samples or an error.
func FuzzPicture(f *testing.F) {
	for _, name := range []string{"grey", "colour", "opacity", "two-bits"} {
		data, err := os.ReadFile(filepath.Join("testdata", name+".jp2"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, true)
	}
	f.Add(jbig2([][]bool{{true, false, true}, {false, true, true}}), false)
	f.Fuzz(func(t *testing.T, data []byte, jpx bool) {
		dict := "/Width 37/Height 23/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/JBIG2Decode"
		if jpx {
			dict = "/Width 37/Height 23/Filter/JPXDecode"
		}
		rebuild(t, engine(t), pictured(dict, data), sanitize.Standard())
	})
}

func BenchmarkRender(b *testing.B) {
	var text strings.Builder
	for i := range 55 {
		fmt.Fprintf(&text, "BT /F 9 Tf 20 %d Td (The quick brown fox jumps over the lazy dog and 1,234 others.) Tj ET\n", 195-3*i)
	}
	data := sheet(latin, text.String(), "", helvetica)
	engine(b)
	for b.Loop() {
		rebuild(b, engine(b), data, sanitize.Render())
	}
}
