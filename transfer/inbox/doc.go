// Package inbox watches one route's folder and takes finished files out of it.
//
//	<inbox>/課/文書.docx ─► still for Settle and two rounds ─► <inbox>/.sekisho/<job id>/課/文書.docx ─► Handler.Take ─► removed
//
// Polling is the truth, since a kernel sends no notice for what other machines write to a network share; notices only make
// the next look come earlier. A file counts as finished when its size, times and inode stayed the same over two rounds and for
// Settle on this machine's steady clock. It is then claimed, which fixes its job id, and handed to the Handler. A claim is a
// second name on the same share, made durable; only then is the first one taken away, made durable too, and only then is the
// file handed in. So a power cut leaves one name at least, on file systems without a journal too. Where a link is not
// possible the claim is a rename. After Take returned nil the claim is removed; after anything else, a crash included, it is
// handed in again with the same id. Folders that staff made stay.
//
// What is not taken stays where it is, untouched, and is told once (Handler.Refuse). An inbox that cannot be read, or that
// is another folder than it was (an unmounted share), is trouble, not an empty inbox.
//
// Names and paths are bytes that a stranger chose. This package uses them only below an os.Root, and gives them on raw.
package inbox
