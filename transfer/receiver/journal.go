package receiver

import (
	"bufio"
	"bytes"
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

// journal is the file of lines. A line is durable when append returns; lines that are appended at the same time share one
// sync.
type journal struct {
	writing sync.Mutex // held while the file is written
	file    *durable.AppendFile
	size    int64 // of the durable part in bytes
	broken  error // the end of the file is not known: nothing may be appended

	mu   sync.Mutex // held for next
	next *batch
}

// batch is the lines that the next sync makes durable.
type batch struct {
	text []byte
	done bool
	err  error
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

// openJournal opens the journal for appending after its first size bytes.
func openJournal(root *os.Root, size int64) (*journal, error) {
	f, err := durable.OpenAppend(root, journalName, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, err
	}
	return &journal{file: f, size: size, next: &batch{}}, nil
}

// append makes l durable. Whoever gets to the file first writes the lines of all who wait.
func (j *journal) append(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("cannot encode journal line: %w", err)
	}
	j.mu.Lock()
	mine := j.next
	mine.text = append(append(mine.text, text...), '\n')
	j.mu.Unlock()

	j.writing.Lock()
	defer j.writing.Unlock()
	if !mine.done {
		j.mu.Lock()
		j.next = &batch{}
		j.mu.Unlock()
		mine.err = j.write(mine.text)
		mine.done = true
	}
	return mine.err
}

// write appends text. After a failure the file is cut back to what was durable, so that a full disk can be emptied and the
// journal goes on; where that fails too, nothing is appended until the next start has read the file again.
func (j *journal) write(text []byte) error {
	if j.broken != nil {
		return j.broken
	}
	if err := j.file.Append(text); err != nil {
		if cut := j.file.Truncate(j.size); cut != nil {
			j.broken = fmt.Errorf("cannot use journal after an error: %w", cut)
		}
		return err
	}
	j.size += int64(len(text))
	return nil
}

func (j *journal) close() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.broken = fs.ErrClosed
	return j.file.Close()
}

// rewriteJournal replaces the journal by lines.
func rewriteJournal(root *os.Root, lines []line) error {
	var b bytes.Buffer
	for _, l := range lines {
		text, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("cannot encode journal line: %w", err)
		}
		b.Write(append(text, '\n'))
	}
	return durable.WriteFile(root, journalName, b.Bytes(), 0o600)
}
