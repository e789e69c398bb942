// Package sandbox is the child's side of the sandbox: what a process must do to itself before it opens a hostile file.
// The rest (name spaces, the signal at the parent's death) is done to it by package worker.
//
// Layers are entered from the widest to the narrowest, and there is no way back:
//
//	resource limits ─► no new privileges ─► Landlock: no path, no TCP, no signal out ─► seccomp: the listed calls only
//
// It must be built without cgo: threads that Go did not start would stay outside.
package sandbox
