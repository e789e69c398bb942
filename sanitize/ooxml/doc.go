// Package ooxml rebuilds Office Open XML: Word, Excel and PowerPoint documents and their templates and shows
// (ECMA-376, ISO/IEC 29500), and opens the encrypted ones.
//
// A package is walked from its root. Relationships of the kinds that the grammar knows and the policy keeps lead to
// parts; what nothing leads to does not exist in the output. Each XML part is read to tokens, and the elements and
// attributes that the grammar knows are written anew; pictures and embedded packages go through the engine again.
// The result is a fresh zip archive with names, order and time of our own.
//
//	zip ──► content types, relationships ──► parts that are kept ──┬─► XML: filter by grammar and policy ─┐
//	                                                               ├─► pictures, packages: Pass.Member    ├─► zip
//	                                                               └─► content types and relationships ───┘
//
// What it promises: no macro, control, OLE object, script, external target (but hyperlinks, by policy), field or
// formula that reaches outside is in the output, because none of them is among the things that are copied; fields and
// formulas that go leave the value that they showed; no reference in the output leads to something that is not there.
package ooxml
