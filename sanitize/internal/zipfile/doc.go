// Package zipfile reads and writes zip archives, strictly, for every format that lives in one (APPNOTE.TXT 6.3.10).
//
// A zip archive describes each of its files twice, and readers differ in which description they believe. This reader
// believes neither: it opens an archive only when both agree, and when the archive holds nothing but what they describe.
//
//	local header · name · extra · data [· descriptor]      one after the other from offset 0, nothing between
//	central header · name · extra · comment                 as many as the end record says, nothing left over
//	[zip64 end record · zip64 locator]
//	end record · comment                                    ends where the input ends
//
// What it promises: two entries never overlap or share a name; no byte of the archive is unaccounted for; no memory is
// taken on the word of a header alone; an entry that was read to its end had the declared length and checksum.
// What a careful reader can put up with (a comment, an unknown extra field) is in Archive.Oddities.
//
// The writer is its opposite: one way to write, without extra fields, descriptors or comments, and with a fixed time
// unless told otherwise, so that the same entries always give the same bytes.
package zipfile
