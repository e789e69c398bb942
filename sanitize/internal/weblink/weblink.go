// Package weblink decides which hyperlinks may stay in a document: complete links to the public web, and to mail.
//
// A document from outside has no business in the network that it is brought into. A link to an address literal, to a
// name without a dot or under a name that public DNS never answers (RFC 6761, RFC 6762, RFC 9476) leads, if anywhere,
// to machines of that network: a router's page, an intranet's form. Such links do not stay.
package weblink

import (
	"slices"
	"strings"
)

// maxLink is the length of the longest link in bytes: what Office takes (2,083 characters).
const maxLink = 2083

// Allowed reports whether uri may stay: http or https with a public host name and nothing but a port beside it, or
// mailto with the fields of a letter. It is of characters that may stand in a URI (RFC 3986) or an IRI (RFC 3987),
// none that is unseen or turns the direction of reading.
func Allowed(uri string) bool {
	if len(uri) > maxLink || !visible(uri) {
		return false
	}
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https":
		rest, ok = strings.CutPrefix(rest, "//")
		return ok && public(authority(rest))
	case "mailto":
		return letter(rest)
	}
	return false
}

func visible(uri string) bool {
	for _, r := range uri {
		hidden := r >= 0x7f && r < 0xa0 || r == 0xad || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e ||
			r >= 0x2060 && r <= 0x206f || r == 0xfeff || r >= 0xfff0 && r <= 0xffff || r >= 0xe0000
		if r <= ' ' || hidden || strings.ContainsRune("\"<>\\^`{|}", r) {
			return false
		}
	}
	return true
}

// authority returns what stands before path, query and fragment.
func authority(rest string) string {
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return rest[:i]
	}
	return rest
}

// public reports whether an authority is a name that public DNS may know, with or without a port.
func public(authority string) bool {
	host, port, _ := strings.Cut(authority, ":")
	if strings.Trim(port, "0123456789") != "" || len(port) > 5 || strings.ContainsAny(host, "@[]%") {
		return false
	}
	labels := strings.Split(strings.TrimSuffix(strings.ToLower(host), "."), ".")
	if len(labels) < 2 || slices.Contains(labels, "") {
		return false
	}
	last := labels[len(labels)-1]
	return strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x") && !slices.Contains(neverPublic[:], last)
}

// neverPublic are top-level names that public DNS never answers, and those that networks use among themselves.
var neverPublic = [...]string{
	"alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost", "onion", "private", "test",
}

// letter reports whether the part behind "mailto:" names a recipient and no fields but those of a letter (RFC 6068):
// some mail programs take the name of a file to attach.
func letter(rest string) bool {
	to, query, _ := strings.Cut(rest, "?")
	if to == "" || strings.HasPrefix(to, "/") {
		return false
	}
	for field := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(strings.ToLower(field), "=")
		if !slices.Contains([]string{"", "subject", "body", "cc", "bcc", "to"}, strings.TrimPrefix(name, "amp;")) {
			return false
		}
	}
	return true
}
