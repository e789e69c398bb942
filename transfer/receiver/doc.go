// Package receiver is the LGWAN zone's end of the crossing. It trusts nothing it receives.
//
//	SSH ─► <spool>/in/<id>.pkg ─► signature ─► replay, sequence ─► <stage>/<id> (hash) ─► Check
//	                                  └──────────────┴─────► <spool>/refused/ ◄────┴──────────────────┘
//	─► Record ─► journal: intent ─► rename without overwriting ─► journal: released ─► spool file removed
//
// The SSH side accepts one thing: creating a new <id>.pkg.part, writing it once without a hole, and renaming it to
// <id>.pkg. Nothing can be read, listed, looked at, changed, removed or overwritten; there is no shell, no command, no
// forwarding. The rename is answered after the bytes and the name are durable.
//
// Promises. A file appears in a release folder only after its signature, its number, its length, its hash and its
// structure (Options.Check) were found good, and after Options.Record has the event: no record, no release. It appears
// whole, under a name that was free, exactly once:
//
//	power cut or kill after …          what the next start does
//	staging                            removes the staged file, begins again
//	journal: intent                    the staged file is there: renames it · is gone: it was released, notes so
//	rename                             the same: the staged file is gone
//	journal: released                  removes the spool file
//
// A file is staged on the disk of the release folder, where staff cannot see it. It is moved, never copied, into its
// place, and nothing else removes it: so that it is gone says that it was released, even when staff have taken the released
// file away since.
//
// A released package uses up its id and its sequence number: another one with either is refused. A refused package may be
// sent again, byte for byte, once the cause is mended. Missing lists the numbers that never came.
package receiver
