package icap

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"net/textproto"
	"strings"

	"sekisho/sanitize/scan"
)

// answer is what a service said.
type answer struct {
	status string // "204" or "200"
	header textproto.MIMEHeader
	http   string // status of the HTTP response inside a 200
	body   [sha256.Size]byte
}

// maxHead bounds a head, in bytes.
const maxHead = 32 << 10

// readAnswer reads an answer whose body is at most size bytes longer than a page with a message.
func readAnswer(r *bufio.Reader, size int64) (answer, error) {
	status, header, err := readHead(r, "ICAP/1.0 ")
	if err != nil {
		return answer{}, err
	}
	a := answer{status: status, header: header}
	switch status {
	case "204":
		return a, nil
	case "200":
		return a, a.readInside(r, size)
	}
	return answer{}, fmt.Errorf("cannot use answer with status %q", status)
}

// maxPage is the length of a page that a service may put in a file's place, in bytes.
const maxPage = 1 << 20

// readInside reads the HTTP response inside an answer (RFC 3507 4.4.1).
func (a *answer) readInside(r *bufio.Reader, size int64) error {
	parts := strings.Split(a.header.Get("Encapsulated"), ",")
	last := strings.TrimSpace(parts[len(parts)-1])
	if len(parts) != 2 || strings.TrimSpace(parts[0]) != "res-hdr=0" {
		return fmt.Errorf("cannot read answer: encapsulated is %.100q", a.header.Get("Encapsulated"))
	}
	status, _, err := readHead(r, "HTTP/1.")
	if err != nil {
		return err
	}
	a.http = status
	hash := sha256.New()
	if strings.HasPrefix(last, "res-body=") {
		body := io.LimitReader(httputil.NewChunkedReader(r), max(size, maxPage)+1)
		n, err := io.Copy(hash, body)
		if err != nil || n > max(size, maxPage) {
			return errors.Join(fmt.Errorf("cannot read answer: body of %d bytes", n), err)
		}
	} else if !strings.HasPrefix(last, "null-body=") {
		return fmt.Errorf("cannot read answer: encapsulated is %.100q", a.header.Get("Encapsulated"))
	}
	a.body = [sha256.Size]byte(hash.Sum(nil))
	return nil
}

// readHead reads a status line that begins with protocol, and a header. It returns the three digits of the status.
func readHead(r *bufio.Reader, protocol string) (string, textproto.MIMEHeader, error) {
	head, err := headBytes(r)
	if err != nil {
		return "", nil, fmt.Errorf("cannot read head of answer: %w", err)
	}
	t := textproto.NewReader(bufio.NewReader(strings.NewReader(head)))
	line, err := t.ReadLine()
	rest, isProtocol := strings.CutPrefix(line, protocol)
	if protocol == "HTTP/1." && isProtocol {
		_, rest, isProtocol = strings.Cut(rest, " ")
	}
	if err != nil || !isProtocol || !isStatus(rest) {
		return "", nil, fmt.Errorf("cannot read head of answer: status line %.100q", line)
	}
	header, err := t.ReadMIMEHeader()
	if err != nil {
		return "", nil, fmt.Errorf("cannot read head of answer: %w", err)
	}
	return rest[:3], header, nil
}

// headBytes returns the lines up to and with the empty one.
func headBytes(r *bufio.Reader) (string, error) {
	var head strings.Builder
	for head.Len() <= maxHead {
		line, err := r.ReadSlice('\n') // fails with a line longer than the buffer
		if err != nil {
			return "", err
		}
		head.Write(line)
		if len(strings.TrimRight(string(line), "\r\n")) == 0 {
			return head.String(), nil
		}
	}
	return "", fmt.Errorf("longer than %d bytes", maxHead)
}

// isStatus reports whether s begins with three digits that are a word.
func isStatus(s string) bool {
	for i := range 3 {
		if i >= len(s) || s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 3 || s[3] == ' '
}

// named are the headers by which services name what they found. X-Infection-Found is "Type=0; Resolution=2; Threat=X;".
func named() []string {
	return []string{"X-Infection-Found", "X-Virus-Id", "X-Violations-Found", "X-Virus-Name"}
}

// judge returns the judgement that an answer is about a file with the hash sum.
func (a answer) judge(sum [sha256.Size]byte) scan.Result {
	result := scan.Result{Engine: printable(a.header.Get("Service")), Signatures: printable(a.header.Get("Istag"))}
	for _, name := range named() {
		if _, found := a.header[name]; found {
			result.Signature = threat(a.header.Get(name))
			return result
		}
	}
	if a.status == "204" || a.http == "200" && a.body == sum {
		result.Clean = true
		return result
	}
	result.Incomplete, result.Signature = true, "replaced by the scanner with an HTTP response of status "+a.http
	return result
}

// threat returns the name in the value of a header, or the value.
func threat(untrusted string) string {
	for part := range strings.SplitSeq(untrusted, ";") {
		if name, found := strings.CutPrefix(strings.TrimSpace(part), "Threat="); found && name != "" {
			return printable(name)
		}
	}
	if p := printable(untrusted); p != "" {
		return p
	}
	return "unnamed"
}

// printable returns at most 200 bytes of s, without what is not printable ASCII.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s[:min(len(s), 200)])
}
