package identify

import (
	"bytes"
	"strings"

	"github.com/h2non/filetype"
	"github.com/h2non/filetype/types"

	"sekisho/sanitize"
)

// headLen is how much of a file is looked at from its start, in bytes.
const headLen = 8 << 10

// Kind returns a short name for what in is.
func Kind(in sanitize.Input) string {
	if in.Size() == 0 {
		return "empty file"
	}
	head := in.Head(headLen)
	if bytes.HasPrefix(head, []byte(ole2Magic)) {
		return ole2Kind(in)
	}
	if name := byMark(in, head); name != "" {
		return name
	}
	if name := textKind(in); name != "" {
		return name
	}
	if name := byLibrary(head); name != "" {
		return name
	}
	return "unknown binary data"
}

// Other reports whether Kind knows what in is: a program, say, and not just data of no known kind or a broken file.
func Other(in sanitize.Input) bool { return in.Size() > 0 && !strings.Contains(Kind(in), "unknown") }

// byMark returns the name of the first mark of the table that stands in the file.
func byMark(in sanitize.Input, head []byte) string {
	for _, m := range marks {
		at := m.at
		if at < 0 {
			at += int(in.Size())
		}
		if at < 0 {
			continue
		}
		if at+len(m.bytes) <= len(head) {
			if string(head[at:at+len(m.bytes)]) == m.bytes {
				return m.name
			}
			continue
		}
		b := make([]byte, len(m.bytes))
		if _, err := in.ReadAt(b, int64(at)); err == nil && string(b) == m.bytes {
			return m.name
		}
	}
	return ""
}

// byLibrary asks filetype. Its matchers are in no fixed order, so that of all that match the first by name is taken.
func byLibrary(head []byte) string {
	best := ""
	for kind, match := range filetype.Matchers {
		if found := match(head); found == types.Unknown || found.Extension == "" {
			continue
		}
		if name := kind.MIME.Value + " (" + kind.Extension + ")"; best == "" || name < best {
			best = name
		}
	}
	return best
}
