package inbox

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// order is a handler that notes in which order files are taken, once it may.
type order struct {
	open chan struct{}

	mu    sync.Mutex
	taken []string
}

func (o *order) Take(ctx context.Context, c Claim) error {
	select {
	case <-o.open:
	case <-ctx.Done():
		return ctx.Err()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taken = append(o.taken, c.Path)
	return nil
}

func (o *order) Refuse(context.Context, Refusal) {}

// TestWindow: of more files than are remembered at a time all are taken, each once, and those of a small folder not behind those
// of a large one; all that wait are counted, and few of them remembered.
func TestWindow(t *testing.T) {
	const many = 500
	dir := t.TempDir()
	for i := range many {
		put(t, filepath.Join(dir, "写真", fmt.Sprintf("%03d.jpg", i)), "x")
		if i < 100 {
			put(t, filepath.Join(dir, "写真", fmt.Sprintf("%03d.mp4", i)), "a film")
		}
	}
	put(t, filepath.Join(dir, "申請", "form.pdf"), "x")
	put(t, filepath.Join(dir, "写真", "zz", "form.pdf"), "y")
	desk := &order{open: make(chan struct{})}
	b, err := New(Options{Dir: dir, Interval: 50 * time.Millisecond, Settle: time.Millisecond, Large: 5}, desk)
	if err != nil {
		t.Fatal(err)
	}
	b.window.size = 80
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { b.Run(ctx); close(done) }()
	await(t, "all are counted", func() bool { return b.Pending() >= many+102 })
	if n := b.Pending(); n != many+102 {
		t.Errorf("%d files wait, want %d", n, many+102)
	}
	close(desk.open)
	await(t, "idle", b.Idle)
	stop()
	<-done
	seen := map[string]bool{}
	for i, p := range desk.taken {
		if seen[p] {
			t.Errorf("%s was taken twice", p)
		}
		seen[p] = true
		if strings.HasPrefix(p, "申請/") && i > 2*maxHeld {
			t.Errorf("the form of another office came as number %d", i)
		}
	}
	if len(seen) != many+102 {
		t.Errorf("%d files were taken, want %d", len(seen), many+102)
	}
}

// TestWindowIsBounded looks at a tree with more files than are remembered, twice.
func TestWindowIsBounded(t *testing.T) {
	dir := t.TempDir()
	for i := range 300 {
		put(t, filepath.Join(dir, fmt.Sprint(i%3), fmt.Sprint(i)), "x")
	}
	b, err := New(Options{Dir: dir, Settle: time.Hour}, &order{})
	if err != nil {
		t.Fatal(err)
	}
	b.hint = newHint(b.opt)
	defer b.hint.close()
	defer b.root.Close()
	b.window.size = 90
	for range 2 {
		b.look(t.Context())
		if n := len(b.files); n < 90 || n > 90+90/2+90/3 || b.Pending() != 300 {
			t.Errorf("%d files are remembered, %d counted", n, b.Pending())
		}
	}
}

func put(t *testing.T, path, content string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(content), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("not after a minute: %s", what)
}
