package zipfile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"golang.org/x/text/encoding/japanese"

	"sekisho/sanitize"
)

// spellings returns the bytes that each password may have been typed as: UTF-8, and CP932 from a Japanese Windows.
func spellings(passwords []string) (all [][]byte) {
	for _, p := range passwords {
		all = append(all, []byte(p))
		if b, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(p)); err == nil && string(b) != p {
			all = append(all, b)
		}
	}
	return all
}

// OpenEncrypted is Open for an encrypted entry. A wrong password is ErrEncrypted, at once or at the end: the old
// cipher tells most wrong passwords by one byte only, and the others by broken content.
func (a *Archive) OpenEncrypted(e *Entry, password []byte, expand func(int64) error) (io.ReadCloser, error) {
	if !e.Encrypted || e.Compressed < e.overhead() {
		return nil, malformed("entry %q is not encrypted as it says", e.Name)
	}
	if e.Flags&flagStrong != 0 {
		return nil, fmt.Errorf("cannot read zip: %w: entry %q has strong encryption, which no password opens here", sanitize.ErrEncrypted, e.Name)
	}
	raw := io.NewSectionReader(a.in, e.data, e.Compressed)
	if e.Method == methodAES {
		return a.openAES(e, raw, password, expand)
	}
	z := newZipCrypto(raw, password)
	header := make([]byte, zipCryptoHeader)
	if _, err := io.ReadFull(z, header); err != nil {
		return nil, fmt.Errorf("cannot read zip: %w", err)
	}
	check := byte(e.CRC32 >> 24)
	if e.Flags&flagDescriptor != 0 {
		check = byte(e.dosMod >> 8)
	}
	if last := header[zipCryptoHeader-1]; last != check && last != byte(e.CRC32>>24) {
		return nil, wrongPassword(e)
	}
	r, err := a.open(e, z, e.Method, true, expand)
	if err != nil {
		return nil, err
	}
	return guess{r, e}, nil
}

func wrongPassword(e *Entry) error {
	return fmt.Errorf("cannot read zip: %w: wrong password for entry %q", sanitize.ErrEncrypted, e.Name)
}

// guess is content under a password that is only likely to be right: when it is broken, the password was wrong.
type guess struct {
	io.ReadCloser
	entry *Entry
}

func (g guess) Read(p []byte) (int, error) {
	n, err := g.ReadCloser.Read(p)
	if errors.Is(err, sanitize.ErrMalformed) {
		return 0, wrongPassword(g.entry)
	}
	return n, err
}

// overhead is how many bytes of an encrypted entry are not content.
func (e *Entry) overhead() int64 {
	if e.Method == methodAES {
		return int64(e.aes.salt()) + aesVerifier + aesMAC
	}
	return zipCryptoHeader
}

const zipCryptoHeader = 12

// zipCrypto is the traditional cipher (APPNOTE 6.1), decrypting what it reads.
type zipCrypto struct {
	r    io.Reader
	keys [3]uint32
}

func newZipCrypto(r io.Reader, password []byte) *zipCrypto {
	z := &zipCrypto{r: r, keys: [3]uint32{0x12345678, 0x23456789, 0x34567890}}
	for _, c := range password {
		z.update(c)
	}
	return z
}

func (z *zipCrypto) update(c byte) {
	step := func(crc uint32, c byte) uint32 { return crc32.IEEETable[byte(crc)^c] ^ crc>>8 }
	z.keys[0] = step(z.keys[0], c)
	z.keys[1] = (z.keys[1]+z.keys[0]&0xff)*134775813 + 1
	z.keys[2] = step(z.keys[2], byte(z.keys[1]>>24))
}

func (z *zipCrypto) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	for i := range p[:n] {
		t := z.keys[2] | 2
		p[i] ^= byte(t * (t ^ 1) >> 8)
		z.update(p[i])
	}
	return n, err
}

// WinZip AES (www.winzip.com/en/support/aes-encryption, AE-1 and AE-2).
const (
	methodAES   = 99
	aesVerifier = 2
	aesMAC      = 10
	aesRounds   = 1000
)

// aesHeader is extra field 0x9901.
type aesHeader struct {
	version  uint16 // 1: with a checksum, 2: without
	strength byte   // 1, 2, 3: 128, 192, 256 bits
	method   uint16 // of the compression inside
}

func (h aesHeader) key() int  { return 8 + 8*int(h.strength) }
func (h aesHeader) salt() int { return 4 + 4*int(h.strength) }

func parseAES(body []byte) (aesHeader, error) {
	if len(body) != 7 || string(body[2:4]) != "AE" {
		return aesHeader{}, malformed("an AES field of an unknown form")
	}
	h := aesHeader{le.Uint16(body), body[4], le.Uint16(body[5:])}
	if h.version < 1 || h.version > 2 || h.strength < 1 || h.strength > 3 {
		return aesHeader{}, malformed("an AES field of an unknown version")
	}
	return h, nil
}

func (a *Archive) openAES(e *Entry, raw io.Reader, password []byte, expand func(int64) error) (io.ReadCloser, error) {
	head := make([]byte, e.aes.salt()+aesVerifier)
	if _, err := io.ReadFull(raw, head); err != nil {
		return nil, fmt.Errorf("cannot read zip: %w", err)
	}
	salt, verifier := head[:e.aes.salt()], head[e.aes.salt():]
	key, err := pbkdf2.Key(sha1.New, string(password), salt, aesRounds, 2*e.aes.key()+aesVerifier)
	if err != nil {
		return nil, fmt.Errorf("cannot read zip: cannot derive key: %w", err)
	}
	if subtle.ConstantTimeCompare(key[2*e.aes.key():], verifier) != 1 {
		return nil, wrongPassword(e)
	}
	block, err := aes.NewCipher(key[:e.aes.key()])
	if err != nil {
		return nil, fmt.Errorf("cannot read zip: cannot derive key: %w", err)
	}
	d := &aesReader{
		entry: e, raw: raw, left: e.Compressed - e.overhead(), stream: newCounter(block),
		mac: hmac.New(sha1.New, key[e.aes.key():2*e.aes.key()]),
	}
	return a.open(e, d, e.aes.method, e.aes.version == 1, expand)
}

// aesReader decrypts, and checks the authentication code before it says that the data ended.
type aesReader struct {
	entry  *Entry
	raw    io.Reader
	left   int64
	stream cipher.Stream
	mac    hash.Hash
	done   bool
}

func (d *aesReader) Read(p []byte) (int, error) {
	if d.left == 0 {
		return 0, d.finish()
	}
	n, err := d.raw.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	d.mac.Write(p[:n])
	d.stream.XORKeyStream(p[:n], p[:n])
	if err == io.EOF && (d.left > 0 || n > 0) {
		err = nil
	}
	return n, err
}

func (d *aesReader) finish() error {
	if d.done {
		return io.EOF
	}
	code := make([]byte, aesMAC)
	if _, err := io.ReadFull(d.raw, code); err != nil {
		return fmt.Errorf("cannot read zip: %w", err)
	}
	if !hmac.Equal(code, d.mac.Sum(nil)[:aesMAC]) {
		return malformed("entry %q fails its authentication", d.entry.Name)
	}
	d.done = true
	return io.EOF
}

// counter is CTR mode with the counter of WinZip: little-endian, from one.
type counter struct {
	block cipher.Block
	count [aes.BlockSize]byte
	key   [aes.BlockSize]byte
	used  int
}

func newCounter(block cipher.Block) *counter {
	return &counter{block: block, used: aes.BlockSize}
}

// XORKeyStream implements cipher.Stream.
func (c *counter) XORKeyStream(dst, src []byte) {
	for i := range src {
		if c.used == aes.BlockSize {
			for k := range c.count {
				if c.count[k]++; c.count[k] != 0 {
					break
				}
			}
			c.block.Encrypt(c.key[:], c.count[:])
			c.used = 0
		}
		dst[i] = src[i] ^ c.key[c.used]
		c.used++
	}
}
