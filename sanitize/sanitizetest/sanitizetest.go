// Package sanitizetest is the conformance suite that every format must pass. A format's test lists its cases and
// calls Run, which proves for each: found by content, active content gone, content kept, broken refused, stable the
// second time, deterministic, and no allocation that the input drives past its limit.
package sanitizetest

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
)

// Case is one input and what must become of it.
type Case struct {
	Name      string
	Input     []byte
	FileName  string   // untrusted name, if it matters
	Type      string   // ID read; "" means the suite's format
	Output    string   // ID written; "" means Type
	Gone      []string // must not be in the output: raw, or in anything compressed in it
	Keep      []string // must be in the output, raw or in anything compressed in it
	Rules     []string // findings that must be reported; with Exact, no others
	Exact     bool     // Rules lists every rule that is reported
	Err       error    // the refusal that must come instead of an output
	Policy    *sanitize.Policy
	Passwords []string
	MaxAlloc  uint64 // bytes that the rebuild may allocate in all; 0: 64 MiB and 60 times the input

	// Check looks at the output with another program or reader. Optional.
	Check func(t *testing.T, out []byte)
}

// Suite is a format under test, with the formats that its members need.
type Suite struct {
	Format sanitize.Format
	Others []sanitize.Format
	Naming sanitize.Naming
	Cases  []Case
	// Foreign are inputs that are not of this format: Detect must say so.
	Foreign [][]byte
}

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	t.Helper()
	engine, err := sanitize.NewEngine(append([]sanitize.Format{s.Format}, s.Others...), s.Naming)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Cases) == 0 {
		t.Fatal("no cases")
	}
	id := s.Format.Info().ID
	for i, b := range s.Foreign {
		if s.Format.Detect(sanitize.BytesInput(b)) {
			t.Errorf("foreign input %d is taken for %s", i, id)
		}
	}
	for _, c := range s.Cases {
		if c.Type == "" {
			c.Type = id
		}
		if c.Output == "" {
			c.Output = c.Type
		}
		t.Run(c.Name, func(t *testing.T) { runCase(t, engine, c) })
	}
	t.Run("truncated", func(t *testing.T) { truncated(t, engine, s.Cases) })
}

func rebuild(engine *sanitize.Engine, c Case, input []byte) ([]byte, sanitize.Report, error) {
	policy := sanitize.Standard()
	if c.Policy != nil {
		policy = *c.Policy
	}
	var out bytes.Buffer
	report, err := engine.Rebuild(context.Background(), sanitize.Job{
		Input: sanitize.BytesInput(input), Name: c.FileName, Policy: policy, Passwords: c.Passwords,
	}, &out)
	return out.Bytes(), report, err
}

// Judged returns the suite with a judge that looks at every output, as the engine's user would have one look.
func (s Suite) Judged(judge func(ctx context.Context, id string, in sanitize.Input, policy sanitize.Policy) error) Suite {
	s.Cases = slices.Clone(s.Cases)
	for i := range s.Cases {
		policy, id, check := sanitize.Standard(), s.Cases[i].Output, s.Cases[i].Check
		if s.Cases[i].Policy != nil {
			policy = *s.Cases[i].Policy
		}
		if id == "" {
			id = s.Format.Info().ID
		}
		s.Cases[i].Check = func(t *testing.T, out []byte) {
			if err := judge(context.Background(), id, sanitize.BytesInput(out), policy); err != nil {
				t.Errorf("the judge says: %v", err)
			}
			if check != nil {
				check(t, out)
			}
		}
	}
	return s
}

func runCase(t *testing.T, engine *sanitize.Engine, c Case) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	input := bytes.Clone(c.Input)
	out, report, err := rebuild(engine, c, input)
	runtime.ReadMemStats(&after)
	if !bytes.Equal(input, c.Input) {
		t.Error("the input was written to")
	}
	limit := c.MaxAlloc
	if limit == 0 {
		limit = 64<<20 + 60*uint64(len(c.Input))
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > limit {
		t.Errorf("allocated %d bytes, at most %d", got, limit)
	}
	if c.Err != nil {
		if !errors.Is(err, c.Err) {
			t.Fatalf("got error %v, want %v", err, c.Err)
		}
		return
	}
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	if report.Type != c.Type || report.Output != c.Output {
		t.Errorf("read %s and wrote %s, want %s and %s", report.Type, report.Output, c.Type, c.Output)
	}
	checkRules(t, c, report)
	checkNeedles(t, c, out)
	again, _, err := rebuild(engine, c, c.Input)
	if err != nil || !bytes.Equal(out, again) {
		t.Errorf("not deterministic: the same input gave other bytes (error %v)", err)
	}
	checkStable(t, engine, c, out)
	if c.Check != nil {
		c.Check(t, out)
	}
}

func checkRules(t *testing.T, c Case, report sanitize.Report) {
	var got []string
	for _, f := range report.Findings {
		if !slices.Contains(got, f.Rule) {
			got = append(got, f.Rule)
		}
	}
	for _, want := range c.Rules {
		if !slices.Contains(got, want) {
			t.Errorf("finding %s is missing; have %v", want, got)
		}
	}
	if c.Exact && len(got) != len(c.Rules) {
		t.Errorf("findings %v, want exactly %v", got, c.Rules)
	}
}

func checkNeedles(t *testing.T, c Case, out []byte) {
	parts := Explode(out)
	in := func(needle string) bool {
		return slices.ContainsFunc(parts, func(p []byte) bool { return bytes.Contains(p, []byte(needle)) })
	}
	for _, needle := range c.Gone {
		if in(needle) {
			t.Errorf("%q survives", needle)
		}
	}
	for _, needle := range c.Keep {
		if !in(needle) {
			t.Errorf("%q is lost", needle)
		}
	}
}

// checkStable rebuilds an output: the same bytes must come, with nothing left to find.
func checkStable(t *testing.T, engine *sanitize.Engine, c Case, out []byte) {
	second := c
	second.Passwords = nil
	if c.Output != c.Type { // the name follows the type that was written
		second.FileName = engine.OutputName(c.FileName, c.Output)
	}
	again, report, err := rebuild(engine, second, out)
	if err != nil {
		t.Errorf("its own output is refused: %v", err)
		return
	}
	if !bytes.Equal(out, again) {
		t.Errorf("not stable: the rebuilt output has %d bytes, the output %d", len(again), len(out))
	}
	if len(report.Findings) > 0 {
		t.Errorf("the second rebuild finds %v", report.Findings)
	}
}

// truncated cuts every input at many places: each cut must be refused or rebuilt to something that is stable, and
// nothing may panic (the engine turns a panic into an error that names it).
func truncated(t *testing.T, engine *sanitize.Engine, cases []Case) {
	for _, c := range cases {
		step := max(1, len(c.Input)/40)
		for n := 0; n < len(c.Input); n += step {
			out, _, err := rebuild(engine, c, c.Input[:n])
			if err != nil {
				if strings.Contains(err.Error(), "panic:") {
					t.Errorf("%s cut at %d of %d: %v", c.Name, n, len(c.Input), err)
				}
				continue
			}
			for _, part := range Explode(out) {
				for _, needle := range c.Gone {
					if bytes.Contains(part, []byte(needle)) {
						t.Errorf("%s cut at %d of %d: %q survives", c.Name, n, len(c.Input), needle)
					}
				}
			}
		}
	}
}
