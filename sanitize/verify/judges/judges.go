// Package judges lists every judge. It is the one place that knows them all.
package judges

import (
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/jpeg"
	"sekisho/sanitize/verify/pdf"
	"sekisho/sanitize/verify/png"
	"sekisho/sanitize/verify/text"
	"sekisho/sanitize/verify/zip"
)

// All returns the judges in the order of their IDs.
func All() []verify.Judge {
	return []verify.Judge{
		text.Table{},
		jpeg.Judge{},
		pdf.Judge{},
		png.Judge{},
		text.Plain{},
		zip.Judge{},
	}
}
