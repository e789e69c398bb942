// Package xmltext reads and writes XML the way a sanitiser needs it: strictly, in a stream, and without changing how
// names are spelt.
//
// The Reader accepts well-formed XML 1.0 with namespaces and nothing else: names, nesting, attributes (unique by
// spelling and by namespace), characters and references are all checked. It knows the five named entities and
// character references. Comments and processing instructions are dropped and counted; a document type declaration
// is an error, unless Options ask for it to be dropped too. UTF-8 and UTF-16 are read. Depth, attribute count and
// token length are bounded, and memory is bounded by the longest token, not by the document.
//
// The Writer writes one canonical spelling of each token: double quotes, "/>" for an empty element, no comments,
// white space in attributes as character references, so that reading its output gives the tokens that were written.
// A writer can take back what was written since a mark, which is how a rebuild drops a thing that it understands only
// at its end.
//
//	bytes ──► Reader ──► Start, Text, End ──► (a format's policy) ──► Writer ──► bytes
package xmltext
