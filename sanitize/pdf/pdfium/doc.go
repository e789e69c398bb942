// Package pdfium is the engine of package pdf that is built on PDFium, a C++ program, run as WebAssembly: what goes wrong
// in it stays in the memory that the WebAssembly runtime gave it.
//
//	package pdf ──► Engine ──► go-pdfium ──► wazero ──► pdfium.wasm
//	                                                     sees: its own memory, and a folder with the fonts it was given
//
// Promises:
//
//   - The guest has no file of the host, no clock, no randomness and no network. The same input gives the same result.
//   - Its memory is bounded by Options.Memory. A guest that traps is thrown away; the next call has a fresh one.
//   - After New nothing is compiled, opened or made executable: the engine can be used where that is forbidden.
//
// A call into the guest does not end before the guest does: who needs a deadline kills the process, as the worker pool
// does. Contexts are looked at between calls.
package pdfium
