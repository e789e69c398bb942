// Package sanitize is the contract between Sekisho and the file formats it rebuilds, and the engine that applies it.
//
// A Format knows one kind of file. It says whether an Input is of its kind, by content, and it rebuilds it: it reads
// the input by the format's grammar, copies what the grammar knows and the Policy keeps, and writes a fresh file.
// There is no path by which input bytes reach an output but a format's writer.
//
//	Input ──► Engine ──► Detect (all formats) ──► exactly one left after refinement ──► Rebuild ──► out, Report
//	             ▲                                                                         │
//	             └───────────────────────── Pass.Member (an embedded file) ◄───────────────┘
//
// The engine alone holds the budgets of a run (depth, number of embedded files, expanded bytes), so that no format
// can forget them. Every error is final and means that the file is held, unless it is marked with Transient.
package sanitize
