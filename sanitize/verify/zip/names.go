package zip

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/zipread"
)

// maxPart and maxPath bound the parts of a name (in bytes, as file systems do) and the whole of it.
const (
	maxPart = 255
	maxPath = 4096
)

// checkNames judges every name, and all of them together.
func checkNames(entries []zipread.Entry) error {
	files, folders := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		if err := checkName(e); err != nil {
			return err
		}
		key := fold(strings.TrimSuffix(e.Name, "/"))
		if files[key] || e.Dir && folders[key+"/"] {
			return verify.Fail(RuleDuplicate, e.Name, "the name is there already")
		}
		if e.Dir {
			folders[key+"/"] = true
		} else {
			files[key] = true
		}
	}
	for _, e := range entries { // no file is also a folder
		key := fold(e.Name)
		for i := strings.IndexByte(key, '/'); i >= 0; {
			if files[key[:i]] {
				return verify.Fail(RuleDuplicate, e.Name, "a folder has the name of a file")
			}
			next := strings.IndexByte(key[i+1:], '/')
			if next < 0 {
				break
			}
			i += 1 + next
		}
	}
	return nil
}

// fold returns what a name is to a file system that knows neither case nor width nor composition.
func fold(name string) string { return strings.ToLower(norm.NFKC.String(name)) }

func checkName(e zipread.Entry) error {
	if len(e.Name) > maxPath || !norm.NFC.IsNormalString(e.Name) {
		return verify.Fail(RuleName, e.Name, "too long, or not composed")
	}
	for _, r := range e.Name {
		if badRune(r) {
			return verify.Fail(RuleName, e.Name, "it has %U", r)
		}
	}
	parts := strings.Split(strings.TrimSuffix(e.Name, "/"), "/")
	for _, p := range parts {
		if p == "" || len(p) > maxPart || strings.HasSuffix(p, ".") || strings.HasSuffix(p, " ") || strings.HasPrefix(p, " ") || device(p) {
			return verify.Fail(RuleName, e.Name, "the part %q", p)
		}
	}
	if parts[0] == "META-INF" {
		return verify.Fail(RuleHazard, e.Name, "a program package")
	}
	last := strings.ToLower(parts[len(parts)-1])
	if !e.Dir && (hazard(extension(e.Name)) || last == "desktop.ini" || last == "autorun.inf") {
		return verify.Fail(RuleHazard, e.Name, "a name that is run or handed to a program")
	}
	return nil
}

// badRune reports whether a character cannot stand in a name of Windows, or is not seen, or turns what is seen.
func badRune(r rune) bool {
	return strings.ContainsRune(`<>:"\|?*`, r) || unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) ||
		unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || r == unicode.ReplacementChar || r == 0xFE0E || r == 0xFE0F
}

// device reports whether part names a device of Windows, with any extension.
func device(part string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(part), ".")
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

// hazard reports whether Windows, or a program that it hands the file to, runs a file of this extension, or mounts,
// installs or imports it.
func hazard(ext string) bool {
	switch ext {
	case "ade", "adp", "app", "appcontent-ms", "application", "appref-ms", "appx", "appxbundle", "asp", "aspx", "bas", "bat",
		"bgi", "cab", "cer", "chm", "class", "cmd", "cnt", "com", "cpl", "crt", "crx", "csh", "deb", "der", "desktop",
		"diagcab", "dll", "dmg", "dqy", "eps", "exe", "fxp", "gadget", "grp", "hlp", "hpj", "hta", "htc", "htaccess",
		"img", "inf", "ini", "ins", "iqy", "iso", "isp", "jar", "jnlp", "js", "jse", "jsp", "ksh", "library-ms", "lnk", "mad",
		"maf", "mag", "mam", "maq", "mar", "mas", "mat", "mau", "mav", "maw", "mcf", "mda", "mdb", "mde", "mdt", "mdw",
		"mdz", "mht", "mhtml", "mobileconfig", "msc", "msg-ms", "msh", "msh1", "msh1xml", "msh2", "msh2xml", "mshxml",
		"msi", "msix", "msixbundle", "msp", "mst", "msu", "mvg", "msl", "ocx", "one", "onetoc2", "ops", "oqy", "osd", "pcd",
		"php", "php3", "phtml", "pif", "pl", "plg", "prf", "prg", "printerexport", "ps", "ps1", "ps1xml", "ps2", "ps2xml",
		"psc1", "psc2", "psd1", "psdm1", "psm1", "pssc", "pst", "py", "pyc", "pyo", "pyw", "pyz", "pyzw", "rb", "rdp",
		"reg", "rpm", "rqy", "scf", "scpt", "scr", "sct", "search-ms", "searchconnector-ms", "settingcontent-ms", "sh", "shb",
		"shs", "slk", "swf", "sys", "theme", "themepack", "tmp", "udl", "url", "vb", "vbe", "vbp", "vbs", "vhd", "vhdx",
		"vsmacros", "vsw", "vxd", "wasm", "webloc", "website", "wim", "ws", "wsb", "wsc", "wsf", "wsh", "xap", "xbap", "xll",
		"xla", "xlam", "xlm", "xlw", "xnk", "xpi", "dif", "accda", "accdb", "accde", "accdr", "apk", "command", "kmz":
		return true
	}
	return false
}
