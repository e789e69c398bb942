package faults_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFaultsQueueStore deletes, cuts short and damages the store of the queue between two starts of the gateway.
func TestFaultsQueueStore(t *testing.T) {
	w := newWorld(t, setup{})
	rounds := effort(4, 20, 200)
	for n := range rounds {
		w.drop(8)
		w.pause(1500 * time.Millisecond)
		w.near.kill()
		store := filepath.Join(w.near.dir, "state/queue")
		switch n % 3 {
		case 0:
			if err := os.RemoveAll(store); err != nil {
				t.Fatal(err)
			}
		case 1:
			w.damage(store, func(f *os.File, size int64) error { return f.Truncate(w.random.Int64N(size)) })
		case 2:
			w.damage(store, func(f *os.File, size int64) error {
				_, err := f.WriteAt([]byte{byte(w.random.Int())}, w.random.Int64N(size))
				return err
			})
		}
		w.near.start(t)
	}
	w.settle(5 * time.Minute)
}

// damage changes every file below dir that is not empty.
func (w *world) damage(dir string, change func(*os.File, int64) error) {
	w.t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil || info.Size() == 0 {
			return err
		}
		return change(f, info.Size())
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
