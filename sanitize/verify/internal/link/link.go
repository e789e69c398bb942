// Package link judges hyperlinks in outgoing files: whether one goes to the public web or to mail, and can be read in
// one way only.
package link

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Public reports whether a link may be in an outgoing file.
func Public(untrusted string) bool {
	if strings.ContainsFunc(untrusted, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("\"<>\\`", r) }) {
		return false
	}
	u, err := url.Parse(untrusted)
	if err != nil || u.User != nil {
		return false
	}
	switch u.Scheme {
	case "mailto":
		return u.Opaque != "" && !strings.Contains(strings.ToLower(u.RawQuery), "attach")
	case "http", "https":
		return publicHost(strings.ToLower(u.Hostname()))
	}
	return false
}

// insideOnly matches names that only an inside network answers: without a dot, or under a reserved name; and numbers in
// any spelling that a resolver takes for an address.
var insideOnly = regexp.MustCompile(`^[^.]*\.?$|\.(alt|arpa|corp|home|internal|intranet|invalid|lan|local|localdomain|localhost|onion|private|test)\.?$|\.(\d+|0x[0-9a-f]*)\.?$`)

func publicHost(host string) bool {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return false
	}
	return !insideOnly.MatchString(host)
}
