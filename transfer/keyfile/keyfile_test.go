package keyfile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
)

func open(t *testing.T) (string, *os.Root) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return dir, root
}

func TestGeneratedKeyIsLoadedAgain(t *testing.T) {
	dir, root := open(t)
	key, err := Generate(root, "gateway.key")
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadPrivate(filepath.Join(dir, "gateway.key"))
	if err != nil || !key.Equal(again) {
		t.Errorf("private key: %v", err)
	}
	public, err := LoadPublic(filepath.Join(dir, "gateway.key.pub"))
	if err != nil || !public.Equal(key.Public()) {
		t.Errorf("public key: %v", err)
	}
	ensured, err := Ensure(root, "gateway.key")
	if err != nil || !key.Equal(ensured) {
		t.Errorf("ensured: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "gateway.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := Generate(root, "gateway.key"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("generated over a key: %v", err)
	}
	text, _ := os.ReadFile(filepath.Join(dir, "gateway.key"))
	if _, err := ssh.ParsePrivateKey(text); err != nil {
		t.Errorf("SSH programs cannot read it: %v", err)
	}
}

func TestEnsureMakesAKeyOnce(t *testing.T) {
	_, root := open(t)
	a, err := Ensure(root, "k")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Ensure(root, "k")
	if err != nil || !a.Equal(b) {
		t.Errorf("second key differs: %v", err)
	}
}

func TestKeyThatOthersCanReadIsRefused(t *testing.T) {
	dir, root := open(t)
	if _, err := Generate(root, "k"); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o644, 0o640, 0o604, 0o610} {
		if err := os.Chmod(filepath.Join(dir, "k"), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadPrivate(filepath.Join(dir, "k")); !errors.Is(err, ErrOpenToOthers) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestOtherFilesAreNoKeys(t *testing.T) {
	dir, root := open(t)
	if _, err := Generate(root, "good"); err != nil {
		t.Fatal(err)
	}
	good, _ := os.ReadFile(filepath.Join(dir, "good"))
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, _ := x509.MarshalPKCS8PrivateKey(other)
	pub, _ := x509.MarshalPKIXPublicKey(other.Public())
	for name, text := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "two": append(append([]byte{}, good...), good...),
		"other kind":   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		"other public": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub}),
		"damaged":      pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}),
		"bad public":   pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}),
	} {
		file := filepath.Join(dir, "bad")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadPrivate(file); err == nil {
			t.Errorf("%s: loaded as private key", name)
		}
		if _, err := LoadPublic(file); err == nil {
			t.Errorf("%s: loaded as public key", name)
		}
	}
	if _, err := LoadPublic(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := LoadPrivate(dir); err == nil {
		t.Error("a folder was loaded")
	}
}
