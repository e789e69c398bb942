package zip

import (
	"errors"
	"strings"

	"golang.org/x/text/unicode/norm"

	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/zipread"
)

// maxPath and maxParts bound a name with its folders: in bytes, and in folders.
const (
	maxPath  = 4096
	maxParts = 200
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
	if len(e.Name) > maxPath || strings.Count(e.Name, "/") > maxParts || !norm.NFC.IsNormalString(e.Name) {
		return verify.Fail(verify.RuleName, e.Name, "too long, or not composed")
	}
	parts := strings.Split(strings.TrimSuffix(e.Name, "/"), "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "~") { // a shell takes it for a home folder
			return verify.Fail(verify.RuleName, e.Name, "a part that begins with a tilde")
		}
		check := verify.CheckName
		if i < len(parts)-1 || e.Dir {
			check = checkFolder
		}
		var v verify.Violation
		if err := check(p); errors.As(err, &v) {
			v.Where = e.Name
			return v
		}
	}
	if parts[0] == "META-INF" {
		return verify.Fail(verify.RuleHazard, e.Name, "a program package")
	}
	return nil
}

// checkFolder judges the name of a folder, which may end like that of a program.
func checkFolder(untrusted string) error {
	err := verify.CheckName(untrusted)
	var v verify.Violation
	if errors.As(err, &v) && v.Rule == verify.RuleHazard {
		return nil
	}
	return err
}
