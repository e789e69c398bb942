package pipeline_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/internal/arrival"
	"sekisho/internal/audit"
	"sekisho/internal/pipeline"
	"sekisho/internal/policy"
)

// bring brings rules into force, by two people.
func bring(t *testing.T, g *pipeline.Gateway, r policy.Rules) {
	t.Helper()
	s := g.Policies()
	if err := s.Propose(t.Context(), "佐藤", "試験", r, policy.None); err != nil {
		t.Fatal(err)
	}
	p, _, err := s.Proposal()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Activate(t.Context(), "田中", "試験", p.ID()); err != nil {
		t.Fatal(err)
	}
}

// TestPolicyVersions: what two people chose holds for the files that are treated from then on, also after a restart; the other
// zone takes such files; and record and manifest say which version it was.
func TestPolicyVersions(t *testing.T) {
	h := newHouse(t)
	const page = `<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>通知</title></head><body><p><a href="https://www.example.com/">案内</a></p></body></html>`
	linked := func(name string) bool {
		b, err := os.ReadFile(filepath.Join(h.dir, "lgwan", name))
		if err != nil {
			t.Fatalf("%v\n%s", err, h.log.String())
		}
		return strings.Contains(string(b), "https://www.example.com/")
	}
	hand := func(g *pipeline.Gateway, name string) { // taken in when it returns: an inbox looks only now and then
		t.Helper()
		if _, err := g.Submit(t.Context(), pipeline.Submission{Route: "default", Name: name, Actor: "山田", Source: "web"}, strings.NewReader(page)); err != nil {
			t.Fatal(err)
		}
	}
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) {
		hand(g, "first.html")
		h.idle(t, g, z)
		r := policy.Shipped()
		r.Links = false
		bring(t, g, r)
		hand(g, "second.html")
		h.idle(t, g, z)
	})
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) {
		hand(g, "third.html")
		h.idle(t, g, z)
		r := policy.Shipped()
		r.Routes = map[string]string{"default": "strict"}
		bring(t, g, r)
		hand(g, "fourth.html")
		h.idle(t, g, z)
	})
	for name, want := range map[string]bool{"first.html": true, "second.html": false, "third.html": false, "fourth.html": false} {
		if linked(name) != want {
			t.Errorf("%s has its link: %v, want %v", name, !want, want)
		}
	}
	for _, dir := range []string{"state/record", "state/lgwan/record"} {
		h.treatedBy(t, dir, map[string]string{"first.html": "standard 0", "second.html": "standard 1", "third.html": "standard 1", "fourth.html": "strict 2"})
	}
}

// treatedBy looks which policy, of which version, the record in dir says that files were treated by.
func (h *house) treatedBy(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	root, err := os.OpenRoot(filepath.Join(h.dir, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	seen := 0
	for e, err := range audit.Read(root, pipeline.RecordName) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind != audit.Rebuilt && e.Kind != audit.Sealed && e.Kind != audit.Released {
			continue
		}
		seen++
		if got := e.Policy + " " + string(rune('0'+e.Version)); got != want[e.Name] {
			t.Errorf("%s: %s of %s: %s, want %s", dir, e.Kind, e.Name, got, want[e.Name])
		}
	}
	if seen < len(want) {
		t.Errorf("%s: only %d events", dir, seen)
	}
}

// TestTrial: a trial says what would become of files, by the road that they would take, and changes nothing.
func TestTrial(t *testing.T) {
	h := newHouse(t)
	h.gateway.Rescan.KeepOriginals = 1
	const page = `<!DOCTYPE html><html><head><title>x</title></head><body><p><a href="https://www.example.com/">案内</a></p></body></html>`
	h.drop(t, "kept.html", page)
	h.drop(t, "tool.exe", "MZ")
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	r := policy.Shipped()
	r.Links = false
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) {
		review, err := pipeline.OpenReview(h.gateway)
		if err != nil {
			t.Fatal(err)
		}
		defer review.Close()
		ended := func() policy.Trial {
			t.Helper()
			for limit := time.Now().Add(60 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
				if got := g.Trial(); !got.Ended.IsZero() {
					return got
				}
			}
			t.Fatalf("the trial does not end: %+v", g.Trial())
			return policy.Trial{}
		}
		if err := g.TryHeld(t.Context(), review, "佐藤", r, 7); err != nil {
			t.Fatal(err)
		}
		got := map[string]policy.TrialFile{}
		trial := ended()
		for _, f := range trial.Files {
			got[f.Name] = f
		}
		kept, tool := got["kept.html"], got["tool.exe"]
		if len(trial.Files) != 2 || trial.Late || !kept.Changed || kept.Now.Verdict != "clean" || kept.Then.Verdict != "clean" || len(kept.Now.Findings) != 0 {
			t.Errorf("%+v", trial)
		}
		if tool.Changed || tool.Then.Verdict != "held" || tool.Then.Reason != "policy" || tool.Why != "" {
			t.Errorf("%+v", tool)
		}
		strict := policy.Rules{Routes: map[string]string{"default": "strict"}}
		if err := g.TryFile(t.Context(), "佐藤", strict, "default", "一枚.html", strings.NewReader(page)); err != nil {
			t.Fatal(err)
		}
		if one := ended(); len(one.Files) != 1 || one.Files[0].Then.Policy != "strict" || !one.Files[0].Changed || one.Days != 0 {
			t.Errorf("%+v", one)
		}
		if err := g.TryFile(t.Context(), "佐藤", strict, "nowhere", "x", strings.NewReader(page)); !errors.Is(err, pipeline.ErrNoRoute) {
			t.Error(err)
		}
		if err := os.Rename(h.gateway.Quarantine.ReviewKey, h.gateway.Quarantine.ReviewKey+".away"); err != nil {
			t.Fatal(err)
		}
		if err := g.TryHeld(t.Context(), review, "佐藤", r, 7); err != nil {
			t.Fatal(err)
		}
		for _, f := range ended().Files {
			if want := map[string]string{"tool.exe": policy.WhyKey}[f.Name]; f.Why != want {
				t.Errorf("without the key: %s: %q, want %q", f.Name, f.Why, want)
			}
		}
		if g.Policies().Active().Number != 0 {
			t.Error("a trial came into force")
		}
	})
	entries, err := os.ReadDir(filepath.Join(h.dir, "lgwan"))
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files are released, want 1: %v", len(entries), err)
	}
	tries := 0
	for _, d := range h.details(t, audit.Config) {
		if strings.Contains(d, "tries rules") {
			tries++
		}
	}
	if tries != 3 {
		t.Errorf("%d trials on record", tries)
	}
}
