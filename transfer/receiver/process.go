package receiver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"sekisho/internal/durable"
	"sekisho/internal/failpoint"
	"sekisho/transfer/manifest"
)

// verdict is a final refusal. All other errors mean "later".
type verdict struct {
	reason Reason
	detail string
}

func (v *verdict) Error() string { return fmt.Sprintf("package refused: %s: %s", v.reason, v.detail) }

func refusal(reason Reason, format string, args ...any) error {
	return &verdict{reason, fmt.Sprintf(format, args...)}
}

// process takes the package id from the spool to its end. An error means that it has not ended.
func (r *Receiver) process(ctx context.Context, id string) error {
	if e := r.ledger.lookup(id); e.state == intended {
		return r.place(ctx, e.place, nil)
	} else if e.state == ended {
		return r.spool.remove(id) // the removal did not survive a power cut
	}
	f, err := r.spool.root.Open(arrivedName(id))
	if errors.Is(err, fs.ErrNotExist) {
		r.spool.left(id)
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot open package: %w", err)
	}
	defer f.Close()
	p, err := r.open(id, f)
	if err == nil {
		err = r.verify(ctx, p, f)
	}
	var no *verdict
	if errors.As(err, &no) {
		return r.refuse(ctx, id, p, no)
	}
	if err != nil {
		return err
	}
	failpoint.At(failpoint.PackageStaged)
	return r.release(ctx, *p)
}

// open reads and authenticates the header of the package id. What it returns is nil unless the package is authentic.
func (r *Receiver) open(id string, f *os.File) (*manifest.Opened, error) {
	p, err := manifest.Open(f, r.opt.Gateways)
	switch {
	case errors.Is(err, manifest.ErrFormat):
		return nil, refusal(ReasonFormat, "%v", err)
	case errors.Is(err, manifest.ErrKey):
		return nil, refusal(ReasonKey, "%v", err)
	case errors.Is(err, manifest.ErrSignature):
		return nil, refusal(ReasonSignature, "%v", err)
	case errors.Is(err, manifest.ErrContent):
		return nil, refusal(ReasonContent, "%v", err) // its values are not to be trusted, not even its number
	case err != nil:
		return nil, err
	case p.ID != id:
		return nil, refusal(ReasonReplay, "it was sent as %s and is %s", id, p.ID)
	}
	return &p, nil
}

// verify claims p's number, checks what the manifest says against the file f, stages the body and has it judged.
func (r *Receiver) verify(ctx context.Context, p *manifest.Opened, f *os.File) error {
	if reason := r.ledger.claim(*p); reason != "" {
		return refusal(reason, "sequence %d of gateway %.16s", p.Sequence, p.Gateway)
	}
	target, ok := r.routes[p.Route]
	if !ok {
		return refusal(ReasonRoute, "route %q has no release folder", p.Route)
	}
	if p.Exception() && !r.opt.Exceptions {
		return refusal(ReasonException, "originals are not accepted")
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("cannot look at package: %w", err)
	}
	if info.Size() != p.HeaderSize+p.Length {
		return refusal(ReasonLength, "body of %d bytes, manifest says %d", info.Size()-p.HeaderSize, p.Length)
	}
	if err := target.stage(ctx, *p, f); err != nil {
		return err
	}
	return r.judge(ctx, target, *p)
}

// copySize is how much of a body is in memory at once, in bytes.
const copySize = 256 << 10

// stage writes the body, which f is at, where staff cannot see it, and checks its hash.
func (f *folder) stage(ctx context.Context, p manifest.Opened, body io.Reader) error {
	if err := f.unstage(p.ID); err != nil {
		return err
	}
	out, err := durable.Begin(f.stages, f.stageName(p.ID), f.fileMode)
	if err != nil {
		return err
	}
	defer out.Abort()
	hash := sha256.New()
	from, to := &stoppable{ctx, io.LimitReader(body, p.Length)}, io.MultiWriter(out.File, hash)
	n, err := io.CopyBuffer(to, from, make([]byte, min(p.Length+1, copySize)))
	if err != nil {
		return fmt.Errorf("cannot stage package: %w", err)
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); n != p.Length || sum != p.Rebuilt {
		return refusal(ReasonHash, "body has SHA-256 %s, manifest says %s", sum, p.Rebuilt)
	}
	if err := out.Chmod(f.fileMode); err != nil { // whatever the umask says
		return fmt.Errorf("cannot stage package: %w", err)
	}
	if err := out.SetTimes(p.Modified); err != nil {
		return fmt.Errorf("cannot stage package: %w", err)
	}
	return out.Commit()
}

// stoppable stops a long copy when the context ends.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (b *stoppable) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.r.Read(p)
}

// judge has the staged body checked: the very bytes that are going to appear.
func (r *Receiver) judge(ctx context.Context, target *folder, p manifest.Opened) error {
	staged, err := target.stages.Open(target.stageName(p.ID))
	if err != nil {
		return fmt.Errorf("cannot open staged file: %w", err)
	}
	defer staged.Close()
	err = r.opt.Check(ctx, staged, p.Manifest)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrLater), ctx.Err() != nil:
		return fmt.Errorf("cannot judge package: %w", err)
	}
	return refusal(ReasonJudge, "%v", err)
}

// refuse records the verdict and sets the package id aside. p is nil when it is not authentic.
func (r *Receiver) refuse(ctx context.Context, id string, p *manifest.Opened, v *verdict) error {
	e := Event{Kind: Refused, ID: id, Reason: v.reason, Detail: v.detail}
	if p != nil {
		e.Manifest = p.Manifest
		if target := r.routes[p.Route]; target != nil && v.reason != ReasonReplay && v.reason != ReasonSequence {
			if err := target.unstage(id); err != nil {
				return err
			}
		}
	}
	if err := r.opt.Record(ctx, e); err != nil {
		return fmt.Errorf("cannot record refusal: %w", err)
	}
	if err := r.ledger.refuse(id, p, v.reason); err != nil {
		return err
	}
	return r.spool.setAside(id)
}
