package manifest

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of names below a release folder.
const (
	MaxName  = 255  // bytes, NAME_MAX
	MaxPath  = 3072 // bytes; leaves room for the release folder below PATH_MAX
	MaxDepth = 64   // folders
)

// CheckID accepts a package id: 8 to 64 characters of a–z, 0–9 and '-', beginning with a letter or digit. An id is a
// file name in spools on both sides.
func CheckID(id string) error {
	if len(id) < 8 || len(id) > 64 || id[0] == '-' {
		return fmt.Errorf("%w: id %.80q", ErrContent, id)
	}
	for _, c := range []byte(id) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return fmt.Errorf("%w: id %.80q", ErrContent, id)
		}
	}
	return nil
}

// CheckRoute accepts the name of a route: a name as in CheckName of at most 64 bytes.
func CheckRoute(route string) error {
	if len(route) > 64 {
		return fmt.Errorf("%w: route of %d bytes", ErrContent, len(route))
	}
	return CheckName(route)
}

// CheckPath accepts "" or a slash-separated chain of at most MaxDepth names.
func CheckPath(path string) error {
	if path == "" {
		return nil
	}
	if len(path) > MaxPath || strings.Count(path, "/") >= MaxDepth {
		return fmt.Errorf("%w: path of %d bytes, %d folders", ErrContent, len(path), 1+strings.Count(path, "/"))
	}
	for part := range strings.SplitSeq(path, "/") {
		if err := CheckName(part); err != nil {
			return err
		}
	}
	return nil
}

// CheckName accepts one component of a released path. It must name exactly itself on Linux and on Windows, lead
// nowhere else, have no meaning to a shell folder, and look like what it is: valid UTF-8 of 1 to MaxName bytes,
// none of the characters that Windows forbids, nothing hidden or reordering, no leading dot, space, hyphen or equals sign,
// no trailing dot or space, no device name, no folder settings file, no shell folder.
func CheckName(name string) error {
	if why := nameFault(name); why != "" {
		return fmt.Errorf("%w: name %.80q %s", ErrContent, name, why)
	}
	return nil
}

// nameFault says why a name is refused; "" means that it is not.
func nameFault(name string) string {
	switch {
	case name == "" || len(name) > MaxName:
		return "has a wrong length"
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case strings.IndexFunc(name, forbidden) >= 0:
		return "has a forbidden character"
	case strings.IndexByte(badFirst, name[0]) >= 0:
		return "begins with a dot, a space, a hyphen or an equals sign"
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return "ends with a dot or space" // Windows drops them: two names, one file
	case device(name):
		return "is a device name"
	case settings(name):
		return "has a meaning to the file manager"
	}
	return ""
}

// badFirst are the characters that no released name begins with: it would be hidden, trimmed, taken for an option by a
// command, or for a formula where a list of files is opened as a table.
const badFirst = ". -="

// forbidden reports characters that no released name has: separators, what Windows reserves (learn.microsoft.com,
// "Naming Files, Paths, and Namespaces"), the backquote of shells, hidden characters, and U+FFFE, U+FFFF which are no
// characters.
func forbidden(r rune) bool {
	return strings.ContainsRune("/\\<>:\"|?*`", r) || hidden(r) || r&0xfffe == 0xfffe
}

// device reports the DOS devices. They are devices with any extension, in any case, with spaces before the dot, and
// with the superscript digits of Latin-1.
func device(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$":
		return true
	}
	for _, port := range []string{"COM", "LPT"} {
		if digit, ok := strings.CutPrefix(base, port); ok {
			return utf8.RuneCountInString(digit) == 1 && strings.Contains("0123456789¹²³", digit)
		}
	}
	return false
}

// settings reports names that change what a file manager does with their folder: desktop.ini can load an icon from another
// host, and a folder called x.{class id} opens as that class.
func settings(name string) bool {
	lower := strings.ToLower(name)
	switch lower {
	case "desktop.ini", "thumbs.db", "autorun.inf":
		return true
	}
	return strings.Contains(lower, ".{") && strings.HasSuffix(lower, "}")
}
