// Package queue keeps accepted files and the work that is still to be done on them, and promises that every accepted
// file ends exactly once, whatever stops the machine in between.
//
//	Spool    one folder per file: original, job.json, what later stages made of it. The truth.
//	Ledger   one line per end: which job ended, and how. It outlives the folder.
//	Queue    messages that say "do this stage of that job", on NATS JetStream. A schedule, never the truth:
//	         it can be deleted, and Reconcile makes it again from the spool and the ledger.
//
// The order of the steps is the promise:
//
//	intake:  copy original ─► sync ─► job.json ─► sync ─► Publish ─► forget the source
//	handler: (asked only when the ledger has no end) effect, safe to repeat ─► Ledger.End ─► Spool.Remove ─► Done
//
// A power cut before job.json leaves a half-made folder that the next OpenSpool removes: the source still has the file,
// because it is forgotten last. A power cut after it leaves a job that Reconcile publishes again. A power cut between an
// effect and Ledger.End repeats the effect, which must notice that it was done (a rename that does not replace, a
// quarantine item with the job's id). Once Ledger.End has returned, no handler is asked about that job again, also when
// the queue delivers its message once more: JetStream does, after confirmed acknowledgements, when it is killed.
package queue
