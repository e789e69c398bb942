package pipeline_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"sekisho/internal/arrival"
	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/pipeline"
	"sekisho/internal/quarantine"
)

// TestDecide: what a person decides is on record under the person's name before it is so; what nobody can do is not.
func TestDecide(t *testing.T) {
	h := newHouse(t)
	h.gateway.Exceptions = true
	h.drop(t, "tool.exe", "MZ a program")
	h.drop(t, "other.exe", "MZ another")
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	r, err := pipeline.OpenReview(h.gateway)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ids := map[string]string{}
	for e, err := range r.Store.List() {
		if err != nil {
			t.Fatal(err)
		}
		ids[e.Item.Name] = e.Item.Job
	}
	tool, other, ctx := ids["tool.exe"], ids["other.exe"], t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(err, is error) {
		t.Helper()
		if !errors.Is(err, is) {
			t.Errorf("%v, want %v", err, is)
		}
	}
	approve := func(actor string) error {
		_, err := r.Approve(ctx, tool, quarantine.By{Actor: actor, Code: quarantine.CodeChecked})
		return err
	}
	want(approve("甲"), quarantine.ErrState)
	must(r.Request(ctx, tool, quarantine.By{Actor: "甲", Reason: "業務に要る"}))
	want(approve("甲 "), quarantine.ErrSamePerson)
	want(r.Request(ctx, tool, quarantine.By{Actor: "乙", Reason: "業務に要る"}), quarantine.ErrState)
	must(r.Extend(ctx, tool, "乙", "照会中", time.Now().Add(30*24*time.Hour)))
	want(r.Delete(ctx, tool, " ", ""), quarantine.ErrActor)
	must(r.Reject(ctx, tool, "乙", "この種類は<b>受け取れません"))
	want(approve("丙"), quarantine.ErrState)
	if got, want := h.kinds(t, "tool.exe"), "received held exception-requested extended rejected"; got != want {
		t.Errorf("record %q, want %q", got, want)
	}
	page, err := os.ReadFile(filepath.Join(h.dir, "inbox/_止めたファイル/tool.exe.無害化結果.html"))
	if err != nil || !strings.Contains(string(page), "受け取れません") || strings.Contains(string(page), "<b>受") {
		t.Errorf("the sender is not told: %v", err)
	}

	to, err := age.GenerateX25519Identity()
	must(err)
	var sealed bytes.Buffer
	want(r.Evidence(ctx, other, "乙", "警察", "ssh-rsa AAAA", &sealed), quarantine.ErrKey)
	must(r.Evidence(ctx, other, "乙", "警察", to.Recipient().String(), &sealed))
	if bytes.Contains(sealed.Bytes(), []byte("another")) {
		t.Error("the original is in the clear")
	}
	plain, err := age.Decrypt(&sealed, to)
	must(err)
	if b, err := io.ReadAll(plain); string(b) != "MZ another" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	must(r.Delete(ctx, other, "乙", "用が済んだ"))
	want(r.Delete(ctx, other, "乙", ""), fs.ErrNotExist)
	if got, want := h.kinds(t, "other.exe"), "received held evidence deleted"; got != want {
		t.Errorf("record %q, want %q", got, want)
	}
	if all := h.details(t, audit.Evidence); len(all) != 1 || !strings.Contains(all[0], to.Recipient().String()) {
		t.Errorf("%q", all)
	}
}

// TestStepped: an original whose class wants two steps crosses after the second one, in this order, and the record tells both.
func TestStepped(t *testing.T) {
	h := newHouse(t)
	h.gateway.Exceptions = true
	h.gateway.Approval = []config.Approval{{Types: []string{"exe"}, Need: "stepped"}}
	h.drop(t, "tool.exe", "MZ a program")
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	r, err := pipeline.OpenReview(h.gateway)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	id := ""
	for e, err := range r.Store.List() {
		if err != nil {
			t.Fatal(err)
		}
		id = e.Item.Job
	}
	step := func(want error, released bool, actor string, roles ...quarantine.Role) {
		t.Helper()
		got, err := r.AsIs(t.Context(), id, quarantine.By{Actor: actor, Roles: roles, Code: quarantine.CodeNeeded, Reason: "業務に要る"})
		if !errors.Is(err, want) || err == nil && got != released {
			t.Errorf("%s: %v, %v; want %v, %v", actor, got, err, released, want)
		}
	}
	step(nil, false, "職員")
	step(quarantine.ErrRole, false, "管理者", quarantine.Admin)
	step(nil, false, "承認者", quarantine.Approver)
	step(quarantine.ErrSamePerson, false, "承認者", quarantine.Approver, quarantine.Admin)
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	if _, err := os.Stat(filepath.Join(h.dir, "lgwan/tool.exe")); err == nil {
		t.Fatal("it crossed after one of two approvals")
	}
	step(nil, true, "管理者", quarantine.Admin)
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	told := strings.Join(append(h.details(t, audit.Endorsed), h.details(t, audit.Approved)...), "\n")
	if want := "approval 1 of 2 as approver; [needed] 業務に要る\napproval 2 of 2 as admin; [needed] 業務に要る"; told != want {
		t.Errorf("on record:\n%s", told)
	}
	if got := h.kinds(t, "tool.exe"); !strings.HasSuffix(got, "exception-requested exception-endorsed exception-approved reviewed sealed sent") {
		t.Errorf("record %q", got)
	}
}
