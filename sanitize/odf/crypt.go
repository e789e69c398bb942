package odf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/xmltext"
	"sekisho/sanitize/internal/zipfile"
	"sekisho/sanitize/odf/internal/grammar"
)

// secret is how one entry is encrypted (OpenDocument 1.3 Part 2, 5): deflated, then by AES in CBC mode under a key that
// is derived from the password for this entry alone.
type secret struct {
	algorithm          string
	iv, salt, checksum []byte
	checksumType       string
	startKey           string
	derivation         string
	iterations         int
	keySize            int
	key                []byte // once a password opened the entry
}

const (
	maxIterations = 2_000_000 // of the derivation of a key: some seconds
	checkedBytes  = 1024      // of the deflated entry, which the checksum is of
)

// note takes what an element of the manifest says about the entry.
func (s *secret) note(r *xmltext.Reader) {
	get := func(local string) string { return attr(r, grammar.NsManifest, local) }
	binary := func(local string) []byte {
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(get(local)))
		if err != nil {
			return nil
		}
		return b
	}
	number := func(local string) int {
		n, err := strconv.Atoi(get(local))
		if err != nil {
			return 0
		}
		return n
	}
	switch string(r.Name.Local) {
	case "encryption-data":
		s.checksumType, s.checksum = get("checksum-type"), binary("checksum")
	case "algorithm":
		s.algorithm, s.iv = get("algorithm-name"), binary("initialisation-vector")
	case "start-key-generation":
		s.startKey = get("start-key-generation-name")
	case "key-derivation":
		s.derivation, s.salt = get("key-derivation-name"), binary("salt")
		s.iterations, s.keySize = number("iteration-count"), number("key-size")
	}
}

// known reports whether the entry is encrypted in a way that this package opens.
func (s *secret) known() bool {
	size, ok := map[string]int{
		"http://www.w3.org/2001/04/xmlenc#aes128-cbc": 16, "http://www.w3.org/2001/04/xmlenc#aes192-cbc": 24, "http://www.w3.org/2001/04/xmlenc#aes256-cbc": 32,
	}[s.algorithm]
	if s.keySize == 0 {
		s.keySize = size
	}
	derived := s.derivation == "PBKDF2" || strings.HasSuffix(s.derivation, "#pbkdf2")
	return ok && derived && s.keySize == size && len(s.iv) == aes.BlockSize && s.iterations > 0 && s.iterations <= maxIterations
}

// derive returns the key that a password gives.
func (s *secret) derive(password string) ([]byte, error) {
	start := sha1.Sum([]byte(password))
	first := start[:]
	if strings.HasSuffix(s.startKey, "#sha256") {
		strong := sha256.Sum256([]byte(password))
		first = strong[:]
	}
	return pbkdf2.Key(sha1.New, string(first), s.salt, s.iterations, s.keySize)
}

// decrypt returns the deflated entry under key, or nil when the key is not the right one.
func (s *secret) decrypt(body, key []byte) []byte {
	if len(body) == 0 || len(body)%aes.BlockSize != 0 {
		return nil
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	plain := make([]byte, len(body))
	cipher.NewCBCDecrypter(b, s.iv).CryptBlocks(plain, body)
	pad := int(plain[len(plain)-1]) // XML Encryption 1.1, 5.2.1: the last byte says how many
	if pad == 0 || pad > aes.BlockSize {
		return nil
	}
	plain = plain[:len(plain)-pad]
	head := plain[:min(len(plain), checkedBytes)]
	sum := sha1.Sum(head)
	want := sum[:]
	if strings.HasSuffix(s.checksumType, "#sha256-1k") {
		strong := sha256.Sum256(head)
		want = strong[:]
	}
	if !bytes.Equal(want, s.checksum) {
		return nil
	}
	return plain
}

// unlock finds the password that opens the document.
func (d *document) unlock() error {
	if len(d.secrets) == 0 {
		return nil
	}
	if len(d.pass.Passwords) == 0 {
		return fmt.Errorf("%w: the manifest names encrypted entries", sanitize.ErrEncrypted)
	}
	for _, e := range d.archive.Entries {
		s := d.secrets[e.Name]
		if s == nil {
			continue
		}
		if !s.known() {
			return fmt.Errorf("%w: encrypted by %q, which is not known here", sanitize.ErrUnsupported, s.algorithm)
		}
		body, err := d.archive.ReadAll(e, d.limits.FileSize, d.pass.Expand)
		if err != nil {
			return err
		}
		for _, password := range d.pass.Passwords {
			if err := d.ctx.Err(); err != nil {
				return err
			}
			key, err := s.derive(password)
			if err == nil && s.decrypt(body, key) != nil {
				d.password, s.key = password, key
				d.found(ruleEncryption, sanitize.Removed, "")
				return nil
			}
		}
		break // the password is the same for all
	}
	return fmt.Errorf("%w: no password opens the document", sanitize.ErrEncrypted)
}

// read returns the content of an entry, decrypted, of at most limit bytes.
func (d *document) read(e *zipfile.Entry, limit int64) ([]byte, error) {
	body, err := d.archive.ReadAll(e, limit, d.pass.Expand)
	s := d.secrets[e.Name]
	if err != nil || s == nil {
		return body, err
	}
	if err := d.ctx.Err(); err != nil {
		return nil, err
	}
	if !s.known() {
		return nil, fmt.Errorf("%w: encrypted entry %q", sanitize.ErrUnsupported, e.Name)
	}
	if s.key == nil {
		if s.key, err = s.derive(d.password); err != nil {
			return nil, fmt.Errorf("%w: encrypted entry %q: %v", sanitize.ErrMalformed, e.Name, err)
		}
	}
	plain := s.decrypt(body, s.key)
	if plain == nil {
		return nil, fmt.Errorf("%w: encrypted entry %q does not open", sanitize.ErrMalformed, e.Name)
	}
	return d.inflate(plain, e.Name, limit)
}

// inflate returns what a deflated entry holds.
func (d *document) inflate(body []byte, name string, limit int64) ([]byte, error) {
	r := flate.NewReader(bytes.NewReader(body))
	var out []byte
	block := make([]byte, 32<<10)
	for {
		n, err := r.Read(block)
		if err := d.pass.Expand(int64(n)); err != nil {
			return nil, err
		}
		if out = append(out, block[:n]...); int64(len(out)) > limit {
			return nil, fmt.Errorf("%w: entry %q has more than %d bytes", sanitize.ErrLimit, name, limit)
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: encrypted entry %q does not decompress", sanitize.ErrMalformed, name)
		}
	}
}
