package faults_test

import (
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFaultsQueueStore deletes, cuts short and damages the store of the queue between two starts of the gateway.
func TestFaultsQueueStore(t *testing.T) {
	w := newWorld(t, setup{})
	boundaries := 0
	for n := range newShare(t, 25*time.Second).rounds(8, 20, 200) {
		w.drop(8)
		w.pause(1500 * time.Millisecond)
		w.near.kill()
		store := filepath.Join(w.near.dir, "state/queue")
		switch n % 4 {
		case 0:
			if err := os.RemoveAll(store); err != nil {
				t.Fatal(err)
			}
		case 1:
			w.damage(store, func(f *os.File, size int64) error { return f.Truncate(w.random.Int64N(size)) })
		case 3:
			w.damage(store, func(f *os.File, size int64) error {
				if filepath.Ext(f.Name()) != ".blk" {
					return nil
				}
				ends, err := recordEnds(f)
				if err != nil || len(ends) == 0 {
					return err
				}
				boundaries++
				return f.Truncate(ends[w.random.IntN(len(ends))])
			})
		case 2:
			w.damage(store, func(f *os.File, size int64) error {
				_, err := f.WriteAt([]byte{byte(w.random.Int())}, w.random.Int64N(size))
				return err
			})
		}
		w.near.start(t)
	}
	w.settle(5 * time.Minute)
	t.Logf("the store was cut at the end of a record %d times", boundaries)
}

// recordEnds returns where records of a file of the queue's stream begin and end: each begins with its length, of four bytes with
// the highest bit for something else (server/filestore.go of nats-server, msgFromBufEx).
func recordEnds(f *os.File) ([]int64, error) {
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	const header = 22
	ends := []int64{0}
	for at := 0; at+header <= len(data); {
		length := int(binary.LittleEndian.Uint32(data[at:]) &^ (1 << 31))
		if length < header || at+length > len(data) {
			break
		}
		at += length
		ends = append(ends, int64(at))
	}
	return ends[:len(ends)-1], nil // the last one is the end of the file
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
