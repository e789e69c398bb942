package icap

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// service is an ICAP service that answers as its script says, about what it was sent.
func service(t *testing.T, script func(file []byte) string) *Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
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
			go func() {
				defer c.Close()
				file, err := readRequest(bufio.NewReader(c))
				if err != nil {
					t.Errorf("bad request: %v", err)
					return
				}
				io.WriteString(c, script(file))
			}()
		}
	}()
	c, err := New(Options{URL: "icap://" + l.Addr().String() + "/respmod", Idle: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// readRequest reads a request as strictly as RFC 3507 lets a service be, and returns the file.
func readRequest(r *bufio.Reader) ([]byte, error) {
	t := textproto.NewReader(r)
	line, err := t.ReadLine()
	if err != nil || !strings.HasPrefix(line, "RESPMOD icap://") || !strings.HasSuffix(line, "/respmod ICAP/1.0") {
		return nil, fmt.Errorf("%q, %w", line, err)
	}
	header, err := t.ReadMIMEHeader()
	if err != nil {
		return nil, err
	}
	var res, body int
	if _, err := fmt.Sscanf(header.Get("Encapsulated"), "req-hdr=0, res-hdr=%d, res-body=%d", &res, &body); err != nil {
		return nil, err
	}
	heads := make([]byte, body)
	if _, err := io.ReadFull(r, heads); err != nil {
		return nil, err
	}
	if _, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(heads[:res]))); err != nil {
		return nil, err
	}
	inside, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(heads[res:])), nil)
	if err != nil {
		return nil, err
	}
	file, err := io.ReadAll(httputil.NewChunkedReader(r))
	if err != nil || inside.ContentLength != int64(len(file)) {
		return nil, fmt.Errorf("length %d of %d: %w", inside.ContentLength, len(file), err)
	}
	_, err = t.ReadLine()
	return file, err
}

func replaced(header, status, body string) string {
	head := "HTTP/1.1 " + status + "\r\nContent-Type: text/html\r\n\r\n"
	return fmt.Sprintf("ICAP/1.0 200 OK\r\n%sEncapsulated: res-hdr=0, res-body=%d\r\n\r\n%s%x\r\n%s\r\n0\r\n\r\n",
		header, len(head), head, len(body), body)
}

func TestAnswers(t *testing.T) {
	const clean = "ICAP/1.0 204 No Content\r\nISTag: \"5BDE-1\"\r\nService: Test 1.0\r\n\r\n"
	for _, c := range []struct {
		name                string
		script              func(file []byte) string
		clean, held, failed bool
		signature           string
	}{
		{"clean", func([]byte) string { return clean }, true, false, false, ""},
		{"same bytes", func(f []byte) string { return replaced("", "200 OK", string(f)) }, true, false, false, ""},
		{"found", func([]byte) string {
			return replaced("X-Infection-Found: Type=0; Resolution=2; Threat=Eicar;\r\n", "403 Forbidden", "page")
		}, false, false, false, "Eicar"},
		{"found by another name", func([]byte) string { return replaced("X-Virus-ID: Eicar\r\n", "200 OK", "page") }, false, false, false, "Eicar"},
		{"found, and 204 all the same", func([]byte) string {
			return "ICAP/1.0 204 No Content\r\nX-Virus-ID: Eicar\r\n\r\n"
		}, false, false, false, "Eicar"},
		{"found, without a name", func([]byte) string { return replaced("X-Virus-ID:\r\n", "200 OK", "page") }, false, false, false, "unnamed"},
		{"a page instead", func([]byte) string { return replaced("", "403 Forbidden", "page") }, false, true, false,
			"replaced by the scanner with an HTTP response of status 403"},
		{"same bytes, refused", func(f []byte) string { return replaced("", "403 Forbidden", string(f)) }, false, true, false,
			"replaced by the scanner with an HTTP response of status 403"},
		{"no answer", func([]byte) string { return "" }, false, false, true, ""},
		{"not ICAP", func([]byte) string { return "HTTP/1.1 204 No Content\r\n\r\n" }, false, false, true, ""},
		{"error", func([]byte) string { return "ICAP/1.0 500 Server error\r\n\r\n" }, false, false, true, ""},
		{"more to send", func([]byte) string { return "ICAP/1.0 100 Continue\r\n\r\n" }, false, false, true, ""},
		{"204 in the text only", func([]byte) string { return "ICAP/1.0 2045 x\r\n\r\n" }, false, false, true, ""},
		{"cut head", func([]byte) string { return clean[:len(clean)-2] }, false, false, true, ""},
		{"cut body", func(f []byte) string { return strings.TrimSuffix(replaced("", "200 OK", string(f)), "0\r\n\r\n") }, false, false, true, ""},
		{"endless head", func([]byte) string { return "ICAP/1.0 204 x\r\n" + strings.Repeat("A: b\r\n", 100_000) }, false, false, true, ""},
		{"endless page", func([]byte) string { return replaced("", "200 OK", strings.Repeat("x", 2<<20)) }, false, false, true, ""},
		{"no place of the head", func([]byte) string { return "ICAP/1.0 200 OK\r\n\r\n" }, false, false, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := strings.Repeat("file ", 50_000)
			r, err := service(t, c.script).Scan(t.Context(), strings.NewReader(file), int64(len(file)))
			if r.Clean != c.clean || r.Incomplete != c.held || (err != nil) != c.failed || r.Signature != c.signature {
				t.Errorf("%+v, %v", r, err)
			}
			if c.name == "clean" && (r.Engine != "Test 1.0" || r.Signatures != `"5BDE-1"`) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestEmptyFile(t *testing.T) {
	c := service(t, func(f []byte) string { return fmt.Sprintf("ICAP/1.0 %d x\r\n\r\n", 204+len(f)) })
	if r, err := c.Scan(t.Context(), strings.NewReader(""), 0); err != nil || !r.Clean {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWrongLength(t *testing.T) {
	for _, size := range []int64{4, 6} {
		var c Client
		if _, err := c.send(io.Discard, strings.NewReader("12345"), size); !errors.Is(err, errLength) {
			t.Errorf("%d: %v", size, err)
		}
	}
}

// TestCleanTooEarly has a service answer before it took the file.
func TestCleanTooEarly(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			io.WriteString(c, "ICAP/1.0 204 x\r\n\r\n")
			c.Close()
		}
	}()
	c, err := New(Options{URL: "icap://" + l.Addr().String() + "/x", Idle: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	file := strings.Repeat("x", 64<<20)
	if r, err := c.Scan(t.Context(), strings.NewReader(file), int64(len(file))); err == nil {
		t.Errorf("%+v", r)
	}
}

func TestSilentService(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := New(Options{URL: "icap://" + l.Addr().String() + "/x", Idle: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if r, err := c.Scan(ctx, strings.NewReader("x"), 1); err == nil {
		t.Errorf("%+v", r)
	}
}

func TestBadAddresses(t *testing.T) {
	for _, u := range []string{"", "http://h/x", "icap://", "icap:///x", "icap://u:p@h/x", "://"} {
		if _, err := New(Options{URL: u}); err == nil {
			t.Errorf("%q is taken", u)
		}
	}
	if c, err := New(Options{URL: "icap://host/x"}); err != nil || c.address != "host:1344" {
		t.Errorf("%+v, %v", c, err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add("ICAP/1.0 204 x\r\n\r\n")
	f.Add(replaced("X-Virus-ID: x\r\n", "403 x", "page"))
	f.Add(replaced("", "200 OK", "file"))
	f.Fuzz(func(t *testing.T, s string) {
		a, err := readAnswer(bufio.NewReader(strings.NewReader(s)), 4)
		if err != nil {
			return
		}
		r := a.judge(sha256.Sum256([]byte("file")))
		if r.Clean && !strings.HasPrefix(s, "ICAP/1.0 204") && !strings.Contains(s, "file") {
			t.Errorf("clean: %q", s)
		}
		if !r.Clean && r.Signature == "" {
			t.Errorf("neither clean nor found: %q", s)
		}
	})
}
