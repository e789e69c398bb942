package verify

import (
	"context"
	"strings"
	"unicode"

	"sekisho/sanitize"
)

// The rules of names.
const (
	RuleName     = "verify/name"     // a name that means something else to some system
	RuleHazard   = "verify/hazard"   // a name that a system would run or hand to a program
	RuleMismatch = "verify/mismatch" // a name that says another type than the content
)

// CheckFile judges a released file whose type nobody states: the type is decided by content, the name must agree with
// it and must be the name of nothing that is run. The name is that of the file, without a folder.
func (s *Set) CheckFile(ctx context.Context, untrustedName string, in sanitize.Input, policy sanitize.Policy) error {
	if err := CheckName(untrustedName); err != nil {
		return err
	}
	id := s.Identify(in)
	if id == "" {
		return Fail(RuleUnknown, untrustedName, "the content is of no type that may be released")
	}
	if err := Agree(untrustedName, id); err != nil {
		return err
	}
	return inside(untrustedName, s.Check(ctx, byName(id, untrustedName), in, policy))
}

// Judge judges in by all that is said of it: its name ("" when it has none) and its type ("" for what the content says).
// What is said must be true. It returns the type as which the file was judged; the error is as that of Check.
func (s *Set) Judge(ctx context.Context, untrustedName, id string, in sanitize.Input, policy sanitize.Policy) (string, error) {
	found := s.Identify(in)
	if untrustedName != "" {
		found = byName(found, untrustedName)
		if id != "" && id != found {
			return found, Fail(RuleMismatch, untrustedName, "it is said to be %s, the content is %s", id, found)
		}
		return found, s.CheckFile(ctx, untrustedName, in, policy)
	}
	if id == "" {
		id = found
	}
	if id == "" {
		return "", Fail(RuleUnknown, "", "the content is of no type that may be released")
	}
	return id, s.Check(ctx, id, in, policy)
}

// maxName bounds one name, in bytes, as file systems do.
const maxName = 255

// CheckName judges the name of one file or folder: it means the same on every system, shows all that is in it, and is
// not one that is run.
func CheckName(untrusted string) error {
	for _, r := range untrusted {
		if badRune(r) {
			return Fail(RuleName, untrusted, "it has %U", r)
		}
	}
	if untrusted == "" || len(untrusted) > maxName || strings.HasSuffix(untrusted, ".") || strings.HasSuffix(untrusted, " ") ||
		strings.ContainsAny(untrusted[:1], " .-=") || device(untrusted) {
		return Fail(RuleName, untrusted, "no name of a file on every system")
	}
	low := strings.ToLower(untrusted)
	if hazard(extension(untrusted)) || low == "desktop.ini" || low == "autorun.inf" || low == "thumbs.db" {
		return Fail(RuleHazard, untrusted, "a name that is run or handed to a program")
	}
	return nil
}

// badRune reports whether a character cannot stand in a name of Windows, or is not seen, or turns what is seen.
func badRune(r rune) bool {
	return strings.ContainsRune("<>:\"/\\|?*`", r) || unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) ||
		unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || r == unicode.ReplacementChar || r == 0xFE0E || r == 0xFE0F
}

// device reports whether name is that of a device of Windows, with any extension.
func device(name string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	base = strings.TrimRight(base, " ")
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$":
		return true
	}
	if rest, ok := strings.CutPrefix(base, "COM"); ok {
		return isPort(rest)
	}
	rest, ok := strings.CutPrefix(base, "LPT")
	return ok && isPort(rest)
}

func isPort(s string) bool {
	r := []rune(s)
	return len(r) == 1 && strings.ContainsRune("0123456789¹²³", r[0])
}

// Agree fails when the extension of a name says another type than id, which is that of the content. A name without
// an extension agrees with every type; one whose extension nobody knows agrees with none.
func Agree(untrustedName, id string) error {
	ext := extension(untrustedName)
	if ext == "" || typeOf(ext) == id {
		return nil
	}
	return Fail(RuleMismatch, untrustedName, "the name says %q, the content is %s", ext, id)
}

// extension returns what follows the last dot of name, in lower case.
func extension(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return strings.ToLower(name[i+1:])
	}
	return ""
}

// typeOf returns the type that an extension promises, as Identify says it, or "".
func typeOf(ext string) string {
	switch ext {
	case "txt", "text", "log", "md", "csv", "tsv", "tab", "json", "geojson":
		return "txt"
	case "jpg", "jpeg", "jpe", "jfif":
		return "jpeg"
	case "tif", "tiff":
		return "tiff"
	case "bmp", "dib":
		return "bmp"
	case "htm", "html":
		return "html"
	case "docx", "dotx", "emf", "eml", "fodg", "fodp", "fods", "fodt", "gif", "odg", "odp", "ods", "odt", "otg", "otp", "ots", "ott", "pdf", "png", "potx", "ppsx", "pptx", "rtf", "svg", "webp", "wmf", "xlsx", "xltx", "xml", "zip":
		return ext
	}
	return ""
}
