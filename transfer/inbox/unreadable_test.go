package inbox

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// told keeps what an inbox refuses.
type told struct{ refused []string }

func (h *told) Take(context.Context, Claim) error { return nil }
func (h *told) Refuse(_ context.Context, r Refusal) {
	h.refused = append(h.refused, string(r.Reason)+" "+r.Path)
}

// TestWithoutPermission looks with the rights of an ordinary account, whoever runs the tests: file system rights belong to a
// thread, so the test works the inbox on its own one.
func TestWithoutPermission(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"secret.txt": 0, "shared.txt": 0o644, "fixed/a.txt": 0o644, "closed/b.txt": 0o644} {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte("x"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{".": 0o777, "fixed": 0o555, "closed": 0} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "closed"), 0o755); os.Chmod(filepath.Join(dir, "fixed"), 0o755) })
	if os.Geteuid() == 0 {
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer unix.SetfsuidRetUid(0)
		if _, err := unix.SetfsuidRetUid(65534); err != nil {
			t.Fatal(err)
		}
	}
	h := &told{}
	b, err := New(Options{Dir: dir, Interval: time.Millisecond, Settle: time.Millisecond, NoHints: true}, h)
	if err != nil {
		t.Fatal(err)
	}
	defer b.root.Close()
	b.hint = newHint(b.opt)
	for range 5 {
		b.look(context.Background())
		time.Sleep(2 * time.Millisecond)
	}
	slices.Sort(h.refused)
	if want := []string{"unreadable closed", "unreadable fixed/a.txt", "unreadable secret.txt"}; !slices.Equal(h.refused, want) {
		t.Errorf("refused %q, want %q", h.refused, want)
	}
	if len(b.work) != 1 || b.work[0].Path != "shared.txt" {
		t.Errorf("claimed %+v", b.work)
	}
	for _, name := range []string{"secret.txt", "fixed/a.txt"} {
		if _, err := b.root.Lstat(name); err != nil {
			t.Errorf("%v", err)
		}
	}
	left, err := os.ReadDir(filepath.Join(dir, claimsDir))
	if err != nil || len(left) != 1 {
		t.Errorf("claims %v, %v", left, err)
	}
}
