package kept_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"sekisho/internal/kept"
)

func store(t *testing.T) (*kept.Store, string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return kept.Open(root, key), dir
}

func item(job, text string, sent time.Time) kept.Item {
	sum := sha256.Sum256([]byte(text))
	return kept.Item{Job: job, Route: "総務", Name: "a.doc", Released: "a.docx", Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:]), Sent: sent}
}

func TestKeep(t *testing.T) {
	s, dir := store(t)
	now := time.Now()
	const text = "the original, which is hostile"
	for range 2 {
		if err := s.Keep(t.Context(), item("job-1", text, now), strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Keep(t.Context(), item("job-2", text, now), strings.NewReader("another file")); err == nil {
		t.Error("a file that is not the one it is said to be is kept")
	}
	onDisk, err := os.ReadFile(filepath.Join(dir, "job-1", "original.age"))
	if err != nil || bytes.Contains(onDisk, []byte("hostile")) {
		t.Errorf("the original can be read on disk: %v", err)
	}
	r, err := s.Original("job-1")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != text {
		t.Errorf("%q, %v", got, err)
	}
	n := 0
	for i, err := range s.List() {
		if n++; err != nil || i.Released != "a.docx" {
			t.Errorf("%+v, %v", i, err)
		}
	}
	if n != 1 {
		t.Errorf("%d items, want 1: the half-made one does not count", n)
	}
}

func TestMarkAndExpire(t *testing.T) {
	s, dir := store(t)
	now := time.Now()
	for job, sent := range map[string]time.Time{"old": now.Add(-48 * time.Hour), "new": now} {
		if err := s.Keep(t.Context(), item(job, "x", sent), strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	if _, found, err := s.Found("new"); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	if err := s.Mark("new", kept.Found{Scanner: "clamd", Signature: "Late"}); err != nil {
		t.Fatal(err)
	}
	if f, found, err := s.Found("new"); !found || err != nil || f.Signature != "Late" {
		t.Errorf("%+v, %v, %v", f, found, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "half-made"), 0o700); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Expire(now.Add(-24 * time.Hour)); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "new" {
		t.Errorf("%v, %v", left, err)
	}
}
