// Package link judges hyperlinks in outgoing files: whether one goes to the public web or to mail, and can be read in
// one way only.
package link

import (
	"net/netip"
	"net/url"
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
		return publicHost(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."))
	}
	return false
}

// publicHost reports whether a host has a name that others than those of an inside network answer: with a dot, under
// no reserved name (RFC 6761, RFC 6762 appendix G), and no number in any spelling that a resolver takes for an address.
func publicHost(host string) bool {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return false
	}
	dot := strings.LastIndexByte(host, '.')
	if dot < 0 {
		return false
	}
	top := host[dot+1:]
	switch top {
	case "", "alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost", "onion", "private", "test":
		return false
	}
	return strings.Trim(top, "0123456789") != "" && !(strings.HasPrefix(top, "0x") && strings.Trim(top[2:], "0123456789abcdef") == "")
}
