package quarantine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"filippo.io/age"

	"sekisho/internal/durable"
)

// Hold puts a file into quarantine, durably when it returns: original is encrypted as it is read, and must have the size and
// hash that the item says. A repeat for the same job and generation does nothing, so a crash behind it is made good by
// calling it again. A later generation of a job that is held already renews the account of why, keeps the file and the
// decisions, and waits for a person again.
func (s *Store) Hold(ctx context.Context, item Item, original io.Reader) error {
	item.Version = itemVersion
	if item.Held.IsZero() {
		item.Held = s.opt.Now().UTC()
	}
	if err := item.check(); err != nil {
		return err
	}
	if len(s.opt.Review) == 0 {
		return errors.New("cannot hold a file: no review key is configured")
	}
	lock, err := s.lockNew(item.Job)
	if err != nil {
		return err
	}
	defer lock.Close()
	old, err := s.Get(item.Job)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.hold(ctx, item, original)
	case err != nil:
		return err
	case old.Item.SHA256 != item.SHA256 || old.Item.Size != item.Size:
		return fmt.Errorf("cannot hold job %s: %w", item.Job, ErrDifferent)
	case item.Generation <= old.Item.Generation:
		return nil
	}
	return s.holdAgain(item, old)
}

// lockNew locks the folder of an item, and makes it first where there is none.
func (s *Store) lockNew(id string) (*os.File, error) {
	for range 100 { // a sweep may remove the empty folder before it is locked
		if err := durable.MkdirAll(s.root, id, 0o700); err != nil {
			return nil, err
		}
		lock, err := s.lock(id, true)
		if !errors.Is(err, fs.ErrNotExist) {
			return lock, err
		}
	}
	return nil, fmt.Errorf("cannot lock item %s: its folder disappears", id)
}

// hold writes a new item; item.json comes last.
func (s *Store) hold(ctx context.Context, item Item, original io.Reader) error {
	if err := s.encrypt(ctx, item, original); err != nil {
		return fmt.Errorf("cannot hold job %s: %w", item.Job, err)
	}
	if err := s.remove(item.Job, stateFile); err != nil {
		return err
	}
	return s.write(item.Job, itemFile, item)
}

// encrypt writes original.age and checks what went into it.
func (s *Store) encrypt(ctx context.Context, item Item, original io.Reader) error {
	f, err := durable.Begin(s.root, path.Join(item.Job, originalFile), 0o600)
	if err != nil {
		return err
	}
	defer f.Abort()
	sealed, err := age.Encrypt(f, s.opt.Review...)
	if err != nil {
		return fmt.Errorf("cannot encrypt: %w", err)
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(sealed, hash), &ctxReader{ctx, original})
	if err != nil {
		return fmt.Errorf("cannot encrypt: %w", err)
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); n != item.Size || sum != item.SHA256 {
		return fmt.Errorf("%w: %d bytes with SHA-256 %s, not %d with %s", ErrDamaged, n, sum, item.Size, item.SHA256)
	}
	if err := sealed.Close(); err != nil {
		return fmt.Errorf("cannot encrypt: %w", err)
	}
	return f.Commit()
}

// holdAgain renews item.json after a re-treatment. The state goes first: should the item not follow, the gateway still has
// its job and calls Hold once more.
func (s *Store) holdAgain(item Item, old Entry) error {
	state := old.State
	state.Stage, state.Generation, state.Exception, state.Since = Waiting, item.Generation, false, s.opt.Now().UTC()
	if err := s.remove(item.Job, releaseFile); err != nil {
		return err
	}
	if err := s.write(item.Job, stateFile, state); err != nil {
		return err
	}
	return s.write(item.Job, itemFile, item)
}

// ctxReader reads until its context is done.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Original opens the held file with the review key. The error wraps ErrKey when the key does not fit. What is read is
// authentic up to where it was read; a reader that needs all of it reads to the end.
func (s *Store) Original(id string, review ...age.Identity) (io.ReadCloser, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	f, err := s.root.Open(path.Join(id, originalFile))
	if err != nil {
		return nil, fmt.Errorf("cannot open held file: %w", err)
	}
	r, err := decrypt(f, review...)
	if err != nil {
		f.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}

// decrypt opens an age file. The error wraps ErrKey when no identity fits, and ErrDamaged when it is broken.
func decrypt(r io.Reader, identities ...age.Identity) (io.Reader, error) {
	if len(identities) == 0 {
		return nil, fmt.Errorf("cannot decrypt: %w: none given", ErrKey)
	}
	out, err := age.Decrypt(r, identities...)
	if noMatch := new(age.NoIdentityMatchError); errors.As(err, &noMatch) {
		return nil, fmt.Errorf("cannot decrypt: %w", ErrKey)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot decrypt: %w: %v", ErrDamaged, err)
	}
	return &damagedReader{out}, nil
}

// damagedReader says of every error that the file is damaged: age authenticates each chunk as it is read.
type damagedReader struct{ r io.Reader }

func (d *damagedReader) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	return n, err
}
