package audit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"time"
)

// fileName names the file that begins with entry seq.
func fileName(log string, seq uint64, month string) string {
	return fmt.Sprintf("%s-%012d-%s.jsonl", log, seq, month)
}

// parseName is the inverse of fileName.
func parseName(log, name string) (seq uint64, month string, err error) {
	rest, ok := strings.CutPrefix(name, log+"-")
	if ok {
		_, err = fmt.Sscanf(rest, "%012d-%6s.jsonl", &seq, &month)
	}
	if !ok || err != nil || fileName(log, seq, month) != name {
		return 0, "", fmt.Errorf("%w: %q is no file of the log", ErrTampered, name)
	}
	return seq, month, nil
}

// monthOf spells the month for a file's name.
func monthOf(t time.Time) string { return t.Format("200601") }

// files returns the names of the log's files in their order.
func files(root *os.Root, log string) ([]string, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("cannot list record: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), log+"-") && strings.HasSuffix(e.Name(), ".jsonl") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// lines yields the lines of r with their line feeds, each at most maxLine bytes, and at last what is left without one.
// A longer line is yielded in pieces, none of which is an entry.
func lines(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		buf := bufio.NewReaderSize(r, 64<<10)
		var line []byte
		for {
			piece, err := buf.ReadSlice('\n')
			line = append(line, piece...)
			if errors.Is(err, bufio.ErrBufferFull) && len(line) <= maxLine {
				continue
			}
			if len(line) > 0 && !yield(line, nil) {
				return
			}
			line = line[:0]
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				yield(nil, fmt.Errorf("cannot read record: %w", err))
				return
			}
		}
	}
}

// Read yields the entries of the log from the first on. A line that is no entry is yielded as an error that wraps
// ErrTampered, and the reading goes on behind it; the chain is not checked, which is what Verify does.
func Read(root *os.Root, log string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		names, err := files(root, log)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		for _, name := range names {
			if !readFile(root, name, yield) {
				return
			}
		}
	}
}

// readFile yields the entries of one file and reports whether to go on.
func readFile(root *os.Root, name string, yield func(Entry, error) bool) bool {
	f, err := root.Open(name)
	if err != nil {
		return yield(Entry{}, fmt.Errorf("cannot open record: %w", err))
	}
	defer f.Close()
	for line, err := range lines(f) {
		if err != nil {
			return yield(Entry{}, err)
		}
		e, err := decode(line)
		if err != nil {
			err = fmt.Errorf("%w: %s: %w", ErrTampered, name, err)
		}
		if !yield(e, err) {
			return false
		}
	}
	return true
}
