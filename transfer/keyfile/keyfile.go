// Package keyfile reads and writes the keys of the crossing: Ed25519 in PEM, PKCS #8 for private keys (RFC 8410) and
// SubjectPublicKeyInfo for public ones, as OpenSSL writes them. One kind of key serves for signing manifests, as SSH host key
// and as SSH client key.
//
// Promises: a private key that others than its owner may read is not loaded, and no key file is ever overwritten.
package keyfile

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"sekisho/internal/durable"
)

// maxKeyFile is more than any Ed25519 key file has, in bytes.
const maxKeyFile = 16 << 10

// ErrOpenToOthers says that a private key's file may be read by other accounts.
var ErrOpenToOthers = errors.New("private key is readable by others (wants mode 0600)")

// Generate makes a key pair and writes it as name (mode 0600) and name.pub (0644) below root. It fails with fs.ErrExist
// when name exists.
func Generate(root *os.Root, name string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot generate key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("cannot encode key: %w", err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := writeNew(root, name, block, 0o600); err != nil {
		return nil, err
	}
	return key, WritePublic(root, name+".pub", key.Public().(ed25519.PublicKey))
}

// Ensure loads the key pair name below root, or generates it when there is none.
func Ensure(root *os.Root, name string) (ed25519.PrivateKey, error) {
	key, err := LoadPrivateIn(root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return Generate(root, name)
	}
	return key, err
}

// WritePublic writes key as name below root, replacing what was there: a public key can be derived again.
func WritePublic(root *os.Root, name string, key ed25519.PublicKey) error {
	return durable.WriteFile(root, name, MarshalPublic(key), 0o644)
}

// MarshalPublic returns key as PEM.
func MarshalPublic(key ed25519.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err) // not reached: an ed25519.PublicKey can always be encoded
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// LoadPrivate reads the private key in the file path.
func LoadPrivate(path string) (ed25519.PrivateKey, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	return readPrivate(f, err)
}

// LoadPrivateIn reads the private key name below root.
func LoadPrivateIn(root *os.Root, name string) (ed25519.PrivateKey, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	return readPrivate(f, err)
}

// LoadPublic reads the public key in the file path.
func LoadPublic(path string) (ed25519.PublicKey, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot load public key: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("cannot load public key: %w", err)
	}
	return ParsePublic(text)
}

// ParsePublic decodes a public key in PEM.
func ParsePublic(text []byte) (ed25519.PublicKey, error) {
	block, err := onlyBlock(text, "PUBLIC KEY")
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKIXPublicKey(block)
	if err != nil {
		return nil, fmt.Errorf("cannot parse public key: %w", err)
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("cannot parse public key: %T is not Ed25519", key)
	}
	return public, nil
}

func readPrivate(f *os.File, err error) (ed25519.PrivateKey, error) {
	if err != nil {
		return nil, fmt.Errorf("cannot load private key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot load private key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("cannot load private key %s: %w", f.Name(), ErrOpenToOthers)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("cannot load private key: %w", err)
	}
	return parsePrivate(text)
}

func parsePrivate(text []byte) (ed25519.PrivateKey, error) {
	block, err := onlyBlock(text, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(block)
	if err != nil {
		return nil, errors.New("cannot parse private key: not PKCS #8") // the cause could quote the key
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("cannot parse private key: %T is not Ed25519", key)
	}
	return private, nil
}

// onlyBlock returns the one PEM block of text, which must be of that kind and have nothing after it.
func onlyBlock(text []byte, kind string) ([]byte, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != kind || len(rest) != 0 {
		return nil, fmt.Errorf("cannot parse key: not one PEM block of kind %q", kind)
	}
	return block.Bytes, nil
}

func writeNew(root *os.Root, name string, data []byte, perm fs.FileMode) error {
	f, err := durable.Begin(root, name, perm)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("cannot write key: %w", err)
	}
	return f.CommitNew()
}
