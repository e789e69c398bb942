package faults_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sekisho/fixtures"
	"sekisho/internal/audit"
	"sekisho/internal/quarantine"
	"sekisho/sanitize"
)

// sample is a file to drop, and what must become of it.
type sample struct {
	name  string // as it is dropped
	input []byte

	output string // name that it is released under; "" means it is held
	bytes  []byte // that are released
}

// references are the samples, each with what `sekisho sanitize` makes of it: the rebuild is deterministic, so that is
// what must arrive.
func references(t *testing.T) []sample {
	t.Helper()
	return allReferences(t)
}

// The samples are made once for all tests.
var (
	referencesOnce sync.Once
	referencesMade []sample
)

func allReferences(t *testing.T) []sample {
	referencesOnce.Do(func() { referencesMade = makeReferences(t) })
	if len(referencesMade) == 0 {
		t.Fatal("there are no samples")
	}
	return referencesMade
}

// makeReferences treats the small samples that end soon, and one large file, which is long on its way.
func makeReferences(t *testing.T) []sample {
	inputs := map[string][]byte{"大きな表.csv": bytes.Repeat([]byte("氏名,住所,電話番号\n関所太郎,架空市一丁目,000-0000\n"), 30_000)}
	for _, s := range fixtures.All() {
		data := s.Make()
		if s.Expect.Name == "" && s.Expect.Verdict != "clean|held" && s.Name != "爆弾.zip" && len(data) > 0 && len(data) < 64<<10 {
			inputs[s.Name] = data
		}
	}
	dir, out := t.TempDir(), t.TempDir()
	args := []string{"sanitize", "--json", "-o", out}
	for name, data := range inputs {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	var all []sample
	for line := range strings.Lines(sekisho(t, args...)) {
		var o struct{ Name, Verdict, Output string }
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		s := sample{name: o.Name, input: inputs[o.Name]}
		if o.Verdict == string(sanitize.Clean) {
			data, err := os.ReadFile(o.Output)
			if err != nil {
				t.Fatal(err)
			}
			s.output, s.bytes = filepath.Base(o.Output), data
		}
		all = append(all, s)
	}
	return all
}

// sekisho runs a command and returns its stdout. Exit codes that speak of files are no failure.
func sekisho(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "sekisho"), args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code < 0 || code == 1 || code == 2 {
		t.Errorf("sekisho %s: %v\n%s%s", args[0], err, out, errs.String())
	}
	return string(out)
}

// filesBelow calls visit for every file below dir, with its path there, and leaves out folders called skip.
func (w *world) filesBelow(dir, skip string, visit func(name string)) {
	w.t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // it was removed since its folder was listed
		case errors.Is(err, syscall.EIO):
			visit(path) // the power is being cut: what cannot be seen has not ended
			return nil
		case err != nil:
			return err
		case d.IsDir() && d.Name() == skip:
			return fs.SkipDir
		case !d.IsDir():
			name, err := filepath.Rel(dir, path)
			visit(name)
			return err
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// released returns the files in the release folder.
func (w *world) released() map[string][]byte {
	w.t.Helper()
	all := map[string][]byte{}
	dir := filepath.Join(w.far.dir, "release")
	w.filesBelow(dir, ".sekisho", func(name string) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			w.t.Fatal(err)
		}
		all[name] = data
	})
	return all
}

// held returns how often each file is in quarantine.
func (w *world) held() map[string]int {
	w.t.Helper()
	all := map[string]int{}
	for line := range strings.Lines(sekisho(w.t, "quarantine", "list", "--dir", w.near.dir, "--json")) {
		var e quarantine.Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			w.t.Fatal(err)
		}
		all[filepath.Join(e.Item.Path, e.Item.Name)]++
	}
	return all
}

// left returns what is still on its way.
func (w *world) left() []string {
	w.t.Helper()
	var all []string
	for _, dir := range []string{
		filepath.Join(w.near.dir, "inbox"), filepath.Join(w.near.dir, "state/spool"), filepath.Join(w.far.dir, "lgwan/spool/in"),
	} {
		w.filesBelow(dir, "_止めたファイル", func(name string) { all = append(all, filepath.Join(dir, name)) })
	}
	return all
}

// counts is what became of the files.
type counts struct{ accepted, released, held, stopped, lost, twice, partial int }

// settle waits until no file is on its way, ends both programs, and counts.
func (w *world) settle(limit time.Duration) {
	w.t.Helper()
	begun := time.Now()
	if !w.until(limit, func() bool { return len(w.left()) == 0 }) {
		w.t.Errorf("after %v files are still on their way: %.20q", limit, w.left())
	}
	took := time.Since(begun)
	w.near.kill()
	w.far.kill()
	c := w.count()
	w.t.Logf("accepted %d, released %d, held %d (of them %d because a program stopped), lost %d, twice %d, partial %d; ended by itself %d times; recovered in %.1f s",
		c.accepted, c.released, c.held, c.stopped, c.lost, c.twice, c.partial, w.revived, took.Seconds())
	received := w.received()
	for name := range w.want {
		if received[name] == 0 {
			w.t.Errorf("it is not on record that %s was received", name)
		}
	}
	sekisho(w.t, "audit", "verify", "--dir", w.near.dir)
	sekisho(w.t, "audit", "verify", "--dir", filepath.Join(filepath.Dir(w.far.dir), "seen"), "--lgwan")
}

// received returns how often it is on record that each file was received.
func (w *world) received() map[string]int {
	w.t.Helper()
	root, err := os.OpenRoot(filepath.Join(w.near.dir, "state/record"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer root.Close()
	all := map[string]int{}
	for e, err := range audit.Read(root, "audit") {
		if err != nil {
			w.t.Fatal(err)
		}
		if e.Kind == audit.Received {
			all[filepath.Join(e.Path, e.Name)]++
		}
	}
	return all
}

// once fails where a file was put on record as received more than once: only an error of the record itself may do that.
func (w *world) once() {
	w.t.Helper()
	for name, n := range w.received() {
		if n != 1 {
			w.t.Errorf("it is on record %d times that %s was received", n, name)
		}
	}
}

// refusals returns the lines of the receiver's record about packages that it refused, with a text in them.
func (w *world) refusals(with string) (lines []string) {
	w.t.Helper()
	for line := range strings.Lines(sekisho(w.t, "audit", "export", "--dir", filepath.Join(filepath.Dir(w.far.dir), "seen"), "--lgwan")) {
		if strings.Contains(line, "refused") && strings.Contains(line, with) {
			lines = append(lines, line)
		}
	}
	return lines
}

// judgeDied reports whether the receiver refused the file called name because its judge was killed again and again.
func (w *world) judgeDied(name string) bool {
	for _, line := range w.refusals(name) {
		if strings.Contains(line, "crash: ") || strings.Contains(line, "timeout: ") {
			return true
		}
	}
	return false
}

// count looks at where each file has ended.
func (w *world) count() counts {
	w.t.Helper()
	out, held := w.released(), w.held()
	c := counts{accepted: len(w.want), released: len(out)}
	for _, n := range held {
		c.held += n
	}
	for name, s := range w.want {
		outName := strings.TrimSuffix(name, s.name) + s.output
		data, isOut := out[outName]
		delete(out, outName)
		switch isOut = isOut && s.output != ""; {
		case !isOut && held[name] == 0 && w.judgeDied(filepath.Base(outName)):
			c.stopped++ // it ended as refused, which the receiver's administrator sees
		case !isOut && held[name] == 0:
			c.lost++
			w.t.Errorf("%s is lost", name)
		case isOut && held[name] > 0, held[name] > 1:
			c.twice++
			w.t.Errorf("%s has ended twice: released %v, held %d times", name, isOut, held[name])
		case isOut && !bytes.Equal(data, s.bytes):
			c.partial++
			w.t.Errorf("%s was released with other bytes: %d, want %d", name, len(data), len(s.bytes))
		case !isOut && s.output != "":
			c.stopped++
		}
	}
	refused, err := filepath.Glob(filepath.Join(w.far.dir, "lgwan/spool/refused/*"))
	if err != nil || len(refused) != len(w.refusals("crash: "))+len(w.refusals("timeout: ")) {
		w.t.Errorf("the receiver refused what the gateway had sealed: %q, %v: %q", refused, err, w.refusals(""))
	}
	for name := range out {
		c.twice++
		w.t.Errorf("%s was released, and nobody dropped it", name)
	}
	return c
}
