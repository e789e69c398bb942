package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/zipfile"
	"sekisho/sanitize/name"
	"sekisho/sanitize/text"
)

// list is an archive in one line for each entry: "LIST", then name TAB content. The content "lzma" is in a method that
// nobody reads, and "broken" cannot be read.
type list struct{}

func (list) Info() sanitize.Info {
	return sanitize.Info{ID: "list", Extensions: []string{"list"}, Refines: "txt"}
}

func (list) Detect(in sanitize.Input) bool { return string(in.Head(5)) == "LIST\n" }

func (list) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	report := sanitize.Report{Type: "list", Output: "list"}
	b, err := in.Bytes(1 << 20)
	if err != nil {
		return report, err
	}
	var entries []Entry
	for _, line := range strings.Split(string(b[5:]), "\n") {
		name, content, _ := strings.Cut(line, "\t")
		entries = append(entries, Entry{Name: name, Dir: strings.HasSuffix(name, "/"), Size: int64(len(content)), Read: func() ([]byte, error) {
			switch content {
			case "lzma":
				return nil, fmt.Errorf("%w: lzma", sanitize.ErrUnsupported)
			case "broken":
				return nil, fmt.Errorf("%w: broken", sanitize.ErrMalformed)
			}
			return []byte(content), nil
		}})
	}
	err = Rebuild(ctx, "list", entries, out, pass, &report)
	return report, err
}

func run(t testing.TB, lines string) ([]*zipfile.Entry, sanitize.Report, error) {
	t.Helper()
	engine, err := sanitize.NewEngine([]sanitize.Format{list{}, text.Format{}}, sanitize.Naming{Hazard: name.Hazard})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	job := sanitize.Job{Input: sanitize.BytesInput([]byte("LIST\n" + lines)), Policy: sanitize.Standard()}
	report, err := engine.Rebuild(context.Background(), job, &out)
	if err != nil {
		return nil, report, err
	}
	a, err := zipfile.Open(sanitize.BytesInput(out.Bytes()), 1<<16)
	if err != nil {
		t.Fatalf("own archive: %v", err)
	}
	return a.Entries, report, nil
}

func TestRebuild(t *testing.T) {
	entries, report, err := run(t, "d/\nd/a.txt\thello\nd/b.bin\tlzma\nc.exe\tMZ\n../e.txt\tx")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	want := "d/ d/a.txt d/b.bin.止めました.txt c.exe.止めました.txt 止めました-5.txt"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	rules := map[string]int{}
	for _, f := range report.Findings {
		rules[f.Rule+" "+f.Where] += f.Count
	}
	for _, r := range []string{"list/member-held d/b.bin", "list/member-held c.exe", "list/path entry 5"} {
		if rules[r] != 1 {
			t.Errorf("%s is missing: %v", r, rules)
		}
	}
}

func TestFailures(t *testing.T) {
	for lines, want := range map[string]error{
		"a.txt\thello\nb.txt\tbroken": sanitize.ErrMalformed,   // the archive is broken
		"a.bin\tlzma\nc.exe\tMZ":      sanitize.ErrUnsupported, // nothing is left: the first reason
	} {
		if _, _, err := run(t, lines); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", lines, err, want)
		}
	}
}

// FuzzNames checks the promise about names: what is written can be stored anywhere, once, and runs nowhere.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"a.txt", "a\nA\nＡ", "a\na/b", "../x\n/y\n//z\nC:\\w", "con\n-rf\n=1", "x.exe\nx.exe.止めました.txt", "止めました-2.txt\n..", "か\u3099\nが"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, names string) {
		if strings.Count(names, "\n") > 200 {
			return
		}
		entries, _, err := run(t, "ok.md\tx\n"+names)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, e := range entries {
			path := strings.TrimSuffix(e.Name, "/")
			if seen[key(path)] {
				t.Fatalf("%q is there twice", path)
			}
			seen[key(path)] = true
			for _, part := range strings.Split(path, "/") {
				if why := name.Suspicious(part); why != "" {
					t.Fatalf("%q: %s", e.Name, why)
				}
			}
			if why := name.Hazard(path); why != "" && !e.Dir {
				t.Fatalf("%q: %s", e.Name, why)
			}
		}
	})
}
