package pdf

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	jpegjudge "sekisho/sanitize/verify/jpeg"
)

func TestGood(t *testing.T) {
	for name, b := range map[string][]byte{"table": build(good()...), "stream": pack(good()...)} {
		if rule := judge(t, b, sanitize.Standard()); rule != "" {
			t.Errorf("%s: violates %s", name, rule)
		}
		if !(Judge{}).Claims(sanitize.BytesInput(b)) {
			t.Errorf("%s: not claimed", name)
		}
	}
}

// replace returns the good document with old replaced by new, which must be there once.
func replace(t *testing.T, old, new string) []string {
	t.Helper()
	objects := good()
	n := 0
	for i, o := range objects {
		n += strings.Count(o, old)
		objects[i] = strings.ReplaceAll(o, old, new)
	}
	if n != 1 {
		t.Fatalf("%q stands %d times", old, n)
	}
	return objects
}

// TestObjects changes one thing in the good document, which then violates one rule, however it is written.
func TestObjects(t *testing.T) {
	const link = "/A<</S/URI/URI(https://example.jp/)>>"
	for name, c := range map[string]struct{ rule, old, new string }{
		"javascript":         {RuleJavaScript, link, "/A<</S/JavaScript/JS(app.alert(1))>>"},
		"escaped name":       {RuleJavaScript, link, "/A<</S/#4aavaScript/#4a#53(app.alert(1))>>"},
		"script in next":     {RuleJavaScript, "/Next<</S/GoTo/D[3 0 R/Fit]>>", "/Next[<</S/JavaScript/D(x)>>]"},
		"script names":       {RuleJavaScript, "/Names<</Dests", "/Names<</JavaScript<</Names[]>>/Dests"},
		"script key":         {RuleJavaScript, "/Rect[0 0 1 1]/AP", "/JS(x)/Rect[0 0 1 1]/AP"},
		"launch":             {RuleAction, link, "/A<</S/Launch/F(cmd.exe)>>"},
		"launch unreached":   {RuleAction, "/T(name)", "/T(name)/MK<</X<</S/Launch>>>>"},
		"submit":             {RuleAction, link, "/A<</S/SubmitForm/F(http://a)>>"},
		"remote":             {RuleAction, link, "/A<</S/GoToR/F(a.pdf)/D[0/Fit]>>"},
		"remote, no type":    {RuleAction, link, "/A<</F(a.pdf)>>"},
		"hide":               {RuleAction, link, "/A<</S/Hide/T(x)>>"},
		"named print":        {RuleAction, "/N/NextPage", "/N/Print"},
		"goto nowhere":       {RuleAction, "/S/GoTo/D[3 0 R/Fit]", "/S/GoTo"},
		"link to a file":     {RuleLink, "(https://example.jp/)", "(file:///c:/a.exe)"},
		"link to a script":   {RuleLink, "(https://example.jp/)", "(javascript:x)"},
		"link with a blank":  {RuleLink, "(https://example.jp/)", "(java\\nscript:x)"},
		"link with a title":  {RuleLink, "/URI(https://example.jp/)", "/URI(file:///a)/Title(x)/O 1"},
		"link with a parent": {RuleLink, "/URI(https://example.jp/)", "/URI(file:///a)/P 3 0 R"},
		"matrix of text":     {RuleFont, "/BaseFont/A#20B", "/BaseFont/A/FontMatrix[1 2 3 4 5 (alert)]"},
		"link base":          {RuleLink, "/OpenAction[", "/URI<</Base(http://a/)>>/OpenAction["},
		"trigger":            {RuleTrigger, "/MediaBox", "/AA<</O<</S/GoTo/D(a)>>>>/MediaBox"},
		"open action":        {RuleTrigger, "/OpenAction[3 0 R/Fit]", "/OpenAction<</S/Named/N/NextPage>>"},
		"embedded tree":      {RuleEmbedded, "/Names<</Dests", "/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/EF<<>>>>]>>/Dests"},
		"embedded, escaped":  {RuleEmbedded, "/Names<</Dests", "/Names<</#45mbedded#46iles<</Names[]>>/Dests"},
		"embedded elsewhere": {RuleEmbedded, "/T(name)", "/T(name)/MK<</EmbeddedFiles<</Names[]>>>>"},
		"associated":         {RuleEmbedded, "/OpenAction[", "/AF[]/OpenAction["},
		"associated page":    {RuleEmbedded, "/MediaBox", "/#41#46[]/MediaBox"},
		"file specification": {RuleEmbedded, "/T(name)", "/T(name)/MK<</Type/File#73pec>>"},
		"old specification":  {RuleEmbedded, "/T(name)", "/T(name)/MK<</Type/F>>"},
		"file in it":         {RuleEmbedded, "/T(name)", "/T(name)/MK<</#45F<</F 4 0 R>>>>"},
		"related file":       {RuleEmbedded, "/T(name)", "/T(name)/MK<</RF<</F[]>>>>"},
		"file of a name":     {RuleEmbedded, "/T(name)", "/T(name)/MK<</UF(a.exe)>>"},
		"portfolio":          {RuleEmbedded, "/OpenAction[", "/Collection<<>>/OpenAction["},
		"attachment":         {RuleEmbedded, "/Subtype/Link/Rect[0 0 1 1]/A<</S/URI", "/Subtype/#46ileAttachment/Rect[0 0 1 1]/A<</S/URI"},
		"rich media":         {RuleSubtype, "/Subtype/Link/Rect[0 0 1 1]/A<</S/URI", "/Subtype/RichMedia/Rect[0 0 1 1]/A<</S/URI"},
		"media":              {RuleMedia, "/T(name)", "/T(name)/Movie<<>>"},
		"xfa":                {RuleForm, "/DA(/F1 0 Tf)", "/XFA[]"},
		"signature":          {RuleSubtype, "/V(x)", "/V<</Type/Rig/Contents<00>>>"},
		"signature value":    {RuleSignature, "/V(x)", "/V<</Type/Sig/Contents<00>>>"},
		"signed range":       {RuleSignature, "/V(x)", "/V<</ByteRange[0 1 2 3]>>"},
		"permissions":        {RuleSignature, "/OpenAction[", "/Perms<<>>/OpenAction["},
		"piece info":         {RulePrivate, "/MediaBox", "/PieceInfo<<>>/MediaBox"},
		"thumbnail":          {RulePrivate, "/MediaBox", "/Thumb null/MediaBox"},
		"requirements":       {RulePrivate, "/OpenAction[", "/Requirements[]/OpenAction["},
		"unknown key":        {RuleKey, "/MediaBox", "/Foo 1/MediaBox"},
		"file":               {RuleExternal, "/T(name)/V(x)", "/T(name)/F(\\\\\\\\host\\\\share)"},
		"missing":            {RuleReference, "/Im0 10 0 R", "/Im0 99 0 R"},
		"unreached":          {RuleReference, "/Im0 10 0 R", ""},
		"no pages":           {RulePages, "/Kids[3 0 R]", "/Kids[]"},
		"page twice":         {"", "/Kids[3 0 R]", "/Kids[3 0 R 3 0 R]"},
		"branch twice":       {RulePages, "/Kids[3 0 R]", "/Kids[3 0 R 2 0 R]"},
		"page of no type":    {RulePages, "/Kids[3 0 R]", "/Kids[9 0 R]"},
		"generation":         {RuleStructure, "/Kids[3 0 R]", "/Kids[3 1 R]"},
		"key twice":          {RuleStructure, "/MediaBox", "/Parent 2 0 R/MediaBox"},
		"comment":            {RuleStructure, "/MediaBox", "%hidden\n/MediaBox"},
		"deep":               {RuleStructure, "/T(name)", "/T" + strings.Repeat("[", 300) + strings.Repeat("]", 300)},
		"huge picture":       {verify.RuleLimit, "/Width 2/Height 2", "/Width 60000/Height 60000"},
		"short picture":      {RuleImage, "/Width 2/Height 2", "/Width 2/Height 3"},
		"codec":              {RuleFilter, "/Height 2/BitsPerComponent 8/ColorSpace/DeviceRGB/DecodeParms<</Predictor 15/Colors 3/Columns 2>>/Filter/FlateDecode", "/Height 2/Filter/JPXDecode"},
		"external picture":   {RuleExternal, "/Type/XObject/Subtype/Image", "/F(a)/Type/XObject/Subtype/Image"},
		"reference form":     {RuleExternal, "/Subtype/Form", "/Subtype/Form/Ref<</F(a)>>"},
		"postscript":         {RuleSubtype, "/Subtype/Form", "/Subtype/PS"},
		"postscript form":    {RuleSubtype, "/Subtype/Form", "/Subtype/Form/Subtype2/PS"},
		"function words":     {RuleProgram, "{ 1 exch sub }", "{ 1 exch run }"},
		"function braces":    {RuleProgram, "{ 1 exch sub }", "{ 1 exch sub "},
		"stream, no purpose": {RuleStream, "/Im0 10 0 R", "/Im0 10 0 R/X 4 0 R"},
	} {
		if name == "function words" || name == "function braces" {
			c.new += strings.Repeat(" ", len(c.old)-len(c.new))
		}
		objects := replace(t, c.old, c.new)
		if name == "stream, no purpose" {
			objects = replace(t, "/Contents 4 0 R", "/Contents 4 0 R/Last 4 0 R/CA 18 0 R")
			objects = append(objects, data("", "MZ"))
		}
		for how, b := range map[string][]byte{"table": build(objects...), "stream": pack(objects...)} {
			if rule := judge(t, b, sanitize.Standard()); rule != c.rule {
				t.Errorf("%s in a %s: violates %q, want %q", name, how, rule, c.rule)
			}
		}
	}
}

// TestStreams replaces the data of one stream.
func TestStreams(t *testing.T) {
	for name, c := range map[string]struct {
		rule   string
		object int
		body   string
	}{
		"operator":         {RuleContent, 4, data("", "q run Q")},
		"operands":         {RuleContent, 4, data("", "1 Tj Tj")},
		"draws itself":     {RuleRecursion, 11, data("/Subtype/Form/Resources<</XObject<</A 11 0 R>>>>", "/A Do")},
		"names itself":     {"", 11, data("/Subtype/Form/Resources<</XObject<</A 11 0 R>>>>", "q Q")},
		"outline":          {RuleOutline, 9, "<</Type/Outlines/First 18 0 R/Last 18 0 R>>"},
		"no operator":      {RuleContent, 4, data("", "q Q 1")},
		"open section":     {RuleContent, 4, data("", "BX")},
		"comment":          {RuleContent, 4, data("", "q %x\nQ")},
		"property script":  {RuleJavaScript, 4, data("", "/P <</JS (x)>> BDC EMC")},
		"property action":  {RuleAction, 4, data("", "/P <</A <</S /Launch>>>> BDC EMC")},
		"picture surplus":  {RuleContent, 4, data("", "BI /W 1 /H 1 /BPC 8 /CS /G ID \xff\xffEI")},
		"picture key":      {RuleContent, 4, data("", "BI /W 1 /JS 1 ID \xffEI")},
		"picture in flate": {"", 4, data("", "BI /W 1 /H 1 /BPC 8 /CS /G /F /Fl ID "+deflate("x")+"\nEI")},
		"behind a picture": {RuleContent, 4, data("", "BI /W 1 /H 1 /BPC 8 /CS /G /F /Fl ID "+deflate("x")+"MZ\nEI")},
		"picture codec":    {RuleContent, 4, data("", "BI /W 1 /H 1 /F /CCF ID abc\nEI")},
		"picture, no end":  {RuleContent, 4, data("", "BI /W 1 /H 1 /F /Fl ID abc")},
		"form":             {RuleContent, 11, data("/Subtype/Form", "run")},
		"not compressed":   {RuleStream, 11, raw("/Subtype/Form/Filter/FlateDecode", "0 0 1 1 re f")},
		"cut":              {RuleStream, 11, raw("/Subtype/Form/Filter/FlateDecode", deflate("0 0 1 1 re f")[:9])},
		"after the data":   {RuleStream, 11, raw("/Subtype/Form/Filter/FlateDecode", deflate("n")+"MZ")},
		"two filters":      {RuleStream, 11, raw("/Subtype/Form/Filter[/FlateDecode/FlateDecode]", deflate(deflate("n")))},
		"hexadecimal":      {RuleStream, 11, raw("/Subtype/Form/Filter/ASCIIHexDecode", "6e>")},
		"no profile":       {RuleProfile, 12, data("/N 3", "MZ")},
		"no picture":       {verify.RuleUnknown, 10, raw("/Subtype/Image/Width 1/Height 1/Filter/DCTDecode", "MZ\x00\xff\x00")},
		"fax":              {"", 10, raw(fax, faxData)},
		"fax surplus":      {RuleStream, 10, raw(fax, faxData+"MZ")},
		"fax cut":          {RuleStream, 10, raw(fax, faxData[:1])},
		"fax, other form":  {RuleImage, 10, raw(strings.Replace(fax, "/K -1", "/K 0", 1), faxData)},
		"fax, no parms":    {RuleImage, 10, raw(strings.Split(fax, "/DecodeParms")[0], faxData)},
		"fax too wide":     {RuleImage, 10, raw(strings.Replace(fax, "/Columns 8", "/Columns 9", 1), faxData)},
		"fax parameter":    {RuleImage, 10, raw(strings.Replace(fax, "/K -1", "/K -1/EncodedByteAlign true", 1), faxData)},
		"fax in colour":    {RuleImage, 10, raw(strings.Replace(fax, "/DeviceGray", "/DeviceRGB", 1), faxData)},
		"row cut":          {RuleStream, 10, data("/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceRGB/DecodeParms<</Predictor 15/Colors 3/Columns 2>>", "\x00abcde")},
		"row filter":       {RuleStream, 10, data("/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/DecodeParms<</Predictor 15>>", "\x05a")},
		"font":             {RuleFont, 17, data("", "MZ")},
		"font table":       {RuleFont, 17, data("", strings.Replace(font(), "head", "evil", 1))},
		"font surplus":     {RuleFont, 17, data("", font()+"evil")},
		"character map":    {RuleProgram, 16, data("", "(x) run")},
		"character map JS": {RuleProgram, 16, data("", "alert")},
		"extra length":     {RuleStructure, 11, "<</Subtype/Form/Length 3>>\nstream\nn\nendstream"},
		"indirect length":  {RuleStructure, 11, "<</Subtype/Form/Length 9 0 R>>\nstream\nn\nendstream"},
	} {
		objects := append(good(), "<</Title(x)/Next 18 0 R>>")
		objects[c.object-1] = c.body
		if name != "outline" {
			objects = objects[:17]
		}
		if rule := judge(t, build(objects...), sanitize.Standard()); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

// A fax of two white rows of eight pixels: two times "no change" and the end of the block (ITU-T T.6).
const (
	fax     = "/Subtype/Image/Width 8/Height 2/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 8/Rows 2>>"
	faxData = "\xc0\x04\x00\x40"
)

// TestLayout spoils the file around the objects.
func TestLayout(t *testing.T) {
	table, stream := build(good()...), pack(good()...)
	cut := func(b []byte, old, new string) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	for name, c := range map[string]struct {
		rule string
		b    []byte
	}{
		"leading":          {RuleStructure, append([]byte("\n"), table...)},
		"trailing":         {RuleTrailing, append(bytes.Clone(table), '\n')},
		"trailing program": {RuleTrailing, append(bytes.Clone(stream), "MZ"...)},
		"second revision":  {RuleTrailing, append(bytes.Clone(table), table...)},
		"header":           {RuleStructure, cut(table, "%PDF-1.7", "%PDF-1.9")},
		"second line":      {RuleStructure, cut(table, "%\xe2\xe3\xcf\xd3", "%<?ph")},
		"gap":              {RuleStructure, cut(table, "endobj\n2 0 obj", "endobj\nMZ\n2 0 obj")},
		"twice":            {RuleStructure, cut(table, "2 0 obj", "3 0 obj")},
		"table":            {RuleStructure, cut(table, " 00000 n ", " 00001 n ")},
		"startxref":        {RuleStructure, cut(table, "startxref\n", "startxref\n1")},
		"earlier section":  {RuleStructure, cut(table, "/Root 1 0 R>>", "/Root 1 0 R/Prev 9>>")},
		"encrypted":        {RuleStructure, cut(table, "/Root 1 0 R>>", "/Root 1 0 R/Encrypt 2 0 R>>")},
		"size":             {RuleStructure, cut(table, "/Size 18", "/Size 17")},
		"no catalog":       {RuleStructure, cut(table, "/Root 1 0 R>>", ">>")},
		"hybrid":           {RuleStructure, cut(table, "/Root 1 0 R>>", "/Root 1 0 R/XRefStm 9>>")},
		"widths":           {RuleStructure, cut(stream, "/W[1 3 1]", "/W[1 1 3]")},
		"no objects":       {RuleStructure, []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")},
		"empty":            {RuleStructure, nil},
	} {
		if rule := judge(t, c.b, sanitize.Standard()); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

func TestPolicy(t *testing.T) {
	b := build(good()...)
	if rule := judge(t, b, sanitize.Strict()); rule != RuleLink {
		t.Errorf("a link under strict: violates %q", rule)
	}
	policy := sanitize.Standard()
	policy.Limits.Objects = 10
	if rule := judge(t, b, policy); rule != RuleStructure {
		t.Errorf("more objects than allowed: violates %q", rule)
	}
	policy = sanitize.Standard()
	policy.Limits.Pages = 0
	if rule := judge(t, b, policy); rule != RulePages {
		t.Errorf("more pages than allowed: violates %q", rule)
	}
}

// TestMembers proves that a picture in JPEG is judged by its own judge.
// TestNames: what is shown as a name has no markup and no address in it; who writes a name with his address writes a name.
func TestNames(t *testing.T) {
	for given, rule := range map[string]string{
		"(<img src=x>)": RuleMarkup, "(a</B >)": RuleMarkup, "(<!-- x)": RuleMarkup, "(http://example.jp)": RuleMarkup, "(JavaScript:x)": RuleMarkup,
		"<feff003c0062003e>": RuleMarkup, "<fffe3c0062003e00>": RuleMarkup,
		"(Sato <sato@example.jp>)": "", "(a < b > c)": "", "(1<2)": "", "(PostScript: x)": "",
	} {
		if got := judge(t, build(replace(t, "/T(name)", "/T"+given)...), sanitize.Standard()); got != rule {
			t.Errorf("%s: violates %q, want %q", given, got, rule)
		}
	}
}

func TestMembers(t *testing.T) {
	picture, err := os.ReadFile("../jpeg/testdata/baseline.jpg")
	if err != nil {
		t.Fatal(err)
	}
	keys := "/Subtype/Image/Width 40/Height 24/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/DCTDecode"
	for body, rule := range map[string]string{string(picture): "", string(picture) + "MZ": jpegjudge.RuleTrailing} {
		objects := good()
		objects[9] = raw(keys, body)
		if got := judge(t, build(objects...), sanitize.Standard()); got != rule {
			t.Errorf("a picture of %d bytes: violates %q, want %q", len(body), got, rule)
		}
	}
	const many = 20 // pictures are judged beside each other: a bad one is found wherever it stands
	for bad := range many {
		names := "/Im0 10 0 R"
		for i := range many {
			names += fmt.Sprintf("/Im%d %d 0 R", i+1, len(good())+i+1)
		}
		objects := replace(t, "/Im0 10 0 R", names)
		for i := range many {
			body := string(picture)
			if i == bad {
				body += "MZ"
			}
			objects = append(objects, raw(keys, body))
		}
		if got := judge(t, build(objects...), sanitize.Standard()); got != jpegjudge.RuleTrailing {
			t.Errorf("of %d pictures number %d is bad: violates %q", many, bad, got)
		}
	}
}

// TestEmbeddedFile hides a file: in an object stream, under a type of its own, in content; none may stand, whatever is
// in it and whatever the policy keeps.
func TestEmbeddedFile(t *testing.T) {
	tree := "/Names<</EmbeddedFiles<</Names[(a.txt)<</F(a.txt)/EF<</F 18 0 R>>>>]>>/Dests"
	for name, objects := range map[string][]string{
		"named":   append(replace(t, "/Names<</Dests", tree), data("/Type/EmbeddedFile", "text")),
		"only it": append(replace(t, "/Im0 10 0 R", "/Im0 10 0 R/Im1 18 0 R"), data("/Type/Embedded#46ile/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray", "text")),
	} {
		for how, b := range map[string][]byte{"table": build(objects...), "stream": pack(objects...)} {
			if rule := judge(t, b, sanitize.Standard()); rule != RuleEmbedded {
				t.Errorf("%s in a %s: violates %q", name, how, rule)
			}
		}
	}
	objects := good()
	objects[3] = data("", "/P <</#45mbeddedFiles <</Names []>>>> BDC EMC")
	if rule := judge(t, build(objects...), sanitize.Standard()); rule != RuleEmbedded {
		t.Errorf("in content: violates %q", rule)
	}
}

// TestEmptyScans judges a scan of empty pages, which unpacks to a thousand times its size, and a stream that does so
// without being a picture.
func TestEmptyScans(t *testing.T) {
	body := strings.Repeat("\xff", 16_000_000)
	objects := good()
	objects[9] = data("/Type/XObject/Subtype/Image/Width 4000/Height 4000/BitsPerComponent 8/ColorSpace/DeviceGray", body)
	if rule := judge(t, build(objects...), sanitize.Standard()); rule != "" {
		t.Errorf("a picture: violates %q", rule)
	}
	objects = good()
	objects[9] = data("/Type/XObject/Subtype/Image/Width 4/Height 4000/BitsPerComponent 8/ColorSpace/DeviceGray", body)
	if rule := judge(t, build(objects...), sanitize.Standard()); rule != verify.RuleLimit {
		t.Errorf("more than a picture needs: violates %q", rule)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(build(good()...))
	f.Add(pack(good()...))
	faxed := good()
	faxed[9] = raw(fax, faxData)
	f.Add(build(faxed...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if judge(t, b, sanitize.Standard()) == verify.RulePanic {
			t.Fatal("panic")
		}
	})
}
