package clamd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/sanitize/scan"
)

func TestParseReply(t *testing.T) {
	for _, c := range []struct {
		reply                    string
		clean, found, incomplete bool
	}{
		{"stream: OK", true, false, false},
		{"stream: Win.Test.EICAR_HDB-1 FOUND", false, true, false},
		{"stream: Eicar-Signature(44d88612fea8a8f36de82e1278abb02f:68) FOUND", false, true, false},
		{"stream: (null) FOUND", false, true, false},
		{"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND", false, true, true},
		{"stream: Heuristics.Encrypted.PDF FOUND", false, true, true},
		{"stream: OK FOUND", false, true, false},
		{"stream: OK ", false, false, false},
		{"stream: ok", false, false, false},
		{" stream: OK", false, false, false},
		{"stream: OK\n", false, false, false},
		{"stream: \n FOUND", false, false, false},
		{"stream:  FOUND", false, false, false},
		{"stream: FOUND", false, false, false},
		{"OK", false, false, false},
		{"", false, false, false},
		{"INSTREAM size limit exceeded. ERROR", false, false, false},
		{"stream: Can't allocate memory ERROR", false, false, false},
		{"UNKNOWN COMMAND", false, false, false},
		{"instream(local): OK", false, false, false},
	} {
		r, err := parseReply(c.reply)
		if r.Clean != c.clean || (err == nil) != (c.clean || c.found) || r.Incomplete != c.incomplete {
			t.Errorf("%q: %+v, %v", c.reply, r, err)
		}
	}
}

// daemon answers every connection as reply says, after it has read up to take bytes of it (-1: the whole stream).
func daemon(t *testing.T, take int, reply string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c, take, reply)
		}
	}()
	return "unix:" + path
}

func serve(c net.Conn, take int, reply string) {
	defer c.Close()
	head := make([]byte, len("zVERSION\x00"))
	if _, err := io.ReadFull(c, head); err != nil {
		return
	}
	if string(head) == "zVERSION\x00" {
		io.WriteString(c, "ClamAV 1.4.6/27800/Mon Nov 23 09:00:00 2026\x00")
		return
	}
	if take < 0 {
		readStream(c)
	} else {
		io.CopyN(io.Discard, c, int64(take))
	}
	io.WriteString(c, reply)
}

// readStream reads up to the chunk of length 0.
func readStream(c net.Conn) {
	var last []byte
	buf := make([]byte, 64<<10)
	for !bytes.HasSuffix(last, []byte{0, 0, 0, 0}) {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		last = append(last[max(0, len(last)-4):], buf[:n]...)
	}
}

func client(t *testing.T, address string) *Client {
	t.Helper()
	c, err := New(Options{Addresses: []string{address}, Idle: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func scanText(ctx context.Context, c *Client, text string) (scan.Result, error) {
	return c.Scan(ctx, strings.NewReader(text), int64(len(text)))
}

func TestFaultyDaemons(t *testing.T) {
	text := strings.Repeat("text ", 100_000)
	for _, c := range []struct {
		name, reply string
		take        int
		clean       bool
		refused     bool
	}{
		{"good", "stream: OK\x00", -1, true, false},
		{"no reply", "", -1, false, false},
		{"no NUL", "stream: OK", -1, false, false},
		{"newline for NUL", "stream: OK\n", -1, false, false},
		{"two replies", "stream: OK\x00stream: OK\x00", -1, false, false},
		{"rubbish", "\xff\xfe\x00\x01", -1, false, false},
		{"endless", strings.Repeat("stream: OK", 10_000), -1, false, false},
		{"clean before the end", "stream: OK\x00", 100, false, false},
		{"too long", "INSTREAM size limit exceeded. ERROR\x00", 100, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := scanText(t.Context(), client(t, daemon(t, c.take, c.reply)), text)
			if r.Clean != c.clean || (err == nil) != c.clean || errors.Is(err, scan.ErrRefused) != c.refused {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestSilentDaemonIsNotWaitedForLongerThanAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path) // connects, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := New(Options{Addresses: []string{"unix:" + path}, Idle: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := scanText(t.Context(), c, "x"); err == nil {
		t.Errorf("%+v", r)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if r, err := scanText(ctx, client(t, "unix:"+path), "x"); err == nil {
		t.Errorf("%+v", r)
	}
}

func TestWrongLength(t *testing.T) {
	c := client(t, daemon(t, -1, "stream: OK\x00"))
	for _, size := range []int64{4, 6, 1 << 20} {
		if r, err := c.Scan(t.Context(), strings.NewReader("12345"), size); err == nil {
			t.Errorf("%d bytes: %+v", size, r)
		}
	}
}

func TestAge(t *testing.T) {
	c := client(t, daemon(t, -1, "stream: OK\x00"))
	c.opts.MaxAge = 24 * time.Hour
	made := time.Date(2026, 11, 23, 9, 0, 0, 0, time.Local)
	c.now = func() time.Time { return made.Add(23 * time.Hour) }
	r, err := scanText(t.Context(), c, "x")
	if err != nil || !r.Clean || r.Signatures != "27800" || !r.SignedAt.Equal(made) || r.Engine != "ClamAV 1.4.6" {
		t.Errorf("%+v, %v", r, err)
	}
	c.now = func() time.Time { return made.Add(25 * time.Hour) }
	if _, err := scanText(t.Context(), c, "x"); !errors.Is(err, ErrStale) {
		t.Errorf("stale: %v", err)
	}
}

func TestNextAddress(t *testing.T) {
	good := daemon(t, -1, "stream: OK\x00")
	c, err := New(Options{Addresses: []string{"unix:" + filepath.Join(t.TempDir(), "none"), good}})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := scanText(t.Context(), c, "x"); err != nil || !r.Clean {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestParseVersion(t *testing.T) {
	for _, bad := range []string{"", "ClamAV", "ClamAV 1/2", "ClamAV 1/2/yesterday", "Other 1.0", "ClamAV 1\n2"} {
		if v, err := parseVersion(bad); err == nil {
			t.Errorf("%q: %+v", bad, v)
		}
	}
	if v, err := parseVersion("ClamAV 1.4.6"); err != nil || v.Engine != "ClamAV 1.4.6" || !v.At.IsZero() {
		t.Errorf("%+v, %v", v, err)
	}
}

func FuzzReply(f *testing.F) {
	for _, s := range []string{"stream: OK\x00", "stream: X FOUND\x00", "INSTREAM size limit exceeded. ERROR\x00", "\x00", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		reply, err := readReply(strings.NewReader(s))
		if err != nil {
			return
		}
		r, err := parseReply(reply)
		if r.Clean && (err != nil || s != "stream: OK\x00") {
			t.Errorf("clean: %q", s)
		}
		if err == nil && !r.Clean && r.Signature == "" {
			t.Errorf("neither clean nor found: %q", s)
		}
		fmt.Fprint(io.Discard, r)
	})
}
