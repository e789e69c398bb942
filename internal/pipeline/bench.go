package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/durable"
	"sekisho/internal/office"
	"sekisho/internal/policy"
	"sekisho/internal/worker"
	"sekisho/sanitize"
	"sekisho/sanitize/scan"
	"sekisho/sanitize/scan/clamd"
	"sekisho/sanitize/scan/command"
	"sekisho/sanitize/scan/hashes"
	"sekisho/sanitize/scan/icap"
	"sekisho/transfer/manifest"
)

// bench is where one file is treated: children to rebuild and judge it, scanners to look at it. It keeps nothing.
type bench struct {
	cfg      config.Gateway
	engine   *sanitize.Engine // for names only
	pool     *Children
	scanners []scan.Scanner
	office   *office.Engine // nil: nothing is converted
}

// order is what is to be done with a file.
type order struct {
	Name      string       `json:"name"`
	Policy    string       `json:"policy"`  // its name
	Version   int          `json:"version"` // of the rules
	Rules     policy.Rules `json:"rules"`   // what people chose about it
	Passwords []string     `json:"passwords,omitempty"`
}

// policyOf returns the policy of an order: shipped, with the limits of this machine, as people have chosen it.
func (b *bench) policyOf(o order) (sanitize.Policy, error) {
	p, err := b.cfg.PolicyNamed(o.Policy)
	return o.Rules.Apply(p), err
}

// treated is what the treatment of one file has brought to light.
type treated struct {
	Report  sanitize.Report `json:"report"`
	Reason  sanitize.Reason `json:"reason"` // why the file is held, or ""
	Detail  string          `json:"detail"` // for the record; may quote the file
	Scans   []scan.Result   `json:"scans"`
	Size    int64           `json:"size"`    // of the rebuilt file
	Rebuilt string          `json:"rebuilt"` // its SHA-256
	Version int             `json:"version"` // of the rules by which it was treated

	Converted bool `json:"converted,omitempty"` // LibreOffice made another type of it before the rebuild
}

// hold makes the file a held one.
func (t *treated) hold(reason sanitize.Reason, detail string) { t.Reason, t.Detail = reason, detail }

// infected makes the file a blocked one when a scanner found something.
func (t *treated) infected() bool {
	for _, s := range t.Scans {
		if s.Infected() {
			t.hold(sanitize.ReasonMalware, s.Scanner+": "+s.Signature)
			return true
		}
	}
	return false
}

// treat rebuilds in to out, and lets scanners and the judge look at both. An error says that this could not be done
// now; it says nothing about the file.
func (b *bench) treat(ctx context.Context, o order, in, out *os.File) (treated, error) {
	t := treated{Version: o.Version}
	policy, err := b.policyOf(o)
	if err != nil {
		return t, err
	}
	scanned := b.scan(ctx, in)
	res, err := b.pool.Rebuild(ctx, worker.Request{Input: in, Output: out, Name: o.Name, Policy: policy, Passwords: o.Passwords})
	verdict := <-scanned
	if err != nil {
		return t, err
	}
	if verdict.err != nil {
		return t, verdict.err
	}
	// What a scanner could not look into in the original (it is encrypted, say) is no reason to hold it: what crosses is
	// the rebuilt file, which every scanner must call clean.
	t.Report, t.Scans, t.Size = res.Report, verdict.results, res.Size
	if res.Reason != "" {
		t.hold(res.Reason, res.Detail)
	}
	if t.Reason == "" && t.Size == 0 && !isEmpty(in) { // a child that was taken over could make files vanish
		t.hold(sanitize.ReasonVerify, "nothing is left of the file")
	}
	if t.infected() {
		return t, nil
	}
	if t.Reason == sanitize.ReasonUnsupported && b.office.Takes(o.Name, in) {
		if err := b.convert(ctx, o, policy, in, out, &t); err != nil {
			return t, err
		}
	}
	if t.Reason != "" {
		return t, nil
	}
	err = b.judge(ctx, policy, releaseName(b.engine, t.name(o.Name), t.Report.Output), out, &t)
	return t, err
}

// name returns what a file called name is called once it was treated, but for its extension.
func (t *treated) name(name string) string {
	if t.Converted {
		return strings.TrimSuffix(name, filepath.Ext(name))
	}
	return name
}

// ruleConverted is the rule of the one finding that is not of a format: what the rebuild saw is what LibreOffice wrote.
const ruleConverted = "libreoffice/converted"

// convert has LibreOffice make another type of in, and rebuilds that to out.
func (b *bench) convert(ctx context.Context, o order, policy sanitize.Policy, in, out *os.File, t *treated) error {
	between, err := durable.Scratch("")
	if err != nil {
		return err
	}
	defer between.Close()
	to, err := b.office.Convert(ctx, o.Name, in, between)
	if reason := office.Reason(err); reason != "" {
		t.hold(reason, err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	if err := empty(out); err != nil {
		return err
	}
	name := strings.TrimSuffix(o.Name, filepath.Ext(o.Name)) + "." + to
	res, err := b.pool.Rebuild(ctx, worker.Request{Input: between, Output: out, Name: name, Policy: policy})
	if err != nil {
		return err
	}
	res.Report.Type = strings.ToLower(strings.TrimPrefix(filepath.Ext(o.Name), "."))
	res.Report.Add(ruleConverted, sanitize.Replaced, "")
	t.Report, t.Size, t.Reason, t.Detail, t.Converted = res.Report, res.Size, res.Reason, res.Detail, true
	if t.Reason == "" && t.Size == 0 {
		t.hold(sanitize.ReasonVerify, "nothing is left of the file")
	}
	return nil
}

// releaseName is the name under which the rebuilt form of a file is released, once it is of the type output.
func releaseName(e *sanitize.Engine, name, output string) string {
	return manifest.SafeName(e.OutputName(name, output))
}

// isEmpty reports whether a file has no bytes.
func isEmpty(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Size() == 0
}

// judge lets the scanners and then the independent judge look at what the rebuild wrote. It would be released under name.
func (b *bench) judge(ctx context.Context, policy sanitize.Policy, name string, out *os.File, t *treated) error {
	verdict := <-b.scan(ctx, out)
	if verdict.err != nil {
		return verdict.err
	}
	t.Scans = append(t.Scans, verdict.results...)
	if t.infected() {
		return nil
	}
	if len(b.scanners) > 0 && !scan.AllClean(verdict.results) {
		t.hold(sanitize.ReasonPolicy, "a scanner could not look at all of the rebuilt file")
		return nil
	}
	res, err := b.pool.Verify(ctx, worker.Request{Input: out, Name: name, Format: t.Report.Output, Policy: policy})
	if err != nil {
		return err
	}
	switch res.Reason {
	case "":
	case sanitize.ReasonCrash, sanitize.ReasonTimeout, sanitize.ReasonLimit: // of the judging child: that is no verdict of the judge
		t.hold(res.Reason, "while it was judged: "+res.Detail)
		return nil
	default:
		t.hold(sanitize.ReasonVerify, res.Detail)
		return nil
	}
	t.Rebuilt, err = hashFile(out)
	return err
}

// errScanner says that a configured scanner did not answer.
var errScanner = errors.New("cannot scan")

type scanVerdict struct {
	results []scan.Result
	err     error
}

// scan lets every scanner read f while the caller does something else.
func (b *bench) scan(ctx context.Context, f *os.File) <-chan scanVerdict {
	done := make(chan scanVerdict, 1)
	go func() {
		info, err := f.Stat()
		if err != nil {
			done <- scanVerdict{err: fmt.Errorf("%w: %v", errScanner, err)}
			return
		}
		results, err := scan.All(ctx, b.scanners, info.Size(), func() (io.ReadCloser, error) {
			return io.NopCloser(io.NewSectionReader(f, 0, info.Size())), nil
		})
		if err != nil {
			err = fmt.Errorf("%w: %v", errScanner, err)
		}
		done <- scanVerdict{results, err}
	}()
	return done
}

// openBench starts ready children and finds the scanners.
func openBench(cfg config.Gateway, o Options, ready int) (*bench, error) {
	policy, err := cfg.PolicyNamed("standard")
	if err != nil {
		return nil, err
	}
	scanners, err := Scanners(cfg)
	if err != nil {
		return nil, err
	}
	engine, err := Engine()
	if err != nil {
		return nil, err
	}
	converter, err := openOffice(cfg, policy, o)
	if err != nil {
		return nil, err
	}
	pool, err := OpenChildren(worker.Options{
		Child: o.Child, Judge: worker.JudgeBeside(o.Child), Ready: ready, Limits: policy.Limits, AcceptMissing: cfg.AcceptMissing, Log: o.Log,
	}, filepath.Join(cfg.State, "pdfium"))
	if err != nil {
		return nil, err
	}
	return &bench{cfg: cfg, engine: engine, pool: pool, scanners: scanners, office: converter}, nil
}

// openOffice finds and tries LibreOffice, if anything is to be converted.
func openOffice(cfg config.Gateway, policy sanitize.Policy, o Options) (*office.Engine, error) {
	c := cfg.LibreOffice
	if len(c.Types) == 0 {
		return nil, nil
	}
	return office.New(context.Background(), office.Options{
		Types: c.Types, Timeout: time.Duration(c.Timeout), Memory: int64(c.Memory), Output: policy.Limits.FileSize, Log: o.Log,
	})
}

// Scanners returns the scanners that are configured.
func Scanners(cfg config.Gateway) ([]scan.Scanner, error) {
	var all []scan.Scanner
	for _, s := range cfg.Scanners {
		one, err := scanner(s)
		if err != nil {
			return nil, fmt.Errorf("cannot use scanner %s: %w", s.Type, err)
		}
		all = append(all, one)
	}
	return all, nil
}

func scanner(s config.Scanner) (scan.Scanner, error) {
	patience := time.Duration(s.Timeout)
	switch s.Type {
	case "icap":
		return icap.New(icap.Options{Name: s.Name, URL: s.Address, Idle: patience})
	case "hashes":
		return hashes.New(hashes.Options{Name: s.Name, Deny: s.Deny, Allow: s.Allow})
	case "command":
		return command.New(command.Options{Name: s.Name, Args: s.Command, Timeout: patience})
	}
	return clamd.New(clamd.Options{
		Name: s.Name, Addresses: []string{s.Address}, Idle: patience, MaxAge: time.Duration(s.MaxAge), MaxSize: int64(s.MaxSize),
	})
}
