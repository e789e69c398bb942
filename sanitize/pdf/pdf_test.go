package pdf

import (
	"fmt"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// needle stands for what must not get through.
const needle = "NEEDLEINTHEFILE"

const script = "<</S/JavaScript/JS(app.alert\\('" + needle + "'\\))>>"

// gone makes a case in which the needle is dropped under a rule and the text of the page stays.
func gone(name, rule string, s sheet) sanitizetest.Case {
	return sanitizetest.Case{Name: name, Input: s.bytes(), Gone: []string{needle}, Keep: []string{text}, Rules: []string{rule}}
}

// signed makes the case of a signature that shows: the field goes, the picture stays as a stamp.
func signed() sanitizetest.Case {
	c := gone("signature that shows", ruleSignature, sheet{catalog: "/AcroForm<</Fields[6 0 R]>>", page: "/Annots[7 0 R]", objects: []string{
		"<</FT/Sig/T(" + needle + ")/Kids[7 0 R]>>", "<</Type/Annot/Subtype/Widget/Parent 6 0 R/Rect[0 0 9 9]/AP<</N 8 0 R>>>>",
		stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", "0 0 9 9 re f")}})
	c.Gone = append(c.Gone, "/Sig", "/Widget")
	c.Keep = append(c.Keep, "/Stamp", "0 0 9 9 re\nf\n")
	return c
}

// wide writes a text string in UTF-16.
func wide(s string, swapped bool) string {
	b := []byte{0xfe, 0xff}
	for _, c := range []byte(s) {
		b = append(b, 0, c)
	}
	for i := 0; swapped && i < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return fmt.Sprintf("<%x>", b)
}

// link makes a page with a link annotation that does action.
func link(action string) sheet {
	return sheet{page: "/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A " + action + ">>]"}
}

func annotation(dict string) sheet {
	return sheet{page: "/Annots[<</Type/Annot/Rect[0 0 9 9]" + dict + ">>]"}
}

func activeCases() []sanitizetest.Case {
	file := "/F(\\\\\\\\host\\\\" + needle + ")"
	return []sanitizetest.Case{
		gone("open action", ruleOpenAction, sheet{catalog: "/OpenAction" + script}),
		gone("open action by reference", ruleJavaScript, sheet{catalog: "/OpenAction 6 0 R", objects: []string{script}}),
		gone("catalog AA", ruleAdditionalActions, sheet{catalog: "/AA<</WC " + script + ">>"}),
		gone("page AA", ruleAdditionalActions, sheet{page: "/AA<</O " + script + ">>"}),
		gone("annotation AA", ruleAdditionalActions, annotation("/Subtype/Widget/AA<</U "+script+">>")),
		gone("name tree", ruleJavaScript, sheet{catalog: "/Names<</JavaScript<</Names[(a)" + script + "]>>>>"}),
		gone("escaped names", ruleJavaScript, sheet{catalog: "/N#61mes<</J#61vaScript<</Names[(a)" + script + "]>>>>"}),
		gone("outline", ruleJavaScript, sheet{catalog: "/Outlines 6 0 R", objects: []string{
			"<</First 7 0 R/Last 7 0 R/Count 1>>", "<</Title(t)/Parent 6 0 R/A " + script + ">>"}}),
		gone("next", ruleActionChain, link("<</S/GoTo/D[3 0 R/Fit]/Next "+script+">>")),
		gone("launch", ruleLaunch, link("<</S/Launch"+file+">>")),
		gone("go to remote", ruleRemoteGoTo, link("<</S/GoToR"+file+"/D[0/Fit]>>")),
		gone("go to embedded", ruleRemoteGoTo, link("<</S/GoToE"+file+"/D[0/Fit]>>")),
		gone("submit", ruleSubmitForm, link("<</S/SubmitForm"+file+">>")),
		gone("import", ruleImportData, link("<</S/ImportData"+file+">>")),
		gone("hide", ruleHide, link("<</S/Hide/T("+needle+")>>")),
		gone("reset", ruleResetForm, link("<</S/ResetForm/Fields[("+needle+")]>>")),
		gone("named print", ruleNamedAction, link("<</S/Named/N/Print/X("+needle+")>>")),
		gone("unknown action", ruleUnknownObject, link("<</S/"+needle+">>")),
		gone("transition", rulePresentation, link("<</S/Trans/Trans<</S/"+needle+">>>>")),
		gone("data URI", ruleURI, link("<</S/URI/URI(data:text/html,"+needle+")>>")),
		gone("file URI", ruleURI, link("<</S/URI/URI(file://"+needle+"/x)>>")),
		gone("script URI with a tab", ruleURI, link("<</S/URI/URI(java\\tscript:"+needle+")>>")),
		gone("URI base", ruleURI, sheet{catalog: "/URI<</Base(http://" + needle + "/)>>"}),
		gone("movie", ruleMovie, annotation("/Subtype/Movie/Movie<<"+file+">>")),
		gone("sound", ruleSound, annotation("/Subtype/Sound/Contents("+needle+")")),
		gone("screen", ruleRendition, annotation("/Subtype/Screen/Contents("+needle+")")),
		gone("rich media", ruleRichMedia, annotation("/Subtype/RichMedia/Contents("+needle+")")),
		gone("3D", rule3D, annotation("/Subtype/3D/Contents("+needle+")")),
		gone("file attachment", ruleEmbeddedFile, annotation("/Subtype/FileAttachment/FS<<"+file+">>")),
		gone("unknown annotation", ruleUnknownObject, annotation("/Subtype/Odd/Contents("+needle+")")),
		gone("embedded file", ruleEmbeddedFile, sheet{
			catalog: "/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/F(a)/EF<</F 6 0 R>>>>]>>>>",
			objects: []string{flated("/Type/EmbeddedFile", needle)}}),
		gone("associated file", ruleEmbeddedFile, sheet{catalog: "/AF[<</Type/Filespec/F(" + needle + ")>>]"}),
		gone("collection", ruleCollection, sheet{catalog: "/Collection<</D(" + needle + ")>>"}),
		gone("metadata", ruleMetadata, sheet{catalog: "/Metadata 6 0 R", objects: []string{stream("/Type/Metadata/Subtype/XML", needle)}}),
		gone("piece info", rulePieceInfo, sheet{page: "/PieceInfo<</A<</Private(" + needle + ")>>>>"}),
		gone("thumbnail", ruleThumbnail, sheet{page: "/Thumb 6 0 R", objects: []string{stream("/Width 1/Height 1", needle)}}),
		gone("private key", rulePrivateKey, sheet{catalog: "/XXPrivate(" + needle + ")"}),
		gone("wrong type", ruleWrongType, sheet{catalog: "/PageMode(" + needle + ")"}),
		gone("unreferenced object", ruleTrailing, sheet{}.with(func(b []byte) []byte { return append(b, "PK\x03\x04"+needle...) })),
		gone("before the header", ruleLeading, sheet{}.with(func(b []byte) []byte { return append([]byte(needle+"\n"), b...) })),
		gone("XFA beside fields", ruleXFA, sheet{
			catalog: "/AcroForm<</Fields[<</FT/Tx/T(a)/V(b)>>]/XFA 6 0 R>>", objects: []string{stream("", needle)}}),
		gone("calculation order", ruleCalculation, sheet{catalog: "/AcroForm<</Fields[6 0 R]/CO[6 0 R]>>", objects: []string{
			"<</FT/Tx/T(a)/AA<</C " + script + ">>>>"}}),
		gone("signature", ruleSignature, sheet{catalog: "/AcroForm<</Fields[6 0 R]/SigFlags 3>>", page: "/Annots[6 0 R]", objects: []string{
			"<</Type/Annot/Subtype/Widget/Rect[0 0 9 9]/FT/Sig/T(s)/V<</Type/Sig/ByteRange[0 1 2 3]/Contents<" + strings.Repeat("00", 8) + ">/Name(" + needle + ")>>>>"}}),
		signed(),
		gone("permissions", rulePermissions, sheet{catalog: "/Perms<</DocMDP<</Name(" + needle + ")>>>>"}),
		gone("external stream", ruleExternalStream, sheet{page: "/Group 6 0 R", objects: []string{"<</S/Transparency>>"}}.picture("/F("+needle+")")),
		gone("PostScript XObject", rulePostScript, sheet{}.xobject(stream("/Type/XObject/Subtype/PS", needle))),
		gone("PostScript form", rulePostScript, sheet{}.xobject(stream("/Type/XObject/Subtype/Form/BBox[0 0 1 1]/Subtype2/PS", needle))),
		gone("reference XObject", ruleReference, sheet{}.xobject(stream("/Type/XObject/Subtype/Form/BBox[0 0 1 1]/Ref<<"+file+"/Page 0>>", "q Q"))),
		gone("OPI", ruleOPI, sheet{}.xobject(stream("/Type/XObject/Subtype/Form/BBox[0 0 1 1]/OPI<</2.0<<"+file+">>>>", "q Q"))),
		gone("operator", ruleOperator, sheet{content: "BT /F1 9 Tf (" + text + ") Tj ET (" + needle + ") evil"}),
		gone("operator between BX and EX", ruleOperator, sheet{content: "BX (" + needle + ") evil EX BT /F1 9 Tf (" + text + ") Tj ET"}),
		gone("property list", rulePrivateKey, sheet{content: "/P <</MCID 0/Evil(" + needle + ")>> BDC BT /F1 9 Tf (" + text + ") Tj ET EMC"}),
		gone("font matrix", ruleWrongType, sheet{page: "/Tabs/S", objects: nil}.font("<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 ("+needle+")]/CharProcs<<>>/Encoding<</Differences[]>>/FirstChar 0/LastChar 0/Widths[1]>>")),
		gone("page template", rulePageTemplate, sheet{catalog: "/Names<</Pages<</Names[(" + needle + ")3 0 R]>>>>"}),
		gone("an author that is an element of HTML", ruleMarkup, annotation("/Subtype/Text/Contents(c)/T(<img src=\"http://"+needle+"/\">)")),
		gone("an element in pieces", ruleMarkup, annotation("/Subtype/Text/T(Sato <i<b>mg src="+needle+"></b>)")),
		gone("elements in elements without end", ruleMarkup, annotation("/Subtype/Text/T("+strings.Repeat("<b ", 50_000)+needle+strings.Repeat(">", 50_000)+")")),
		gone("an address as the subject", ruleMarkup, annotation("/Subtype/Text/Contents(c)/Subj(see https://"+needle+"/x)")),
		gone("the name of a field in UTF-16", ruleMarkup, sheet{catalog: "/AcroForm<</Fields[<</FT/Tx/T" + wide("<a href="+needle+">name</a>", false) + "/V(b)>>]>>"}),
		gone("the name of a field in UTF-16 the other way round", ruleMarkup, sheet{catalog: "/AcroForm<</Fields[<</FT/Tx/T" + wide("javascript:"+needle, true) + "/V(b)>>]>>"}),
		gone("rich text", ruleRichText, annotation("/Subtype/Text/Contents(c)/RC("+needle+")")),
	}
}

func (s sheet) with(change func([]byte) []byte) sheet {
	s.change = change
	return s
}

// xobject puts an object among the XObjects of the page, beside its font.
func (s sheet) xobject(o string) sheet {
	s.objects = append(s.objects, o)
	s.resources += "/XObject<</X" + " " + s.last() + ">>"
	return s
}

func (s sheet) font(o string) sheet {
	s.objects = append(s.objects, o)
	s.fonts += "/F2 " + s.last()
	return s
}

func (s sheet) picture(dict string) sheet {
	return s.xobject(stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray"+dict, "\x00"))
}

func TestActiveContent(t *testing.T) {
	sanitizetest.Run(t, sanitizetest.Suite{Format: Format{}, Others: []sanitize.Format{jpegStub{}}, Cases: activeCases()})
}
