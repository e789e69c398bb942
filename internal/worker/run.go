package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

// Rebuild has a child identify the input and rebuild it to the output. The output is empty unless Reason is.
func (p *Pool) Rebuild(ctx context.Context, req Request) (Result, error) {
	if req.Output == nil {
		return Result{}, errors.New("cannot rebuild: no output")
	}
	return p.run(ctx, wire.Rebuild, req)
}

// Draw has a child draw the first pages of the input, as package preview writes them. Only sekisho-render can. The output is
// empty unless Reason is.
func (p *Pool) Draw(ctx context.Context, req Request) (Result, error) {
	if req.Output == nil {
		return Result{}, errors.New("cannot draw: no output")
	}
	return p.run(ctx, wire.Draw, req)
}

// Verify has a child judge whether the input is what may leave: a file of the given format and nothing else.
// The reason of a refusal is sanitize.ReasonVerify; any other says why there is no verdict.
func (p *Pool) Verify(ctx context.Context, req Request) (Result, error) {
	req.Output = nil
	if p.judges != nil {
		return p.judges.run(ctx, wire.Verify, req)
	}
	return p.run(ctx, wire.Verify, req)
}

// Identify has a child say which format the input has. Its ID is the Type of the report.
func (p *Pool) Identify(ctx context.Context, req Request) (Result, error) {
	req.Output = nil
	return p.run(ctx, wire.Identify, req)
}

// run gives one request to one child and says what became of it.
func (p *Pool) run(ctx context.Context, mode wire.Mode, req Request) (Result, error) {
	start := time.Now()
	req.Policy.Limits = p.opts.bound(req.Policy.Limits)
	var result Result
	err := errNotTaken
	for n := 0; n < attempts && (errors.Is(err, errNotTaken) || err == nil && result.killed); n++ {
		result, err = p.try(ctx, mode, req)
	}
	if err != nil {
		return Result{}, fmt.Errorf("cannot %s: %w", mode, err)
	}
	result.Elapsed = time.Since(start)
	return result, nil
}

// smallFile is a size in bytes below which a second processor costs more than it gives.
const smallFile = 256 << 10

func (p *Pool) request(mode wire.Mode, req Request, size int64) wire.Request {
	w := wire.Request{
		Mode: mode, Size: size, Procs: 1, Name: []byte(req.Name), Format: req.Format, Policy: req.Policy,
	}
	if size >= smallFile {
		w.Procs = p.opts.Procs
	}
	for _, password := range req.Passwords {
		w.Passwords = append(w.Passwords, []byte(password))
	}
	return w
}

// attempts is how many children a request is given to while they die of what says nothing about its file: a child that
// waited has seen no byte of any, and one that was killed from outside may have been in the way of others.
const attempts = 3

// errNotTaken says that a child was dead before it took the request.
var errNotTaken = errors.New("child died while it waited")

// try gives the request to one child. Each child has descriptors of its own: an offset that another has moved is none.
func (p *Pool) try(ctx context.Context, mode wire.Mode, req Request) (Result, error) {
	files, err := openFiles(req)
	if err != nil {
		return Result{}, err
	}
	defer files.close()
	asked := p.request(mode, req, files.size)
	msg, err := wire.Encode(asked, wire.MaxRequest)
	if err != nil {
		return Result{}, err
	}
	c, err := p.take(ctx)
	if err != nil {
		return Result{}, err
	}
	return p.hand(ctx, c, msg, files, req, allowanceOf(asked))
}

// hand gives the request to a child, waits for its answer or its death, and turns either into a result.
func (p *Pool) hand(ctx context.Context, c *process, msg []byte, files *files, req Request, most allowance) (Result, error) {
	defer c.end()
	if err := c.send(msg, files.list...); err != nil {
		return Result{}, fmt.Errorf("%w: %w", errNotTaken, err)
	}
	resp, err := c.await(ctx, req.Policy.Limits.Time+p.opts.Grace)
	resident := c.resident()
	c.endWithin(patienceAfter(err))
	if ctx.Err() != nil && err != nil {
		return Result{}, ctx.Err()
	}
	var result Result
	switch {
	case errors.Is(err, syscall.ECONNRESET): // what the kernel says when a socket is closed with bytes unread
		return Result{}, fmt.Errorf("%w: %w", errNotTaken, err)
	case err != nil:
		result = died(err, c, most)
	default:
		if result, err = answered(resp); err != nil {
			return Result{}, err
		}
	}
	result.MaxRSS = resident
	if resident == 0 {
		result.MaxRSS = peak(c.state)
	}
	return finish(result, req)
}

// finish looks at what was written, now that nobody writes to it.
func finish(r Result, req Request) (Result, error) {
	if req.Output == nil {
		return r, nil
	}
	info, err := req.Output.Stat()
	if err != nil {
		return Result{}, fmt.Errorf("cannot look at output: %w", err)
	}
	if r.Reason == "" && info.Size() > req.Policy.Limits.FileSize {
		r = Result{Reason: sanitize.ReasonLimit, Kind: sanitize.ErrLimit, Detail: "output too long", MaxRSS: r.MaxRSS}
	}
	if r.Reason == "" {
		r.Size = info.Size()
		return r, nil
	}
	if err := req.Output.Truncate(0); err != nil {
		return Result{}, fmt.Errorf("cannot empty output: %w", err)
	}
	return r, nil
}

// await returns the child's response. It fails when there is none in time, or ctx ends.
func (c *process) await(ctx context.Context, patience time.Duration) (wire.Response, error) {
	var resp wire.Response
	if err := c.control.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return resp, fmt.Errorf("cannot wait for child: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { c.control.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	err := wire.Decode(c.control, wire.MaxResponse, &resp)
	return resp, err
}

// patienceAfter returns how long a child may live after its answer, or the lack of one.
func patienceAfter(err error) time.Duration {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return lastBreath
	}
	return 0
}

// timedOut reports whether err is the end of our patience with a child.
func timedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
