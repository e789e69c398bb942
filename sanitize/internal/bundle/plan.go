package bundle

import (
	"fmt"
	"io/fs"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"sekisho/sanitize"
	"sekisho/sanitize/name"
)

// Bounds on a name in an archive: deeper or longer than any folder that somebody packed.
const (
	maxDepth = 32
	maxPath  = 1000 // bytes
)

const (
	setuid  = fs.ModeSetuid | fs.ModeSetgid
	special = fs.ModeType &^ fs.ModeDir
)

// slot is one entry of the archive and what becomes of it.
type slot struct {
	entry   Entry
	number  int    // from 1, in the order of the archive
	path    string // clean, without a slash at the end
	dir     bool
	clutter bool
	thing   string // with refused: what the finding is about
	refused error  // why it is left out before it was looked at
	plain   bool   // the name may be shown to a reader
}

func (s *slot) refuse(thing, format string, args ...any) {
	if s.refused == nil {
		s.thing, s.refused = thing, fmt.Errorf("%w: %s", sanitize.ErrPolicy, fmt.Sprintf(format, args...))
	}
}

func (s *slot) base() string { return s.path[strings.LastIndexByte(s.path, '/')+1:] }

// where names the entry in a finding.
func (s *slot) where() string {
	if !s.plain {
		return fmt.Sprintf("entry %d", s.number)
	}
	return s.path
}

// plan decides by the names what becomes of each entry.
func (r *rebuild) plan(entries []Entry) {
	for i, e := range entries {
		s := slot{entry: e, number: i + 1, plain: true, dir: e.Dir}
		s.name()
		if e.Mode&special != 0 {
			s.plain = false
			s.refuse(Special, "no file but %s", e.Mode.Type())
		}
		r.slots = append(r.slots, s)
	}
	r.refuseTwins()
	r.taken = map[string]bool{}
	for _, s := range r.slots {
		r.taken[key(s.path)] = true
	}
}

// name fills in the path, and refuses one that leads elsewhere or that nobody gives in good faith. A backslash is a
// separator, as in archives of some Windows programs.
func (s *slot) name() {
	parts := strings.Split(strings.TrimSuffix(strings.ReplaceAll(s.entry.Name, `\`, "/"), "/"), "/")
	if isClutter(parts) || isLock(parts, s.entry.Size) {
		s.clutter = true
		s.path = strings.Join(parts, "/")
		return
	}
	if len(parts) > maxDepth || len(s.entry.Name) > maxPath {
		s.plain = false
		s.refuse(Path, "%d folders deep, %d bytes long", len(parts), len(s.entry.Name))
		return
	}
	clean := make([]string, len(parts))
	for i, part := range parts {
		if part == "" || part == "." || part == ".." {
			s.plain = false
			s.refuse(Path, "the name is no path in the archive")
		} else if why := name.Suspicious(part); why != "" {
			s.plain = false
			s.refuse(Name, "%s", why)
		}
		clean[i], _ = name.Clean([]byte(part))
	}
	s.path = strings.Join(clean, "/")
	if why := name.Hazard(s.base()); why != "" && !s.dir {
		s.plain = s.plain && isOrdinary(s.base())
		s.refuse(Member, "%s", why)
	}
}

// isClutter reports whether a path is what the file managers of macOS and Windows leave in a folder: resource forks,
// view settings, thumbnails.
func isClutter(parts []string) bool {
	base := parts[len(parts)-1]
	switch strings.ToLower(base) {
	case ".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db", ".localized", ".spotlight-v100", ".trashes":
		return true
	}
	return parts[0] == "__MACOSX" || strings.HasPrefix(base, "._")
}

// isLock reports whether an entry is the note that Office leaves beside an open document: who opened it.
func isLock(parts []string, size int64) bool {
	return strings.HasPrefix(parts[len(parts)-1], "~$") && size <= 1024
}

// isOrdinary reports whether a held name shows what it is: one extension, in ASCII.
func isOrdinary(base string) bool {
	_, ext, ok := strings.Cut(base, ".")
	return ok && !strings.ContainsFunc(ext, func(r rune) bool { return r == '.' || r > unicode.MaxASCII })
}

// key is what a file system may take a name for: without case, and in whatever form of Unicode.
func key(path string) string {
	return strings.ToLower(strings.ToUpper(norm.NFKC.String(path)))
}

// refuseTwins leaves out every file that shares its key with another entry, and every file that is also a folder
// together with what is in that folder: which of them a reader sees depends on the reader.
func (r *rebuild) refuseTwins() {
	byKey := map[string][]*slot{}
	for i := range r.slots {
		if s := &r.slots[i]; !s.clutter && s.path != "" {
			byKey[key(s.path)] = append(byKey[key(s.path)], s)
		}
	}
	for _, same := range byKey {
		for _, s := range same {
			if len(same) > 1 {
				s.refuse(Twin, "%d entries have names that are the same on some systems", len(same))
			}
		}
	}
	for i := range r.slots {
		s := &r.slots[i]
		for at, c := range s.path {
			if c != '/' {
				continue
			}
			for _, parent := range byKey[key(s.path[:at])] {
				if !parent.dir {
					s.refuse(Twin, "its folder is also a file")
					parent.refuse(Twin, "it is also a folder")
				}
			}
		}
	}
}

// rename returns the path of s under a new base name. A name that is in use gets a number.
func (r *rebuild) rename(s *slot, base string) string {
	if base == s.base() {
		return s.path
	}
	return r.free(s.path[:len(s.path)-len(s.base())] + base)
}

// free returns path, or the first of "path (2)", "path (3)" … that no entry has, and takes it.
func (r *rebuild) free(path string) string {
	stem, ext := path, ""
	if i := strings.LastIndexByte(path, '.'); i > strings.LastIndexByte(path, '/') {
		stem, ext = path[:i], path[i:]
	}
	for n := 2; r.taken[key(path)]; n++ {
		path = fmt.Sprintf("%s (%d)%s", stem, n, ext)
	}
	r.taken[key(path)] = true
	return path
}
