// Package faults proves that nothing is lost. Its tests run the real programs, a gateway and a receiver in processes of
// their own, break what is under and between them, and then count: every accepted file must have ended exactly once, as a
// released file with the right bytes or as an item in quarantine.
//
//	TestFaultsKilled        programs and their children die at random points, or stop for a while
//	TestFaultsDescriptors   no program can open anything for a while
//	TestFaultsQueueStore    the queue's store is deleted, cut short or damaged between two starts
//	TestFaultsLink          the link breaks in mid-package, or the receiver is away
//	TestFaultsDisk          a disk is full, read-only, failing or slow (package disk)
//	TestFaultsEverySync     the first, second, third … sync in the life of a file fails
//	TestFaultsEveryChange   the power fails after the first, second, third … change of a disk
//	TestFaultsEveryStep     a program dies, and its power fails, at each named step (package failpoint)
//	TestFaultsPowerCut      the power fails, and with it goes all that was not synced
//
// They come in three lengths: a few seconds each with all other tests; minutes with SEKISHO_FAULTS=short, which is what
// `make test-faults` runs; hours with SEKISHO_FAULTS=long. What needs a clock that can be set is not tested here: a program
// cannot be given another clock than the machine's.
package faults
