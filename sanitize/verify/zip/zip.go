// Package zip judges archives.
//
// A released archive is laid out as package zipread says; its names mean the same on every system, and none is the
// name of something that is run; and every member is a released file by its own judge.
package zip

import (
	"context"
	"errors"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/zipread"
)

// Judge judges the format "zip".
type Judge struct{}

var _ verify.Judge = Judge{}

// ID implements verify.Judge.
func (Judge) ID() string { return "zip" }

// Claims implements verify.Judge: an archive that is not the package of a document.
func (Judge) Claims(in sanitize.Input) bool {
	if !zipread.Looks(in) {
		return false
	}
	a, err := zipread.Open(in, maxClaimed)
	if err != nil {
		return true // Check will say what is wrong
	}
	for _, e := range a.Entries {
		if e.Name == "[Content_Types].xml" || e.Name == "mimetype" {
			return false
		}
	}
	return true
}

// maxClaimed bounds the entries that Claims looks at; Check holds them against the policy.
const maxClaimed = 1<<16 - 1

// Check implements verify.Judge.
func (Judge) Check(ctx context.Context, in sanitize.Input, pass verify.Pass) error {
	a, err := zipread.Open(in, pass.Policy.Limits.Entries)
	if errors.Is(err, sanitize.ErrLimit) {
		return err
	}
	if err != nil {
		return verify.Fail(RuleStructure, "", "%v", err)
	}
	if err := checkNames(a.Entries); err != nil {
		return err
	}
	for _, e := range a.Entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := pass.Entry(); err != nil {
			return err
		}
		if e.Dir {
			continue
		}
		if err := member(ctx, a, e, pass); err != nil {
			return err
		}
	}
	return nil
}

func member(ctx context.Context, a *zipread.Archive, e zipread.Entry, pass verify.Pass) error {
	data, err := a.Read(e, pass.Expand)
	if errors.Is(err, sanitize.ErrLimit) {
		return err
	}
	if err != nil {
		return verify.Fail(RuleMember, e.Name, "%v", err)
	}
	in := sanitize.BytesInput(data)
	if err := pass.Member(ctx, e.Name, in); err != nil {
		return err
	}
	return agrees(e.Name, pass.Identify(in))
}

// agrees holds the extension of a name against the type of the content.
func agrees(name, id string) error {
	ext := extension(name)
	if ext == "" {
		return nil
	}
	said := typeOf(ext)
	switch {
	case said == id, said == "" && id == "txt":
		return nil
	}
	return verify.Fail(RuleMismatch, name, "the name says %q, the content is %s", ext, id)
}

// extension returns what follows the last dot of the last part of name, in lower case.
func extension(name string) string {
	base := name[strings.LastIndexByte(name, '/')+1:]
	if i := strings.LastIndexByte(base, '.'); i >= 0 {
		return strings.ToLower(base[i+1:])
	}
	return ""
}

// typeOf returns the type that an extension promises, or "".
func typeOf(ext string) string {
	switch ext {
	case "txt", "text", "log", "md", "csv", "tsv", "tab":
		return "txt"
	case "jpg", "jpeg", "jpe", "jfif":
		return "jpeg"
	case "tif", "tiff":
		return "tiff"
	case "htm", "html", "xhtml", "shtml":
		return "html"
	case "mht", "mhtml":
		return "mht"
	case "svg", "svgz":
		return "svg"
	case "bmp", "docm", "docx", "doc", "dotm", "dotx", "dot", "eml", "gif", "heic", "msg", "odg", "odp", "ods", "odt", "pdf", "png",
		"potm", "potx", "pot", "ppsm", "ppsx", "pps", "pptm", "pptx", "ppt", "rtf", "webp", "xlam", "xlsb", "xlsm", "xlsx", "xls",
		"xltm", "xltx", "xlt", "xml", "xps", "zip":
		return ext
	}
	return ""
}
