// Package worker runs one disposable, sandboxed child process for each file: the process that opens hostile bytes.
//
// A Pool keeps a few children started and sandboxed ahead of need, so that no file waits for one. A child is used for
// one file and ends; nothing of one file can reach the next.
//
//	Pool ──── order ───► starter ──── clone ───► child (starter and child: cmd/sekisho-child)
//	────                                         ─────────────────────────────────────
//	                                             no new privileges, Landlock, rlimits, seccomp
//	◄────────────────────────────────── ready ── waits in recvmsg
//	request + input and output descriptors ────► rebuilds, judges or identifies the one file
//	◄─────────────────────────────── response ── waits
//	kill, reap, check response and output
//
// What only judges can be a program of its own (Options.Judge, cmd/sekisho-judge), with a starter and ready children of
// its own: less code to start, and none that rebuilds.
//
// The starter lives in empty user, network, mount, IPC and host name spaces and inside Landlock, and the children are
// born there, each in process and mount name spaces of its own. A child is the pool's own child process: the pool waits
// for it, and it dies with the pool.
//
// What it promises:
//
//   - A child has no path, no network, no other process, and no descriptor but its input (read-only), its output
//     (write-only), its stderr and its end of one socket pair.
//   - What a child program needs from files (sekisho-render: compiled code, fonts) it has read before it is ready, and it
//     has seen no byte of a hostile file then.
//   - A layer of the sandbox that the kernel does not give makes NewPool fail, unless Options.AcceptMissing names it.
//   - Whatever a child does, the result says why the file is held. A child that crashes, talks nonsense or runs out
//     of time or memory is a verdict about its file, not an error, and the pool goes on. A child that somebody else
//     killed (the kernel for want of memory elsewhere, an administrator) is none: the file is given to another, and is
//     held as one that crashes only when three were killed.
//   - The child is dead before its output is looked at, so what is hashed is what is released.
//   - Nothing that a child says is believed beyond its shape: a response is bounded, decoded strictly, and checked.
//
// An error from a method of Pool means that no child could be run, or that the caller's context ended. It says
// nothing about the file, and may go away by itself.
package worker
