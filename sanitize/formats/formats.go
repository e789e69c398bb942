// Package formats is the one explicit, alphabetical list of the formats that Sekisho rebuilds.
package formats

import (
	"sekisho/sanitize"
	"sekisho/sanitize/csv"
	"sekisho/sanitize/image/gif"
	"sekisho/sanitize/image/jpeg"
	"sekisho/sanitize/image/png"
	"sekisho/sanitize/pdf"
	"sekisho/sanitize/text"
	"sekisho/sanitize/zip"
)

// All returns every format.
func All() []sanitize.Format {
	return []sanitize.Format{
		csv.Format{},
		gif.Format{},
		jpeg.Format{},
		pdf.Format{},
		png.Format{},
		text.Format{},
		zip.Format{},
	}
}
