// Package identify says in a few English words what a file is that no format takes ("Windows executable (PE)"), so that
// a report can name it. It decides nothing: whether a file may pass is up to the formats.
//
// It looks at marks at fixed places, at the names of streams in an OLE2 file, at how a text begins, and at last asks
// github.com/h2non/filetype. What it says is never taken from the file.
package identify
