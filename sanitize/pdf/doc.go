// Package pdf rebuilds PDF files.
//
// It reads the objects of the file, walks them from the trailer down by the grammar of PDF (package grammar: every
// object type, its keys, and the types that each key may lead to), copies what the grammar knows and the policy keeps,
// and writes a fresh file: new object numbers, one section, nothing that the walk did not reach.
//
//	bytes ─► source (pdfcpu, or a scan for objects) ─► walk by grammar ─► writer
//	                                                     │
//	                  content streams: operators parsed and written anew
//	                  pictures: decoded and packed anew; JPEG through Pass.Member
//	                  fonts, CMaps, colour profiles, functions: their own grammars
//
// Output is deterministic, and a second rebuild of an output changes nothing and finds nothing.
package pdf
