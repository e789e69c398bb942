// Package failpoint names the steps in the life of a file between which a machine may stop. A program that is built with the
// tag "failpoints" kills itself at the step that its environment names, and waits less; in the programs that ship, At and Pause
// do nothing.
//
//	SEKISHO_FAILPOINT=inbox/linked:2   the program is killed when it comes to this step for the second time
//	SEKISHO_HASTE=100                  pauses between attempts are a hundredth of what they are
package failpoint

// The steps, in the order in which a file meets them.
const (
	InboxLinked   = "inbox/linked"   // the claim has its name, the inbox still has the file's
	InboxSynced   = "inbox/synced"   // the claim would survive a power cut
	InboxAside    = "inbox/aside"    // the inbox has the file's name no more, a name to be removed is left
	InboxUnlinked = "inbox/unlinked" // the claim's name is the only one
	InboxDetached = "inbox/detached" // and would be after a power cut
	SpoolCopied   = "spool/copied"   // the bytes are in the spool, the job is not
	SpoolAccepted = "spool/accepted" // the job is in the spool
	JobRecorded   = "job/recorded"   // its line is on the record
	JobPublished  = "job/published"  // the queue has it, the claim is still there
	JobTreated    = "job/treated"    // it is rebuilt, scanned and judged, and nothing of that is kept
	JobCommitted  = "job/committed"  // the rebuilt file has its name
	JobSealed     = "job/sealed"     // its header has its name
	JobSent       = "job/sent"       // the receiver has it, nothing here says so
	JobToldSent   = "job/told-sent"  // the record says so
	JobHeld       = "job/held"       // the item is in quarantine, nothing else says so
	JobToldHeld   = "job/told-held"  // the record says so
	JobEnded      = "job/ended"      // the ledger says so, the folder is still there
)

// Gateway lists the steps of the Internet zone, in order.
func Gateway() []string {
	return []string{
		InboxLinked, InboxSynced, InboxAside, InboxUnlinked, InboxDetached, SpoolCopied, SpoolAccepted, JobRecorded, JobPublished,
		JobTreated, JobCommitted, JobSealed, JobSent, JobToldSent, JobHeld, JobToldHeld, JobEnded,
	}
}

// The steps of the LGWAN zone.
const (
	PackageStored   = "package/stored"   // a package is in the spool, and the sender does not know it
	PackageStaged   = "package/staged"   // it is opened and judged
	PackageIntended = "package/intended" // the journal says under which name it will be released
	PackageReleased = "package/released" // the file has its name, the journal does not say so
	PackageEnded    = "package/ended"    // the journal says so, the package is still there
)

// Receiver lists the steps of the LGWAN zone, in order.
func Receiver() []string {
	return []string{PackageStored, PackageStaged, PackageIntended, PackageReleased, PackageEnded}
}
