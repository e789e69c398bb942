package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"sekisho/internal/durable"
	"sekisho/internal/worker"
	"sekisho/sanitize"
)

// Local treats files here and now: no queue, no scanner, no crossing.
type Local struct {
	Pool   *Children
	Engine *sanitize.Engine // for names; the rebuild happens in a child
	Policy sanitize.Policy

	Passwords []string
	Output    *os.Root // where clean files go, or nil: nothing is written
	written   map[string]bool
}

// Outcome is what became of one file: the stable schema of `sekisho sanitize --json`.
type Outcome struct {
	Schema     int                `json:"schema"` // 1
	Path       string             `json:"path"`
	Name       string             `json:"name"`
	Type       string             `json:"type"`     // by content
	Declared   string             `json:"declared"` // by the name
	Verdict    sanitize.Verdict   `json:"verdict"`
	Reason     sanitize.Reason    `json:"reason"`
	Output     string             `json:"output"` // path of the clean file
	OutputType string             `json:"output_type"`
	SHA256In   string             `json:"sha256_in"`
	SHA256Out  string             `json:"sha256_out"`
	SizeIn     int64              `json:"size_in"`
	SizeOut    int64              `json:"size_out"`
	ElapsedMS  int64              `json:"elapsed_ms"`
	Policy     string             `json:"policy"`
	Findings   []sanitize.Finding `json:"findings"`

	Detail string `json:"-"` // for the log

	end func(keep bool) (path string, err error) // of what a rebuild wrote, which has no name yet; nil when there is nothing to end
}

// hold makes the outcome a held or blocked one.
func (o *Outcome) hold(reason sanitize.Reason, detail string) {
	o.Verdict, o.Reason, o.Detail = sanitize.Held, reason, detail
	if reason == sanitize.ReasonMalware {
		o.Verdict = sanitize.Blocked
	}
}

// begin opens the file path and describes it. A file that is no regular one is an error: there is nothing to treat.
func (l *Local) begin(path string) (*os.File, Outcome, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a FIFO must not make us wait
	if err != nil {
		return nil, Outcome{}, fmt.Errorf("cannot open file: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("cannot treat %s: not a regular file", path)
	}
	if err != nil {
		f.Close()
		return nil, Outcome{}, err
	}
	o := Outcome{
		Schema: 1, Path: path, Name: filepath.Base(path), SizeIn: info.Size(), Policy: l.Policy.Name,
		Declared: declared(l.Engine, filepath.Base(path)), Findings: []sanitize.Finding{},
	}
	if o.SizeIn > l.Policy.Limits.FileSize {
		o.hold(sanitize.ReasonLimit, "longer than the limit")
		return f, o, nil
	}
	return f, o, nil
}

// hashed does what do does, and finds the hash of f while it does.
func hashed(f *os.File, do func() error) (string, error) {
	var sum string
	var err error
	done := make(chan struct{})
	go func() {
		sum, err = hashFile(f)
		close(done)
	}()
	failed := do()
	<-done // nobody reads f when it is closed
	return sum, errors.Join(failed, err)
}

// declared returns the type that a name says: the ID of a format, or the bare extension.
func declared(e *sanitize.Engine, name string) string {
	if ids := e.Declared(name); len(ids) > 0 {
		return ids[0]
	}
	if ext := filepath.Ext(name); len(ext) > 1 {
		return ext[1:]
	}
	return ""
}

// Deed is what is done to the file path. The error says that the file could not be treated at all; that a file is held is an
// outcome.
type Deed func(l *Local, ctx context.Context, path string) (Outcome, error)

// Each does one thing to each of the files, to as many at the same time as there are processors, and tells the outcomes in the
// order of the paths. Clean files get their names in that order too, whichever ends first. It ends with the first error of tell.
func (l *Local) Each(ctx context.Context, paths []string, do Deed, tell func(path string, o Outcome, err error) error) error {
	type result struct {
		o   Outcome
		err error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begun := make(chan chan result, max(runtime.GOMAXPROCS(0), 1)-1) // and one more that is waited for
	go func() {
		defer close(begun)
		for _, path := range paths {
			c := make(chan result, 1)
			begun <- c
			o, err := Outcome{}, ctx.Err()
			if err != nil {
				c <- result{o, err}
				continue
			}
			go func() {
				o, err := do(l, ctx, path)
				c <- result{o, err}
			}()
		}
	}()
	var failed error
	n := 0
	for c := range begun {
		r := <-c
		if r.o.end != nil {
			var err error
			if r.o.Output, err = r.o.end(failed == nil); r.err == nil {
				r.err = err
			}
		}
		if failed == nil {
			if failed = tell(paths[n], r.o, r.err); failed != nil {
				cancel()
			}
		}
		n++
	}
	return failed
}

// Sanitize rebuilds and judges the file path. Each writes it to Output when it is clean.
func (l *Local) Sanitize(ctx context.Context, path string) (Outcome, error) {
	start := time.Now()
	in, o, err := l.begin(path)
	if err != nil {
		return o, err
	}
	defer in.Close()
	if o.Verdict == "" {
		if err := l.rebuild(ctx, in, &o); err != nil {
			return o, err
		}
	}
	o.ElapsedMS = time.Since(start).Milliseconds()
	return o, nil
}

func (l *Local) rebuild(ctx context.Context, in *os.File, o *Outcome) error {
	out, finish, err := l.create()
	if err != nil {
		return err
	}
	defer func() {
		if o.end == nil {
			finish("")
			out.Close()
		}
	}()
	var res worker.Result
	o.SHA256In, err = hashed(in, func() (err error) {
		res, err = l.Pool.Rebuild(ctx, worker.Request{Input: in, Output: out, Name: o.Name, Policy: l.Policy, Passwords: l.Passwords})
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot rebuild %s: %w", o.Path, err)
	}
	o.Type = res.Report.Type
	if len(res.Report.Findings) > 0 {
		o.Findings = res.Report.Findings
	}
	if res.Reason != "" {
		o.hold(res.Reason, res.Detail)
		return nil
	}
	var judged worker.Result
	o.SHA256Out, err = hashed(out, func() (err error) {
		judged, err = l.Pool.Verify(ctx, worker.Request{Input: out, Format: res.Report.Output, Policy: l.Policy})
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot judge %s: %w", o.Path, err)
	}
	if judged.Reason != "" {
		o.hold(judged.Reason, judged.Detail)
		return nil
	}
	o.Verdict, o.OutputType, o.SizeOut = sanitize.Clean, res.Report.Output, res.Size
	name := l.Engine.OutputName(o.Name, o.OutputType)
	o.end = func(keep bool) (string, error) {
		defer out.Close()
		if !keep {
			name = ""
		}
		return finish(name)
	}
	return nil
}

// create returns the file that a rebuild writes to, and what ends it: with a name it is committed and its path is
// returned, with "" it is forgotten.
func (l *Local) create() (*os.File, func(name string) (string, error), error) {
	if l.Output == nil {
		f, err := durable.Scratch("")
		return f, func(string) (string, error) { return "", nil }, err
	}
	f, err := durable.Begin(l.Output, "out", 0o644)
	if err != nil {
		return nil, nil, err
	}
	return f.File, func(name string) (string, error) {
		if name == "" {
			f.Abort()
			return "", nil
		}
		return l.commit(f, name)
	}, nil
}

// commit names a clean file. It replaces what an earlier run has left, and never a file of this run: two inputs of the
// same name are two outputs.
func (l *Local) commit(f *durable.File, name string) (string, error) {
	if l.written == nil {
		l.written = map[string]bool{}
	}
	free := name
	for n := 2; l.written[free]; n++ {
		free = numbered(name, n)
	}
	if err := f.CommitAs(free); err != nil {
		return "", err
	}
	l.written[free] = true
	return filepath.Join(l.Output.Name(), free), nil
}

// numbered returns name with a number before its extension: 名前 (2).pdf.
func numbered(name string, n int) string {
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s (%d)%s", name[:len(name)-len(ext)], n, ext)
}

// Identify says by content what the file path is.
func (l *Local) Identify(ctx context.Context, path string) (Outcome, error) {
	return l.look(ctx, path, func(in *os.File, o *Outcome) error {
		res, err := l.Pool.Identify(ctx, worker.Request{Input: in, Name: o.Name, Policy: l.Policy})
		if err != nil {
			return err
		}
		o.Type, o.Verdict = res.Report.Type, sanitize.Clean
		if res.Reason != "" {
			o.hold(res.Reason, res.Detail)
		}
		return nil
	})
}

// Verify asks the independent judge whether the file path is one that may be released, under the name that it has.
func (l *Local) Verify(ctx context.Context, path string) (Outcome, error) {
	return l.look(ctx, path, func(in *os.File, o *Outcome) error {
		res, err := l.Pool.Verify(ctx, worker.Request{Input: in, Name: o.Name, Policy: l.Policy})
		if err != nil {
			return err
		}
		o.Type, o.OutputType, o.Verdict = res.Report.Type, res.Report.Type, sanitize.Clean
		if res.Reason != "" {
			o.hold(res.Reason, res.Detail)
		}
		return nil
	})
}

// look opens the file path and lets see fill in what it finds. Nothing is written.
func (l *Local) look(ctx context.Context, path string, see func(*os.File, *Outcome) error) (Outcome, error) {
	start := time.Now()
	in, o, err := l.begin(path)
	if err != nil {
		return o, err
	}
	defer in.Close()
	if o.Verdict == "" {
		if o.SHA256In, err = hashed(in, func() error { return see(in, &o) }); err != nil {
			return o, fmt.Errorf("cannot look at %s: %w", path, err)
		}
	}
	o.ElapsedMS = time.Since(start).Milliseconds()
	return o, nil
}

// hashFile returns the SHA-256 of the whole of f, in hexadecimal, and leaves its offset alone.
func hashFile(f *os.File) (string, error) {
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("cannot hash file: %w", err)
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, info.Size())); err != nil {
		return "", fmt.Errorf("cannot hash file: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
