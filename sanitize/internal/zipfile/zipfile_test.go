package zipfile

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sekisho/sanitize"
)

func free(int64) error { return nil }

// plain writes an archive with our writer.
func plain(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		if err := w.AddFile(files[i], []byte(files[i+1]), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// streamed writes an archive with the standard library, which uses data descriptors.
func streamed(t testing.TB, headers ...*zip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, h := range headers {
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, "/") {
			io.WriteString(f, "content of "+h.Name)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(b []byte) (*Archive, error) { return Open(sanitize.BytesInput(b), 100) }

func TestRoundTrip(t *testing.T) {
	text := strings.Repeat("住民票の写し ", 1000)
	noise := make([]byte, 100_000)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	var b bytes.Buffer
	w := NewWriter(&b)
	when := time.Date(2026, 4, 1, 8, 30, 58, 0, time.UTC)
	for _, add := range []func() error{
		func() error { return w.Add(Header{Name: "様式/", Modified: when}, nil) },
		func() error { return w.Add(Header{Name: "様式/申請書.txt", Modified: when}, []byte(text)) },
		func() error { return w.AddFile("noise.bin", noise, false) },
		func() error { return w.AddFile("mimetype", []byte("application/x"), true) },
		func() error { return w.AddFile("empty", nil, false) },
		func() error {
			f, err := w.Create(Header{Name: "pieces.txt"})
			if err != nil {
				return err
			}
			for _, line := range strings.SplitAfter(text, " ") {
				io.WriteString(f, line)
			}
			return f.Close()
		},
		w.Close,
	} {
		if err := add(); err != nil {
			t.Fatal(err)
		}
	}
	a, err := open(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name   string
		body   string
		method uint16
	}{
		{"様式/", "", Stored}, {"様式/申請書.txt", text, Deflated}, {"noise.bin", string(noise), Stored},
		{"mimetype", "application/x", Stored}, {"empty", "", Stored}, {"pieces.txt", text, Deflated},
	}
	for i, e := range a.Entries {
		got, err := a.ReadAll(e, 1<<20, free)
		if err != nil || e.Name != want[i].name || string(got) != want[i].body || e.Method != want[i].method {
			t.Errorf("entry %d: %q, method %d, %d bytes, error %v", i, e.Name, e.Method, len(got), err)
		}
	}
	if len(a.Entries) != len(want) || len(a.Oddities) != 0 {
		t.Errorf("%d entries, oddities %v", len(a.Entries), a.Oddities)
	}
	if !a.Entries[1].Modified.Equal(when) || !a.Entries[0].Dir || a.Entries[2].Modified.Year() != 1980 {
		t.Error("times or folders are lost")
	}
	if _, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len())); err != nil {
		t.Errorf("the standard library refuses it: %v", err)
	}
}

func TestStreamedArchive(t *testing.T) {
	when := time.Date(2020, 1, 2, 3, 4, 6, 0, time.UTC)
	link := &zip.FileHeader{Name: "link"}
	link.SetMode(fs.ModeSymlink | 0o777)
	b := streamed(t, &zip.FileHeader{Name: "d/"}, &zip.FileHeader{Name: "d/a.txt", Method: zip.Deflate, Modified: when},
		&zip.FileHeader{Name: "b.txt", Method: zip.Store}, link)
	a, err := open(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range a.Entries[1:3] {
		got, err := a.ReadAll(e, 100, free)
		if err != nil || string(got) != "content of "+e.Name {
			t.Errorf("%s: %q, %v", e.Name, got, err)
		}
	}
	if e := a.Find("link"); e.Mode&fs.ModeSymlink == 0 {
		t.Errorf("mode of a link is %v", e.Mode)
	}
	if e := a.Find("d/a.txt"); !e.Modified.Equal(when) || e.Flags&flagDescriptor == 0 {
		t.Errorf("got time %v, flags %#x", e.Modified, e.Flags)
	}
}

// patch returns b with the bytes at the n-th occurrence of sig, plus offset, replaced.
func patch(t testing.TB, b []byte, sig string, n, offset int, with ...byte) []byte {
	t.Helper()
	b = bytes.Clone(b)
	at := 0
	for range n {
		at += bytes.Index(b[at:], []byte(sig)) + 1
	}
	at += bytes.Index(b[at:], []byte(sig)) + offset
	if !bytes.Contains(b, []byte(sig)) || at+len(with) > len(b) {
		t.Fatal("nothing to patch")
	}
	copy(b[at:], with)
	return b
}

func insert(b []byte, at int, with string) []byte {
	return []byte(string(b[:at]) + with + string(b[at:]))
}

func TestRefused(t *testing.T) {
	two := plain(t, "a.txt", strings.Repeat("aaaa", 100), "b.txt", "bb")
	stream := streamed(t, &zip.FileHeader{Name: "a.txt", Method: zip.Deflate})
	end := bytes.LastIndex(two, []byte(sigEnd))
	directory := int(binary.LittleEndian.Uint32(two[end+16:]))
	second := bytes.LastIndex(two, []byte(sigLocal))
	orphan := insert(two, directory, string(plain(t, "hidden.exe", "MZ")[:42]))
	le.PutUint32(orphan[end+42+16:], uint32(directory+42))
	gap := insert(two, second, "gap")
	le.PutUint32(gap[end+3+16:], uint32(directory+3))
	gap = patch(t, gap, sigCentral, 1, 42, byte(second+3))
	comment := append(bytes.Clone(two), two[end:]...)
	le.PutUint16(comment[end+20:], endLen)
	cases := []struct {
		name string
		b    []byte
		err  error
	}{
		{"nothing", nil, sanitize.ErrMalformed},
		{"data before", append([]byte("<hta>"), two...), sanitize.ErrMalformed},
		{"data after", append(bytes.Clone(two), 'x'), sanitize.ErrMalformed},
		{"orphan entry", orphan, sanitize.ErrMalformed},
		{"gap", gap, sanitize.ErrMalformed},
		{"end record in the comment", comment, sanitize.ErrMalformed},
		{"count too low", patch(t, two, sigEnd, 0, 8, 1, 0, 1, 0), sanitize.ErrMalformed},
		{"count too high", patch(t, two, sigEnd, 0, 8, 3, 0, 3, 0), sanitize.ErrMalformed},
		{"counts differ", patch(t, two, sigEnd, 0, 8, 1), sanitize.ErrMalformed},
		{"disk", patch(t, two, sigEnd, 0, 4, 1), sanitize.ErrUnsupported},
		{"entry on another disk", patch(t, two, sigCentral, 0, 34, 1), sanitize.ErrUnsupported},
		{"other local name", patch(t, two, sigLocal, 0, localLen, 'x'), sanitize.ErrMalformed},
		{"other local method", patch(t, two, sigLocal, 0, 8, 0), sanitize.ErrMalformed},
		{"other local checksum", patch(t, two, sigLocal, 0, 14, 1, 2, 3, 4), sanitize.ErrMalformed},
		{"other local size", patch(t, two, sigLocal, 0, 22, 1), sanitize.ErrMalformed},
		{"local encrypted", patch(t, two, sigLocal, 0, 6, 1), sanitize.ErrMalformed},
		{"local streamed, no descriptor", patch(t, two, sigLocal, 0, 6, 8, 0, 8, 0, 33, 0, 33, 0, 0, 0, 0, 0), sanitize.ErrMalformed},
		{"shared data", patch(t, two, sigCentral, 1, 42, 0), sanitize.ErrMalformed},
		{"offset outside", patch(t, two, sigCentral, 1, 42, 0xff, 0xff), sanitize.ErrMalformed},
		{"impossible size", patch(t, patch(t, two, sigCentral, 0, 24, 0xfe, 0xff, 0xff, 0xff), sigLocal, 0, 22, 0xfe, 0xff, 0xff, 0xff), sanitize.ErrMalformed},
		{"descriptor differs", patch(t, stream, sigDescriptor, 0, 4, 9), sanitize.ErrMalformed},
		{"descriptor size differs", patch(t, stream, sigDescriptor, 0, 8, 9), sanitize.ErrMalformed},
		{"masked directory", patch(t, two, sigCentral, 0, 9, 0x20), sanitize.ErrEncrypted},
		{"patch data", patch(t, two, sigCentral, 0, 8, 0x20), sanitize.ErrUnsupported},
		{"same name twice", plain(t, "a.txt", "1", "a.txt", "2"), sanitize.ErrMalformed},
		{"nul name", patch(t, two, sigEnd, 0, 12, 0xff), sanitize.ErrMalformed},
		{"folder with content", plain(t, "a/", "1"), sanitize.ErrMalformed},
	}
	for _, c := range cases {
		if _, err := open(c.b); !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.err)
		}
	}
	if _, err := Open(sanitize.BytesInput(two), 1); !errors.Is(err, sanitize.ErrLimit) {
		t.Errorf("too many entries: got %v", err)
	}
}

func TestTolerated(t *testing.T) {
	two := plain(t, "a.txt", "aaaa", "b.txt", "bb")
	withComment := patch(t, append(bytes.Clone(two), "hello"...), sigEnd, 0, 20, 5)
	end := bytes.LastIndex(two, []byte(sigEnd))
	entryComment := patch(t, insert(two, end, "note"), sigCentral, 1, 32, 4)
	entryComment = patch(t, entryComment, sigEnd, 0, 12, byte(le.Uint32(two[end+12:])+4))
	for _, c := range []struct {
		name string
		b    []byte
		want Oddity
	}{
		{"comment", withComment, Oddity{OddComment, ""}},
		{"line end", append(bytes.Clone(two), "\r\n"...), Oddity{OddLineEnd, ""}},
		{"entry comment", entryComment, Oddity{OddEntryComment, "b.txt"}},
		{"level flag", patch(t, two, sigLocal, 0, 6, 2), Oddity{OddFlags, "a.txt"}},
		{"UTF-8 flag on ASCII", patch(t, two, sigCentral, 0, 9, 8), Oddity{OddFlags, "a.txt"}},
	} {
		a, err := open(c.b)
		if err != nil || len(a.Oddities) != 1 || a.Oddities[0] != c.want {
			t.Errorf("%s: %+v, error %v", c.name, a, err)
		}
	}
}

func TestContentMustMatch(t *testing.T) {
	text := strings.Repeat("0123456789abcdefghi\n", 20)
	b := plain(t, "a.txt", text)
	both := func(offset int, with ...byte) []byte { // local and central header alike
		return patch(t, patch(t, b, sigLocal, 0, offset, with...), sigCentral, 0, offset+2, with...)
	}
	for _, c := range []struct {
		name string
		b    []byte
		err  error
	}{
		{"checksum", both(14, 1, 2, 3, 4), sanitize.ErrMalformed},
		{"longer than declared", both(22, 10, 0), sanitize.ErrMalformed},
		{"shorter than declared", both(22, 0xff, 0xff), sanitize.ErrMalformed},
		{"not deflate", patch(t, b, "a.txt", 0, 5, 0xff, 0xff), sanitize.ErrMalformed},
		{"unknown method", both(8, 14), sanitize.ErrUnsupported},
		{"encrypted", both(6, 1), sanitize.ErrEncrypted},
	} {
		a, err := open(c.b)
		if err == nil {
			_, err = a.ReadAll(a.Entries[0], 1<<20, free)
		}
		if !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.err)
		}
	}
	a, err := open(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ReadAll(a.Entries[0], 399, free); !errors.Is(err, sanitize.ErrLimit) {
		t.Errorf("over the limit: got %v", err)
	}
	broke := errors.New("no more")
	r, err := a.Open(a.Entries[0], func(int64) error { return broke })
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 10)); n != 0 || err != broke {
		t.Errorf("an unpaid block is handed out: %d bytes, %v", n, err)
	}
}

func TestDataAfterDeflateStream(t *testing.T) {
	b := plain(t, "a.txt", strings.Repeat("aaaa", 100))
	c := int(le.Uint32(b[18:]))
	b = insert(b, localLen+5+c, "MZ")
	b = patch(t, patch(t, b, sigLocal, 0, 18, byte(c+2)), sigCentral, 0, 20, byte(c+2))
	end := bytes.LastIndex(b, []byte(sigEnd))
	le.PutUint32(b[end+16:], le.Uint32(b[end+16:])+2)
	a, err := open(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ReadAll(a.Entries[0], 1000, free); !errors.Is(err, sanitize.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

func TestZip64Field(t *testing.T) {
	long := func(values ...uint64) (b []byte) {
		for _, v := range values {
			b = le.AppendUint64(b, v)
		}
		return b
	}
	for _, c := range []struct {
		name         string
		size, packed int64
		body         []byte
		disk         bool
		want         int64 // size; -1 for refused
	}{
		{"both", max32, max32, long(7, 8), false, 7},
		{"one", 5, max32, long(8), false, 5},
		{"not asked for, the same", 5, 6, long(5, 6), false, 5},
		{"not asked for, first only", 5, 6, long(5), false, 5},
		{"not asked for, another", 5, 6, long(7, 6), false, -1},
		{"missing", max32, max32, long(7), false, -1},
		{"too many", max32, 6, long(7, 6), false, -1},
		{"negative", max32, 6, long(1 << 63), false, -1},
		{"first disk", max32, max32, append(long(7, 8), 0, 0, 0, 0), true, 7},
		{"another disk", max32, max32, append(long(7, 8), 1, 0, 0, 0), true, -1},
		{"no disk", max32, max32, long(7, 8), true, -1},
		{"rest", 5, 6, []byte{1}, false, -1},
	} {
		size, packed := c.size, c.packed
		if err := zip64(c.body, c.disk, &size, &packed); (err == nil) != (c.want >= 0) || err == nil && size != c.want {
			t.Errorf("%s: %d, %d, %v", c.name, size, packed, err)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		raw     string
		flagged bool
		unicode string
		want    string // "" for refused
	}{
		{"a.txt", false, "", "a.txt"},
		{"\x8e\x96\x8d\x80\x95\x5c.txt", false, "", "事項表.txt"},
		{"\x87\x40\xb1\xb2.txt", false, "", "①ｱｲ.txt"},
		{"住民", true, "", "住民"},
		{"住民", false, "", "住民"},
		{"\x8e\x96", true, "", ""},
		{"caf\x82", false, "", "café"},
		{"\x8e\x96", false, "事", "事"},
		{"#U4e8b.txt", false, "事.txt", "事.txt"},
		{"a.txt", false, "b.exe", ""},
		{"a.txt", false, "\xff", ""},
	} {
		got, err := decodeName([]byte(c.raw), c.flagged, c.unicode)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q with %q: %q, %v", c.raw, c.unicode, got, err)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	w := NewWriter(io.Discard)
	for _, name := range []string{"", "a\\b", "\xff", strings.Repeat("x", 1<<16)} {
		if err := w.AddFile(name, nil, true); err == nil {
			t.Errorf("name %.20q is written", name)
		}
	}
	f, err := w.Create(Header{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AddFile("b", nil, true); err == nil {
		t.Error("an entry begins inside another")
	}
	if err := w.Close(); err == nil {
		t.Error("the archive ends inside an entry")
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err == nil {
		t.Error("an entry ends twice")
	}
}
