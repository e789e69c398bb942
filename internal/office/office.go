// Package office has LibreOffice turn documents of old kinds into today's, as one step before the rebuild: what it writes is
// trusted no more than what it read, and goes through the same rebuild, scanners and judge as any file that was dropped.
//
//	original ─► bubblewrap [ soffice ] ─► docx, xlsx, pptx ─► rebuild ─► …
//
// LibreOffice is a large C++ program and will one day be wrong about a file. It therefore runs once for each file, in name
// spaces of its own without a network, as nobody, with no file of the machine but the program and its fonts, no descriptor but
// input and output, a fresh profile in which macros, active content and link updates are off, a filter of system calls, limits on
// memory, CPU and output, and a deadline after which all of it is killed. Everything that it writes is in memory and gone with it.
package office

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sekisho/sanitize"
)

// Options say what is converted, and within which limits.
type Options struct {
	Types   []string // of Types()
	Timeout time.Duration
	Memory  int64 // bytes of address space of each process
	Output  int64 // bytes of a converted file
	Log     *slog.Logger
}

// kind is how files with one extension are converted.
type kind struct {
	magic    string // the first bytes
	importer string // the only filter that may read it
	to       string // extension of the output
	exporter string
}

const ole2 = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

func kinds() map[string]kind {
	return map[string]kind{
		"doc": {ole2, "MS Word 97", "docx", "MS Word 2007 XML"},
		"ppt": {ole2, "MS PowerPoint 97", "pptx", "Impress MS PowerPoint 2007 XML"},
		"rtf": {`{\rtf`, "Rich Text Format", "docx", "MS Word 2007 XML"},
		"xls": {ole2, "MS Excel 97", "xlsx", "Calc MS Excel 2007 XML"},
	}
}

// Types lists what can be converted, by extension.
func Types() []string {
	var all []string
	for t := range kinds() {
		all = append(all, t)
	}
	slices.Sort(all)
	return all
}

// The errors of Convert that are about the file. Any other one is about this machine.
var (
	ErrFailed  = errors.New("LibreOffice cannot convert the file")
	ErrTimeout = errors.New("LibreOffice did not end in time")
)

// atOnce is how many files are converted at the same time: each takes some hundred megabytes.
const atOnce = 2

// Engine converts files. Its methods may be called at the same time.
type Engine struct {
	opt    Options
	bwrap  string
	filter []byte
	places chan struct{}
}

// New finds the programs and tries the containment. It fails when a layer does not hold.
func New(ctx context.Context, o Options) (*Engine, error) {
	for _, t := range o.Types {
		if _, ok := kinds()[t]; !ok {
			return nil, fmt.Errorf("cannot convert type %q: have %s", t, strings.Join(Types(), ", "))
		}
	}
	bwrap, err := exec.LookPath("bwrap")
	if err != nil {
		return nil, fmt.Errorf("cannot contain LibreOffice (Debian: apt-get install bubblewrap): %w", err)
	}
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("cannot find LibreOffice (Debian: apt-get install libreoffice-writer-nogui): %w", err)
	}
	filter, err := assemble()
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{opt: o, bwrap: bwrap, filter: filter, places: make(chan struct{}, atOnce)}
	for _, p := range e.Try(ctx) {
		if !p.Holds {
			return nil, fmt.Errorf("cannot contain LibreOffice: %s: %s", p.Name, p.Evidence)
		}
	}
	return e, nil
}

// extension returns the type that a name says.
func extension(name string) string {
	return strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
}

// Takes reports whether a file called name is to be converted: its type is among those of the options, and it begins as files of
// that type do.
func (e *Engine) Takes(name string, in io.ReaderAt) bool {
	if e == nil || !slices.Contains(e.opt.Types, extension(name)) {
		return false
	}
	magic := kinds()[extension(name)].magic
	head := make([]byte, len(magic))
	_, err := in.ReadAt(head, 0)
	return (err == nil || errors.Is(err, io.EOF)) && string(head) == magic
}

// Convert writes what LibreOffice makes of in to out, which is empty, and returns the extension that the output would have. Both
// errors about the file leave rubbish in out.
func (e *Engine) Convert(ctx context.Context, name string, in, out *os.File) (string, error) {
	k, ok := kinds()[extension(name)]
	if !ok {
		return "", fmt.Errorf("%w: no such type", ErrFailed)
	}
	return k.to, e.convert(ctx, k, extension(name), "", in, out)
}

// convert has LibreOffice make what k says of in, whose name ends as given. The options are the exporter's.
func (e *Engine) convert(ctx context.Context, k kind, end, options string, in, out *os.File) error {
	select {
	case e.places <- struct{}{}:
		defer func() { <-e.places }()
	case <-ctx.Done():
		return ctx.Err()
	}
	input, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", in.Fd())) // with a place of its own in the file, and no right to write
	if err != nil {
		return fmt.Errorf("cannot open file for LibreOffice: %w", err)
	}
	defer input.Close()
	from := "in." + end
	words, err := e.run(ctx, input, from, out, convertScript,
		"sh", k.importer, k.to+":"+k.exporter+options, "/job/"+from, "/job/out/in."+k.to)
	if err != nil {
		e.opt.Log.Info("LibreOffice does not convert a file", "error", err, "untrusted_words", words)
	}
	return err
}

// convertScript runs in the sandbox. Nothing that LibreOffice prints gets into the output.
const convertScript = `exec 3>&1 1>&2
` + program + ` -env:UserInstallation=file:///job/profile --headless --norestore --nologo --nolockcheck --nodefault \
  "--infilter=$1" --convert-to "$2" --outdir /job/out "$3"
exec cat "$4" >&3`

// maxWords bounds what is kept of what LibreOffice says, in bytes.
const maxWords = 4 << 10

// run runs a script in the sandbox, with input as /job/<from> and standard output to out.
func (e *Engine) run(ctx context.Context, input *os.File, from string, out *os.File, script string, args ...string) (words string, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.opt.Timeout)
	defer cancel()
	settings, err := pipe([]byte(profile))
	if err != nil {
		return "", err
	}
	defer settings.Close()
	filter, err := pipe(e.filter)
	if err != nil {
		return "", err
	}
	defer filter.Close()
	said := &head{limit: maxWords}
	cmd := exec.CommandContext(ctx, e.bwrap, append(e.arguments(from, script), args...)...)
	cmd.Env = []string{}
	cmd.ExtraFiles = []*os.File{input, settings, filter} // 3, 4, 5: see arguments
	cmd.Stdout, cmd.Stderr = out, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	// What whoever started this program has left open is not for LibreOffice. Our own descriptors are closed there anyway.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return "", fmt.Errorf("cannot close descriptors: %w", err)
	}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return said.b.String(), nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return said.b.String(), ErrTimeout
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &exit) && !strings.HasPrefix(said.b.String(), "bwrap:"):
		return said.b.String(), fmt.Errorf("%w: %v", ErrFailed, exit)
	}
	return "", fmt.Errorf("cannot start LibreOffice: %w: %.200q", err, said.b.String())
}

// pipe returns the reading end of a pipe that holds data, which is shorter than a pipe's buffer of 64 KiB.
func pipe(data []byte) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("cannot make pipe: %w", err)
	}
	defer w.Close()
	if _, err := w.Write(data); err != nil {
		r.Close()
		return nil, fmt.Errorf("cannot fill pipe: %w", err)
	}
	return r, nil
}

// head keeps the beginning of what is written to it, and never fails.
type head struct {
	b     bytes.Buffer
	limit int
}

func (h *head) Write(p []byte) (int, error) {
	h.b.Write(p[:min(len(p), h.limit-h.b.Len())])
	return len(p), nil
}

// Reason returns the reason for which a file is held that Convert could not convert, and "" for an error of this machine.
func Reason(err error) sanitize.Reason {
	switch {
	case errors.Is(err, ErrTimeout):
		return sanitize.ReasonTimeout
	case errors.Is(err, ErrFailed):
		return sanitize.ReasonMalformed
	}
	return ""
}
