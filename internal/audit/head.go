package audit

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"sekisho/internal/durable"
)

// ErrTampered says that the record is not what was written.
var ErrTampered = errors.New("the record was changed")

// Head is the end of the record at one moment. Kept elsewhere, it shows later that the record still leads there.
type Head struct {
	Version   int       `json:"version"`
	Log       string    `json:"log"`    // name of the log
	Seq       uint64    `json:"seq"`    // of the last entry; 0 when there is none
	Hash      string    `json:"hash"`   // of the last entry
	File      string    `json:"file"`   // that holds it
	Offset    int64     `json:"offset"` // where it ends in the file, bytes
	Time      time.Time `json:"time"`
	Signature []byte    `json:"signature,omitempty"` // Ed25519, over the JSON of the fields before it
}

const headVersion = 1

// signed returns what a signature covers.
func (h Head) signed() ([]byte, error) {
	h.Signature = nil
	b, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("cannot encode head: %w", err)
	}
	return append([]byte("sekisho audit head\n"), b...), nil
}

// sign adds the signature of signer, when there is one.
func (h *Head) sign(signer crypto.Signer) error {
	if signer == nil {
		return nil
	}
	msg, err := h.signed()
	if err != nil {
		return err
	}
	h.Signature, err = signer.Sign(nil, msg, crypto.Hash(0))
	if err != nil {
		return fmt.Errorf("cannot sign head: %w", err)
	}
	return nil
}

// Check fails with ErrTampered unless the head was signed by key. Without a key only its form is looked at.
func (h Head) Check(key ed25519.PublicKey) error {
	if h.Version != headVersion {
		return fmt.Errorf("%w: head of version %d", ErrTampered, h.Version)
	}
	if key == nil {
		return nil
	}
	msg, err := h.signed()
	if err != nil {
		return err
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, msg, h.Signature) {
		return fmt.Errorf("%w: the signature of the head is not of the gateway's key", ErrTampered)
	}
	return nil
}

func headName(log string) string { return log + ".head" }

// encode returns the head as its cell holds it.
func (h Head) encode() ([]byte, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("cannot encode head: %w", err)
	}
	return b, nil
}

// readHead returns the head of the log and its bytes. The error wraps fs.ErrNotExist when there is none.
func readHead(root *os.Root, log string) (Head, []byte, error) {
	b, err := durable.ReadCell(root, headName(log))
	if errors.Is(err, durable.ErrNoCell) {
		return Head{}, nil, fmt.Errorf("%w: the head cannot be read: %w", ErrTampered, err)
	}
	if err != nil {
		return Head{}, nil, fmt.Errorf("cannot read head: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var h Head
	if err := dec.Decode(&h); err != nil {
		return Head{}, nil, fmt.Errorf("%w: the head cannot be read: %v", ErrTampered, err)
	}
	if h.Log != log {
		return Head{}, nil, fmt.Errorf("%w: the head is of another log", ErrTampered)
	}
	if again, err := h.encode(); err != nil || !bytes.Equal(again, b) {
		return Head{}, nil, fmt.Errorf("%w: the head is not spelled as it was written", ErrTampered)
	}
	return h, b, nil
}

// ReadHead returns the end of the record as it lies on disk; its signature is not checked. The error wraps fs.ErrNotExist when
// nothing was ever recorded.
func ReadHead(root *os.Root, log string) (Head, error) {
	h, _, err := readHead(root, log)
	return h, err
}
