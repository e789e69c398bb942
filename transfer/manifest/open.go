package manifest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Keys are the gateways that a receiver trusts, by key id.
type Keys map[[sha256.Size]byte]ed25519.PublicKey

// Trust returns the key ring that holds keys.
func Trust(keys ...ed25519.PublicKey) Keys {
	ring := make(Keys, len(keys))
	for _, k := range keys {
		ring[KeyID(k)] = k
	}
	return ring
}

// Opened is an authentic package header.
type Opened struct {
	Manifest
	HeaderSize int64             // the body begins here
	Digest     [sha256.Size]byte // of the manifest's bytes: two packages are the same if, and only if, these are equal
}

// Open reads the header of a package from r and leaves r at the first byte of the body. Errors are ErrFormat, ErrKey,
// ErrSignature or ErrContent, or what r returned. Only for ErrContent the returned value holds what the
// authentic but forbidden manifest said.
func Open(r io.Reader, trusted Keys) (Opened, error) {
	var fixed [fixedHead]byte
	if err := readFull(r, fixed[:]); err != nil {
		return Opened{}, err
	}
	if string(fixed[:len(magic)]) != magic {
		return Opened{}, fmt.Errorf("cannot open package: %w: no magic", ErrFormat)
	}
	id := [sha256.Size]byte(fixed[len(magic):])
	size := binary.BigEndian.Uint32(fixed[len(magic)+len(id):])
	if size > MaxManifest {
		return Opened{}, fmt.Errorf("cannot open package: %w: manifest of %d bytes", ErrFormat, size)
	}
	key, ok := trusted[id]
	if !ok {
		return Opened{}, fmt.Errorf("cannot open package: %w %x", ErrKey, id[:8])
	}
	rest := make([]byte, int(size)+ed25519.SignatureSize)
	if err := readFull(r, rest); err != nil {
		return Opened{}, err
	}
	text, signature := rest[:size], rest[size:]
	if !ed25519.Verify(key, signed(text), signature) {
		return Opened{}, fmt.Errorf("cannot open package: %w", ErrSignature)
	}
	m, err := decode(text)
	if err == nil && m.Gateway != hex.EncodeToString(id[:]) {
		err = fmt.Errorf("%w: names another gateway", ErrContent)
	}
	if err != nil {
		err = fmt.Errorf("cannot open package: %w", err)
	}
	return Opened{Manifest: m, HeaderSize: int64(fixedHead + len(rest)), Digest: sha256.Sum256(text)}, err
}

func readFull(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("cannot open package: %w: truncated header", ErrFormat)
	}
	if err != nil {
		return fmt.Errorf("cannot read package: %w", err)
	}
	return nil
}

// decode accepts exactly the bytes that canonical would write. encoding/json forgives much (letter case, doubled
// fields, missing fields, bad UTF-8); the comparison forgives nothing.
func decode(text []byte) (Manifest, error) {
	var m Manifest
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	again, err := canonical(m)
	if err != nil || !bytes.Equal(again, text) {
		return Manifest{}, fmt.Errorf("%w: not canonical", ErrFormat)
	}
	return m, m.check()
}
