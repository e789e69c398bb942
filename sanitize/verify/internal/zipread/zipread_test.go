package zipread

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"

	"sekisho/sanitize"
)

// archive returns a good archive: a deflated file, a stored one, and a folder.
func archive(t testing.TB) []byte {
	t.Helper()
	var body, directory []byte
	add := func(name, data string, method uint16) {
		raw := []byte(data)
		if method == 8 {
			var z bytes.Buffer
			w, err := flate.NewWriter(&z, 6)
			if err != nil {
				t.Fatal(err)
			}
			w.Write([]byte(data))
			w.Close()
			raw = z.Bytes()
		}
		le := binary.LittleEndian
		common := le.AppendUint16(nil, 20)
		common = le.AppendUint16(common, 1<<11)
		common = le.AppendUint16(common, method)
		common = append(common, 0, 0, 0x21, 0)
		common = le.AppendUint32(common, crc32.ChecksumIEEE([]byte(data)))
		common = le.AppendUint32(common, uint32(len(raw)))
		common = le.AppendUint32(common, uint32(len(data)))
		common = le.AppendUint16(common, uint16(len(name)))
		off := uint32(len(body))
		body = append(append(append(append(append(body, "PK\x03\x04"...), common...), 0, 0), name...), raw...)
		directory = append(append(append(directory, "PK\x01\x02\x14\x00"...), common...), make([]byte, 12)...)
		directory = append(le.AppendUint32(directory, off), name...)
	}
	add("a.txt", "aaaaaaaaaaaaaaaaaaaa", 8)
	add("日本/b", "b", 0)
	add("日本/", "", 0)
	end := append([]byte("PK\x05\x06"), 0, 0, 0, 0, 3, 0, 3, 0)
	end = binary.LittleEndian.AppendUint32(end, uint32(len(directory)))
	end = binary.LittleEndian.AppendUint32(end, uint32(len(body)))
	return append(append(append(body, directory...), end...), 0, 0)
}

func readAll(b []byte) error {
	a, err := Open(sanitize.BytesInput(b), 100)
	if err != nil {
		return err
	}
	for _, e := range a.Entries {
		if _, err := a.Read(e, func(int64) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

func TestGood(t *testing.T) {
	b := archive(t)
	if err := readAll(b); err != nil {
		t.Fatal(err)
	}
	empty := append([]byte("PK\x05\x06"), make([]byte, 18)...)
	if err := readAll(empty); err != nil || !Looks(sanitize.BytesInput(empty)) {
		t.Fatalf("an empty archive: %v", err)
	}
	if _, err := Open(sanitize.BytesInput(b), 2); !errors.Is(err, sanitize.ErrLimit) {
		t.Errorf("three entries where two may be: %v", err)
	}
}

// TestEveryByte changes every byte of a good archive: all of them matter, but for the times and the attributes that
// a system may set.
func TestEveryByte(t *testing.T) {
	good := archive(t)
	central := bytes.Index(good, []byte("PK\x01\x02"))
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 0x81
		if readAll(b) == nil && !(i > central && freeField(good, i)) {
			t.Errorf("byte %d of %d may have any value", i, len(good))
		}
	}
}

// freeField reports whether byte i is in a field of a central header that says nothing about the data: the version
// that made it, and attributes.
func freeField(b []byte, i int) bool {
	at := bytes.LastIndex(b[:i+1], []byte("PK\x01\x02"))
	off := i - at
	return off == 4 || off == 5 || off >= 36 && off < 42
}

func TestShapes(t *testing.T) {
	good := archive(t)
	end := len(good) - endSize
	for name, b := range map[string][]byte{
		"prefix":   append([]byte("x"), good...),
		"trailing": append(bytes.Clone(good), 'x'),
		"comment":  append(append(bytes.Clone(good[:len(good)-2]), 1, 0), 'x'),
		"gap":      append(append(bytes.Clone(good[:end]), 'x'), good[end:]...),
		"two ends": append(bytes.Clone(good), good[end:]...),
		"cut":      good[:len(good)-1],
	} {
		if readAll(b) == nil {
			t.Errorf("%s: read", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(archive(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		budget := int64(1 << 20)
		a, err := Open(sanitize.BytesInput(b), 100)
		if err != nil {
			return
		}
		for _, e := range a.Entries {
			data, err := a.Read(e, func(n int64) error {
				if budget -= n; budget < 0 {
					return sanitize.ErrLimit
				}
				return nil
			})
			if err == nil && int64(len(data)) != e.Size {
				t.Fatal("wrong size")
			}
		}
	})
}
