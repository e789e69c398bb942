// Package offcrypto decrypts Office documents that are encrypted as a whole (MS-OFFCRYPTO 2.3.4): agile and standard
// encryption with AES. It promises that a wrong password is told from a right one before anything is decrypted, and
// that agile content is good only when its checksum is.
package offcrypto

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"hash"
	"strings"
	"unicode/utf16"

	"sekisho/sanitize"
)

// MaxSpin bounds the rounds of a key's derivation. Office writes 100,000.
const MaxSpin = 1_000_000

var le = binary.LittleEndian

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: encryption: %s", sanitize.ErrMalformed, fmt.Sprintf(format, args...))
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: encryption: %s", sanitize.ErrUnsupported, fmt.Sprintf(format, args...))
}

// method is one way of encryption, with all that the document says of it.
type method interface {
	// key returns the key of the content, or nil when the password is wrong.
	key(ctx context.Context, password []byte) ([]byte, error)
	// decrypt decrypts the stream in place and returns the content.
	decrypt(key, stream []byte) ([]byte, error)
}

// Decrypt returns the document that is encrypted in the stream EncryptedPackage, by what the stream EncryptionInfo
// says. The passwords are tried in turn; without the right one it fails with ErrEncrypted. The stream is overwritten.
func Decrypt(ctx context.Context, info, stream []byte, passwords []string) ([]byte, error) {
	m, err := parse(info)
	if err != nil {
		return nil, err
	}
	for _, p := range passwords {
		key, err := m.key(ctx, utf16LE(p))
		if err != nil {
			return nil, err
		}
		if key != nil {
			return m.decrypt(key, stream)
		}
	}
	return nil, fmt.Errorf("%w: a password is needed", sanitize.ErrEncrypted)
}

// parse reads EncryptionInfo (2.3.4.5 and 2.3.4.10).
func parse(info []byte) (method, error) {
	if len(info) < 8 {
		return nil, malformed("%d bytes of information", len(info))
	}
	major, minor := le.Uint16(info), le.Uint16(info[2:])
	switch {
	case major == 4 && minor == 4:
		return parseAgile(info[8:])
	case major >= 2 && major <= 4 && minor == 2:
		return parseStandard(info[4:])
	}
	return nil, unsupported("version %d.%d", major, minor)
}

func utf16LE(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

// spin derives a hash from a password (2.3.4.7 and 2.3.4.11).
func spin(ctx context.Context, newHash func() hash.Hash, salt, password []byte, rounds uint32) ([]byte, error) {
	h := newHash()
	h.Write(salt)
	h.Write(password)
	sum := h.Sum(nil)
	var n [4]byte
	for i := range rounds {
		if i&0xffff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		le.PutUint32(n[:], i)
		h.Reset()
		h.Write(n[:])
		h.Write(sum)
		sum = h.Sum(sum[:0])
	}
	return sum, nil
}

func sum(newHash func() hash.Hash, parts ...[]byte) []byte {
	h := newHash()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// fit cuts b to n bytes, or fills it up with 0x36 (2.3.4.11, 2.3.4.12).
func fit(b []byte, n int) []byte {
	for len(b) < n {
		b = append(b, 0x36)
	}
	return b[:n]
}

// hashOf returns a hash by the name that agile encryption has for it (2.3.4.10).
func hashOf(name string) (func() hash.Hash, error) {
	switch strings.ToUpper(strings.ReplaceAll(name, "-", "")) {
	case "SHA1":
		return sha1.New, nil
	case "SHA256":
		return sha256.New, nil
	case "SHA384":
		return sha512.New384, nil
	case "SHA512":
		return sha512.New, nil
	}
	return nil, unsupported("hash %q", name)
}

// cbc decrypts b, whole blocks, in place.
func cbc(key, iv, b []byte) error {
	block, err := aes.NewCipher(key)
	if err != nil {
		return malformed("%v", err)
	}
	if len(b)%aes.BlockSize != 0 || len(iv) != aes.BlockSize {
		return malformed("content is no whole number of blocks")
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(b, b)
	return nil
}

// payload returns the content of a decrypted stream: its length stands before it (2.3.4.4).
func payload(length, b []byte) ([]byte, error) {
	n := le.Uint64(length)
	if n > uint64(len(b)) {
		return nil, malformed("%d bytes of content, %d declared", len(b), n)
	}
	return b[:n], nil
}

// standard is standard encryption (2.3.4.5): AES in ECB mode, keys by SHA-1.
type standard struct {
	keyLen                       int
	salt, verifier, verifierHash []byte
}

const standardRounds = 50000

func parseStandard(b []byte) (method, error) {
	const aesFlag, external = 0x20, 0x10
	flags := le.Uint32(b)
	if flags&aesFlag == 0 || flags&external != 0 {
		return nil, unsupported("standard encryption without AES")
	}
	if len(b) < 8 {
		return nil, malformed("no header")
	}
	n := int64(le.Uint32(b[4:]))
	if b = b[8:]; n < 32 || n > int64(len(b)) {
		return nil, malformed("a header of %d bytes", n)
	}
	keyBits := le.Uint32(b[16:])
	if keyBits != 128 && keyBits != 192 && keyBits != 256 {
		return nil, malformed("a key of %d bits", keyBits)
	}
	b = b[n:]
	if len(b) < 72 || le.Uint32(b) != 16 {
		return nil, malformed("no verifier")
	}
	return standard{int(keyBits / 8), b[4:20], b[20:36], b[40:72]}, nil
}

// key implements method (2.3.4.7 and 2.3.4.9).
func (s standard) key(ctx context.Context, password []byte) ([]byte, error) {
	h, err := spin(ctx, sha1.New, s.salt, password, standardRounds)
	if err != nil {
		return nil, err
	}
	h = sum(sha1.New, h, make([]byte, 4))
	var key []byte
	for _, pad := range []byte{0x36, 0x5c} {
		block := bytes.Repeat([]byte{pad}, 64)
		subtle.XORBytes(block, block, h)
		key = append(key, sum(sha1.New, block)...)
	}
	key = key[:s.keyLen]
	verifier, hashed := bytes.Clone(s.verifier), bytes.Clone(s.verifierHash)
	if err := ecb(key, verifier); err != nil {
		return nil, err
	}
	if err := ecb(key, hashed); err != nil {
		return nil, err
	}
	if !hmac.Equal(sum(sha1.New, verifier), hashed[:sha1.Size]) {
		return nil, nil
	}
	return key, nil
}

// decrypt implements method (2.3.4.15).
func (s standard) decrypt(key, stream []byte) ([]byte, error) {
	if len(stream) < 8 {
		return nil, malformed("no content")
	}
	body := stream[8:]
	body = body[:len(body)/aes.BlockSize*aes.BlockSize]
	if err := ecb(key, body); err != nil {
		return nil, err
	}
	return payload(stream, body)
}

// ecb decrypts b, whole blocks, in place.
func ecb(key, b []byte) error {
	block, err := aes.NewCipher(key)
	if err != nil {
		return malformed("%v", err)
	}
	for ; len(b) >= aes.BlockSize; b = b[aes.BlockSize:] {
		block.Decrypt(b, b)
	}
	return nil
}
