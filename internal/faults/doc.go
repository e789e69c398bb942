// Package faults proves that nothing is lost. Its tests run the real programs, a gateway and a receiver in processes of
// their own, break what is under and between them, and then count: every accepted file must have ended exactly once, as a
// released file with the right bytes or as an item in quarantine.
//
//	TestFaultsKilled        programs and their children die at random points, or stop for a while
//	TestFaultsDescriptors   no program can open anything for a while
//	TestFaultsQueueStore    the queue's store is deleted, cut short (also between two records) or damaged between two starts
//	TestFaultsQueueServer   the server of an external queue is killed and comes back
//	TestFaultsClock         the clock jumps by a day, forward and back
//	TestFaultsLink…         the link breaks in mid-package, at random and after every percent of one
//	TestFaultsReceiverAway  the receiver is away for an hour
//	TestFaultsDisk          a disk is full, read-only, failing or slow (package disk)
//	TestFaultsEverySync     the first, second, third … sync in the life of a file fails
//	TestFaultsEveryChange   the power fails after the first, second, third … change of a disk
//	TestFaultsEveryStep     a program dies, and its power fails, at each named step (package failpoint)
//	TestFaultsHandedIn      the same while a file is handed in over HTTP
//	TestFaultsPowerCut      the power fails, and with it goes all that was not synced
//
// They come in three lengths: a few seconds each with all other tests; ten minutes at most with SEKISHO_FAULTS=short, which is
// what `make test-faults` runs, and where a slow machine does fewer rounds; hours with SEKISHO_FAULTS=long. Programs are tested
// as they ship, but for some tests: those that name a step, shorten the pauses (package failpoint) or move the clock build them
// for it.
package faults
