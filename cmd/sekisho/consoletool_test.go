package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/durable"
	"sekisho/internal/pipeline"
)

// TestConsoleTools: the index is made from the record alone, and a token for an administrator is on record before it is given.
func TestConsoleTools(t *testing.T) {
	dir := t.TempDir()
	g := upConfig(dir, "127.0.0.1:0")
	if err := pipeline.EnsureKeys(g); err != nil {
		t.Fatal(err)
	}
	root, err := durable.OpenFolder(filepath.Join(g.State, "record"), 0o700)
	if err != nil {
		t.Fatal(err)
	}
	root.Close()
	record := pipeline.Recorder(g)
	if err := record(t.Context(), audit.Event{Kind: audit.Received, Job: "job-0001", Route: "default", Name: "a.pdf"}); err != nil {
		t.Fatal(err)
	}
	do := func(want int, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append(append([]string{"console"}, args...), "--dir", dir), &stdout, &stderr); code != want {
			t.Errorf("%q: exit code %d, want %d: %s", args, code, want, &stderr)
		}
		return stdout.String()
	}
	if out := do(0, "reindex"); !strings.Contains(out, "1 entries") {
		t.Errorf("reindex: %q", out)
	}
	first, second := do(0, "token"), do(0, "token")
	if len(first) < 40 || first == second {
		t.Errorf("tokens %q, %q", first, second)
	}
	people, err := account.Open(t.Context(), g.Console.State, account.Options{Record: func(context.Context, audit.Event) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer people.Close()
	staff := account.Account{Name: "sato", Office: "総務課", Roles: []account.Role{account.Staff}}
	if err := people.Create(t.Context(), "test", staff, "an initial password"); err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(do(0, "program-token", "sato", "--label", "試験", "--role", "staff"))
	if a, err := people.ByToken(t.Context(), token); err != nil || a.Name != "sato" {
		t.Errorf("%+v, %v", a, err)
	}
	do(1, "program-token", "sato", "--label", "試験", "--role", "admin")
	id, _, _ := strings.Cut(do(0, "end-token", "sato"), " ")
	do(0, "end-token", "sato", id, "--actor", "佐藤")
	if _, err := people.ByToken(t.Context(), token); !errors.Is(err, account.ErrDenied) {
		t.Errorf("a token that was ended: %v", err)
	}
	read, err := pipeline.OpenRecordFolder(g, false)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	told := 0
	for e, err := range audit.Read(read, pipeline.RecordName) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == audit.Account {
			told++
		}
	}
	if told != 4 { // two for an administrator, one for a program, and its end
		t.Errorf("%d changes on record", told)
	}
	files, err := filepath.Glob(filepath.Join(dir, "state/record/*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], bytes.Replace(b, []byte("a.pdf"), []byte("b.pdf"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	do(1, "reindex")
}
