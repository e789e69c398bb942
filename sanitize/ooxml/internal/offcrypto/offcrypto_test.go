package offcrypto

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"sekisho/sanitize"
)

// agileInfo returns a description with these attributes of the password's key.
func agileInfo(key string) []byte {
	const same = ` blockSize="16" keyBits="128" hashSize="20" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA1" saltValue="AAAAAAAAAAAAAAAAAAAAAA=="`
	return append([]byte{4, 0, 4, 0, 0x40, 0, 0, 0}, `<encryption xmlns="`+nsEncryption+`" xmlns:p="`+nsPassword+`"><keyData`+same+`/><dataIntegrity encryptedHmacKey="" encryptedHmacValue=""/>`+
		`<keyEncryptors><keyEncryptor><p:encryptedKey`+same+key+`/></keyEncryptor></keyEncryptors></encryption>`...)
}

func TestRefuses(t *testing.T) {
	standard := append([]byte{4, 0, 2, 0, 0x24, 0, 0, 0, 32, 0, 0, 0}, make([]byte, 200)...)
	for name, c := range map[string]struct {
		info []byte
		err  error
	}{
		"nothing":            {nil, sanitize.ErrMalformed},
		"another version":    {[]byte{9, 0, 9, 0, 0, 0, 0, 0}, sanitize.ErrUnsupported},
		"extensible":         {[]byte{4, 0, 3, 0, 0x10, 0, 0, 0}, sanitize.ErrUnsupported},
		"many rounds":        {agileInfo(` spinCount="4294967295"`), sanitize.ErrLimit},
		"no rounds":          {agileInfo(``), sanitize.ErrLimit},
		"short fields":       {agileInfo(` spinCount="1"`), sanitize.ErrMalformed},
		"broken base64":      {agileInfo(` spinCount="1" encryptedKeyValue="*"`), sanitize.ErrMalformed},
		"other cipher":       {bytes.Replace(agileInfo(` spinCount="1"`), []byte(`"AES"`), []byte(`"RC2"`), 1), sanitize.ErrUnsupported},
		"other hash":         {bytes.Replace(agileInfo(` spinCount="1"`), []byte(`"SHA1"`), []byte(`"MD5"`), 1), sanitize.ErrUnsupported},
		"odd key":            {bytes.Replace(agileInfo(` spinCount="1"`), []byte(`"128"`), []byte(`"127"`), 1), sanitize.ErrMalformed},
		"no key":             {append([]byte{4, 0, 4, 0, 0x40, 0, 0, 0}, `<encryption xmlns="`+nsEncryption+`"/>`...), sanitize.ErrUnsupported},
		"no XML":             {append([]byte{4, 0, 4, 0, 0x40, 0, 0, 0}, "<encryption>"...), sanitize.ErrMalformed},
		"standard, no key":   {standard, sanitize.ErrMalformed},
		"standard, no AES":   {append([]byte{4, 0, 2, 0, 4}, standard[5:]...), sanitize.ErrUnsupported},
		"standard, cut":      {standard[:14], sanitize.ErrMalformed},
		"standard, header 0": {append([]byte{4, 0, 2, 0, 0x24, 0, 0, 0, 0}, standard[9:]...), sanitize.ErrMalformed},
	} {
		if _, err := Decrypt(context.Background(), c.info, make([]byte, 100), []string{"x"}); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDeadline: a derivation that takes long ends when nobody waits for it any more.
func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	sixteen, thirtyTwo := strings.Repeat("A", 22)+"==", strings.Repeat("A", 43)+"="
	info := agileInfo(` spinCount="1000000" encryptedVerifierHashInput="` + sixteen + `" encryptedVerifierHashValue="` + thirtyTwo + `" encryptedKeyValue="` + sixteen + `"`)
	info = bytes.Replace(info, []byte(`encryptedHmacKey="" encryptedHmacValue=""`), []byte(`encryptedHmacKey="`+thirtyTwo+`" encryptedHmacValue="`+thirtyTwo+`"`), 1)
	if _, err := Decrypt(ctx, info, make([]byte, 100), []string{"x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := Decrypt(context.Background(), info, make([]byte, 100), []string{"x"}); !errors.Is(err, sanitize.ErrEncrypted) {
		t.Errorf("a wrong password: %v", err)
	}
}

func FuzzDecrypt(f *testing.F) {
	f.Add(agileInfo(` spinCount="1"`), make([]byte, 64))
	f.Add(append([]byte{4, 0, 2, 0, 0x24, 0, 0, 0, 32, 0, 0, 0}, make([]byte, 200)...), make([]byte, 64))
	f.Fuzz(func(t *testing.T, info, stream []byte) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // what is tried is the reading, not the waiting
		if out, err := Decrypt(ctx, info, stream, []string{"x"}); err == nil && len(out) > len(stream) {
			t.Errorf("%d bytes from %d", len(out), len(stream))
		}
	})
}
