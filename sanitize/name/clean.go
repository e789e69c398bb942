package name

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sekisho/sanitize/internal/textenc"
)

// MaxBytes is the longest name that Clean gives: what common file systems store.
const MaxBytes = 255

// What Clean can change, a closed set.
const (
	Encoding   = "encoding"   // the bytes were not UTF-8
	Normalised = "normalised" // the same text in another Unicode form
	Control    = "control"    // a control character
	Hidden     = "hidden"     // a character that is not seen, or that turns the direction
	Character  = "character"  // a character that Windows does not store
	Edge       = "edge"       // spaces at an end, or dots at the end
	Device     = "device"     // the name of a device
	Length     = "length"     // too long
	Empty      = "empty"      // nothing was left
)

// untitled is the name of a file whose own name holds nothing that can be kept.
const untitled = "無題"

// Clean returns a name that says the same as raw and that any system stores as it is shown: UTF-8 in composed form, no
// control, hidden or direction character, none of <>:"/\|?*, no space or dot at the end, no device name, at most
// MaxBytes bytes with the extension kept, never empty, "." or "..". It also returns what it changed, each kind once.
// Clean(Clean(x)) changes nothing.
func Clean(raw []byte) (clean string, changes []string) {
	c := cleaner{}
	s := c.decode(raw)
	s = c.compose(c.characters(s))
	for {
		before := s
		s = c.edges(s)
		s = c.device(s)
		if s = c.length(s); s == before {
			return s, c.changes
		}
	}
}

// cleaner collects what it changes.
type cleaner struct{ changes []string }

func (c *cleaner) note(change string) {
	for _, have := range c.changes {
		if have == change {
			return
		}
	}
	c.changes = append(c.changes, change)
}

// decode reads the bytes as UTF-8, else as what they look like, else as CP932. What is no character is "_".
func (c *cleaner) decode(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	c.note(Encoding)
	e := textenc.Detect(raw, true)
	if e != textenc.EUCJP && e != textenc.ISO2022JP && e != textenc.Windows1252 {
		e = textenc.CP932
	}
	var b strings.Builder
	for d := textenc.NewDecoder(e, raw); ; {
		ch, ok := d.Next()
		if !ok {
			return b.String()
		}
		if ch.Rune == textenc.Unassigned {
			ch.Rune = '_'
		}
		b.WriteRune(ch.Rune)
	}
}

// characters leaves out what is not seen and replaces what cannot be stored.
func (c *cleaner) characters(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || isNoncharacter(r):
			c.note(Control)
			return -1
		case r == 0xfe0e || r == 0xfe0f: // text or picture: only how an emoji is drawn
			c.note(Normalised)
			return -1
		case isInvisible(r):
			c.note(Hidden)
			return -1
		case strings.ContainsRune(`<>:"/\|?*`, r) || r == utf8.RuneError:
			c.note(Character)
			return '_'
		case r != ' ' && r != '\u3000' && unicode.Is(unicode.Zs, r):
			c.note(Character)
			return ' '
		}
		return r
	}, s)
}

func isNoncharacter(r rune) bool { return r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe }

// isInvisible reports whether r is a format character, a line separator or a filler. An ideographic variation
// selector is none: it picks the form of a character, and people's names depend on it.
func isInvisible(r rune) bool {
	switch r {
	case 0x2028, 0x2029, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0, 0x034f:
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// compose brings s to NFC.
func (c *cleaner) compose(s string) string {
	composed := norm.NFC.String(s)
	if composed != s {
		c.note(Normalised)
	}
	return composed
}

// edges trims what Windows would drop without a word.
func (c *cleaner) edges(s string) string {
	trimmed := strings.TrimRight(strings.TrimLeft(s, " "), " .")
	if trimmed != s {
		c.note(Edge)
	}
	if trimmed == "" {
		c.note(Empty)
		return untitled
	}
	return trimmed
}

// device puts "_" before the name of a device: Windows opens the device whatever extension follows.
func (c *cleaner) device(s string) string {
	stem, _, _ := strings.Cut(s, ".")
	if !isDevice(strings.ToUpper(strings.TrimRight(stem, " "))) {
		return s
	}
	c.note(Device)
	return "_" + s
}

func isDevice(upper string) bool {
	switch upper {
	case "CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$":
		return true
	}
	digit, ok := strings.CutPrefix(upper, "COM")
	if !ok {
		digit, ok = strings.CutPrefix(upper, "LPT")
	}
	return ok && len([]rune(digit)) == 1 && strings.Contains("0123456789¹²³", digit)
}

// maxExtension is the longest extension that length keeps, in bytes with the dot.
const maxExtension = 32

// length cuts the middle of a long name: between the characters of its stem, before the extension.
func (c *cleaner) length(s string) string {
	if len(s) <= MaxBytes {
		return s
	}
	c.note(Length)
	ext := ""
	if i := strings.LastIndexByte(s, '.'); i > 0 && len(s)-i <= maxExtension {
		ext = s[i:]
	}
	stem := s[:MaxBytes-len(ext)]
	for !utf8.ValidString(stem) || unicode.Is(unicode.M, firstRune(s[len(stem):])) {
		stem = stem[:len(stem)-1] // also before a mark, which belongs to the character it follows
		if stem == "" {
			return untitled + ext
		}
	}
	return strings.TrimRight(stem, " .") + ext
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
