package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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

// Verify has a child judge whether the input is what may leave: a file of the given format and nothing else.
// The reason of a refusal is sanitize.ReasonVerify.
func (p *Pool) Verify(ctx context.Context, req Request) (Result, error) {
	req.Output = nil
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
	files, err := openFiles(req)
	if err != nil {
		return Result{}, fmt.Errorf("cannot %s: %w", mode, err)
	}
	defer files.close()
	msg, err := wire.Encode(request(mode, req, files.size), wire.MaxRequest)
	if err != nil {
		return Result{}, fmt.Errorf("cannot %s: %w", mode, err)
	}
	c, err := p.hand(ctx, msg, files, req.Policy.Limits)
	if err != nil {
		return Result{}, fmt.Errorf("cannot %s: %w", mode, err)
	}
	defer c.end()
	result, err := p.outcome(ctx, c, req)
	if err != nil {
		return Result{}, fmt.Errorf("cannot %s: %w", mode, err)
	}
	result.Elapsed = time.Since(start)
	return result, nil
}

func request(mode wire.Mode, req Request, size int64) wire.Request {
	w := wire.Request{Mode: mode, Size: size, Name: []byte(req.Name), Format: req.Format, Policy: req.Policy}
	for _, p := range req.Passwords {
		w.Passwords = append(w.Passwords, []byte(p))
	}
	return w
}

// attempts is how many children may be found dead before one takes a request: a waiting child has seen no byte of a
// file, so its death says nothing about this one.
const attempts = 3

// hand gives the request to a child that is alive.
func (p *Pool) hand(ctx context.Context, msg []byte, files *files, l sanitize.Limits) (*process, error) {
	var last error
	for range attempts {
		c, err := p.take(ctx)
		if err != nil {
			return nil, err
		}
		if err = c.limit(fileLimits(l, p.opts.Procs)); err == nil {
			err = c.send(msg, files.fds()...)
		}
		if err == nil {
			return c, nil
		}
		c.end()
		last = err
	}
	return nil, last
}

// outcome waits for the child's answer or its death, and turns either into a result.
func (p *Pool) outcome(ctx context.Context, c *process, req Request) (Result, error) {
	resp, err := c.await(ctx, req.Policy.Limits.Time+p.opts.Grace)
	resident := c.resident()
	c.endWithin(patienceAfter(err))
	if ctx.Err() != nil && err != nil {
		return Result{}, ctx.Err()
	}
	var result Result
	if err != nil {
		result = died(err, c, req.Policy.Limits.Memory)
	} else if result, err = answered(resp); err != nil {
		return result, err
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
