package ooxml

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"testing"
	"unicode/utf16"

	"sekisho/sanitize"
	"sekisho/sanitize/ooxml/internal/compound/compoundtest"
	"sekisho/sanitize/sanitizetest"
)

var le = binary.LittleEndian

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

func fill(b []byte) []byte { return append(b[:len(b):len(b)], make([]byte, (16-len(b)%16)%16)...) }

func seal(key, iv, b []byte) []byte {
	c, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	b = fill(b)
	out := make([]byte, len(b))
	cipher.NewCBCEncrypter(c, iv).CryptBlocks(out, b)
	return out
}

func sum512(parts ...[]byte) []byte {
	h := sha512.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// agileFile encrypts plain as Office does today (MS-OFFCRYPTO 2.3.4.10 to 2.3.4.15): AES-256, SHA-512.
func agileFile(plain []byte, password string, spins uint32, change func(stream []byte)) []byte {
	salt, dataSalt := bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 16)
	secret, verifier, macKey := bytes.Repeat([]byte{3}, 32), bytes.Repeat([]byte{4}, 16), bytes.Repeat([]byte{5}, 64)
	h := sum512(salt, wide(password))
	for i := range spins {
		h = sum512(le.AppendUint32(nil, i), h)
	}
	part := func(block string, b []byte) string {
		return base64.StdEncoding.EncodeToString(seal(sum512(h, []byte(block))[:32], salt, b))
	}
	data := func(block string, b []byte) string {
		return base64.StdEncoding.EncodeToString(seal(secret, sum512(dataSalt, []byte(block))[:16], b))
	}
	stream := le.AppendUint64(nil, uint64(len(plain)))
	for i := 0; i*4096 < len(plain); i++ {
		chunk := plain[i*4096 : min((i+1)*4096, len(plain))]
		stream = append(stream, seal(secret, sum512(dataSalt, le.AppendUint32(nil, uint32(i)))[:16], chunk)...)
	}
	stream = atLeast(stream)
	mac := hmac.New(sha512.New, macKey)
	mac.Write(stream)
	change(stream)
	const same = `blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512"`
	info := fmt.Sprintf(`<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password">`+
		`<keyData saltSize="16" %s saltValue="%s"/><dataIntegrity encryptedHmacKey="%s" encryptedHmacValue="%s"/><keyEncryptors><keyEncryptor uri="p">`+
		`<p:encryptedKey spinCount="%d" saltSize="16" %s saltValue="%s" encryptedVerifierHashInput="%s" encryptedVerifierHashValue="%s" encryptedKeyValue="%s"/></keyEncryptor></keyEncryptors></encryption>`,
		same, base64.StdEncoding.EncodeToString(dataSalt), data("\x5f\xb2\xad\x01\x0c\xb9\xe1\xf6", macKey), data("\xa0\x67\x7f\x02\xb2\x2c\x84\x33", mac.Sum(nil)),
		spins, same, base64.StdEncoding.EncodeToString(salt), part("\xfe\xa7\xd2\x76\x3b\x4b\x9e\x79", verifier),
		part("\xd7\xaa\x0f\x6d\x30\x61\x34\x4e", sum512(verifier)), part("\x14\x6e\x0b\xe7\xab\xac\xd0\xd6", secret))
	head := []byte{4, 0, 4, 0, 0x40, 0, 0, 0}
	return compoundtest.Write(infoStream, append(head, info...), packageStream, stream)
}

// atLeast fills a stream up to where it has sectors of its own.
func atLeast(b []byte) []byte { return append(b, make([]byte, max(0, 4096-len(b)))...) }

// standardFile encrypts plain as Office 2007 does (MS-OFFCRYPTO 2.3.4.5 to 2.3.4.9): AES-128, SHA-1.
func standardFile(plain []byte, password string) []byte {
	salt, verifier := bytes.Repeat([]byte{7}, 16), bytes.Repeat([]byte{8}, 16)
	h := sha1.Sum(append(bytes.Clone(salt), wide(password)...))
	for i := range uint32(50000) {
		h = sha1.Sum(append(le.AppendUint32(nil, i), h[:]...))
	}
	h = sha1.Sum(append(h[:], 0, 0, 0, 0))
	block := bytes.Repeat([]byte{0x36}, 64)
	for i := range h {
		block[i] ^= h[i]
	}
	key := sha1.Sum(block)
	c, err := aes.NewCipher(key[:16])
	if err != nil {
		panic(err)
	}
	ecb := func(b []byte) []byte {
		b = fill(b)
		out := make([]byte, len(b))
		for i := 0; i < len(b); i += 16 {
			c.Encrypt(out[i:], b[i:])
		}
		return out
	}
	hashed := sha1.Sum(verifier)
	info := []byte{4, 0, 2, 0, 0x24, 0, 0, 0, 40, 0, 0, 0}
	for _, v := range []uint32{0x24, 0, 0x660e, 0x8004, 128, 0x18, 0, 0, 0, 0} {
		info = le.AppendUint32(info, v)
	}
	info = append(le.AppendUint32(info, 16), salt...)
	info = append(le.AppendUint32(append(info, ecb(verifier)...), 20), ecb(append(hashed[:], make([]byte, 12)...))...)
	stream := append(le.AppendUint64(nil, uint64(len(plain))), ecb(plain)...)
	return compoundtest.Write(infoStream, info, packageStream, atLeast(stream))
}

func TestEncrypted(t *testing.T) {
	plain := word(run("秘密の本文")).with("word/pad.bin", noise(9000)).zip() // more than two segments
	keep := func([]byte) {}
	good := []string{"誤り", "正しい pass"}
	rules := []string{ruleEncryption, ruleUnreferenced}
	macro := minimal(Xlsm).zip()
	cases := []sanitizetest.Case{
		{Name: "agile", Input: agileFile(plain, good[1], 1000, keep), Passwords: good, Type: "docx", Keep: []string{"秘密の本文"}, Rules: rules, Exact: true, Check: sound},
		{Name: "standard", Input: standardFile(plain, good[1]), Passwords: good, Type: "docx", Keep: []string{"秘密の本文"}, Rules: rules, Exact: true, Check: sound},
		{Name: "Excel's default password", Input: agileFile(macro, defaultPassword, 10, keep), Type: "xlsm", Output: "xlsx", Keep: []string{"本文"}, Rules: []string{ruleEncryption, ruleMacro}, Exact: true},
		{Name: "agile, wrong password", Input: agileFile(plain, good[1], 1000, keep), Passwords: good[:1], Err: sanitize.ErrEncrypted},
		{Name: "standard, no password", Input: standardFile(plain, good[1]), Err: sanitize.ErrEncrypted},
		{Name: "agile, changed content", Input: agileFile(plain, good[1], 10, func(b []byte) { b[100] ^= 1 }), Passwords: good, Err: sanitize.ErrMalformed},
		{Name: "too many rounds", Input: agileRounds(plain), Passwords: good, Err: sanitize.ErrLimit},
		{Name: "no document inside", Input: agileFile([]byte(noise(5000)), good[1], 10, keep), Passwords: good, Err: sanitize.ErrUnsupported},
	}
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Encrypted{}, Others: append(others(Docx), Docx), Cases: cases,
		Foreign: [][]byte{nil, plain, compoundtest.Write("A", []byte("x"), "B", make([]byte, 5000))},
	})
}

// agileRounds returns a file that asks for more rounds than anybody wants to wait for.
func agileRounds(plain []byte) []byte {
	b := agileFile(plain, "x", 1000, func([]byte) {})
	return bytes.Replace(b, []byte(`spinCount="1000" saltSize="16"`), []byte(`spinCount="9999999"           `), 1)
}

// noise returns n bytes that do not compress, always the same.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return string(b)
}
