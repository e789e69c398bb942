// Package child is what the child program of a worker pool does: enter the sandbox, say that it is ready, wait for one
// request, answer it, and wait to be killed. What the work is, its caller says with Services; cmd/sekisho-child gives the
// real ones. The same program is also the starter, which clones the children, and the probe, which tries the sandbox.
package child
