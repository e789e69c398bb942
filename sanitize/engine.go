package sanitize

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
)

// Engine finds the one format of an input and rebuilds it.
type Engine struct {
	formats []Format
	infos   []Info // of formats, same order
	naming  Naming
}

// Naming is how an engine is told about things that are no format. Each field may be nil.
type Naming struct {
	Kind    func(Input) string                // what an input that no format claims looks like: "Windows executable"
	Other   func(Input) bool                  // whether Kind knows what it is: not just that it is none of the formats
	Hazard  func(untrustedName string) string // why a name must never pass, whatever the content; "" when it may
	Malware func(Input) string                // the name of malware that is known at sight; "" when it is none
}

// NewEngine returns an engine over formats. It fails when two share an ID or an extension with no refinement between
// them, or when one refines a format that is not there.
func NewEngine(formats []Format, naming Naming) (*Engine, error) {
	e := &Engine{formats: formats, naming: naming}
	ids := map[string]bool{}
	for _, f := range formats {
		info := f.Info()
		if ids[info.ID] {
			return nil, fmt.Errorf("cannot build engine: two formats are called %q", info.ID)
		}
		ids[info.ID] = true
		e.infos = append(e.infos, info)
	}
	for _, info := range e.infos {
		if info.Refines != "" && !ids[info.Refines] {
			return nil, fmt.Errorf("cannot build engine: %q refines %q, which is no format", info.ID, info.Refines)
		}
	}
	return e, nil
}

// Formats returns the descriptions of the engine's formats, in their order.
func (e *Engine) Formats() []Info { return slices.Clone(e.infos) }

// Info returns the description of the format called id, and whether there is one.
func (e *Engine) Info(id string) (Info, bool) {
	if i := e.index(id); i >= 0 {
		return e.infos[i], true
	}
	return Info{}, false
}

func (e *Engine) index(id string) int {
	return slices.IndexFunc(e.infos, func(i Info) bool { return i.ID == id })
}

// Declared returns the IDs of the formats that use the extension of name, or nil. The one that is called by it comes
// first.
func (e *Engine) Declared(untrustedName string) []string {
	ext := extension(untrustedName)
	if ext == "" {
		return nil
	}
	var ids []string
	for _, i := range e.infos {
		switch {
		case i.ID == ext:
			ids = append([]string{i.ID}, ids...)
		case slices.Contains(i.Extensions, ext):
			ids = append(ids, i.ID)
		}
	}
	return ids
}

// OutputName returns name with an extension that fits the format called id: the one it has when that fits already.
func (e *Engine) OutputName(name, id string) string {
	info, ok := e.Info(id)
	ext := extension(name)
	if !ok || len(info.Extensions) == 0 || slices.Contains(info.Extensions, ext) {
		return name
	}
	if len(e.Declared(name)) > 0 {
		name = name[:len(name)-len(ext)-1]
	}
	return name + "." + info.Extensions[0]
}

// extension returns what follows the last dot of name, in lower case, or "".
func extension(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 || strings.ContainsAny(name[i:], `/\`) {
		return ""
	}
	return strings.ToLower(name[i+1:])
}

// Identify returns the format of in. The name is used for nothing but formats that are told apart by name alone.
func (e *Engine) Identify(in Input, untrustedName string) (Info, error) {
	i, err := e.resolve(in, e.Declared(untrustedName))
	if err != nil {
		return Info{}, err
	}
	return e.infos[i], nil
}

// resolve returns the index of the one format that claims in and is refined by no other that does.
func (e *Engine) resolve(in Input, declared []string) (int, error) {
	claims := make([]bool, len(e.formats))
	for i, f := range e.formats {
		claims[i] = f.Detect(in)
	}
	for i, info := range e.infos { // what only a name can choose, a name must have chosen
		if claims[i] && info.ByName && !slices.Contains(declared, info.ID) {
			claims[i] = false
		}
	}
	var left []int
	for i := range e.formats {
		if claims[i] && !e.refined(i, claims) {
			left = append(left, i)
		}
	}
	switch len(left) {
	case 1:
		return left[0], nil
	case 0:
		return -1, fmt.Errorf("%w: %s", ErrUnsupported, e.kind(in))
	}
	ids := make([]string, len(left))
	for k, i := range left {
		ids[k] = e.infos[i].ID
	}
	return -1, fmt.Errorf("%w: %s", ErrAmbiguous, strings.Join(ids, " and "))
}

// refined reports whether a format that claims the input is a kind of format i.
func (e *Engine) refined(i int, claims []bool) bool {
	for k := range e.infos {
		if k != i && claims[k] && e.isA(e.infos[k].ID, e.infos[i].ID) {
			return true
		}
	}
	return false
}

// isA reports whether the format called id is the one called base, or a kind of it.
func (e *Engine) isA(id, base string) bool {
	for range e.infos { // bounded: a cycle of refinements ends here
		if id == base {
			return true
		}
		i := e.index(id)
		if i < 0 || e.infos[i].Refines == "" {
			return false
		}
		id = e.infos[i].Refines
	}
	return false
}

func (e *Engine) kind(in Input) string {
	if e.naming.Kind == nil {
		return "unknown content"
	}
	return e.naming.Kind(in)
}

// Job is one file to rebuild.
type Job struct {
	Input     Input
	Name      string // untrusted; may be empty, then name and content cannot disagree
	Policy    Policy
	Passwords []string
}

// Rebuild identifies the file and rebuilds it to out. On error out is void; the report then says what was known.
// A panic in a format is caught and is ErrMalformed.
func (e *Engine) Rebuild(ctx context.Context, job Job, out io.Writer) (Report, error) {
	b := &budget{limits: job.Policy.Limits, input: job.Input.Size()}
	ctx, cancel := context.WithTimeout(ctx, job.Policy.Limits.Time)
	defer cancel()
	limited := &limitedWriter{w: out, left: job.Policy.Limits.FileSize}
	report, err := e.rebuild(ctx, job, limited, b, 0)
	if b.malware.Load() && !errors.Is(err, ErrMalware) {
		err = fmt.Errorf("%w: in a file inside this one", ErrMalware)
	}
	report.sortFindings()
	return report, err
}

func (e *Engine) rebuild(ctx context.Context, job Job, out io.Writer, b *budget, depth int) (report Report, err error) {
	if depth > job.Policy.Limits.Depth {
		return report, fmt.Errorf("%w: files inside files deeper than %d", ErrLimit, job.Policy.Limits.Depth)
	}
	if job.Input.Size() > job.Policy.Limits.FileSize {
		return report, fmt.Errorf("%w: %d bytes, at most %d", ErrLimit, job.Input.Size(), job.Policy.Limits.FileSize)
	}
	if err := e.never(job, b); err != nil {
		return report, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic: %v\n%s", ErrMalformed, p, debug.Stack())
		}
	}()
	declared := e.Declared(job.Name)
	i, err := e.resolve(job.Input, declared)
	if errors.Is(err, ErrUnsupported) && len(declared) > 0 && e.naming.Other != nil && e.naming.Other(job.Input) {
		err = fmt.Errorf("%w: the name says %s, the content is %s", ErrMismatch, declared[0], e.kind(job.Input))
	}
	if err != nil {
		return report, err
	}
	info := e.infos[i]
	report.Type = info.ID
	if err := agree(info, job); err != nil {
		return report, err
	}
	pass := Pass{Policy: job.Policy, Passwords: job.Passwords, OutputName: e.OutputName, budget: b}
	pass.Member = func(ctx context.Context, untrustedName string, in Input, out io.Writer) (Report, error) {
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		member := Job{Input: in, Name: untrustedName, Policy: job.Policy, Passwords: job.Passwords}
		return e.rebuild(ctx, member, out, b, depth+1)
	}
	done, err := e.formats[i].Rebuild(ctx, job.Input, out, pass)
	if err == nil {
		err = ctx.Err()
	}
	if done.Type == "" {
		done.Type = info.ID
	}
	if done.Output == "" {
		done.Output = info.ID
	}
	if ext := extension(job.Name); slices.Contains(info.Sisters, ext) {
		done.Add(RuleExtension, Replaced, ext)
	}
	return done, err
}

// never fails for what must not pass whatever a format would make of it.
func (e *Engine) never(job Job, b *budget) error {
	if e.naming.Malware != nil {
		if name := e.naming.Malware(job.Input); name != "" {
			b.malware.Store(true)
			return fmt.Errorf("%w: %s", ErrMalware, name)
		}
	}
	if e.naming.Hazard != nil {
		if why := e.naming.Hazard(job.Name); why != "" {
			return fmt.Errorf("%w: %s", ErrPolicy, why)
		}
	}
	return nil
}

// RuleExtension is the finding about a name whose extension is that of a sister type of the content: a document with
// macros that is called like one without.
const RuleExtension = "name/extension"

// agree fails with ErrMismatch when the name says another format than the content: a type that a reader would open
// with another program. A name without an extension says nothing.
func agree(info Info, job Job) error {
	ext := extension(job.Name)
	if ext == "" || job.Policy.AllowRenamed || slices.Contains(info.Extensions, ext) || slices.Contains(info.Sisters, ext) {
		return nil
	}
	if job.Input.Size() == 0 {
		return fmt.Errorf("%w: the file is empty", ErrMalformed)
	}
	return fmt.Errorf("%w: the name says %s, the content is %s", ErrMismatch, ext, info.ID)
}

// limitedWriter fails with ErrLimit once more than left bytes were written.
type limitedWriter struct {
	w    io.Writer
	left int64
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if int64(len(p)) > l.left {
		return 0, fmt.Errorf("%w: output too long", ErrLimit)
	}
	l.left -= int64(len(p))
	n, err := l.w.Write(p)
	if err != nil && !errors.Is(err, ErrLimit) {
		err = Transient(fmt.Errorf("cannot write output: %w", err))
	}
	return n, err
}
