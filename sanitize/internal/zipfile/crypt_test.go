package zipfile

import (
	"encoding/base64"
	"errors"
	"hash/crc32"
	"io"
	"testing"

	"sekisho/sanitize"
)

// encrypted holds archives of a.txt (and b.txt in some) under the password "himitsu":
//
//	infozip    zip -X -e -P himitsu a.txt b.txt      traditional, with data descriptors; b.txt is stored
//	infozip64  cat a.txt | zip -e -P himitsu -       traditional, zip64 throughout
//	7z         7z a -tzip -mem=ZipCrypto -phimitsu a.txt
//	aes128     7z a -tzip -mem=AES128 -phimitsu a.txt
//	aes256     7z a -tzip -mem=AES256 -phimitsu a.txt b.txt
func encrypted(t testing.TB) map[string][]byte {
	t.Helper()
	decoded := map[string][]byte{}
	for name, text := range map[string]string{
		"infozip": "" +
			"UEsDBBQACQAIAMBDgVzam5xJKgAAAC8AAAAFAAAAYS50eHTZOTytWty9TbsocwnRnKCyTAVYKlQZQRzVIml1qgusmGUrRjf1kMBH" +
			"PZxQSwcI2pucSSoAAAAvAAAAUEsDBAoACQAAAMBDgVyDFtyMDQAAAAEAAAAFAAAAYi50eHRRTVPAaSpLSQU+Pp/4UEsHCIMW3IwN" +
			"AAAAAQAAAFBLAQIeAxQACQAIAMBDgVzam5xJKgAAAC8AAAAFAAAAAAAAAAEAAACkgQAAAABhLnR4dFBLAQIeAwoACQAAAMBDgVyD" +
			"FtyMDQAAAAEAAAAFAAAAAAAAAAEAAACkgV0AAABiLnR4dFBLBQYAAAAAAgACAGYAAACdAAAAAAA=",
		"infozip64": "" +
			"UEsDBC0ACQAIAO95d13am5xJ//////////8BABQALQEAEAAvAAAAAAAAACoAAAAAAAAAv3CHAvxvAe/BRk9/84YMHWr3nJy/S3PJ" +
			"36GIzO0NlazQYzUm87WEBYLDUEsHCNqbnEkqAAAAAAAAAC8AAAAAAAAAUEsBAh4DLQAJAAgA73l3XdqbnEkqAAAALwAAAAEAAAAA" +
			"AAAAAQAAAIARAAAAAC1QSwYGLAAAAAAAAAAeAy0AAAAAAAAAAAABAAAAAAAAAAEAAAAAAAAALwAAAAAAAAB1AAAAAAAAAFBLBgcA" +
			"AAAApAAAAAAAAAABAAAAUEsFBgAAAAABAAEALwAAAHUAAAAAAA==",
		"7z": "" +
			"UEsDBBQAAQAIAMBDgVzam5xJNAAAAC8AAAAFAAAAYS50eHQ1yImPL8dyOTVx6D40ZhQnNkX8sk8wydXf8AKUOCSoXFpS1X6f/B44" +
			"uX23tAQoZlmWrJshUEsBAj8DFAABAAgAwEOBXNqbnEk0AAAALwAAAAUAJAAAAAAAAAAggKSBAAAAAGEudHh0CgAgAAAAAAABABgA" +
			"APSzurHB3AEAAAAAAAAAAAAAAAAAAAAAUEsFBgAAAAABAAEAVwAAAFcAAAAAAA==",
		"aes128": "" +
			"UEsDBDMAAQBjAMBDgVwAAAAAPAAAAC8AAAAFAAsAYS50eHQBmQcAAgBBRQEIAC9Mqc366hsmaSdD/X1GBY+KIqUEmfICicgOdp5p" +
			"EIULabvHSirXrdFZ0wo8D7JJ4VWF5u1KRAeyQuyxuFBLAQI/AzMAAQBjAMBDgVwAAAAAPAAAAC8AAAAFAC8AAAAAAAAAIICkgQAA" +
			"AABhLnR4dAoAIAAAAAAAAQAYAAD0s7qxwdwBAAAAAAAAAAAAAAAAAAAAAAGZBwACAEFFAQgAUEsFBgAAAAABAAEAYgAAAGoAAAAA" +
			"AA==",
		"aes256": "" +
			"UEsDBDMAAQBjAMBDgVwAAAAARAAAAC8AAAAFAAsAYS50eHQBmQcAAgBBRQMIALXuVR6rM2lQo4gSO5xV3AeGrQCHKwrXHOp6N/9V" +
			"X2MPlqdPMWg8buOx30u9ZWytxmtPFviOQFtNcUH6L0R+BmzP7uUdUEsDBDMAAQBjAMBDgVwAAAAAHQAAAAEAAAAFAAsAYi50eHQB" +
			"mQcAAgBBRQMAAFyKJU3xNNe0yfsehbK/348gbm1jnzTISJ+8WOriUEsBAj8DMwABAGMAwEOBXAAAAABEAAAALwAAAAUALwAAAAAA" +
			"AAAggKSBAAAAAGEudHh0CgAgAAAAAAABABgAAPSzurHB3AEAAAAAAAAAAAAAAAAAAAAAAZkHAAIAQUUDCABQSwECPwMzAAEAYwDA" +
			"Q4FcAAAAAB0AAAABAAAABQAvAAAAAAAAACCApIFyAAAAYi50eHQKACAAAAAAAAEAGAAA9LO6scHcAQAAAAAAAAAAAAAAAAAAAAAB" +
			"mQcAAgBBRQMAAFBLBQYAAAAAAgACAMQAAAC9AAAAAAA=",
	} {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		decoded[name] = b
	}
	return decoded
}

const secret = "secret words in a file, secret words in a file\n"

func TestDecrypt(t *testing.T) {
	for name, b := range encrypted(t) {
		a, err := open(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := a.Open(a.Entries[0], free); !errors.Is(err, sanitize.ErrEncrypted) {
			t.Errorf("%s without a password: %v", name, err)
		}
		for i, e := range a.Entries {
			want := []string{secret, "x"}[i]
			got, err := a.ReadAll(e, 1000, free, "wrong", "秘密", "himitsu")
			if err != nil || string(got) != want {
				t.Errorf("%s: %q, %v", name, got, err)
			}
			if _, err := a.ReadAll(e, 1000, free, "wrong", "秘密"); !errors.Is(err, sanitize.ErrEncrypted) {
				t.Errorf("%s with wrong passwords: %v", name, err)
			}
		}
	}
}

// TestWrongPasswordPassesCheckByte tries enough passwords that some pass the one byte by which the old cipher knows
// them: broken content must then say that the password is wrong.
func TestWrongPasswordPassesCheckByte(t *testing.T) {
	a, err := open(encrypted(t)["7z"])
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for i := range 2000 {
		r, err := a.OpenEncrypted(a.Entries[0], []byte{byte(i), byte(i >> 8)}, free)
		if err == nil {
			passed++
			_, err = io.ReadAll(r)
		}
		if !errors.Is(err, sanitize.ErrEncrypted) {
			t.Fatalf("password %d: %v", i, err)
		}
	}
	if passed == 0 {
		t.Error("no password passed the check byte: the test proves nothing")
	}
}

func TestAESAuthentication(t *testing.T) {
	b := encrypted(t)["aes256"]
	broken := patch(t, b, "AE\x03", 0, 5+20, b[localLen+5+11+20]^1) // one bit of the data behind salt and verifier
	a, err := open(broken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ReadAll(a.Entries[0], 1000, free, "himitsu"); !errors.Is(err, sanitize.ErrMalformed) {
		t.Errorf("changed data: %v", err)
	}
}

// TestAE1 turns an AE-2 entry into AE-1, which differs in that the checksum counts.
func TestAE1(t *testing.T) {
	b := encrypted(t)["aes128"]
	b = patch(t, patch(t, b, "\x02\x00AE", 0, 0, 1), "\x02\x00AE", 0, 0, 1)
	for _, c := range []struct {
		sum uint32
		err error
	}{{crc32.ChecksumIEEE([]byte(secret)), nil}, {1, sanitize.ErrMalformed}} {
		sum := le.AppendUint32(nil, c.sum)
		a, err := open(patch(t, patch(t, b, sigLocal, 0, 14, sum...), sigCentral, 0, 16, sum...))
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.ReadAll(a.Entries[0], 1000, free, "himitsu")
		if !errors.Is(err, c.err) || (err == nil && string(got) != secret) {
			t.Errorf("checksum %#x: %q, %v", c.sum, got, err)
		}
	}
}
