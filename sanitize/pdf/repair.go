package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/object"
)

// rebuildOrRepair rebuilds a file; one that cannot be read is set right by the engine first. Nothing is written to out
// before it is known to be whole.
func (f Format) rebuildOrRepair(ctx context.Context, data []byte, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	var whole bytes.Buffer
	done, err := f.rebuild(ctx, data, &whole, pass)
	if errors.Is(err, sanitize.ErrMalformed) || errors.Is(err, sanitize.ErrEncrypted) {
		whole.Reset()
		done, err = f.repair(ctx, data, &whole, pass, err)
	}
	if err == nil {
		_, err = whole.WriteTo(out)
	}
	return sanitize.Report{Findings: done.found.report()}, err
}

// repair has the engine set a file right and rebuilds what it made of it. why is what the ordinary way said; it is
// returned when the engine can do nothing.
func (f Format) repair(ctx context.Context, data []byte, out io.Writer, pass sanitize.Pass, why error) (outcome, error) {
	repaired, err := f.Engine.Repair(ctx, data, spellings(pass.Passwords))
	if errors.Is(err, sanitize.ErrLimit) || ctx.Err() != nil {
		return outcome{}, errors.Join(err, ctx.Err())
	}
	if err != nil {
		return outcome{}, why
	}
	if err := pass.Expand(int64(len(repaired))); err != nil {
		return outcome{}, err
	}
	done, err := f.rebuild(ctx, repaired, out, pass)
	if err != nil {
		return outcome{}, err
	}
	if had := countPageObjects(data); done.pages < had {
		return outcome{}, fmt.Errorf("%w: of %d pages only %d can be saved", sanitize.ErrMalformed, had, done.pages)
	}
	if done.inked == 0 {
		return outcome{}, fmt.Errorf("%w: of what was on the pages nothing can be saved", sanitize.ErrMalformed)
	}
	outside(done.found, data)
	done.found.add(ruleRepaired, sanitize.Repaired, "")
	if errors.Is(why, sanitize.ErrEncrypted) {
		done.found.add(ruleEncryptionRemoved, sanitize.Removed, "")
	}
	return done, nil
}

// objectHead is how far before its Type the number of an object is looked for, in bytes.
const objectHead = 4 << 10

// countPageObjects counts the page objects that stand plainly in data, whatever leads to them, each number once: so many
// pages a file had at least, unless it was changed since it was first written.
func countPageObjects(data []byte) int {
	numbers := map[int64]bool{}
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte("/Type"))
		if i < 0 {
			return len(numbers)
		}
		at += i + len("/Type")
		p := object.Parser{Buf: data[:min(len(data), at+64)], Pos: at}
		if name, err := p.Next(); err != nil || name != object.Name("Page") {
			continue
		}
		if n, ok := numberBefore(data[max(0, at-objectHead):at]); ok {
			numbers[n] = true
		}
	}
}

// numberBefore returns the number of the last object that begins in head.
func numberBefore(head []byte) (int64, bool) {
	i := bytes.LastIndex(head, []byte(" obj"))
	if i < 0 {
		return 0, false
	}
	words := bytes.Fields(head[max(0, i-32):i])
	if len(words) < 2 {
		return 0, false
	}
	p := object.Parser{Buf: words[len(words)-2]}
	o, err := p.Next()
	n, ok := o.(int64)
	return n, err == nil && ok
}
