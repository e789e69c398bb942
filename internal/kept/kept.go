// Package kept keeps the originals of released files for some days, so that they can be scanned again when scanners have
// learned something new: the answer is the list of who received what.
//
//	<job id>/item.json      what it was and where it went; written last, so a folder without it is half-made
//	         original.age   the file, encrypted to the gateway's key (age, X25519)
//	         found.json     what a later scan has found
//
// Originals are hostile files. They are encrypted as they are written, so that nothing on the machine opens one by chance.
package kept

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"time"

	"filippo.io/age"

	"sekisho/internal/durable"
)

// The names in an item's folder.
const (
	itemFile     = "item.json"
	originalFile = "original.age"
	foundFile    = "found.json"
)

// itemVersion is the version of item.json and found.json.
const itemVersion = 1

// maxFile bounds item.json and found.json, in bytes.
const maxFile = 1 << 20

// Item says what was released.
type Item struct {
	Version    int       `json:"version"`
	Job        string    `json:"job"` // the folder's name
	Generation int       `json:"generation"`
	Route      string    `json:"route"`
	Path       string    `json:"path"`     // sub-folder below the route
	Name       string    `json:"name"`     // as it came
	Released   string    `json:"released"` // as it was released
	Size       int64     `json:"size"`     // of the original, bytes
	SHA256     string    `json:"sha256"`   // of the original, lower-case hex
	Sent       time.Time `json:"sent"`
}

// Found is what a later scan has found in an item.
type Found struct {
	Version    int       `json:"version"`
	Scanner    string    `json:"scanner"`
	Signature  string    `json:"signature"`
	Signatures string    `json:"signatures"` // their version
	Time       time.Time `json:"time"`
}

// Store is a folder of kept originals. One process uses it.
type Store struct {
	root *os.Root
	key  *age.X25519Identity
}

// Open opens the store in root, which the caller keeps open. What is kept is encrypted to key.
func Open(root *os.Root, key *age.X25519Identity) *Store { return &Store{root, key} }

// Keep keeps an original, durably when it returns. A repeat for the same job and generation does nothing.
func (s *Store) Keep(ctx context.Context, item Item, original io.Reader) error {
	item.Version = itemVersion
	old, err := s.Get(item.Job)
	if err == nil && old.Generation >= item.Generation {
		return nil
	}
	if err := durable.MkdirAll(s.root, item.Job, 0o700); err != nil {
		return err
	}
	if err := s.encrypt(ctx, item, original); err != nil {
		return fmt.Errorf("cannot keep original of job %s: %w", item.Job, err)
	}
	return s.write(item.Job, itemFile, item)
}

func (s *Store) encrypt(ctx context.Context, item Item, original io.Reader) error {
	f, err := durable.Begin(s.root, path.Join(item.Job, originalFile), 0o600)
	if err != nil {
		return err
	}
	defer f.Abort()
	sealed, err := age.Encrypt(f, s.key.Recipient())
	if err != nil {
		return err
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(sealed, hash), &stoppable{ctx, original})
	if err != nil {
		return err
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); n != item.Size || sum != item.SHA256 {
		return fmt.Errorf("the file has changed: %d bytes with SHA-256 %s", n, sum)
	}
	if err := sealed.Close(); err != nil {
		return err
	}
	return f.Commit()
}

// stoppable stops a long copy when the context ends.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

// Original opens a kept original. What is read is authentic up to where it was read.
func (s *Store) Original(job string) (io.ReadCloser, error) {
	f, err := s.root.Open(path.Join(job, originalFile))
	if err != nil {
		return nil, fmt.Errorf("cannot open kept original: %w", err)
	}
	r, err := age.Decrypt(f, s.key)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot open kept original: %w", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}

// Get returns an item. The error wraps fs.ErrNotExist when there is none, or only a half-made one.
func (s *Store) Get(job string) (Item, error) {
	var item Item
	err := s.read(job, itemFile, &item)
	if err == nil && (item.Version != itemVersion || item.Job != job) {
		err = fmt.Errorf("cannot read kept item %s: it is of version %d for job %q", job, item.Version, item.Job)
	}
	return item, err
}

// Found returns what a scan has found in an item, and false when none has found anything.
func (s *Store) Found(job string) (Found, bool, error) {
	var found Found
	err := s.read(job, foundFile, &found)
	if errors.Is(err, fs.ErrNotExist) {
		return Found{}, false, nil
	}
	return found, err == nil, err
}

// Mark notes what a scan has found.
func (s *Store) Mark(job string, found Found) error {
	found.Version = itemVersion
	return s.write(job, foundFile, found)
}

// List yields every item, in the order of their names. An item that cannot be read is yielded as an error, and the others
// follow.
func (s *Store) List() iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		entries, err := fs.ReadDir(s.root.FS(), ".")
		if err != nil {
			yield(Item{}, fmt.Errorf("cannot list kept originals: %w", err))
			return
		}
		for _, e := range entries {
			if !e.IsDir() {
				continue
			}
			item, err := s.Get(e.Name())
			if errors.Is(err, fs.ErrNotExist) {
				continue // half-made
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// Expire deletes what was sent before a time, and what a crash has left half-made. It returns how many items were deleted.
func (s *Store) Expire(before time.Time) (int, error) {
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return 0, fmt.Errorf("cannot list kept originals: %w", err)
	}
	n := 0
	for _, e := range entries {
		item, err := s.Get(e.Name())
		halfMade := errors.Is(err, fs.ErrNotExist)
		if !e.IsDir() || err != nil && !halfMade || err == nil && item.Sent.After(before) {
			continue
		}
		if err := s.root.RemoveAll(e.Name()); err != nil {
			return n, fmt.Errorf("cannot delete kept original: %w", err)
		}
		if !halfMade {
			n++
		}
	}
	return n, nil
}

func (s *Store) read(job, name string, v any) error {
	f, err := s.root.Open(path.Join(job, name))
	if err != nil {
		return fmt.Errorf("cannot open kept item: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return fmt.Errorf("cannot read kept item: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("cannot read %s of %s: %v", name, job, err)
	}
	return nil
}

func (s *Store) write(job, name string, v any) error {
	text, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return fmt.Errorf("cannot encode %s: %w", name, err)
	}
	return durable.WriteFile(s.root, path.Join(job, name), append(text, '\n'), 0o600)
}
