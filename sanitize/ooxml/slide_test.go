package ooxml

import (
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

const oleFrame = `<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="7" name="表"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr><p:xfrm><a:off x="0" y="0"/><a:ext cx="1" cy="1"/></p:xfrm>` +
	`<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData uri="http://schemas.openxmlformats.org/presentationml/2006/ole">` +
	`<p:oleObj name="evil" r:id="rId3" imgW="1" imgH="1" progId="Package"><p:embed/><p:pic><p:nvPicPr><p:cNvPr id="0" name=""/><p:cNvPicPr/><p:nvPr/></p:nvPicPr>` +
	`<p:blipFill><a:blip r:embed="rId2"/></p:blipFill><p:spPr/></p:pic></p:oleObj></a:graphicData></a:graphic></p:graphicFrame>`

func slideCases() []sanitizetest.Case {
	strict := sanitize.Strict()
	deck := func(shapes string) files { return slides(Pptx, shapes) }
	slideRels := func(list ...string) []string { return []string{"ppt/slides/_rels/slide1.xml.rels", rels(list...)} }
	return []sanitizetest.Case{
		{
			Name: "moves between slides stay",
			Input: deck(shape("次へ", `<a:hlinkClick r:id="" action="ppaction://hlinkshowjump?jump=nextslide"/>`) + shape("外", `<a:hlinkClick r:id="rId1"/>`)).
				with(slideRels("rId1", "hyperlink", "!https://www.example.jp/")...).zip(),
			Keep: []string{"nextslide", "www.example.jp"}, Exact: true,
		},
		{
			Name: "other actions go",
			Input: deck(shape("a", `<a:hlinkClick r:id="rId1" action="ppaction://program"/>`) + shape("b", `<a:hlinkHover r:id="" action="ppaction://macro?name=evil"/>`) + shape("c", `<a:hlinkClick r:id="rId1"/>`)).
				with(slideRels("rId1", "hyperlink", "!file:///C:/evil.exe")...).zip(),
			Gone: []string{"evil", "ppaction", "hlink"}, Keep: []string{"<a:t>a</a:t>", "<a:t>b</a:t>", "<a:t>c</a:t>"}, Rules: []string{ruleSlideAction, ruleHyperlink, ruleDangling}, Exact: true,
		},
		{
			Name: "OLE object leaves its picture",
			Input: deck(oleFrame).with(slideRels("rId2", "image", "../media/p.png", "rId3", "oleObject", "../embeddings/o.bin")...).
				with("ppt/media/p.png", picture(), "ppt/embeddings/o.bin", "evil").zip(),
			Gone: []string{"evil", "oleObj", "graphicFrame"}, Keep: []string{`<p:cNvPr id="7" name="表"/>`, "r:embed"}, Rules: []string{ruleOLE}, Exact: true,
		},
		{
			Name: "ActiveX control leaves its picture",
			Input: deck(shape("本文", "")).replace("ppt/slides/slide1.xml", "</p:spTree>", `</p:spTree><p:controls><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice xmlns:v="urn:schemas-microsoft-com:vml" Requires="v">`+
				`<p:control spid="1026" name="入力欄" r:id="rId3" imgW="1" imgH="1"/></mc:Choice><mc:Fallback><p:control name="入力欄" r:id="rId3" imgW="1" imgH="1"><p:pic><p:nvPicPr><p:cNvPr id="0" name="evil"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr>`+
				`<p:blipFill><a:blip r:embed="rId2"><a:extLst><a:ext uri="x"/></a:extLst></a:blip></p:blipFill><p:spPr><a:xfrm><a:off x="3" y="4"/><a:ext cx="5" cy="6"/></a:xfrm></p:spPr></p:pic></p:control></mc:Fallback></mc:AlternateContent></p:controls>`).
				with(slideRels("rId2", "image", "../media/p.png", "rId3", "control", "../activeX/a.xml")...).with("ppt/media/p.png", picture(), "ppt/activeX/a.xml", "<evil/>").zip(),
			Gone: []string{"evil", "p:control", "activeX"}, Keep: []string{"本文", `name="入力欄"`, `r:embed="rId2"`, `<a:off x="3" y="4"/><a:ext cx="5" cy="6"/>`}, Rules: []string{ruleActiveX}, Exact: true, Check: sound,
		},
		{
			Name: "OLE object of PowerPoint 2007",
			Input: deck(strings.Replace(strings.Replace(oleFrame, "<p:oleObj ", `<p:oleObj spid="_x0000_s7" `, 1), oleFrame[strings.Index(oleFrame, "<p:pic>"):strings.Index(oleFrame, "</p:oleObj>")], "", 1)).
				with(slideRels("rId2", "vmlDrawing", "../drawings/v.vml", "rId3", "oleObject", "../embeddings/o.bin")...).
				with("ppt/drawings/v.vml", `<xml `+nsVML+`><v:shape id="x" o:spid="_x0000_s7"><v:imagedata o:relid="rId1"/></v:shape><v:shape id="other"/></xml>`,
					"ppt/drawings/_rels/v.vml.rels", rels("rId1", "image", "../media/p.png"), "ppt/media/p.png", picture(), "ppt/embeddings/o.bin", "evil").zip(),
			Gone: []string{"evil", "oleObj", "graphicFrame", "_x0000_s7", "imagedata"}, Keep: []string{`<p:cNvPr id="7" name="表"/>`, `r:embed="rIdPreview1"`, `<a:ext cx="1" cy="1"/>`, `<v:shape id="other"/>`}, Rules: []string{ruleOLE}, Exact: true,
		},
		{
			Name: "media and their animation go, tags too",
			Input: deck(`<p:pic><p:nvPicPr><p:cNvPr id="4" name="film"/><p:cNvPicPr/><p:nvPr><a:videoFile r:link="rId1"/></p:nvPr></p:nvPicPr><p:blipFill><a:blip r:embed="rId2"/></p:blipFill><p:spPr/></p:pic>`).
				replace("ppt/slides/slide1.xml", "</p:spTree>", `</p:spTree><p:custDataLst><p:tags r:id="rId9"/></p:custDataLst>`).
				replace("ppt/slides/slide1.xml", "</p:cSld>", `</p:cSld><p:timing><p:tnLst><p:par><p:cTn id="1"><p:childTnLst><p:video><p:cMediaNode><p:cTn id="2"/><p:tgtEl><p:spTgt spid="4"/></p:tgtEl></p:cMediaNode></p:video></p:childTnLst></p:cTn></p:par></p:tnLst></p:timing>`).
				with(slideRels("rId1", "video", "!http://evil/film.mp4", "rId2", "image", "../media/p.png", "rId9", "tags", "../tags/t.xml")...).
				with("ppt/media/p.png", picture(), "ppt/tags/t.xml", "<evil/>").zip(),
			Gone: []string{"evil", "videoFile", "p:video", "childTnLst", "custDataLst"}, Keep: []string{"film", `<p:cTn id="1"/>`}, Rules: []string{ruleMedia, ruleDangling, ruleTags}, Exact: true,
		},
		{
			Name: "a picture that is none", Input: deck(`<p:pic><p:nvPicPr><p:cNvPr id="4" name="x"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:embed="rId2"/></p:blipFill><p:spPr/></p:pic>`).
				with(slideRels("rId2", "image", "../media/p.png")...).with("ppt/media/p.png", "MZ evil").zip(),
			Gone: []string{"evil"}, Keep: []string{"r:embed", "image1.png"}, Rules: []string{rulePicture}, Exact: true,
		},
		{
			Name: "strict: hidden slides go",
			Input: deck(shape("seen", "")).replace("ppt/presentation.xml", "</p:sldIdLst>", `<p:sldId id="257" r:id="rId2"/></p:sldIdLst>`).
				with("ppt/_rels/presentation.xml.rels", rels("rId1", "slide", "slides/slide1.xml", "rId2", "slide", "slides/slide2.xml"),
					"ppt/slides/slide2.xml", `<p:sld show="0" `+nsP+` `+nsA+`><p:cSld><p:spTree>`+shape("unseen", "")+`</p:spTree></p:cSld></p:sld>`).zip(),
			Policy: &strict, Gone: []string{"unseen"}, Keep: []string{"seen"}, Rules: []string{ruleHidden, ruleDangling}, Exact: true,
		},
	}
}

func TestSlide(t *testing.T) {
	cases := slideCases()
	for i := range cases {
		cases[i].Check = sound
	}
	prove(t, sanitizetest.Suite{Format: Pptx, Others: others(Pptx), Cases: cases})
}
