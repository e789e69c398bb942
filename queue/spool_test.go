package queue_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"sekisho/internal/durable"
	"sekisho/queue"
)

func openSpool(t testing.TB, dir string) *queue.Spool {
	t.Helper()
	s, err := queue.OpenSpool(openRoot(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func take(t testing.TB, s *queue.Spool, id queue.ID, content string) queue.Job {
	t.Helper()
	in, err := s.Begin(id)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Abort()
	if _, err := io.WriteString(in, content); err != nil {
		t.Fatal(err)
	}
	job, err := in.Commit(queue.Job{
		Route: "総務課", Path: "令和8年/四月", Name: "名前.docx", RawName: []byte("\x96\xbc.docx"), Policy: "standard",
		ModTime: time.Unix(1, 0).UTC(), Received: time.Unix(2, 0).UTC(), Source: "inbox",
	})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func ids(t testing.TB, s *queue.Spool) []queue.ID {
	t.Helper()
	var all []queue.ID
	for id, err := range s.List() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

func TestSpoolRoundTrip(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openSpool(t, dir)
	want := take(t, s, "job-000001", "abc")
	if want.Size != 3 || want.SHA256 != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("size %d, hash %s", want.Size, want.SHA256)
	}
	s.Close()
	s = openSpool(t, dir)
	got, err := s.Job("job-000001")
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	if b, err := s.ReadFile("job-000001", queue.OriginalFile, 3); string(b) != "abc" || err != nil {
		t.Errorf("original %q, %v", b, err)
	}
	if _, err := s.ReadFile("job-000001", queue.OriginalFile, 2); err == nil {
		t.Error("more than the limit was read")
	}
	if _, err := s.Begin("job-000001"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the same job twice: %v", err)
	}
	if err := s.Remove("job-000001"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Job("job-000001"); !errors.Is(err, fs.ErrNotExist) || len(ids(t, s)) != 0 {
		t.Errorf("still there: %v", err)
	}
	if err := s.Remove("job-000001"); err != nil {
		t.Errorf("second remove: %v", err)
	}
}

func TestSpoolStages(t *testing.T) {
	t.Parallel()
	s := openSpool(t, t.TempDir())
	job := take(t, s, "job-000001", "abc")
	if s.Has(job.ID, "rebuilt") {
		t.Error("there is a file that nobody made")
	}
	f, err := s.Create(job.ID, "rebuilt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	if s.Has(job.ID, "rebuilt") {
		t.Error("an unfinished file is seen")
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if !s.Has(job.ID, "rebuilt") {
		t.Error("a finished file is not seen")
	}
	if err := s.Drop(job.ID, "rebuilt"); err != nil || s.Has(job.ID, "rebuilt") {
		t.Errorf("drop: %v", err)
	}
	job.Generation, job.Policy = 1, "render"
	if err := s.Update(job); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Job(job.ID); err != nil || got.Generation != 1 || got.Policy != "render" {
		t.Errorf("%+v, %v", got, err)
	}
	if err := s.Update(queue.Job{ID: "job-000002"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a job was made by an update: %v", err)
	}
}

// What a crash leaves half-made is gone at the next start, and what was accepted is not touched.
func TestSpoolSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openSpool(t, dir)
	take(t, s, "job-000001", "abc")
	in, err := s.Begin("job-000002") // copied in part
	if err != nil {
		t.Fatal(err)
	}
	defer in.Abort()
	for _, name := range []string{"job-000003/original", "job-000001/" + durable.TempPrefix + "1", "not a job/x"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	s = openSpool(t, dir)
	if got := ids(t, s); !slices.Equal(got, []queue.ID{"job-000001"}) {
		t.Errorf("jobs %v", got)
	}
	for _, name := range []string{"job-000002", "job-000003", "job-000001/" + durable.TempPrefix + "1"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", name, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "not a job/x")); err != nil {
		t.Errorf("a folder that is none of ours was touched: %v", err)
	}
	if b, err := s.ReadFile("job-000001", queue.OriginalFile, 10); string(b) != "abc" || err != nil {
		t.Errorf("original %q, %v", b, err)
	}
}

func TestSpoolRefusesNames(t *testing.T) {
	t.Parallel()
	s := openSpool(t, t.TempDir())
	take(t, s, "job-000001", "abc")
	for _, id := range []queue.ID{"", "short", "../../../etc", "job/0001x", "JOB-000001", "job.000001", "-job-000001", "名前名前名前"} {
		if _, err := s.Begin(id); err == nil {
			t.Errorf("id %q accepted", id)
		}
		if _, err := s.Job(id); err == nil {
			t.Errorf("id %q read", id)
		}
	}
	for _, name := range []string{"", ".", "..", "a/b", "../job-000002/x", "/etc/passwd"} {
		if _, err := s.Create("job-000001", name); err == nil {
			t.Errorf("name %q accepted", name)
		}
		if _, err := s.Open("job-000001", name); err == nil {
			t.Errorf("name %q opened", name)
		}
	}
}

func TestJobOfAnotherVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openSpool(t, dir)
	take(t, s, "job-000001", "abc")
	path := filepath.Join(dir, "job-000001", "job.json")
	for _, text := range []string{`{"version":2,"id":"job-000001"}`, `{"version":1,"id":"job-000002"}`, `{"id":"job-000001"}`, `{`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Job("job-000001"); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestNewID(t *testing.T) {
	t.Parallel()
	seen := map[queue.ID]bool{}
	var last queue.ID
	for n := range 1000 {
		id := queue.NewID(time.UnixMilli(int64(n) * 1_000_000_007))
		if err := id.Check(); err != nil {
			t.Fatal(err)
		}
		if seen[id] || id <= last {
			t.Fatalf("%s after %s", id, last)
		}
		seen[id], last = true, id
	}
}

func FuzzJobFile(f *testing.F) {
	f.Add([]byte(`{"version":1,"id":"job-000001","route":"r","generation":0}`))
	f.Add([]byte(`{"version":1,"id":"job-000001","size":-1,"mod_time":"2026-01-01T00:00:00Z"}`))
	dir := f.TempDir()
	s := openSpool(f, dir)
	take(f, s, "job-000001", "abc")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, "job-000001", "job.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		job, err := s.Job("job-000001")
		if err != nil {
			return
		}
		if job.ID != "job-000001" || job.Version != 1 {
			t.Errorf("read %+v from %q", job, text)
		}
		if err := s.Update(job); err != nil {
			t.Errorf("cannot write what was read: %v", err)
		}
	})
}
