package quarantine

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"filippo.io/age"
)

// TestDamageIsTold: an original that was changed behind its header is damaged, not something to try again.
func TestDamageIsTold(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(bytes.Repeat([]byte("original"), 20_000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for what, b := range map[string][]byte{
		"a bit":   append(bytes.Clone(sealed.Bytes()[:sealed.Len()-1]), sealed.Bytes()[sealed.Len()-1]^1),
		"cut off": sealed.Bytes()[:sealed.Len()-70_000],
	} {
		r, err := decrypt(bytes.NewReader(b), id)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
