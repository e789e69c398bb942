// Package formats is the one explicit, alphabetical list of the formats that Sekisho rebuilds.
package formats

import "sekisho/sanitize"

// All returns every format.
func All() []sanitize.Format {
	return []sanitize.Format{}
}
