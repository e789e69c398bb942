package clamd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"sekisho/sanitize/scan"
)

// maxReply bounds a reply, in bytes.
const maxReply = 4 << 10

// readReply reads the one reply of a connection: text, NUL, end. Anything else is an error. A daemon that closes before it
// has taken all that was sent makes the end an error too; then the reply is returned beside it.
func readReply(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxReply+1))
	text, rest, found := bytes.Cut(b, []byte{0})
	if !found || len(rest) > 0 || len(b) > maxReply {
		return "", errors.Join(err, fmt.Errorf("cannot read reply: %d bytes that are not one reply", len(b)))
	}
	if err != nil {
		return string(text), fmt.Errorf("cannot read to the end of the reply: %w", err)
	}
	return string(text), nil
}

// parseReply returns the judgement that a reply to INSTREAM is.
func parseReply(reply string) (scan.Result, error) {
	if reply == "stream: OK" {
		return scan.Result{Clean: true}, nil
	}
	if reply == "INSTREAM size limit exceeded. ERROR" {
		return scan.Result{}, fmt.Errorf("%w: longer than its StreamMaxLength", scan.ErrRefused)
	}
	rest, isStream := strings.CutPrefix(reply, "stream: ")
	signature, isFound := strings.CutSuffix(rest, " FOUND")
	if !isStream || !isFound || !isSignature(signature) {
		return scan.Result{}, fmt.Errorf("cannot understand reply %.200q", reply)
	}
	return scan.Result{Signature: signature, Incomplete: isIncomplete(signature)}, nil
}

// isSignature reports whether s could be the name of a signature: printable ASCII, not empty.
func isSignature(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// isIncomplete reports whether a signature is one of those by which the daemon says that it did not look at all of a
// file: AlertExceedsMax and AlertEncrypted (clamd.conf(5)).
func isIncomplete(signature string) bool {
	return strings.HasPrefix(signature, "Heuristics.Limits.Exceeded") || strings.HasPrefix(signature, "Heuristics.Encrypted.")
}

// errTruncated says that a file was shorter or longer than it was said to be.
var errTruncated = errors.New("file has not the length that was said")
