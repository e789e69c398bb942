package quarantine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/internal/quarantine"
	"sekisho/sanitize"
)

// TestApprovals: an original is released when as many people as its class needs have approved, each in the role whose turn it is,
// none of them twice and none who asked for it.
func TestApprovals(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.opt.Approvals = func(i quarantine.Item) []quarantine.Role {
		return map[string][]quarantine.Role{
			"one.exe": {quarantine.Anyone}, "two.exe": {quarantine.Anyone, quarantine.Anyone}, "stepped.exe": {quarantine.Approver, quarantine.Admin},
		}[i.Name]
	}
	s := p.store()
	ask := func(id, name string) {
		t.Helper()
		i := item(id, secret)
		i.Name = name
		hold(t, s, i, secret)
		if err := s.Request(id, quarantine.By{Actor: "職員", Code: quarantine.CodeNeeded, Reason: "期限が今日"}); err != nil {
			t.Fatal(err)
		}
	}
	approve := func(id, actor string, roles ...quarantine.Role) error {
		return s.Approve(id, quarantine.By{Actor: actor, Roles: roles, Code: quarantine.CodeChecked}, p.review)
	}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ask("job-000001", "one.exe")
	ok(approve("job-000001", "佐藤"))
	wantStage(t, s, "job-000001", quarantine.Instructed)

	ask("job-000002", "two.exe")
	ok(approve("job-000002", "佐藤"))
	wantStage(t, s, "job-000002", quarantine.Requested)
	for _, same := range []string{"佐藤", "佐 藤", "職員", "職員\u200b"} {
		wantErr(t, approve("job-000002", same), quarantine.ErrSamePerson)
	}
	wantErr(t, s.May("job-000002", quarantine.DidApprove, quarantine.By{Actor: "田中"}), quarantine.ErrReason)
	wantErr(t, s.May("job-000002", quarantine.DidApprove, quarantine.By{Actor: "田中", Code: "because"}), quarantine.ErrReason)
	wantErr(t, s.May("job-000002", quarantine.DidApprove, quarantine.By{Actor: "田中", Code: quarantine.CodeOther}), quarantine.ErrReason)
	wantErr(t, s.Approve("job-000002", quarantine.By{Actor: "田中", Code: quarantine.CodeChecked, Nth: 1}, p.review), quarantine.ErrState)
	ok(approve("job-000002", "田中"))
	taken, err := s.Take("job-000002", p.gateway)
	ok(err)
	if taken.Original.Close(); len(taken.Approvals) != 2 || taken.Approvals[0].Actor != "佐藤" || taken.Approvals[1].Actor != "田中" {
		t.Errorf("%+v", taken.Instruction)
	}

	ask("job-000003", "stepped.exe")
	wantErr(t, approve("job-000003", "管理者", quarantine.Admin), quarantine.ErrRole)
	wantErr(t, approve("job-000003", "だれか"), quarantine.ErrRole)
	ok(approve("job-000003", "両方", quarantine.Approver, quarantine.Admin))
	if role, has, needs := s.Next(get(t, s, "job-000003")); role != quarantine.Admin || has != 1 || needs != 2 {
		t.Errorf("next %q, %d of %d", role, has, needs)
	}
	wantErr(t, approve("job-000003", "両方", quarantine.Approver, quarantine.Admin), quarantine.ErrSamePerson)
	wantErr(t, approve("job-000003", "承認者", quarantine.Approver), quarantine.ErrRole)
	ok(approve("job-000003", "管理者", quarantine.Admin))
	wantStage(t, s, "job-000003", quarantine.Instructed)

	never := item("job-000004", secret)
	never.Name = "never.exe"
	hold(t, s, never, secret)
	wantErr(t, s.Request(never.Job, quarantine.By{Actor: "職員", Reason: "x"}), quarantine.ErrExceptions)
}

// TestApprovalsOfTheGateway: whoever wrote an instruction, the gateway wants all approvals that its own configuration asks for.
func TestApprovalsOfTheGateway(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]quarantine.Role{
		"one more": {quarantine.Anyone, quarantine.Anyone}, "a role": {quarantine.Approver}, "none at all": nil,
	} {
		p := newPlace(t)
		s := p.store() // a program of old, or one that was told otherwise: one approval is enough
		hold(t, s, item("job-000001", secret), secret)
		if err := s.Request("job-000001", quarantine.By{Actor: "職員", Reason: "x"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Approve("job-000001", quarantine.By{Actor: "佐藤", Code: quarantine.CodeChecked}, p.review); err != nil {
			t.Fatal(err)
		}
		p.opt.Approvals = func(quarantine.Item) []quarantine.Role { return steps }
		if taken, err := p.store().Take("job-000001", p.gateway); err == nil {
			t.Errorf("%s: it is taken: %+v", name, taken.Instruction)
		}
		p.opt.Approvals = nil
		if taken, err := p.store().Take("job-000001", p.gateway); err != nil {
			t.Errorf("%s: %v", name, err)
		} else {
			taken.Original.Close()
		}
	}
}

// TestMalwareHasNoApprovals: where a file is found to be malware after it was asked for, no number of approvals counts.
func TestMalwareHasNoApprovals(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.opt.Approvals = func(quarantine.Item) []quarantine.Role {
		return []quarantine.Role{quarantine.Anyone, quarantine.Anyone}
	}
	s := p.store()
	hold(t, s, item("job-000001", secret), secret)
	if err := s.Request("job-000001", quarantine.By{Actor: "職員", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Approve("job-000001", quarantine.By{Actor: "佐藤", Code: quarantine.CodeChecked}, p.review); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(p.dir, "job-000001", "item.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	held := strings.Replace(string(text), `"reason": "`+string(get(t, s, "job-000001").Item.Reason)+`"`, `"reason": "`+string(sanitize.ReasonMalware)+`"`, 1)
	if err := os.WriteFile(path, []byte(held), 0o600); err != nil {
		t.Fatal(err)
	}
	wantErr(t, s.Approve("job-000001", quarantine.By{Actor: "田中", Code: quarantine.CodeChecked}, p.review), quarantine.ErrMalware)
	if _, _, needs := s.Next(get(t, s, "job-000001")); needs != 0 {
		t.Errorf("malware needs %d approvals", needs)
	}
}
