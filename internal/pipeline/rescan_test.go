package pipeline_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/internal/arrival"
	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/pipeline"
	"sekisho/internal/quarantine"
	"sekisho/sanitize"
)

// denying gives the house a scanner that is a deny list, and returns what replaces the list.
func (h *house) denying(t *testing.T) (deny func(lines string)) {
	t.Helper()
	list := filepath.Join(h.dir, "deny.sha256")
	deny = func(lines string) {
		if err := os.WriteFile(list+".new", []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(list+".new", list); err != nil {
			t.Fatal(err)
		}
	}
	deny("# nothing yet\n")
	h.gateway.Scanners = []config.Scanner{{Type: "hashes", Deny: []string{list}}}
	return deny
}

func hashLine(text string) string { return fmt.Sprintf("%x\n", sha256.Sum256([]byte(text))) }

// TestRescan: when a scanner learns something, what was released and what is held is scanned again, without anybody asking;
// what is found is told once, and a held file becomes one that nobody can release.
func TestRescan(t *testing.T) {
	h := newHouse(t)
	deny := h.denying(t)
	h.gateway.Rescan = config.Rescan{KeepOriginals: 30, Every: config.Duration(50 * time.Millisecond)}
	h.drop(t, "届く.txt", "住民の皆様へ\n")
	h.drop(t, "無害.txt", "ほかの文書\n")
	h.drop(t, "止まる.exe", "MZ held")
	found := func() (all []string) {
		for _, d := range h.details(t, audit.Rescanned) {
			if !strings.Contains(d, "files scanned again") {
				all = append(all, d)
			}
		}
		return all
	}
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) {
		h.idle(t, g, z)
		if all := found(); len(all) != 0 {
			t.Errorf("found before anything was known: %q", all)
		}
		deny("half a li") // no list: no answer, and not the end of it either
		h.await(t, "the broken list is told", func() bool { return strings.Contains(h.log.String(), "cannot scan again") })
		deny(hashLine("住民の皆様へ\n") + hashLine("MZ held"))
		h.await(t, "both are found", func() bool { return len(found()) == 2 })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		answer, err := pipeline.AskRescan(ctx, h.gateway)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Scanned != 2 || answer.Unanswered != 0 || answer.Sealed != 0 || len(answer.Found) != 1 { // the held one is malware by now
			t.Errorf("answer %+v", answer)
		}
		if f := answer.Found[0]; f.Place() != "default/届く.txt" || f.Where != "released" || f.Signature != "Deny.SHA256" || f.Sent.IsZero() {
			t.Errorf("found %+v", f)
		}
		deny(hashLine("住民の皆様へ\n") + hashLine("MZ held") + "# and one more\n")
		h.await(t, "a third scan", func() bool { return len(h.details(t, audit.Rescanned)) >= 6 })
	})
	if all := found(); len(all) != 2 {
		t.Errorf("told %d times of 2 files: %q", len(all), all)
	}
	for _, name := range []string{"届く.txt", "止まる.exe"} {
		if _, err := os.Stat(filepath.Join(h.dir, "inbox/_止めたファイル", name+".無害化結果.html")); err != nil {
			t.Error(err)
		}
	}
	root, err := os.OpenRoot(filepath.Join(h.dir, "state/quarantine"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	store := quarantine.Open(root, quarantine.Options{Exceptions: true})
	for e, err := range store.List() {
		if err != nil || e.Item.Verdict != sanitize.Blocked || e.Item.Reason != sanitize.ReasonMalware {
			t.Errorf("%+v, %v", e.Item, err)
		}
		if err := store.Request(e.Item.Job, quarantine.By{Actor: "甲", Reason: "業務"}); !errors.Is(err, quarantine.ErrMalware) {
			t.Errorf("somebody may ask for malware: %v", err)
		}
	}
}

// TestRescanHeld: what is held is scanned again with the gateway's own key, where the configuration says so, and what was released
// is kept by nobody; what was held before that can be opened by the reviewer only, and is counted.
func TestRescanHeld(t *testing.T) {
	h := newHouse(t)
	deny := h.denying(t)
	h.gateway.Rescan.Every = config.Duration(50 * time.Millisecond)
	h.drop(t, "前.exe", "MZ before")
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	if err := os.Remove(h.gateway.Quarantine.ReviewKey); err != nil { // another person has it, elsewhere
		t.Fatal(err)
	}
	h.gateway.Rescan.Held = true
	h.drop(t, "止まる.exe", "MZ held")
	h.drop(t, "無害.txt", "ほかの文書\n")
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) {
		h.idle(t, g, z)
		deny(hashLine("MZ before") + hashLine("MZ held"))
		h.await(t, "it is found", func() bool { return strings.Contains(strings.Join(h.details(t, audit.Rescanned), "\n"), "held; ") })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		answer, err := pipeline.AskRescan(ctx, h.gateway)
		if err != nil || answer.Sealed != 1 || answer.Unanswered != 0 {
			t.Errorf("answer %+v, %v", answer, err)
		}
	})
	if entries, err := os.ReadDir(filepath.Join(h.dir, "state/kept")); err != nil || len(entries) > 0 {
		t.Errorf("%d originals are kept, %v", len(entries), err)
	}
	root, err := os.OpenRoot(filepath.Join(h.dir, "state/quarantine"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for e, err := range quarantine.Open(root, quarantine.Options{}).List() {
		if err != nil || (e.Item.Verdict == sanitize.Blocked) != (e.Item.Name == "止まる.exe") {
			t.Errorf("%+v, %v", e.Item, err)
		}
	}
}

// await waits until check is true.
func (h *house) await(t *testing.T, what string, check func() bool) {
	t.Helper()
	for limit := time.Now().Add(60 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if check() {
			return
		}
	}
	t.Fatalf("after a minute not yet: %s\n%s", what, h.log.String())
}

// TestNothingIsKept: by default no original outlives its file, and originals that were kept go when the configuration no longer
// asks for them.
func TestNothingIsKept(t *testing.T) {
	h := newHouse(t)
	h.denying(t)
	for _, days := range []int{0, 30, 0} {
		h.gateway.Rescan.KeepOriginals = days
		h.drop(t, fmt.Sprintf("文書%d.txt", time.Now().UnixNano()), "本文\n")
		h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
		entries, err := os.ReadDir(filepath.Join(h.dir, "state/kept"))
		if err != nil || (len(entries) > 0) != (days > 0) {
			t.Errorf("with %d days %d originals are kept, %v", days, len(entries), err)
		}
	}
	if _, err := pipeline.AskRescan(t.Context(), h.gateway); !errors.Is(err, pipeline.ErrNotKept) {
		t.Errorf("asked for nothing: %v", err)
	}
}
