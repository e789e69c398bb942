// Package judges lists every judge. It is the one place that knows them all.
package judges

import (
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/bmp"
	"sekisho/sanitize/verify/gif"
	"sekisho/sanitize/verify/html"
	"sekisho/sanitize/verify/jpeg"
	"sekisho/sanitize/verify/metafile"
	"sekisho/sanitize/verify/odf"
	"sekisho/sanitize/verify/ooxml"
	"sekisho/sanitize/verify/pdf"
	"sekisho/sanitize/verify/png"
	"sekisho/sanitize/verify/svg"
	"sekisho/sanitize/verify/text"
	"sekisho/sanitize/verify/tiff"
	"sekisho/sanitize/verify/xml"
	"sekisho/sanitize/verify/zip"
)

// All returns the judges in the order of their IDs.
func All() []verify.Judge {
	return []verify.Judge{
		bmp.Judge{},
		text.Table{},
		ooxml.Docx(),
		ooxml.Dotx(),
		metafile.EMF{},
		odf.Fodg(),
		odf.Fodp(),
		odf.Fods(),
		odf.Fodt(),
		gif.Judge{},
		html.Judge{},
		jpeg.Judge{},
		text.JSON{},
		odf.Odg(),
		odf.Odp(),
		odf.Ods(),
		odf.Odt(),
		odf.Otg(),
		odf.Otp(),
		odf.Ots(),
		odf.Ott(),
		pdf.Judge{},
		png.Judge{},
		ooxml.Potx(),
		ooxml.Ppsx(),
		ooxml.Pptx(),
		svg.Judge{},
		tiff.Judge{},
		text.Plain{},
		metafile.WMF{},
		ooxml.Xlsx(),
		ooxml.Xltx(),
		xml.Judge{},
		zip.Judge{},
	}
}
