// Package notify tells people that a file waits for them: a digest by mail, and webhooks for other programs.
//
//	record ─► new since last time? ─► held, blocked, asked for, alarm ─► mail: one digest a person and hour, at once for malware
//	                                                                  └► webhook: each event, signed
//
// Each way keeps its own place in the record and moves it on when the other side has accepted, so that nothing is forgotten over a
// restart or while a server is away; after a crash something may be told twice.
//
// A notice holds no link that does anything: its links lead to pages behind the sign-in. Names of files are a stranger's text:
// they stand in the body alone, quoted, isolated from the direction of our own words, in one line, with what cannot be seen in them
// shown. What a person gets is about the offices that the person may see.
package notify
