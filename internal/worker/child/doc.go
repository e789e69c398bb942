// Package child is what a child process of a worker pool does: enter the sandbox, say that it is ready, wait for one
// request, answer it, end. What the work is, its caller says with Services; cmd/sekisho-child gives the real ones.
package child
