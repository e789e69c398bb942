// Package index answers questions about many files quickly: lists, counts, the life of one file. It is a projection of the
// record and holds nothing else, so that it may be deleted at any time and is made anew:
//
//	record (audit lines) ─► Follow: entry by entry, in order ─► index.db (SQLite): one row a file, one short row an entry
//	                                                               │
//	                    entry read again from its place ◄── Life, Search
//
// What a page shows of an entry is read from the record itself, and its hash is checked then. The index is made anew when its
// file is missing, of another version, or is not of this record.
//
// Names are a stranger's text, kept as the record has them. Who shows them makes them visible (notice.Visible); Export does so
// itself.
package index
