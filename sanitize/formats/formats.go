// Package formats is the one explicit, alphabetical list of the formats that Sekisho rebuilds.
package formats

//go:generate go run ./gen ../../README.md

import (
	"sekisho/sanitize"
	"sekisho/sanitize/csv"
	"sekisho/sanitize/html"
	"sekisho/sanitize/image/bmp"
	"sekisho/sanitize/image/gif"
	"sekisho/sanitize/image/jpeg"
	"sekisho/sanitize/image/metafile"
	"sekisho/sanitize/image/png"
	"sekisho/sanitize/image/tiff"
	"sekisho/sanitize/image/webp"
	"sekisho/sanitize/json"
	"sekisho/sanitize/odf"
	"sekisho/sanitize/ooxml"
	"sekisho/sanitize/pdf"
	"sekisho/sanitize/svg"
	"sekisho/sanitize/text"
	"sekisho/sanitize/xml"
	"sekisho/sanitize/zip"
)

// All returns every format. Those that are only recognised (add-ins, the binary workbook) are among them, so that a
// report can name them.
func All() []sanitize.Format {
	return []sanitize.Format{
		bmp.Format{},
		csv.Format{},
		ooxml.Docm,
		ooxml.Docx,
		ooxml.Dotm,
		ooxml.Dotx,
		metafile.EMF{},
		ooxml.Flat{},
		odf.Fodg,
		odf.Fodp,
		odf.Fods,
		odf.Fodt,
		gif.Format{},
		html.Format{},
		jpeg.Format{},
		json.Format{},
		odf.Odg,
		odf.Odp,
		odf.Ods,
		odf.Odt,
		ooxml.Encrypted{},
		odf.Otg,
		odf.Otp,
		odf.Ots,
		odf.Ott,
		pdf.Format{},
		png.Format{},
		ooxml.Potm,
		ooxml.Potx,
		ooxml.Ppam,
		ooxml.Ppsm,
		ooxml.Ppsx,
		ooxml.Pptm,
		ooxml.Pptx,
		svg.Format{},
		tiff.Format{},
		text.Format{},
		webp.Format{},
		metafile.WMF{},
		ooxml.Xlam,
		ooxml.Xlsb,
		ooxml.Xlsm,
		ooxml.Xlsx,
		ooxml.Xltm,
		ooxml.Xltx,
		xml.Format{},
		zip.Format{},
	}
}
