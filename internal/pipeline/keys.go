package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/transfer/keyfile"
)

// EnsureKeys makes the keys of a gateway that are not there yet: for signing, for the link, and for the quarantine.
// The key that opens held files is made too; where another person reviews, its private half is moved away.
func EnsureKeys(cfg config.Gateway) error {
	for _, path := range []string{cfg.Link.SignKey, cfg.Link.ClientKey} {
		root, err := durable.OpenFolder(filepath.Dir(path), 0o700)
		if err != nil {
			return err
		}
		_, err = keyfile.Ensure(root, filepath.Base(path))
		root.Close()
		if err != nil {
			return err
		}
	}
	if _, err := ensureIdentity(cfg.Quarantine.GatewayKey, cfg.Quarantine.GatewayKey+".pub"); err != nil {
		return err
	}
	if _, err := os.Stat(cfg.Quarantine.Review); err == nil {
		return nil // somebody else's key
	}
	_, err := ensureIdentity(cfg.Quarantine.ReviewKey, cfg.Quarantine.Review)
	return err
}

// ensureIdentity loads the age identity in the file path, or makes one and writes its public half beside it.
func ensureIdentity(path, public string) (*age.X25519Identity, error) {
	_, err := os.Stat(path)
	if err == nil {
		return loadIdentity(path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot see key: %w", err)
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("cannot make key: %w", err)
	}
	for _, f := range []struct {
		path, text string
		perm       fs.FileMode
	}{{public, id.Recipient().String() + "\n", 0o644}, {path, id.String() + "\n", 0o600}} {
		root, err := durable.OpenFolder(filepath.Dir(f.path), 0o700)
		if err != nil {
			return nil, err
		}
		err = durable.WriteFile(root, filepath.Base(f.path), []byte(f.text), f.perm)
		root.Close()
		if err != nil {
			return nil, err
		}
	}
	return id, nil
}

// loadIdentity reads an age identity that only its owner may read.
func loadIdentity(path string) (*age.X25519Identity, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot load key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("cannot load key %s: others may read it (mode %o, want 600)", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot load key: %w", err)
	}
	id, err := age.ParseX25519Identity(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("cannot load key %s: %v", path, err)
	}
	return id, nil
}

// loadRecipients reads age recipients, one a line.
func loadRecipients(path string) ([]age.Recipient, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot load public key: %w", err)
	}
	defer f.Close()
	all, err := age.ParseRecipients(f)
	if err != nil {
		return nil, fmt.Errorf("cannot load public key %s: %v", path, err)
	}
	return all, nil
}
