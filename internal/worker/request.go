package worker

import (
	"os"
	"time"

	"sekisho/sanitize"
)

// Request is one file for one child.
type Request struct {
	Input  *os.File // a regular file that nobody changes meanwhile; the child gets its own read-only descriptor
	Output *os.File // Rebuild: an empty regular file, open for writing; the child gets its own write-only descriptor

	Name      string          // untrusted; may be empty. Verify: the name that the file would be released under
	Format    string          // Verify: the format that the bytes must be of; empty means the one that the judges find
	Policy    sanitize.Policy // with its Limits: Time, Memory and FileSize bound the process, the others the rebuild
	Passwords []string        // Rebuild: to try on an encrypted file
}

// Result is what became of one file. Reason is empty when the child did what it was asked for.
type Result struct {
	Report  sanitize.Report // for Identify and Verify only Type is set
	Reason  sanitize.Reason // why the file must be held, or ""
	Kind    error           // the error of package sanitize that Reason came from (sanitize.ErrLimit, …), or nil
	Detail  string          // for the log: the child's words, untrusted, bounded, valid UTF-8
	Size    int64           // bytes of output; 0 unless Reason is empty
	MaxRSS  int64           // largest resident size of the child, in bytes
	Elapsed time.Duration   // from the request to the end of the last child

	killed bool // from outside, which says nothing about the file; it was so with every child that was asked
}

// Err returns the result as an error: nil when Reason is empty, else one that says Detail and for which errors.Is
// finds Kind.
func (r Result) Err() error {
	if r.Reason == "" {
		return nil
	}
	return &verdict{r}
}

type verdict struct{ result Result }

func (v *verdict) Error() string {
	if v.result.Detail == "" {
		return string(v.result.Reason)
	}
	return v.result.Detail
}

func (v *verdict) Unwrap() error { return v.result.Kind }
