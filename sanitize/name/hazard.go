package name

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Hazard returns why a file of this name must not pass, whatever it holds, and "" when it may. It judges the name that
// a system would store: without the dots and spaces that Windows drops, without hidden characters, with full-width
// letters read as their plain forms, and with each side of a colon for itself (an alternate stream).
func Hazard(untrustedName string) string {
	if i := strings.LastIndexAny(untrustedName, `/\`); i >= 0 {
		untrustedName = untrustedName[i+1:]
	}
	for _, part := range strings.Split(untrustedName, ":") {
		clean, _ := Clean([]byte(part))
		for _, form := range []string{clean, norm.NFKC.String(clean)} {
			if why := hazard(strings.ToLower(form)); why != "" {
				return why
			}
		}
	}
	return ""
}

// hazard judges one lower-case name.
func hazard(name string) string {
	name = strings.TrimRight(name, " .")
	switch name {
	case "desktop.ini", "folder.htt", "web.config", ".user.ini", ".htpasswd":
		return fmt.Sprintf("%q is %s", name, script)
	}
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return ""
	}
	ext := strings.TrimSpace(name[i+1:])
	if strings.HasPrefix(ext, "{") {
		return "a class identifier as extension opens a program"
	}
	if why := heldExtension(ext); why != "" {
		return fmt.Sprintf("%s is the extension of %s", ext, why)
	}
	if letter := foreignLetter(ext); letter != 0 {
		return fmt.Sprintf("the extension has the letter U+%04X, which looks like another", letter)
	}
	return ""
}

// foreignLetter returns a letter of an extension that is of an alphabet whose letters look like Latin ones, or 0.
func foreignLetter(ext string) rune {
	for _, r := range ext {
		if unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee) {
			return r
		}
	}
	return 0
}

// signs are parts of a name that some program gives a meaning to, or that push the rest of it out of sight.
var signs = [...]string{
	"`", "${", "$(", "{{", "<%", "%00", "%2e", "%2f", "%5c", "%s%", "%n%", "%x%", "&&", ";", "' or ", "     ", "\u3000\u3000\u3000",
	"\u2044", "\u2215", "\u2216", "\u29f5", "\u29f8", "\ufe68", // look like slashes, and are no letters of any language
}

// Suspicious returns why nobody would give a file this name in good faith, and "" when somebody might: it has a form
// that makes programs mistake it for something else (an option, a formula, a template, an expression of a shell), or
// it must be changed to be stored at all. Another encoding and another Unicode form are no reason.
func Suspicious(untrustedName string) string {
	clean, changes := Clean([]byte(untrustedName))
	for _, c := range changes {
		if c != Encoding && c != Normalised {
			return "the name cannot be stored as it is: " + c
		}
	}
	for _, prefix := range []string{"=", "@", ".", "~", "&"} {
		if strings.HasPrefix(clean, prefix) {
			return fmt.Sprintf("the name begins with %q", prefix)
		}
	}
	if option, ok := strings.CutPrefix(clean, "-"); ok && (option == "" || option[0] < '0' || option[0] > '9' && option[0] < utf8.RuneSelf) {
		return "the name begins like an option of a command"
	}
	for _, sign := range signs {
		if strings.Contains(strings.ToLower(clean), sign) {
			return fmt.Sprintf("the name has %q", sign)
		}
	}
	plain := norm.NFKC.String(clean)
	if strings.Trim(plain, ". ") == "" {
		return "the name is dots that look like others"
	}
	if strings.ContainsAny(clean, "／＼") && strings.Contains(plain, "..") {
		return "the name is a path in full-width letters"
	}
	return ""
}
