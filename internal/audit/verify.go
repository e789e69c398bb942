package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"sekisho/internal/durable"
)

// ErrUnanchored says that entries stand behind the head: a crash left them, and the next Append puts that on record; or
// somebody has added them.
var ErrUnanchored = errors.New("entries stand behind the head")

// VerifyOptions says what a log is held against, besides itself.
type VerifyOptions struct {
	Key     ed25519.PublicKey // that signed the head; nil: the signature is not looked at
	Anchors []Head            // heads kept elsewhere: the record must lead through each of them
}

// Summary is what Verify found.
type Summary struct {
	Entries  uint64    `json:"entries"`
	Files    int       `json:"files"`
	First    time.Time `json:"first"` // of the first entry
	Last     time.Time `json:"last"`
	Head     Head      `json:"head"`
	Problems []Problem `json:"problems,omitempty"` // at most maxProblems
}

// Problem is one place where the record is not what was written.
type Problem struct {
	File string `json:"file"`
	Line int    `json:"line"` // 1 for the first; 0 for the file as a whole
	What string `json:"what"`
}

// maxProblems bounds Summary.Problems.
const maxProblems = 100

// Verify reads the whole log and checks every line, the chain over all files, the head and its signature. The error wraps
// ErrTampered when anything was changed, removed, moved, added or cut off, and ErrUnanchored when that alone is wrong; the
// summary then lists where. It may run while others append: it looks at what was there when it began.
func Verify(ctx context.Context, root *os.Root, log string, opt VerifyOptions) (Summary, error) {
	v := &verifier{root: root, log: log, opt: opt, prev: firstPrev}
	if err := v.snapshot(); err != nil {
		return v.sum, err
	}
	for i, name := range v.names {
		if err := v.file(ctx, name, i == len(v.names)-1); err != nil {
			return v.sum, err
		}
	}
	v.end()
	switch {
	case v.tampered:
		return v.sum, fmt.Errorf("cannot vouch for the record: %w", ErrTampered)
	case v.unanchored:
		return v.sum, fmt.Errorf("cannot vouch for the record: %w", ErrUnanchored)
	}
	return v.sum, nil
}

type verifier struct {
	root  *os.Root
	log   string
	opt   VerifyOptions
	names []string
	size  int64 // of the newest file, when the verification began

	prev       string // hash of the last entry read
	seq        uint64
	sum        Summary
	tampered   bool
	unanchored bool
}

func (v *verifier) problem(file string, line int, format string, args ...any) {
	v.tampered = true
	if len(v.sum.Problems) < maxProblems {
		v.sum.Problems = append(v.sum.Problems, Problem{File: file, Line: line, What: fmt.Sprintf(format, args...)})
	}
}

// snapshot notes what is there, between two batches.
func (v *verifier) snapshot() error {
	lock, err := durable.LockFolder(v.root, ".", true)
	if err != nil {
		return err
	}
	defer lock.Close()
	if v.names, err = files(v.root, v.log); err != nil {
		return err
	}
	head, _, err := readHead(v.root, v.log)
	if errors.Is(err, fs.ErrNotExist) && len(v.names) == 0 {
		return fmt.Errorf("cannot verify record: there is none: %w", err)
	}
	if err == nil {
		err = head.Check(v.opt.Key)
	}
	if err != nil {
		v.problem(headName(v.log), 0, "%v", err)
	}
	v.sum.Head, v.sum.Files = head, len(v.names)
	if len(v.names) == 0 {
		return nil
	}
	info, err := v.root.Stat(v.names[len(v.names)-1])
	if err != nil {
		return fmt.Errorf("cannot stat record: %w", err)
	}
	v.size = info.Size()
	return nil
}

// file checks one file. What is appended to the newest one in the meantime is left out.
func (v *verifier) file(ctx context.Context, name string, newest bool) error {
	first, _, err := parseName(v.log, name)
	if err != nil {
		v.problem(name, 0, "%v", err)
	}
	f, err := v.root.Open(name)
	if err != nil {
		return fmt.Errorf("cannot open record: %w", err)
	}
	defer f.Close()
	var at int64
	n := 0
	for line, err := range lines(f) {
		if err != nil {
			return err
		}
		if at += int64(len(line)); newest && at > v.size {
			return nil
		}
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return fmt.Errorf("cannot verify record: %w", ctx.Err())
		}
		v.line(name, n, first, line)
	}
	return nil
}

// line checks one line against the one before it.
func (v *verifier) line(name string, n int, first uint64, line []byte) {
	e, err := decode(line)
	if err != nil {
		v.problem(name, n, "%v", err)
		return
	}
	if n == 1 && e.Seq != first {
		v.problem(name, n, "the file should begin with entry %d, not %d", first, e.Seq)
	}
	if e.Seq != v.seq+1 {
		v.problem(name, n, "entry %d follows entry %d", e.Seq, v.seq)
	}
	if e.Prev != v.prev {
		v.problem(name, n, "entry %d does not continue the one before it", e.Seq)
	}
	v.anchors(name, n, e)
	if v.sum.Entries == 0 {
		v.sum.First = e.Time
	}
	v.sum.Entries++
	v.sum.Last = e.Time
	v.seq, v.prev = e.Seq, e.Hash
}

// anchors checks an entry against the heads that name it.
func (v *verifier) anchors(name string, n int, e Entry) {
	if e.Seq == v.sum.Head.Seq && e.Hash != v.sum.Head.Hash {
		v.problem(name, n, "entry %d is not the one that the head names", e.Seq)
	}
	for _, a := range v.opt.Anchors {
		if e.Seq == a.Seq && e.Hash != a.Hash {
			v.problem(name, n, "entry %d is not the one of the head kept elsewhere", e.Seq)
		}
	}
}

// end checks that the record ends where the heads say.
func (v *verifier) end() {
	head := v.sum.Head
	switch {
	case v.seq < head.Seq:
		v.problem(headName(v.log), 0, "the record ends with entry %d, the head names %d: its end was cut off", v.seq, head.Seq)
	case v.seq > head.Seq && head.Version != 0:
		v.unanchored = true
		v.sum.Problems = append(v.sum.Problems, Problem{
			File: headName(v.log), What: fmt.Sprintf("%v: from %d to %d", ErrUnanchored, head.Seq+1, v.seq),
		})
	}
	for _, a := range v.opt.Anchors {
		if a.Log == v.log && a.Seq > v.seq {
			v.problem(headName(v.log), 0, "the record ends with entry %d, a head kept elsewhere names %d", v.seq, a.Seq)
		}
	}
}
