package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/sanitizetest"
)

// kept makes a case from which nothing is dropped.
func kept(name string, s sheet, keep ...string) sanitizetest.Case {
	return sanitizetest.Case{Name: name, Input: s.bytes(), Keep: append(keep, text), Exact: true}
}

func keptCases() []sanitizetest.Case {
	field := "<</Type/Annot/Subtype/Widget/Rect[0 0 9 9]/FT/Tx/T(\xfe\xff\x6c\x0f\x53\x17)/V(value)/DA(/Helv 12 Tf 0 g)/AP<</N 7 0 R>>>>"
	form := stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", "/Tx BMC q BT (value) Tj ET Q EMC")
	return []sanitizetest.Case{
		kept("plain", sheet{}),
		kept("metadata in Info", sheet{trailer: "/Info 6 0 R", objects: []string{"<</Title(TITLE)/Author(\xfe\xff\x6c\x34)>>"}}, "TITLE", "\x6c\x34"),
		kept("open at a place", sheet{catalog: "/OpenAction[3 0 R/Fit]"}, "/OpenAction"),
		kept("outline", sheet{catalog: "/Outlines 6 0 R", objects: []string{
			"<</First 7 0 R/Last 8 0 R/Count 2>>", "<</Title(ONE)/Parent 6 0 R/Next 8 0 R/Dest[3 0 R/XYZ 0 0 null]>>",
			"<</Title(TWO)/Parent 6 0 R/Prev 7 0 R/A<</S/GoTo/D[3 0 R/Fit]>>>>"}}, "ONE", "TWO", "/GoTo"),
		kept("link", link("<</S/URI/URI(https://www.city.example.jp/a?b=%E3%81%82)>>"), "https://www.city.example.jp/a?b=%E3%81%82"),
		kept("mail link", link("<</S/URI/URI(mailto:a@example.jp)>>"), "mailto:a@example.jp"),
		kept("next page", link("<</S/Named/N/NextPage>>"), "/NextPage"),
		kept("form", sheet{catalog: "/AcroForm<</Fields[6 0 R]/DA(/Helv 0 Tf 0 g)>>", page: "/Annots[6 0 R]", objects: []string{field, form}},
			"(value)", "\x6c\x0f\x53\x17"),
		kept("appearance that does not say that it is a form", sheet{page: "/Annots[<</Subtype/Stamp/Rect[0 0 9 9]/AP<</N 6 0 R>>>>]",
			objects: []string{stream("/BBox[0 0 9 9]", "0 0 9 9 re f")}}, "/Subtype/Form", "0 0 9 9 re\nf\n"),
		kept("inline fax", sheet{content: "BI /W 8 /H 1 /IM true /F /CCF /DP <</K -1 /Columns 8>> ID \x80 EI BT /F1 9 Tf (" + text + ") Tj ET"}, "/IM true", "/F /Fl"),
		faxCase(sheet{}.xobject(stream("/Type/XObject/Subtype/Image/Width 999/Height 400/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode"+
			"/DecodeParms<</BlackIs1 true/Columns 999/K -1/Rows 400>>", string(faxed(999, 400))))),
		kept("names", sheet{page: "/Annots[<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/T(Sato <sato@example.jp>)/Subj(a < b > c)/Contents(see https://example.jp/ <b>)>>]"},
			"Sato <sato@example.jp>", "a < b > c", "https://example.jp/ <b>"),
		kept("page labels", sheet{catalog: "/PageLabels<</Nums[0<</S/r>>]>>"}, "/S/r"),
		kept("named places", sheet{catalog: "/Names<</Dests<</Kids[6 0 R 7 0 R]>>>>", objects: []string{
			"<</Limits[(a)(a)]/Names[(a)[3 0 R/Fit]]>>", "<</Limits[(b)(b)]/Names[(b)<</D[3 0 R/FitH 5]>>]>>"}}, "/FitH"),
		kept("structure", sheet{
			catalog: "/MarkInfo<</Marked true>>/Lang(ja-JP)/StructTreeRoot 6 0 R", page: "/StructParents 0",
			content: "/P <</MCID 0>> BDC BT /F1 12 Tf (" + text + ") Tj ET EMC",
			objects: []string{"<</Type/StructTreeRoot/K 7 0 R/ParentTree<</Nums[0[7 0 R]]>>>>",
				"<</Type/StructElem/S/P/P 6 0 R/Pg 3 0 R/K 0/Alt(ALT)>>"}}, "ALT", "ja-JP", "/ParentTree"),
		kept("optional content", sheet{
			catalog: "/OCProperties<</OCGs[6 0 R]/D<</Order[6 0 R]/OFF[6 0 R]>>>>", objects: []string{"<</Type/OCG/Name(LAYER)>>"},
		}.resource("/Properties<</MC0 6 0 R>>"), "LAYER", "/OFF"),
		kept("shading and function", sheet{objects: []string{
			"<</FunctionType 2/Domain[0 1]/C0[0 0 0]/C1[1 1 1]/N 1>>"}}.resource(
			"/Shading<</S1<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 1 1]/Function 6 0 R>>>>"), "/ShadingType"),
		kept("calculator", sheet{objects: []string{
			stream("/FunctionType 4/Domain[0 1]/Range[0 1]", "{ dup 0.5 gt { pop 1 } { 2 mul } ifelse }")}}.resource(
			"/Shading<</S1<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 1 1]/Function 6 0 R>>>>"), "{dup .5 gt{pop 1}{2 mul}ifelse}"),
		kept("separation", sheet{objects: []string{
			"<</FunctionType 2/Domain[0 1]/C0[0 0 0]/C1[1 1 1]/N 1>>"}}.resource("/ColorSpace<</C[/Separation/Spot/DeviceRGB 6 0 R]>>"), "/Spot"),
		kept("indexed", sheet{}.resource("/ColorSpace<</C[/Indexed[/CalRGB<</WhitePoint[1 1 1]>>]1 <000000ffffff>]>>"), "/CalRGB"),
		kept("picture", sheet{}.picture("/Name/Im")),
		kept("picture with PNG rows", sheet{}.xobject(flated(
			"/Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray/DecodeParms<</Predictor 15/Columns 2>>", "\x01ab\x02cd"))),
		kept("JPEG", sheet{}.xobject(stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode",
			"\xff\xd8PIXELS\xff\xd9")), "PIXELS"),
		kept("JPEG under ASCII85", sheet{}.xobject(stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Filter[/A85/DCT]",
			string(filter.EncodeASCII85([]byte("\xff\xd8PIXELS\xff\xd9"))))), "PIXELS"),
		kept("inline image", sheet{content: "q BI /W 2 /H 2 /BPC 8 /CS /G ID abEI EI Q BT /F1 9 Tf (" + text + ") Tj ET"}, "/CS /G"),
		kept("type 3 font", sheet{objects: []string{stream("", "500 0 d0 0 0 m 1 1 l S")}}.font(
			"<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</a 6 0 R>>"+
				"/Encoding<</Differences[97/a]>>/FirstChar 97/LastChar 97/Widths[500]>>"), "500 0 d0\n0 0 m\n1 1 l\nS\n"),
		kept("numbers and strings", sheet{content: "+00.50 -.0 m 1.50 0002 l S BT /F1 9 Tf <4B454550> Tj (a\\050\\\nb) Tj (" + text + ") Tj ET"},
			".5 0 m\n1.5 2 l\nS\n", "(KEEP)Tj", `(a\(b)Tj`),
		kept("operators without space", sheet{content: "q 1 0 0 1 5 5cm/F1 gs[1 2]0d 0 0 1rg Q BT/F1 9Tf(" + text + ")Tj ET"}, "1 0 0 1 5 5 cm\n/F1 gs\n[1 2]0 d\n"),
		kept("content in two streams", sheet{}.with(func([]byte) []byte {
			return file("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
				"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents[4 0 R 5 0 R]>>", stream("", "BT ("+text+")"), stream("", "Tj ET"))
		})),
		kept("inherited box", sheet{}.with(func([]byte) []byte {
			return file("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 77 9]/Resources<</Font<<>>>>>>",
				"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>", stream("", "BT ("+text+") Tj ET"))
		}), "[0 0 77 9]"),
	}
}

// TestEmptyScans rebuilds a scan of empty pages: it unpacks to more than a thousand times its size and is no bomb. What
// unpacks to more than its pictures need is one still.
func TestEmptyScans(t *testing.T) {
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		height int
		want   error
	}{"scan": {1500, nil}, "bomb": {1, sanitize.ErrLimit}} {
		var s sheet
		var names strings.Builder
		for i := range 20 {
			fmt.Fprintf(&names, "/X%d %d 0 R", i, 6+i)
			s.objects = append(s.objects, flated(fmt.Sprintf("/Type/XObject/Subtype/Image/Width 1000/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray", c.height), strings.Repeat("\xff", 1_500_000)))
		}
		s = s.resource("/XObject<<" + names.String() + ">>")
		_, err := engine.Rebuild(t.Context(), sanitize.Job{Input: sanitize.BytesInput(s.bytes()), Policy: sanitize.Standard()}, io.Discard)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
}

// faxCase makes a case of a fax that stays one.
func faxCase(s sheet) sanitizetest.Case { return kept("fax", s, "/CCITTFaxDecode", "/BlackIs1 true") }

// faxed is a fax of strokes that wander.
func faxed(width, height int64) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	stride := (width + 7) / 8
	rows := make([]byte, stride*height)
	for range 12 {
		x := r.Int64N(width)
		for y := range height {
			x = min(width-1, max(0, x+r.Int64N(5)-2))
			rows[y*stride+x/8] |= 0x80 >> (x % 8)
		}
	}
	return filter.EncodeFax(rows, width, 1)
}

// resource adds entries to the resources of the page.
func (s sheet) resource(entries string) sheet {
	s.resources += entries
	return s
}

func otherCases() []sanitizetest.Case {
	strict, hostile := sanitize.Strict(), sanitize.Standard()
	hostile.Limits.Objects = 8
	small := sanitize.Standard()
	small.Limits.Expanded = 1 << 20
	pages := sanitize.Standard()
	pages.Limits.Pages = 1
	filters := "/Filter[/ASCIIHexDecode/FlateDecode]"
	return []sanitizetest.Case{
		{Name: "links by policy", Input: link("<</S/URI/URI(http://" + needle + "/)>>").bytes(), Policy: &strict, Gone: []string{needle}, Keep: []string{text}, Rules: []string{ruleURI}},
		{Name: "comments by policy", Input: annotation("/Subtype/Text/Contents(" + needle + ")").bytes(), Policy: &strict, Gone: []string{needle}, Rules: []string{ruleComment}},
		{Name: "metadata by policy", Input: sheet{trailer: "/Info<</Title(" + needle + ")>>"}.bytes(), Policy: &strict, Gone: []string{needle}, Keep: []string{text}},
		{Name: "no pages", Input: file("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"), Err: sanitize.ErrMalformed},
		{Name: "no catalog", Input: []byte("%PDF-1.4\n%%EOF\n"), Err: sanitize.ErrMalformed},
		{Name: "JPEG 2000", Input: sheet{}.picture("/Filter/JPXDecode").bytes(), Err: sanitize.ErrUnsupported},
		{Name: "JBIG2", Input: sheet{}.picture("/Filter/JBIG2Decode").bytes(), Err: sanitize.ErrUnsupported},
		{Name: "content under an unknown filter", Input: sheet{objects: []string{stream("/Filter/OddDecode", needle)}, page: "/Contents 6 0 R"}.bytes(), Err: sanitize.ErrMalformed},
		{Name: "a form under an unknown filter", Input: sheet{}.xobject(stream("/Subtype/Form/BBox[0 0 1 1]/Filter/OddDecode", needle)).bytes(), Err: sanitize.ErrMalformed},
		{Name: "crypt filter with a name", Input: sheet{}.picture("/Filter/Crypt/DecodeParms<</Name/Odd>>").bytes(), Err: sanitize.ErrMalformed},
		{Name: "dynamic XFA", Input: sheet{catalog: "/NeedsRendering true/AcroForm<</Fields[]/XFA 6 0 R>>", objects: []string{stream("", "<xdp/>")}}.bytes(), Err: sanitize.ErrUnsupported},
		{Name: "static XFA", Input: sheet{catalog: "/AcroForm<</Fields[]/XFA 6 0 R>>", objects: []string{stream("", needle)}}.bytes(), Gone: []string{needle}, Keep: []string{text}, Rules: []string{ruleXFA}},
		{Name: "too many objects", Input: sheet{objects: []string{"1", "2", "3", "4", "5"}}.bytes(), Policy: &hostile, Err: sanitize.ErrLimit},
		{Name: "too many pages", Input: file("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>", "<</Type/Page/MediaBox[0 0 9 9]>>"), Policy: &pages, Err: sanitize.ErrLimit},
		{Name: "a picture of too many pixels", Input: sheet{}.xobject(stream("/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8/ColorSpace/DeviceGray", "x")).bytes(), Err: sanitize.ErrLimit},
		exact("a picture under an unknown filter", ruleImage, sheet{}.xobject(stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/OddDecode", needle))),
		exact("a picture under an unknown filter, with its mask", ruleImage, sheet{objects: []string{
			stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", needle[:1])}}.xobject(
			stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/SMask 6 0 R/Filter/OddDecode", needle))),
		exact("an outline item without a title", ruleRepaired, sheet{catalog: "/Outlines 6 0 R", objects: []string{
			"<</First 7 0 R/Last 8 0 R/Count 2>>", "<</Parent 6 0 R/Next 8 0 R/Dest[3 0 R/Fit]>>", "<</Title(TWO)/Parent 6 0 R/Prev 7 0 R/Dest[3 0 R/Fit]>>"}}, "/Title()", "TWO"),
		exact("a font descriptor with a key that is none any more", ruleRepaired, sheet{objects: []string{
			"<</Type/FontDescriptor/FontName/X\n\x1cItalicAngle 0\n/Flags 4>>"}}.font("<</Type/Font/Subtype/TrueType/BaseFont/X/FontDescriptor 6 0 R>>"), "/FontDescriptor"),
		exact("a picture that does not say how big it is", ruleImage, sheet{}.xobject(stream("/Type/XObject/Subtype/Image/Width 1/BitsPerComponent 8/ColorSpace/DeviceGray", needle))),
		exact("a picture that does not say how deep it is", ruleImage, sheet{}.xobject(stream("/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray", needle))),
		exact("a broken profile of the device's colours", ruleColorProfile, sheet{objects: []string{stream("/N 3", needle)}}.resource("/ColorSpace<</DefaultRGB[/ICCBased 6 0 R]>>")),
		exact("a place of no kind", ruleUnknownObject, link("<</S/GoTo/D[0/]>>")),
		exact("a picture with a predictor of absurd width", ruleImage, sheet{}.xobject(flated("/Subtype/Image/Width 1/Height 1/DecodeParms<</Predictor 15/Columns 2147483647>>", needle))),
		exact("a font under an unknown filter", ruleFont, sheet{objects: []string{stream("/Filter/OddDecode", needle), "<</Type/FontDescriptor/FontName/X/FontFile2 6 0 R>>"}}.font("<</Type/Font/Subtype/TrueType/BaseFont/X/FontDescriptor 7 0 R>>")),
		exact("a character map that says it is a picture", ruleCMap, sheet{objects: []string{stream("/Filter/DCTDecode", needle)}}.font("<</Type/Font/Subtype/TrueType/BaseFont/X/ToUnicode 6 0 R>>")),
		exact("a profile under an unknown filter", ruleColorProfile, sheet{objects: []string{stream("/N 3/Filter/OddDecode", needle)}}.resource("/ColorSpace<</C[/ICCBased 6 0 R]>>"), "/C/DeviceRGB"),
		exact("a palette under an unknown filter", ruleFilter, sheet{objects: []string{stream("/Filter/OddDecode", needle)}}.resource("/ColorSpace<</C[/Indexed/DeviceRGB 1 6 0 R]>>")),
		exact("a font descriptor that is not there", ruleMissing, sheet{}.font("<</Type/Font/Subtype/TrueType/BaseFont/"+needle[:6]+"/FontDescriptor 99 0 R>>"), needle[:6]),
		{Name: "bomb", Input: sheet{}.xobject(flated("/Subtype/Image/Width 1/Height 1", strings.Repeat("\x00", 2<<20))).bytes(), Policy: &small, Err: sanitize.ErrLimit, MaxAlloc: 20 << 20},
		{Name: "filter chain", Input: sheet{}.xobject(stream("/Type/XObject/Subtype/Form/BBox[0 0 1 1]"+filters, fmt.Sprintf("%x>", flatedBytes("q 1 0 0 rg Q")))).bytes(), Keep: []string{"q\n1 0 0 rg\nQ\n"}, Exact: true},
		{Name: "page tree that holds itself", Input: file("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>", "<</Type/Page/MediaBox[0 0 9 9]/Contents 4 0 R>>", stream("", "BT ("+text+") Tj ET")), Keep: []string{text}},
		{Name: "outline that holds itself", Input: sheet{catalog: "/Outlines 6 0 R", objects: []string{"<</First 6 0 R/Last 6 0 R/Title(t)/Next 6 0 R/Parent 6 0 R>>"}}.bytes(), Keep: []string{text}, Rules: []string{ruleUnknownObject}},
		{Name: "glyph map of a font", Input: file("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
			"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>", stream("", "BT /F 9 Tf <0001> Tj ET"),
			"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
			"<</Type/Font/Subtype/CIDFontType2/BaseFont/A/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/CIDToGIDMap 7 0 R>>",
			stream("", "GLYPHMAP-GLYPHMAP-GLYPHMAP")), Keep: []string{"GLYPHMAP-GLYPHMAP-GLYPHMAP"}},
		{Name: "form that draws itself", Input: sheet{}.xobject(stream("/Type/XObject/Subtype/Form/BBox[0 0 1 1]/Resources<</XObject<</X 6 0 R>>>>", "/X Do")).bytes(), Keep: []string{text}},
		{Name: "broken JPEG", Input: sheet{}.picture("/Filter/DCTDecode").bytes(), Keep: []string{text}, Rules: []string{ruleImage}},
		{Name: "broken font", Input: sheet{objects: []string{flated("", needle), "<</Type/FontDescriptor/FontName/X/FontFile2 6 0 R>>"}}.font("<</Type/Font/Subtype/TrueType/BaseFont/X/FontDescriptor 7 0 R>>").bytes(), Gone: []string{needle}, Keep: []string{text}, Rules: []string{ruleFont}},
		{Name: "a font under the wrong key", Input: sheet{objects: []string{stream("", "\x00\x01\x00\x00"+trueTypeBody), "<</Type/FontDescriptor/FontName/X/FontFile 6 0 R>>"}}.font("<</Type/Font/Subtype/TrueType/BaseFont/X/FontDescriptor 7 0 R>>").bytes(), Keep: []string{text, "/FontFile2", "GLYPHS"}, Exact: true},
		{Name: "broken profile", Input: sheet{objects: []string{stream("/N 3", needle)}}.resource("/ColorSpace<</C[/ICCBased 6 0 R]>>").bytes(), Gone: []string{needle}, Keep: []string{"/C/DeviceRGB"}, Rules: []string{ruleColorProfile}},
		{Name: "broken calculator", Input: sheet{objects: []string{stream("/FunctionType 4/Domain[0 1]/Range[0 1]", "{("+needle+") run}")}}.resource("/Shading<</S<</ShadingType 2/ColorSpace/DeviceGray/Coords[0 0 1 1]/Function 6 0 R>>>>").bytes(), Gone: []string{needle}, Rules: []string{ruleFunction}},
		{Name: "samples after the last pixel", Input: sheet{}.xobject(stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", "x"+needle)).bytes(), Gone: []string{needle}, Rules: []string{ruleImage}},
		{Name: "data after the compressed", Input: sheet{}.xobject(stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/FlateDecode", string(flatedBytes("x"))+needle)).bytes(), Gone: []string{needle}},
		{Name: "older revision", Input: sheet{}.with(func(b []byte) []byte {
			return append(b, "4 0 obj\n"+stream("", "BT (SECOND"+text+") Tj ET")+"\nendobj\nxref\n0 0\ntrailer\n<</Root 1 0 R/Size 6>>\nstartxref\n9\n%%EOF\n"...)
		}).bytes(), Keep: []string{text}, Rules: []string{ruleRevisions}},
		{Name: "no cross-reference table", Input: sheet{}.with(func(b []byte) []byte { return b[:bytes.Index(b, []byte("xref\n"))] }).bytes(), Keep: []string{text}, Rules: []string{ruleRepaired}, Exact: true},
		{Name: "no catalog any more", Input: sheet{}.with(func(b []byte) []byte {
			return append([]byte("%PDF-1.4\n"), b[bytes.Index(b, []byte("3 0 obj")):bytes.Index(b, []byte("xref\n"))]...)
		}).bytes(), Keep: []string{text}, Rules: []string{ruleRepaired}, Exact: true},
	}
}

// trueTypeBody is a TrueType font of one glyph after its version: tables glyf, head, loca and maxp.
var trueTypeBody = "\x00\x04\x00\x40\x00\x02\x00\x00" +
	"glyf\x00\x00\x00\x00\x00\x00\x00\x4c\x00\x00\x00\x06" + "head\x00\x00\x00\x00\x00\x00\x00\x54\x00\x00\x00\x36" +
	"loca\x00\x00\x00\x00\x00\x00\x00\x8c\x00\x00\x00\x04" + "maxp\x00\x00\x00\x00\x00\x00\x00\x90\x00\x00\x00\x06" +
	"GLYPHS\x00\x00" + strings.Repeat("\x00", 0x38) + "\x00\x00\x00\x03" + "\x00\x01\x00\x00\x00\x01\x00\x00"

func flatedBytes(data string) []byte {
	s := flated("", data)
	i := strings.Index(s, "stream\n") + len("stream\n")
	return []byte(s[i : len(s)-len("\nendstream")])
}

func TestKept(t *testing.T) {
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{}, Others: []sanitize.Format{jpegStub{}}, Cases: keptCases(),
		Foreign: [][]byte{nil, []byte("PK\x03\x04"), []byte("%PD"), bytes.Repeat([]byte(" "), 1100)},
	})
}

func TestOther(t *testing.T) {
	sanitizetest.Run(t, sanitizetest.Suite{Format: Format{}, Others: []sanitize.Format{jpegStub{}}, Cases: otherCases()})
}

// TestOutputReads opens every output with another program.
func TestOutputReads(t *testing.T) {
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}, jpegStub{}}, sanitize.Naming{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(keptCases(), activeCases()[:10]...) {
		if strings.HasPrefix(c.Name, "JPEG") { // its pictures are none to another program
			continue
		}
		out := rebuilt(t, engine, c.Input)
		name := filepath.Join(t.TempDir(), "out.pdf")
		if err := os.WriteFile(name, out, 0o600); err != nil {
			t.Fatal(err)
		}
		if text, err := exec.Command("qpdf", "--check", name).CombinedOutput(); err != nil {
			t.Errorf("%s: qpdf: %v\n%s", c.Name, err, text)
		}
	}
}

func rebuilt(t *testing.T, engine *sanitize.Engine, input []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	job := sanitize.Job{Input: sanitize.BytesInput(input), Policy: sanitize.Standard()}
	if _, err := engine.Rebuild(t.Context(), job, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
