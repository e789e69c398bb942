package manifest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gowebpki/jcs"
)

const (
	magic     = "SEKISHO1"
	domain    = "sekisho manifest v1\n"
	fixedHead = len(magic) + sha256.Size + 4
)

// MaxHeader is the largest header in bytes.
const MaxHeader = fixedHead + MaxManifest + ed25519.SignatureSize

// Seal signs m and returns the header that goes before the body of m.Length bytes. It fills in Schema, Gateway and,
// when they are nil, the empty lists; times are cut to UTC seconds with fractions, and Modified is moved into the
// years 1970–2199 that every file system can hold. It fails with ErrContent when Open would refuse the result.
func Seal(m Manifest, key ed25519.PrivateKey) ([]byte, error) {
	id := KeyID(key.Public().(ed25519.PublicKey))
	m.Schema, m.Gateway = Schema, hex.EncodeToString(id[:])
	if m.Marks == nil {
		m.Marks = []string{}
	}
	if m.Findings == nil {
		m.Findings = []Finding{}
	}
	m.Modified, m.Created = clamp(m.Modified), clamp(m.Created)
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("cannot seal manifest: %w", err)
	}
	text, err := canonical(m)
	if err != nil {
		return nil, fmt.Errorf("cannot seal manifest: %w", err)
	}
	if len(text) > MaxManifest {
		return nil, fmt.Errorf("cannot seal manifest: %w: longer than %d bytes", ErrContent, MaxManifest)
	}
	head := make([]byte, 0, fixedHead+len(text)+ed25519.SignatureSize)
	head = append(head, magic...)
	head = append(head, id[:]...)
	head = binary.BigEndian.AppendUint32(head, uint32(len(text)))
	head = append(head, text...)
	return append(head, ed25519.Sign(key, signed(text))...), nil
}

// KeyID names a public key: the SHA-256 of its 32 bytes.
func KeyID(key ed25519.PublicKey) [sha256.Size]byte { return sha256.Sum256(key) }

// signed returns what is signed: the domain keeps a signature from being valid for anything else of the same key.
func signed(text []byte) []byte { return append([]byte(domain), text...) }

// canonical returns the one spelling of m (RFC 8785).
func canonical(m Manifest) ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return jcs.Transform(b)
}

var (
	firstTime = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(2199, 12, 31, 23, 59, 59, 0, time.UTC)
)

// clamp moves t into the range of checkTime.
func clamp(t time.Time) time.Time {
	t = t.UTC().Round(0)
	if t.Before(firstTime) {
		return firstTime
	}
	if t.After(lastTime) {
		return lastTime
	}
	return t
}
