package odf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/klauspost/compress/flate"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// seal encrypts an entry as LibreOffice does, and returns it with its row of the manifest.
func seal(t *testing.T, name, data, password, algorithm string) (entry, row string) {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 6)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	plain := b.Bytes()
	sum := sha256.Sum256(plain[:min(len(plain), checkedBytes)])
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	plain = append(plain, append(make([]byte, pad-1), byte(pad))...)
	s := &secret{startKey: "#sha256", salt: []byte("salt of " + name), iterations: 1000, keySize: 32, iv: make([]byte, aes.BlockSize)}
	key, err := s.derive(password)
	if err != nil {
		t.Fatal(err)
	}
	c, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCEncrypter(c, s.iv).CryptBlocks(plain, plain)
	text := base64.StdEncoding.EncodeToString
	return string(plain), fmt.Sprintf(`<manifest:file-entry manifest:full-path="%s" manifest:size="%d"><manifest:encryption-data`+
		` manifest:checksum-type="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0#sha256-1k" manifest:checksum="%s"><manifest:algorithm manifest:algorithm-name="%s"`+
		` manifest:initialisation-vector="%s"/><manifest:start-key-generation manifest:start-key-generation-name="http://www.w3.org/2000/09/xmldsig#sha256" manifest:key-size="32"/>`+
		`<manifest:key-derivation manifest:key-derivation-name="PBKDF2" manifest:key-size="32" manifest:iteration-count="1000" manifest:salt="%s"/></manifest:encryption-data></manifest:file-entry>`,
		name, len(data), text(sum[:]), algorithm, text(s.iv), text(s.salt))
}

func TestEncrypted(t *testing.T) {
	sealed := func(algorithm string, more string) []byte {
		body, row1 := seal(t, "content.xml", content("text", "", `<text:p>秘密の本文`+image1+`</text:p>`), "ひらけ", algorithm)
		picture, row2 := seal(t, "Pictures/a.png", pictureOf(t, 7), "ひらけ", algorithm)
		manifest := `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">` + row1 + row2 + more + `</manifest:manifest>`
		return archive(t, entries{{typeName, variants[Odt].mime}, {"content.xml", body}, {"Pictures/a.png", picture}, {manifestName, manifest}})
	}
	const cbc = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
	broken := sealed(cbc, `<manifest:file-entry manifest:full-path="Pictures/a.png"><manifest:encryption-data manifest:checksum="AAAA"/></manifest:file-entry>`)
	prove(t, sanitizetest.Suite{
		Format: Odt, Others: others(Odt),
		Cases: []sanitizetest.Case{
			{Name: "password", Input: sealed(cbc, ""), Passwords: []string{"x", "ひらけ"}, Keep: []string{"秘密の本文", "Pictures/image1.png"}, Gone: []string{"encryption-data"}, Rules: []string{ruleEncryption}, Exact: true},
			{Name: "no password", Input: sealed(cbc, ""), Err: sanitize.ErrEncrypted},
			{Name: "wrong password", Input: sealed(cbc, ""), Passwords: []string{"x"}, Err: sanitize.ErrEncrypted},
			{Name: "one entry is not as it says", Input: broken, Passwords: []string{"ひらけ"}, Err: sanitize.ErrMalformed},
			{Name: "unknown method", Input: sealed("http://www.w3.org/2009/xmlenc11#aes256-gcm", ""), Passwords: []string{"ひらけ"}, Err: sanitize.ErrUnsupported},
			{Name: "unknown method, no password", Input: sealed("http://www.w3.org/2009/xmlenc11#aes256-gcm", ""), Err: sanitize.ErrEncrypted},
		},
	})
}
