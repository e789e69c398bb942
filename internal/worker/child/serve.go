package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"sekisho/internal/worker/sandbox"
	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

// maxStack bounds the stack of one goroutine, in bytes: endless recursion ends before the memory does.
const maxStack = 64 << 20

// maxText bounds the text of an error on its way out, in bytes. Half of it is kept for a stack trace's head.
const maxText = 16 << 10

// Services are the kinds of work that a child can be asked for.
type Services struct {
	Rebuild  func(ctx context.Context, job sanitize.Job, out io.Writer) (sanitize.Report, error)
	Identify func(in sanitize.Input, untrustedName string) (string, error)

	// Draw draws the first pages of the input as pictures (internal/preview) and returns what it took it for; nil: this
	// program cannot.
	Draw func(ctx context.Context, job sanitize.Job, out io.Writer) (string, error)

	// Verify judges in as a file of the given name and format, or of the format that it finds when that is empty, and
	// returns which. A file without a name is judged by its content alone.
	Verify func(ctx context.Context, untrustedName, format string, in sanitize.Input, policy sanitize.Policy) (string, error)
}

// serve tells the pool which layers are missing, answers one request and waits to be killed. An error means that no
// request could be answered.
func (s Services) serve(missing wire.Set) error {
	debug.SetMaxStack(maxStack)
	control := descriptor(wire.ControlFD)
	if _, err := control.Write([]byte{wire.Version, byte(missing)}); err != nil {
		return fmt.Errorf("cannot say that the child is ready: %w", err)
	}
	req, files, err := receive(control)
	if errors.Is(err, io.EOF) {
		return nil // the pool closed before there was a file
	}
	if err != nil {
		return err
	}
	return s.answer(control, req, files)
}

func (s Services) answer(control io.ReadWriter, req wire.Request, files []descriptor) error {
	resp := s.do(req, files)
	msg, err := wire.Encode(resp, wire.MaxResponse)
	if err != nil {
		return err
	}
	if _, err = control.Write(msg); err != nil {
		return fmt.Errorf("cannot answer: %w", err)
	}
	_, err = io.Copy(io.Discard, control) // the pool looks at what was used, and kills
	return err
}

// do runs the one piece of work.
func (s Services) do(req wire.Request, files []descriptor) wire.Response {
	relaxCollector()
	runtime.GOMAXPROCS(req.Procs)
	if err := limit(req.Policy.Limits); err != nil {
		return response(sanitize.Report{}, sanitize.Transient(err))
	}
	ctx, cancel := context.WithTimeout(context.Background(), req.Policy.Limits.Time)
	defer cancel()
	in := sanitize.NewInput(files[0], req.Size)
	name := string(req.Name)
	switch {
	case req.Mode == wire.Rebuild && len(files) == 2:
		return s.rebuild(ctx, req, in, files[1])
	case req.Mode == wire.Draw && len(files) == 2 && s.Draw != nil:
		return s.draw(ctx, req, in, files[1])
	case req.Mode == wire.Identify:
		id, err := s.Identify(in, name)
		return response(sanitize.Report{Type: id}, err)
	case req.Mode == wire.Verify:
		id, err := s.Verify(ctx, name, req.Format, in, req.Policy)
		resp := response(sanitize.Report{Type: id}, err)
		if err != nil && resp.Kind != wire.KindTimeout {
			resp.Kind = wire.KindVerify
		}
		return resp
	}
	return response(sanitize.Report{}, fmt.Errorf("cannot do %q with %d descriptors", req.Mode, len(files)))
}

func (s Services) rebuild(ctx context.Context, req wire.Request, in sanitize.Input, out descriptor) wire.Response {
	job := sanitize.Job{Input: in, Name: string(req.Name), Policy: req.Policy}
	for _, p := range req.Passwords {
		job.Passwords = append(job.Passwords, string(p))
	}
	buffered := newOutput(out)
	report, err := s.Rebuild(ctx, job, buffered)
	if err == nil {
		err = buffered.Flush()
	}
	return response(report, err)
}

func (s Services) draw(ctx context.Context, req wire.Request, in sanitize.Input, out descriptor) wire.Response {
	buffered := newOutput(out)
	kind, err := s.Draw(ctx, sanitize.Job{Input: in, Name: string(req.Name), Policy: req.Policy}, buffered)
	if err == nil {
		err = buffered.Flush()
	}
	return response(sanitize.Report{Type: kind}, err)
}

func response(r sanitize.Report, err error) wire.Response {
	resp := wire.Response{Type: r.Type, Output: r.Output, Findings: r.Findings}
	if err == nil {
		return resp
	}
	resp.Failed, resp.Kind, resp.Transient = true, wire.KindOf(err), sanitize.IsTransient(err)
	resp.Text = clip(err.Error(), maxText)
	return resp
}

// clip returns s, or its head and its tail when it is longer than n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n/2] + "\n…\n" + s[len(s)-n/2:]
}

// limit bounds what the process may use for one file, and tells the garbage collector to work harder before the memory
// is used up.
func limit(l sanitize.Limits) error {
	debug.SetMemoryLimit(l.Memory - l.Memory/8)
	return sandbox.Limit(l)
}

// firstCollection is the size of the heap, in percent of the runtime's smallest (4 MiB), at which a process that lives
// for one file first collects garbage: most end before.
const firstCollection = 800

// relaxCollector puts off the first collection of garbage, and makes those after it as usual.
func relaxCollector() {
	debug.SetGCPercent(firstCollection)
	sentinel := new([16]byte)
	runtime.AddCleanup(sentinel, func(int) { debug.SetGCPercent(100) }, 0)
}
