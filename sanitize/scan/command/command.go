// Package command asks a scanner that is a program: YARA, or the command line of a product.
//
// The program gets a private copy of the file as its standard input: a regular file that it may read, seek in, map, or open
// again as /dev/stdin, and never a pipe, which YARA maps nothing of and calls clean. An argument {file} becomes a path of
// that file. The program says by its exit status and standard output what it found:
//
//	0, nothing on standard output ─► clean
//	0 or 1, a line                ─► malware; the line's first word names it
//	anything else                 ─► no answer; so is anything on standard error
//
// YARA keeps to this by itself: yara -w RULES {file}
package command

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
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
	Args    []string      // the program, by its full path, and its arguments, {file} for the file; there is no shell
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
	file, err := private(r, size)
	if err != nil {
		return scan.Result{}, err
	}
	defer file.Close()
	var out, errOut bounded
	cmd := exec.CommandContext(ctx, s.opts.Args[0], s.args()...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = file, &out, &errOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // and what it started
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if err := ctx.Err(); err != nil {
		return scan.Result{}, fmt.Errorf("cannot wait for scanner: %w", err)
	}
	result, err := judge(err, &out, &errOut)
	result.Signatures = s.rules()
	return result, err
}

// rules tells one state of the files that the arguments name from another: those of the rules, and the program's own.
func (s *Scanner) rules() string {
	h := sha256.New()
	for _, a := range s.opts.Args {
		if info, err := os.Stat(a); err == nil && info.Mode().IsRegular() {
			fmt.Fprintf(h, "%q %d %d\n", a, info.Size(), info.ModTime().UnixNano())
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// args returns the arguments of the program, with the path of its standard input for {file}.
func (s *Scanner) args() []string {
	var all []string
	for _, a := range s.opts.Args[1:] {
		all = append(all, strings.ReplaceAll(a, "{file}", "/proc/self/fd/0"))
	}
	return all
}

// judge returns the judgement that the end of the program is.
func judge(err error, out, errOut *bounded) (scan.Result, error) {
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		return scan.Result{}, fmt.Errorf("cannot run scanner: %w", err)
	}
	words := strings.Fields(out.kept.String())
	switch {
	case errOut.kept.Len() > 0 || out.over || code != 0 && code != 1 || code == 1 && len(words) == 0:
		return scan.Result{}, fmt.Errorf("scanner ended with status %d: %.200q", code, errOut.kept.String())
	case len(words) > 0:
		return scan.Result{Signature: printable(words[0])}, nil
	case out.kept.Len() > 0:
		return scan.Result{}, errors.New("scanner said something, and no word")
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
