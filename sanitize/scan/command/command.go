// Package command asks a scanner that is a program: YARA, or the command line of a product.
//
// The program gets the file on its standard input, and says by its exit status and standard output what it found:
//
//	0, nothing on standard output ─► clean
//	0 or 1, a line                ─► malware; the line's first word names it
//	anything else                 ─► no answer; so is anything on standard error
//
// YARA keeps to this by itself: yara -w RULES /dev/stdin
package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"sekisho/sanitize/scan"
)

var _ scan.Scanner = (*Scanner)(nil)

// Options say which program is run, and how patiently.
type Options struct {
	Name    string        // in configuration and record; "command" when empty
	Args    []string      // the program, by its full path, and its arguments; there is no shell
	Timeout time.Duration // patience for the end of the program; 0 means 120 s
}

// Scanner runs one program for each file. Its methods may be called at the same time.
type Scanner struct{ opts Options }

// New returns a scanner. It does not run the program.
func New(o Options) (*Scanner, error) {
	if len(o.Args) == 0 || !strings.HasPrefix(o.Args[0], "/") {
		return nil, errors.New("cannot make command scanner: want the full path of a program")
	}
	if o.Name == "" {
		o.Name = "command"
	}
	if o.Timeout <= 0 {
		o.Timeout = 120 * time.Second
	}
	return &Scanner{opts: o}, nil
}

// Name returns how the scanner is called in configuration and record.
func (s *Scanner) Name() string { return s.opts.Name }

// Scan has the program judge the size bytes of r.
func (s *Scanner) Scan(ctx context.Context, r io.Reader, size int64) (scan.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	var out, errOut bounded
	cmd := exec.CommandContext(ctx, s.opts.Args[0], s.opts.Args[1:]...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}
	cmd.Stdout, cmd.Stderr = &out, &errOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // and what it started
	cmd.WaitDelay = time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return scan.Result{}, fmt.Errorf("cannot run scanner: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return scan.Result{}, fmt.Errorf("cannot run scanner: %w", err)
	}
	feedErr := feed(in, r, size)
	waitErr := cmd.Wait()
	if err := ctx.Err(); err != nil {
		return scan.Result{}, fmt.Errorf("cannot wait for scanner: %w", err)
	}
	return judge(waitErr, feedErr, &out, &errOut)
}

// errLength says that a file was shorter or longer than it was said to be.
var errLength = errors.New("file has not the length that was said")

// feed gives exactly size bytes of r to the program, and the end.
func feed(in io.WriteCloser, r io.Reader, size int64) error {
	defer in.Close()
	n, err := io.Copy(in, io.LimitReader(r, size))
	if err != nil {
		return fmt.Errorf("cannot send: %w", err)
	}
	var one [1]byte
	if more, err := io.ReadFull(r, one[:]); n != size || more != 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %d bytes", errLength, size)
	}
	return in.Close()
}

// judge returns the judgement that the end of the program is. A program that has seen enough may end before it took all
// of the file, but not to call it clean.
func judge(waitErr, feedErr error, out, errOut *bounded) (scan.Result, error) {
	if errors.Is(feedErr, errLength) {
		return scan.Result{}, feedErr
	}
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(waitErr, &exit) {
		code = exit.ExitCode()
	} else if waitErr != nil {
		return scan.Result{}, fmt.Errorf("cannot wait for scanner: %w", waitErr)
	}
	words := strings.Fields(out.kept.String())
	switch {
	case errOut.kept.Len() > 0 || out.over || code != 0 && code != 1 || code == 1 && len(words) == 0:
		return scan.Result{}, fmt.Errorf("scanner ended with status %d: %.200q", code, errOut.kept.String())
	case len(words) > 0:
		return scan.Result{Signature: printable(words[0])}, nil
	case feedErr != nil || out.kept.Len() > 0:
		return scan.Result{}, errors.Join(errors.New("clean, but not of all that was sent"), feedErr)
	}
	return scan.Result{Clean: true}, nil
}

// maxOutput bounds what is kept of a program's output, in bytes.
const maxOutput = 64 << 10

// bounded keeps the head of what is written to it.
type bounded struct {
	kept bytes.Buffer // not embedded: its ReadFrom would know no bound
	over bool
}

// Write implements io.Writer. It never fails: a program must not hang because it says too much.
func (b *bounded) Write(p []byte) (int, error) {
	room := min(len(p), maxOutput-b.kept.Len())
	b.over = b.over || room < len(p)
	b.kept.Write(p[:room])
	return len(p), nil
}

// printable returns at most 200 bytes of s, with a question mark for what is not printable ASCII.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), 200)]
}
