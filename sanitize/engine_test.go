package sanitize

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// fake is a format that claims what begins with its prefix.
type fake struct {
	info    Info
	prefix  string
	rebuild func(ctx context.Context, in Input, out io.Writer, pass Pass) (Report, error)
}

func (f fake) Info() Info           { return f.info }
func (f fake) Detect(in Input) bool { return strings.HasPrefix(string(in.Head(64)), f.prefix) }

func (f fake) Rebuild(ctx context.Context, in Input, out io.Writer, pass Pass) (Report, error) {
	if f.rebuild != nil {
		return f.rebuild(ctx, in, out, pass)
	}
	_, err := io.WriteString(out, "rebuilt as "+f.info.ID)
	return Report{}, err
}

// box is a container: a byte for each level, and it rebuilds what is behind its first byte.
func box() fake {
	return fake{
		info: Info{ID: "box", Extensions: []string{"box"}}, prefix: "[",
		rebuild: func(ctx context.Context, in Input, out io.Writer, pass Pass) (Report, error) {
			if err := pass.Entry(); err != nil {
				return Report{}, err
			}
			member := NewInput(io.NewSectionReader(in, 1, in.Size()-1), in.Size()-1)
			return pass.Member(ctx, "", member, out)
		},
	}
}

func engine(t *testing.T, formats ...Format) *Engine {
	t.Helper()
	e, err := NewEngine(formats, Naming{
		Malware: func(in Input) string { return map[bool]string{true: "evil"}[string(in.Head(2)) == "t!"] },
		Kind:    func(Input) string { return "a stone" },
		Hazard:  func(name string) string { return map[bool]string{true: "runs"}[strings.HasSuffix(name, ".exe")] },
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func formats() []Format {
	return []Format{
		box(),
		fake{info: Info{ID: "zip", Extensions: []string{"zip"}}, prefix: "PK"},
		fake{info: Info{ID: "docx", Extensions: []string{"docx"}, Refines: "zip"}, prefix: "PKdoc"},
		fake{info: Info{ID: "txt", Extensions: []string{"txt"}}, prefix: "t"},
		fake{info: Info{ID: "csv", Extensions: []string{"csv"}, Refines: "txt", ByName: true}, prefix: "t"},
		fake{info: Info{ID: "two", Extensions: []string{"two"}}, prefix: "PK2"},
	}
}

func run(e *Engine, content, name string, policy Policy) (string, Report, error) {
	var out bytes.Buffer
	report, err := e.Rebuild(context.Background(), Job{Input: BytesInput([]byte(content)), Name: name, Policy: policy}, &out)
	return out.String(), report, err
}

func TestResolve(t *testing.T) {
	e := engine(t, formats()...)
	for _, c := range []struct {
		content, name, want string
		err                 error
	}{
		{"PK", "a.zip", "zip", nil},
		{"PKdoc", "a.docx", "docx", nil},
		{"PKdoc", "", "docx", nil},
		{"PKdoc", "a.zip", "", ErrMismatch},
		{"PK", "a.docx", "", ErrMismatch},
		{"PK2", "a.two", "", ErrAmbiguous},
		{"t,u", "a.txt", "txt", nil},
		{"t,u", "a.csv", "csv", nil},
		{"t,u", "", "txt", nil},
		{"stone", "a.txt", "", ErrUnsupported},
		{"t", "a.exe", "", ErrPolicy},
		{"t", "報告書.TXT", "txt", nil},
		{"t", "a.unknown", "", ErrMismatch},
		{"t", "noextension", "txt", nil},
	} {
		out, report, err := run(e, c.content, c.name, Standard())
		if !errors.Is(err, c.err) {
			t.Errorf("%q as %q: error %v, want %v", c.content, c.name, err, c.err)
		}
		if c.err == nil && (report.Type != c.want || out != "rebuilt as "+c.want) {
			t.Errorf("%q as %q: read as %s, got %q", c.content, c.name, report.Type, out)
		}
	}
}

// TestSister: a name of a sister type is put right and told; a name of any other type is a mismatch.
func TestSister(t *testing.T) {
	e := engine(t, fake{info: Info{ID: "docm", Extensions: []string{"docm"}, Sisters: []string{"docx"}}, prefix: "PKm"},
		fake{info: Info{ID: "docx", Extensions: []string{"docx"}}, prefix: "PKx"})
	_, report, err := run(e, "PKm", "a.docx", Standard())
	if err != nil || len(report.Findings) != 1 || report.Findings[0] != (Finding{RuleExtension, Replaced, "docx", 1}) {
		t.Errorf("a sister's name: %v, %v", report.Findings, err)
	}
	if _, report, err := run(e, "PKm", "a.docm", Standard()); err != nil || len(report.Findings) != 0 {
		t.Errorf("its own name: %v, %v", report.Findings, err)
	}
	if _, _, err := run(e, "PKx", "a.docm", Standard()); !errors.Is(err, ErrMismatch) {
		t.Errorf("a name of no sister: %v, want a mismatch", err)
	}
}

func TestKindIsTold(t *testing.T) {
	if _, _, err := run(engine(t, formats()...), "stone", "", Standard()); !strings.Contains(err.Error(), "a stone") {
		t.Errorf("the reason does not say what the file is: %v", err)
	}
}

// TestKnownOther: what is known to be something else under the name of a format is a mismatch, not just unsupported.
func TestKnownOther(t *testing.T) {
	e, err := NewEngine(formats(), Naming{Kind: func(Input) string { return "a stone" }, Other: func(in Input) bool { return string(in.Head(5)) == "stone" }})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		content, name string
		want          error
	}{{"stone", "a.txt", ErrMismatch}, {"stone", "a.stone", ErrUnsupported}, {"stone", "", ErrUnsupported}, {"?", "a.txt", ErrUnsupported}} {
		if _, _, err := run(e, c.content, c.name, Standard()); !errors.Is(err, c.want) {
			t.Errorf("%s as %q: %v, want %v", c.content, c.name, err, c.want)
		}
	}
}

func TestBudgets(t *testing.T) {
	e := engine(t, formats()...)
	policy := Standard()
	if out, _, err := run(e, strings.Repeat("[", policy.Limits.Depth)+"t", "", policy); err != nil || out != "rebuilt as txt" {
		t.Errorf("at the depth limit: %q, %v", out, err)
	}
	if _, _, err := run(e, strings.Repeat("[", policy.Limits.Depth+1)+"t", "", policy); !errors.Is(err, ErrLimit) {
		t.Errorf("past the depth limit: %v", err)
	}
	policy.Limits.Entries = 2
	if _, _, err := run(e, "[[[t", "", policy); !errors.Is(err, ErrLimit) {
		t.Errorf("past the entry limit: %v", err)
	}
	policy = Standard()
	policy.Limits.FileSize = 3
	if _, _, err := run(e, "tttt", "", policy); !errors.Is(err, ErrLimit) {
		t.Errorf("input past the size limit: %v", err)
	}
	policy.Limits.FileSize = 4
	if _, _, err := run(e, "t", "", policy); !errors.Is(err, ErrLimit) || IsTransient(err) {
		t.Errorf("output past the size limit: %v", err)
	}
}

func TestExpand(t *testing.T) {
	limits := DefaultLimits()
	b := &budget{limits: limits, input: 1 << 20}
	pass := Pass{budget: b}
	if err := pass.Expand(limits.Ratio << 20); err != nil {
		t.Errorf("at the ratio: %v", err)
	}
	if err := pass.Expand(2 << 20); !errors.Is(err, ErrLimit) {
		t.Errorf("past the ratio: %v", err)
	}
	if err := (Pass{}).Expand(1); !errors.Is(err, ErrLimit) {
		t.Errorf("a pass without a budget allows: %v", err)
	}
	b = &budget{limits: limits, input: 100 << 20}
	if err := b.expand(limits.Expanded + 1); !errors.Is(err, ErrLimit) {
		t.Errorf("past the total: %v", err)
	}
	if err := b.expand(-limits.Expanded); !errors.Is(err, ErrLimit) {
		t.Errorf("a negative size gives room back: %v", err)
	}
}

func TestPanicIsMalformed(t *testing.T) {
	f := fake{info: Info{ID: "txt"}, prefix: "t", rebuild: func(context.Context, Input, io.Writer, Pass) (Report, error) {
		panic("index out of range")
	}}
	report, err := engine(t, f).Rebuild(context.Background(), Job{Input: BytesInput([]byte("t")), Policy: Standard()}, io.Discard)
	if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), "index out of range") || report.Type != "txt" {
		t.Errorf("report %+v, error %v", report, err)
	}
}

// TestMalwareInsideIsMalware: a container that leaves a bad member out and goes on does not make the file pass.
func TestMalwareInsideIsMalware(t *testing.T) {
	lenient := box()
	strict := lenient.rebuild
	lenient.rebuild = func(ctx context.Context, in Input, out io.Writer, pass Pass) (Report, error) {
		if _, err := strict(ctx, in, out, pass); err != nil {
			return Report{}, nil
		}
		return Report{}, nil
	}
	e := engine(t, append([]Format{lenient}, formats()[1:]...)...)
	for _, content := range []string{"t!", "[t!", "[[t!"} {
		if _, _, err := run(e, content, "", Standard()); !errors.Is(err, ErrMalware) || ReasonOf(err) != ReasonMalware {
			t.Errorf("%s: %v", content, err)
		}
	}
}

func TestDeadline(t *testing.T) {
	f := fake{info: Info{ID: "txt"}, prefix: "t", rebuild: func(ctx context.Context, _ Input, _ io.Writer, _ Pass) (Report, error) {
		<-ctx.Done()
		return Report{}, nil // a format that forgets to look is still not clean
	}}
	policy := Standard()
	policy.Limits.Time = 10 * time.Millisecond
	_, err := engine(t, f).Rebuild(context.Background(), Job{Input: BytesInput([]byte("t")), Policy: policy}, io.Discard)
	if ReasonOf(err) != ReasonTimeout {
		t.Errorf("error %v, reason %s", err, ReasonOf(err))
	}
}

func TestEmptyFile(t *testing.T) {
	empty := fake{info: Info{ID: "txt", Extensions: []string{"txt"}}, prefix: ""}
	pdf := fake{info: Info{ID: "pdf", Extensions: []string{"pdf"}}, prefix: "%PDF"}
	e := engine(t, empty, pdf)
	if _, _, err := run(e, "", "メモ.txt", Standard()); err != nil {
		t.Errorf("an empty text is a text: %v", err)
	}
	if _, _, err := run(e, "", "a.pdf", Standard()); !errors.Is(err, ErrMalformed) {
		t.Errorf("an empty PDF is broken: %v", err)
	}
}

func TestNewEngineRefuses(t *testing.T) {
	if _, err := NewEngine([]Format{fake{info: Info{ID: "a"}}, fake{info: Info{ID: "a"}}}, Naming{}); err == nil {
		t.Error("two formats of one name are taken")
	}
	if _, err := NewEngine([]Format{fake{info: Info{ID: "a", Refines: "b"}}}, Naming{}); err == nil {
		t.Error("a refinement of nothing is taken")
	}
}

func TestOutputName(t *testing.T) {
	e := engine(t, formats()...)
	for _, c := range []struct{ name, id, want string }{
		{"通知.docx", "docx", "通知.docx"},
		{"通知.DOCX", "docx", "通知.DOCX"},
		{"通知.zip", "docx", "通知.docx"},
		{"通知", "docx", "通知.docx"},
		{"通知.v2", "docx", "通知.v2.docx"},
	} {
		if got := e.OutputName(c.name, c.id); got != c.want {
			t.Errorf("%s as %s: %s, want %s", c.name, c.id, got, c.want)
		}
	}
}

func TestInputStaysInside(t *testing.T) {
	in := NewInput(strings.NewReader("0123456789"), 4)
	b, err := io.ReadAll(in.Reader())
	if err != nil || string(b) != "0123" {
		t.Errorf("read %q, %v", b, err)
	}
	if _, err := in.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("a negative offset is read")
	}
	if string(in.Tail(2)) != "23" || string(in.Head(100)) != "0123" {
		t.Errorf("head %q tail %q", in.Head(100), in.Tail(2))
	}
	if _, err := in.Bytes(3); !errors.Is(err, ErrLimit) {
		t.Errorf("longer than asked: %v", err)
	}
}

func TestReportCountsAndBounds(t *testing.T) {
	var r Report
	r.Add("pdf/javascript", Removed, "page 1")
	r.Add("pdf/javascript", Removed, "page 1")
	if len(r.Findings) != 1 || r.Findings[0].Count != 2 {
		t.Errorf("findings %+v", r.Findings)
	}
	for i := range maxFindings + 1 {
		r.Findings = append(r.Findings, Finding{Rule: "pdf/launch", Action: Removed, Where: strings.Repeat("x", i), Count: 1})
	}
	r.sortFindings()
	if len(r.Findings) != 2 || r.Findings[1].Count != maxFindings+1 {
		t.Errorf("%d findings left, last %+v", len(r.Findings), r.Findings[len(r.Findings)-1])
	}
}
