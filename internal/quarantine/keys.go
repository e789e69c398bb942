package quarantine

import (
	"bytes"
	"fmt"
	"time"

	"filippo.io/age"
)

// NewKey makes a key. private is the text of its file, in age's own form, so that the age program reads it too; public is
// what configuration holds.
func NewKey(now time.Time) (private []byte, public string, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, "", fmt.Errorf("cannot make key: %w", err)
	}
	public = id.Recipient().String()
	private = fmt.Appendf(nil, "# created: %s\n# public key: %s\n%s\n", now.UTC().Format(time.RFC3339), public, id)
	return private, public, nil
}

// ParseKey reads the text of a key file: one key or more.
func ParseKey(private []byte) ([]age.Identity, error) {
	ids, err := age.ParseIdentities(bytes.NewReader(private))
	if err != nil {
		return nil, fmt.Errorf("cannot read key: %w: %v", ErrKey, err)
	}
	return ids, nil
}

// ParsePublic reads a public key: "age1…".
func ParsePublic(public string) (age.Recipient, error) {
	r, err := age.ParseX25519Recipient(public)
	if err != nil {
		return nil, fmt.Errorf("cannot read public key: %w: %v", ErrKey, err)
	}
	return r, nil
}
