// Package audit is the record: every decision about every file, in lines that cannot be changed unseen.
//
// A log is a sequence of JSON lines in files, and one head beside them:
//
//	audit-000000000001-202610.jsonl   seq 1 … 8,211
//	audit-000000008212-202611.jsonl   seq 8,212 … (named after its first line and the month it was begun in)
//	audit.head                        the last seq and its hash, signed with the gateway's key
//
// A line ends with the hash of the line before it and its own:
//
//	{"seq":2,"time":"2026-11-23T06:05:26.123456Z","kind":"received", … ,"prev":"<hash of seq 1>","hash":"<of this line>"}
//
// "hash" is the SHA-256 of the bytes of the line before `,"hash":`, so that it can be checked with sha256sum alone. A line
// that is changed, removed, added or moved breaks the chain; one that is cut off the end disagrees with the head; and who
// makes the whole chain anew cannot sign its head. Somebody who puts back an older log together with its older head is found
// by comparing with a head that was kept elsewhere (Log.Head, VerifyOptions.Anchors).
//
// Append returns when the events are on disk and the head is too. Many callers share one sync, and several processes may
// append to one log (the gateway and the command line): each batch is written under a lock on the folder, which belongs to
// the log alone.
package audit
