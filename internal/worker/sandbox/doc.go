// Package sandbox is the child's side of the sandbox: what a process must do to itself before it opens a hostile file.
// Its name spaces it was born into.
//
// Layers are entered from the widest to the narrowest, and there is no way back:
//
//	death with the parent ─► resource limits ─► no new privileges ─► Landlock: no path, no TCP, no signal to outside
//	  ─► seccomp: no system call but the listed
//
// It must be built without cgo: threads that Go did not start would stay outside.
package sandbox
