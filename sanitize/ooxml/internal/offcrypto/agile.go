package offcrypto

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
)

const (
	nsEncryption = "http://schemas.microsoft.com/office/2006/encryption"
	nsPassword   = "http://schemas.microsoft.com/office/2006/keyEncryptor/password"

	segment = 4096 // bytes of content that are encrypted together (2.3.4.15)
	block   = 16   // bytes of a block of AES
)

// What is hashed with a key to get the keys of its parts (2.3.4.11 to 2.3.4.14).
var (
	blockInput     = []byte{0xfe, 0xa7, 0xd2, 0x76, 0x3b, 0x4b, 0x9e, 0x79}
	blockValue     = []byte{0xd7, 0xaa, 0x0f, 0x6d, 0x30, 0x61, 0x34, 0x4e}
	blockKey       = []byte{0x14, 0x6e, 0x0b, 0xe7, 0xab, 0xac, 0xd0, 0xd6}
	blockHMACKey   = []byte{0x5f, 0xb2, 0xad, 0x01, 0x0c, 0xb9, 0xe1, 0xf6}
	blockHMACValue = []byte{0xa0, 0x67, 0x7f, 0x02, 0xb2, 0x2c, 0x84, 0x33}
)

// suite is what keyData and encryptedKey both say (2.3.4.10).
type suite struct {
	salt    []byte
	keyLen  int
	hash    func() hash.Hash
	hashLen int
}

// agile is agile encryption.
type agile struct {
	data, password                  suite
	rounds                          uint32
	input, value, keyValue          []byte // of the password's verifier, and the key of the content
	encryptedHMACKey, encryptedHMAC []byte
}

// parseAgile reads the XML that describes it.
func parseAgile(doc []byte) (method, error) {
	a := &agile{}
	r := xmltext.NewReader(bytes.NewReader(doc), xmltext.Options{MaxDepth: 16, MaxToken: 64 << 10, Space: func(uri []byte) xmltext.Space {
		switch string(uri) {
		case nsEncryption:
			return 1
		case nsPassword:
			return 2
		}
		return 0
	}})
	for {
		k, err := r.Next()
		if errors.Is(err, io.EOF) {
			return a, a.check()
		}
		if err != nil {
			return nil, malformed("%v", err)
		}
		if k != xmltext.Start {
			continue
		}
		if err := a.element(r); err != nil {
			return nil, err
		}
	}
}

func (a *agile) element(r *xmltext.Reader) (err error) {
	get := func(name string) string {
		for _, at := range r.Attrs {
			if string(at.Name.Local) == name {
				return string(at.Value)
			}
		}
		return ""
	}
	data := func(name string) []byte {
		b, e := base64.StdEncoding.DecodeString(get(name))
		if e != nil && err == nil {
			err = malformed("%s: %v", name, e)
		}
		return b
	}
	switch {
	case r.Name.Space == 1 && string(r.Name.Local) == "keyData" && a.data.hash == nil:
		a.data, err = parseSuite(get)
		a.data.salt = data("saltValue")
	case r.Name.Space == 1 && string(r.Name.Local) == "dataIntegrity":
		a.encryptedHMACKey, a.encryptedHMAC = data("encryptedHmacKey"), data("encryptedHmacValue")
	case r.Name.Space == 2 && string(r.Name.Local) == "encryptedKey" && a.password.hash == nil:
		if a.password, err = parseSuite(get); err != nil {
			return err
		}
		rounds, e := strconv.ParseUint(get("spinCount"), 10, 32)
		if e != nil || rounds > MaxSpin {
			return fmt.Errorf("%w: encryption: %q rounds, at most %d", sanitize.ErrLimit, get("spinCount"), MaxSpin)
		}
		a.rounds = uint32(rounds)
		a.password.salt = data("saltValue")
		a.input, a.value, a.keyValue = data("encryptedVerifierHashInput"), data("encryptedVerifierHashValue"), data("encryptedKeyValue")
	}
	return err
}

func parseSuite(get func(string) string) (suite, error) {
	var s suite
	if get("cipherAlgorithm") != "AES" || get("cipherChaining") != "ChainingModeCBC" || get("blockSize") != "16" {
		return s, unsupported("cipher %q %q with blocks of %q", get("cipherAlgorithm"), get("cipherChaining"), get("blockSize"))
	}
	switch get("keyBits") {
	case "128", "192", "256":
	default:
		return s, malformed("a key of %q bits", get("keyBits"))
	}
	bits, err := strconv.Atoi(get("keyBits"))
	if err != nil {
		return s, malformed("%v", err)
	}
	s.keyLen = bits / 8
	if s.hash, err = hashOf(get("hashAlgorithm")); err == nil {
		s.hashLen = s.hash().Size()
	}
	return s, err
}

// check refuses a description that lacks something, the checksum included.
func (a *agile) check() error {
	if a.data.hash == nil || a.password.hash == nil {
		return unsupported("no key that a password opens")
	}
	up := func(n int) int { return (n + block - 1) / block * block }
	switch {
	case len(a.password.salt) != block, len(a.data.salt) != block,
		len(a.input) != block, len(a.value) != up(a.password.hashLen), len(a.keyValue) != up(a.data.keyLen),
		len(a.encryptedHMACKey) != up(a.data.hashLen), len(a.encryptedHMAC) != up(a.data.hashLen):
		return malformed("a field of another length than its kind has")
	}
	return nil
}

// key implements method (2.3.4.11 and 2.3.4.13).
func (a *agile) key(ctx context.Context, password []byte) ([]byte, error) {
	s := &a.password
	h, err := spin(ctx, s.hash, s.salt, password, a.rounds)
	if err != nil {
		return nil, err
	}
	open := func(purpose, sealed []byte) ([]byte, error) {
		b := bytes.Clone(sealed)
		return b, cbc(fit(sum(s.hash, h, purpose), s.keyLen), s.salt, b)
	}
	input, err := open(blockInput, a.input)
	if err != nil {
		return nil, err
	}
	value, err := open(blockValue, a.value)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(sum(s.hash, input), value[:s.hashLen]) {
		return nil, nil
	}
	key, err := open(blockKey, a.keyValue)
	if err != nil {
		return nil, err
	}
	return key[:a.data.keyLen], nil
}

// decrypt implements method (2.3.4.14 and 2.3.4.15). The checksum is over the stream as it is.
func (a *agile) decrypt(key, stream []byte) ([]byte, error) {
	s := &a.data
	open := func(purpose, sealed []byte) ([]byte, error) {
		b := bytes.Clone(sealed)
		return b[:s.hashLen], cbc(key, fit(sum(s.hash, s.salt, purpose), block), b)
	}
	macKey, err := open(blockHMACKey, a.encryptedHMACKey)
	if err != nil {
		return nil, err
	}
	want, err := open(blockHMACValue, a.encryptedHMAC)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(s.hash, macKey)
	mac.Write(stream)
	if !hmac.Equal(mac.Sum(nil), want) {
		return nil, malformed("the content does not have its checksum")
	}
	if len(stream) < 8 {
		return nil, malformed("no content")
	}
	body := stream[8:]
	body = body[:len(body)/block*block]
	for i, rest := uint32(0), body; len(rest) > 0; i++ {
		n := min(segment, len(rest))
		iv := fit(sum(s.hash, s.salt, le.AppendUint32(nil, i)), block)
		if err := cbc(key, iv, rest[:n]); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	return payload(stream, body)
}
