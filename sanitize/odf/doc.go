// Package odf rebuilds OpenDocument files: text, sheets, slides and drawings, their templates, and the flat form that is
// one XML file.
//
// A package is read from its content: parts and pictures that the content leads to are rebuilt, all others do not exist
// in the output. In each XML part the elements, attributes and children of the OpenDocument 1.3 grammar are copied, and
// a small list of extensions that change how a document looks. Names are written with their usual prefixes, whatever the
// input called them. Pictures and embedded documents go back through the engine or through the same rules.
//
//	mimetype, META-INF/manifest.xml ──► which kind; encrypted or not
//	content.xml, styles.xml, meta.xml, settings.xml ──► filter (grammar, policy) ──► the same parts, written anew
//	       │ xlink:href
//	       ├──► Pictures/…  ──► Pass.Member ──► Pictures/imageN
//	       └──► Object N/…  ──► the same filter ──► Object N/…
//
// What it promises: nothing in the output runs, asks another file or machine, or was not reached from the content. A
// formula that would, leaves its value; a field leaves its text; an object leaves its picture.
package odf
