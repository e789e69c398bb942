package receiver

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"sekisho/internal/durable"
)

const journalName = "journal"

// maxLine is more than any line of the journal has, in bytes: path and name, escaped.
const maxLine = 64 << 10

// Kinds of journal lines.
const (
	lineUsed    = "used"    // the gateway's numbers N..To are used
	lineFolder  = "folder"  // the release folder of Route carries the token ID
	lineIntent  = "intent"  // the staged package ID is about to be renamed to Path/Name
	lineDone    = "done"    // ID was released
	lineRefused = "refused" // ID, authentic or not (then without a gateway), was refused
)

// line is one line of the journal.
type line struct {
	Kind    string `json:"k"`
	ID      string `json:"id,omitempty"`
	Gateway string `json:"g,omitempty"`
	N       uint64 `json:"n,omitempty"`
	To      uint64 `json:"to,omitempty"`
	Digest  string `json:"d,omitempty"`
	Route   string `json:"r,omitempty"`
	Path    string `json:"p,omitempty"`
	Name    string `json:"f,omitempty"`
	Reason  Reason `json:"why,omitempty"`
}

// known reports whether l is of a kind that this program writes.
func (l line) known() bool {
	switch l.Kind {
	case lineUsed, lineFolder, lineIntent, lineDone, lineRefused:
		return true
	}
	return false
}

// journal is the file of lines. A line is durable and applied when append returns; lines that are appended at the same
// time share one sync.
type journal struct {
	root     *os.Root
	apply    func(line)    // takes each durable line into memory
	snapshot func() []line // says what all applied lines say, in fewer

	writing sync.Mutex // held while the file is written and its lines are applied
	file    *durable.AppendFile
	size    int64 // of the durable part in bytes
	lines   int   // in it
	short   int   // lines of the snapshot it began with
	broken  error // the end of the file is not known: nothing may be appended

	mu   sync.Mutex // held for next
	next *batch
}

// batch is the lines that the next sync makes durable.
type batch struct {
	lines []line
	text  []byte
	done  bool
	err   error
}

// readJournal calls each for every line of the journal below root. It returns the size of the part that holds whole lines:
// a power cut can leave a piece of one more, which says nothing.
func readJournal(root *os.Root, each func(line) error) (int64, error) {
	f, err := root.Open(journalName)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("cannot read journal: %w", err)
	}
	defer f.Close()
	var size int64
	for r := bufio.NewReaderSize(f, maxLine); ; {
		text, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return 0, fmt.Errorf("cannot read journal at byte %d: %w", size, err)
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return 0, fmt.Errorf("cannot read journal at byte %d: %w", size, err)
		}
		if err := each(l); err != nil {
			return 0, fmt.Errorf("cannot accept journal at byte %d: %w", size, err)
		}
		size += int64(len(text))
	}
}

// openJournal applies the lines of the journal below root and opens it for appending. A piece of a line at the end is cut off.
func openJournal(root *os.Root, apply func(line), snapshot func() []line) (*journal, error) {
	j := &journal{root: root, apply: apply, snapshot: snapshot, next: &batch{}}
	var err error
	j.size, err = readJournal(root, func(l line) error {
		if !l.known() {
			return fmt.Errorf("unknown kind %q", l.Kind)
		}
		j.lines++
		apply(l)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := j.reopen(); err != nil {
		return nil, err
	}
	return j, j.shorten()
}

// reopen opens the file that has the journal's name now, for appending after its first size bytes.
func (j *journal) reopen() error {
	f, err := durable.OpenAppend(j.root, journalName, 0o600)
	if err != nil {
		return err
	}
	if err := f.Truncate(j.size); err != nil {
		f.Close()
		return err
	}
	j.file = f
	return nil
}

// append makes l durable. Whoever gets to the file first writes the lines of all who wait.
func (j *journal) append(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("cannot encode journal line: %w", err)
	}
	j.mu.Lock()
	mine := j.next
	mine.lines = append(mine.lines, l)
	mine.text = append(append(mine.text, text...), '\n')
	j.mu.Unlock()

	j.writing.Lock()
	defer j.writing.Unlock()
	if !mine.done {
		j.mu.Lock()
		j.next = &batch{}
		j.mu.Unlock()
		mine.err = j.write(mine)
		mine.done = true
	}
	return mine.err
}

// write appends a batch. After a failure the file is cut back to what was durable, so that a full disk can be emptied and the
// journal goes on; where that fails too, nothing is appended until the next start has read the file again.
func (j *journal) write(b *batch) error {
	if j.broken != nil {
		return j.broken
	}
	if err := j.file.Append(b.text); err != nil {
		if cut := j.file.Truncate(j.size); cut != nil {
			j.broken = fmt.Errorf("cannot use journal after an error: %w", cut)
		}
		return err
	}
	j.size += int64(len(b.text))
	j.lines += len(b.lines)
	for _, l := range b.lines {
		j.apply(l)
	}
	j.broken = j.shorten() // the batch is durable, whatever becomes of the next
	return nil
}

// shorten replaces a journal that has grown by a snapshot. The file of that name is the old one or the new one, whole, at every
// moment.
func (j *journal) shorten() error {
	if j.lines < 2*j.short+maxKnown {
		return nil
	}
	var text []byte
	lines := j.snapshot()
	for _, l := range lines {
		b, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("cannot encode journal line: %w", err)
		}
		text = append(append(text, b...), '\n')
	}
	f, err := durable.Begin(j.root, journalName, 0o600)
	if err != nil {
		return j.later()
	}
	defer f.Abort()
	if _, err := f.Write(text); err != nil {
		return j.later()
	}
	if err := f.Commit(); err != nil {
		return fmt.Errorf("cannot shorten journal: %w", err) // which file has the name is not known
	}
	if err := j.file.Close(); err != nil {
		return fmt.Errorf("cannot shorten journal: %w", err)
	}
	j.size, j.lines, j.short = int64(len(text)), len(lines), len(lines)
	return j.reopen()
}

// later puts shortening off, on a full disk: the long journal serves as well.
func (j *journal) later() error {
	j.short = j.lines
	return nil
}

func (j *journal) close() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.broken = fs.ErrClosed
	return j.file.Close()
}
