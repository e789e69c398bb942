package office

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/sanitize"
)

// engine returns the real LibreOffice in its sandbox.
func engine(t *testing.T, change func(*Options)) *Engine {
	t.Helper()
	o := Options{Types: Types(), Timeout: 2 * time.Minute, Memory: 4 << 30, Output: 64 << 20}
	if change != nil {
		change(&o)
	}
	e, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func file(t *testing.T, name, text string) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := io.WriteString(f, text); err != nil { // what follows begins at the start all the same
		t.Fatal(err)
	}
	return f
}

const letter = `{\rtf1\ansi\deff0{\fonttbl{\f0 Times New Roman;}}\f0 The words of the letter.\par ` +
	`{\field{\*\fldinst INCLUDEPICTURE "http://127.0.0.1:1/x.png"}{\fldrslt}}\par}`

// part returns one part of a zip file.
func part(t *testing.T, f *os.File, name string) string {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	r, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestConvert(t *testing.T) {
	var words strings.Builder
	e := engine(t, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&words, nil)) })
	in, out := file(t, "in.rtf", letter), file(t, "out", "")
	if !e.Takes("手紙.RTF", in) {
		t.Fatal("a letter is not taken")
	}
	to, err := e.Convert(t.Context(), "手紙.RTF", in, out)
	if err != nil || to != "docx" {
		t.Fatalf("%q, %v %s", to, err, words.String())
	}
	if text := part(t, out, "word/document.xml"); !strings.Contains(text, "The words of the letter.") {
		t.Errorf("the words are gone: %.300q", text)
	}
	before, err := in.Seek(0, io.SeekCurrent)
	if err != nil || before != int64(len(letter)) {
		t.Errorf("the place in the caller's file is now %d, %v", before, err)
	}
}

// TestBroken: what LibreOffice cannot read is held, and no output counts.
func TestBroken(t *testing.T) {
	e := engine(t, nil)
	for name, text := range map[string]string{"a.doc": ole2 + strings.Repeat("\x00garbage", 500), "a.xls": ole2, "a.ppt": ole2 + "x"} {
		in, out := file(t, "in", text), file(t, "out", "")
		if !e.Takes(name, in) {
			t.Errorf("%s is not taken", name)
		}
		_, err := e.Convert(t.Context(), name, in, out)
		if !errors.Is(err, ErrFailed) || Reason(err) != sanitize.ReasonMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDeadline(t *testing.T) {
	e := engine(t, nil)
	e.opt.Timeout = time.Millisecond
	_, err := e.Convert(t.Context(), "a.rtf", file(t, "in", letter), file(t, "out", ""))
	if !errors.Is(err, ErrTimeout) || Reason(err) != sanitize.ReasonTimeout {
		t.Errorf("%v", err)
	}
	e.opt.Timeout = time.Minute
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := e.Convert(ctx, "a.rtf", file(t, "in", letter), file(t, "out", "")); Reason(err) != "" || err == nil {
		t.Errorf("stopped: %v", err)
	}
}

// TestOutputLimit: an output above the limit is none.
func TestOutputLimit(t *testing.T) {
	e := engine(t, nil)
	e.opt.Output = 1000
	if _, err := e.Convert(t.Context(), "a.rtf", file(t, "in", letter), file(t, "out", "")); !errors.Is(err, ErrFailed) {
		t.Errorf("%v", err)
	}
}

func TestTakes(t *testing.T) {
	e := engine(t, func(o *Options) { o.Types = []string{"doc"} })
	for _, c := range []struct {
		name, text string
		want       bool
	}{{"a.doc", ole2 + "x", true}, {"a.DOC", ole2, true}, {"a.doc", letter, false}, {"a.rtf", letter, false}, {"a.doc", "", false}, {"doc", ole2, false}} {
		if got := e.Takes(c.name, file(t, "in", c.text)); got != c.want {
			t.Errorf("%s, %.10q: %v", c.name, c.text, got)
		}
	}
	var none *Engine
	if none.Takes("a.doc", file(t, "in", ole2)) {
		t.Error("without an engine a file is taken")
	}
	if _, err := New(t.Context(), Options{Types: []string{"exe"}}); err == nil {
		t.Error("any type is taken")
	}
}

// TestTryFinds: the attempt shows a sandbox that is open. A script that cannot do anything forbidden would prove nothing.
func TestTryFinds(t *testing.T) {
	e := engine(t, nil)
	for _, l := range e.Try(t.Context()) {
		if !l.Holds || !strings.Contains(l.Evidence, "8 ways out") {
			t.Errorf("%+v", l)
		}
	}
	out := file(t, "out", "")
	if _, err := e.run(t.Context(), file(t, "in", ""), "in.txt", out, strings.ReplaceAll(tryScript, "/root /home /etc/passwd /var", "/usr")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil || !strings.Contains(string(text), "\ndone: ls /usr") && !strings.HasPrefix(string(text), "done: ls /usr") {
		t.Errorf("%q, %v", text, err)
	}
}

// TestPrint: a document becomes a PDF of no more pages than asked for; what cannot be read is an error of the file.
func TestPrint(t *testing.T) {
	e := engine(t, nil)
	out := file(t, "out", "")
	long := `{\rtf1\ansi one\page two\page three}`
	if err := e.Print(t.Context(), "rtf", 2, file(t, "in", long), out); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out.Name())
	if err != nil || !strings.HasPrefix(string(data), "%PDF-") || strings.Count(string(data), "/Type/Page/") != 2 {
		t.Errorf("%d pages in %.20q, %v", strings.Count(string(data), "/Type/Page/"), data, err)
	}
	if err := e.Print(t.Context(), "docx", 2, file(t, "in", "PK\x03\x04 garbage"), file(t, "out", "")); Reason(err) != sanitize.ReasonMalformed {
		t.Errorf("garbage: %v", err)
	}
	if err := e.Print(t.Context(), "exe", 2, file(t, "in", "MZ"), file(t, "out", "")); !errors.Is(err, ErrFailed) || Prints("exe") {
		t.Errorf("a program: %v", err)
	}
}
