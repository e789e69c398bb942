package svg

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"

	"sekisho/sanitize"
)

// data rebuilds a picture that stands in an attribute as data (RFC 2397) and returns it as such; "" when it is none, or
// cannot be rebuilt. It fails only when the whole run is over.
func (f *filter) data(href string) (string, error) {
	scheme, rest, ok := strings.Cut(href, ":")
	head, body, comma := strings.Cut(rest, ",")
	if !ok || !comma || !strings.EqualFold(strings.TrimSpace(scheme), "data") {
		return "", nil
	}
	raw, err := decode(head, body)
	if err != nil || len(raw) == 0 {
		return "", nil
	}
	if err := f.pass.Entry(); err != nil {
		return "", err
	}
	if err := f.pass.Expand(int64(len(raw))); err != nil {
		return "", err
	}
	var out bytes.Buffer
	report, err := f.pass.Member(f.ctx, "", sanitize.BytesInput(raw), &out)
	if err != nil {
		return "", f.ctx.Err()
	}
	mime := mimeOf(report.Output)
	if mime == "" {
		return "", nil
	}
	f.report.Findings = append(f.report.Findings, report.Findings...)
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(out.Bytes()), nil
}

// decode returns the bytes of a data URL.
func decode(head, body string) ([]byte, error) {
	body, err := url.PathUnescape(body)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(strings.ToLower(strings.ReplaceAll(head, " ", "")), ";base64") {
		return []byte(body), nil
	}
	body = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, body)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(body, "="))
}

// mimeOf returns the type of a picture that the engine wrote, or "" when browsers show none of it (SVG 2, 12.3).
func mimeOf(id string) string {
	switch id {
	case "gif", "jpeg", "png", "webp":
		return "image/" + id
	case "svg":
		return "image/svg+xml"
	}
	return ""
}
