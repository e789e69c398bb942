package pipeline_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/internal/arrival"
	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/health"
	"sekisho/internal/pipeline"
	"sekisho/internal/stateversion"
)

// ready returns what a supervisor is told.
func ready(t *testing.T, o health.Options) (code int, text string) {
	t.Helper()
	w := httptest.NewRecorder()
	health.Handler(o).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	return w.Code, w.Body.String()
}

// TestCanary: a known file travels the whole road, and both zones know when it arrives and when it does not.
func TestCanary(t *testing.T) {
	h := newHouse(t)
	h.gateway.Canary = config.Canary{Every: config.Duration(200 * time.Millisecond), Late: config.Duration(time.Hour)}
	h.late = time.Hour
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) {
		h.await(t, "two canaries have arrived", func() bool { return strings.Count(h.kindsOfRoute(t, config.CanaryRoute), "sent") >= 2 })
		h.await(t, "it is noted", func() bool {
			at, err := pipeline.CheckCanary(h.gateway)
			return err == nil && !at.IsZero()
		})
		for name, o := range map[string]health.Options{"gateway": g.Watch(), "receiver": z.Watch()} {
			if code, text := ready(t, o); code != http.StatusOK {
				t.Errorf("%s: %d %s", name, code, text)
			}
		}
		h.await(t, "the receiver has seen the release", func() bool {
			return strings.Contains(metrics(t, z.Watch()), "sekisho_canary_released_timestamp_seconds")
		})
		if err := g.Alive(t.Context()); err != nil {
			t.Error(err)
		}
	})
	entries, err := os.ReadDir(filepath.Join(h.dir, "lgwan"))
	if err != nil || len(entries) != 0 {
		t.Errorf("staff see the canary: %v, %v", entries, err)
	}
	if len(h.ended) != 0 {
		t.Errorf("the canary counts as a file: %+v", h.ended)
	}

	h.gateway.Scanners = []config.Scanner{{Type: "command", Command: []string{"/bin/echo", "Found"}}} // in everything
	h.run(t, func(g *pipeline.Gateway, _ *arrival.Zone) {
		h.await(t, "the gateway is not ready", func() bool {
			code, text := ready(t, g.Watch())
			return code == http.StatusServiceUnavailable && strings.Contains(text, "canary: not ready")
		})
		if _, err := pipeline.CheckCanary(h.gateway); err == nil || !strings.Contains(err.Error(), "held") {
			t.Errorf("doctor says %v", err)
		}
	})
}

// TestCanaryIsNotReleased: where the receiver takes canaries and cannot release them, it knows, and the gateway cannot.
func TestCanaryIsNotReleased(t *testing.T) {
	h := newHouse(t)
	h.gateway.Canary = config.Canary{Every: config.Duration(200 * time.Millisecond), Late: config.Duration(time.Hour)}
	h.late = 2 * time.Second
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) {
		if err := os.Remove(filepath.Join(h.dir, "state/lgwan/canary")); err != nil {
			t.Fatal(err)
		}
		h.await(t, "the gateway believes that it was taken", func() bool {
			at, err := pipeline.CheckCanary(h.gateway)
			return err == nil && !at.IsZero()
		})
		h.await(t, "the receiver is not ready", func() bool {
			code, text := ready(t, z.Watch())
			return code == http.StatusServiceUnavailable && strings.Contains(text, "canary: not ready")
		})
		if code, text := ready(t, g.Watch()); code != http.StatusOK {
			t.Errorf("gateway: %d %s", code, text)
		}
		if text := metrics(t, z.Watch()); strings.Contains(text, "sekisho_canary_released_timestamp_seconds") {
			t.Errorf("none was released: %s", text)
		}
	})
}

// TestCanaryUnexpected: a receiver that was not told of canaries takes those that come all the same.
func TestCanaryUnexpected(t *testing.T) {
	h := newHouse(t)
	h.gateway.Canary = config.Canary{Every: config.Duration(200 * time.Millisecond), Late: config.Duration(time.Hour)}
	h.run(t, func(_ *pipeline.Gateway, z *arrival.Zone) {
		h.await(t, "one is released", func() bool {
			return strings.Contains(metrics(t, z.Watch()), "sekisho_canary_released_timestamp_seconds")
		})
		if code, text := ready(t, z.Watch()); code != http.StatusOK {
			t.Errorf("receiver: %d %s", code, text)
		}
	})
	if refused, err := filepath.Glob(filepath.Join(h.dir, "state/lgwan/spool/refused/*")); err != nil || len(refused) > 0 {
		t.Errorf("refused %q, %v", refused, err)
	}
}

// metrics returns the figures of a zone.
func metrics(t *testing.T, o health.Options) string {
	t.Helper()
	w := httptest.NewRecorder()
	health.Handler(o).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// kindsOfRoute returns the kinds of all events about a route.
func (h *house) kindsOfRoute(t *testing.T, route string) string {
	t.Helper()
	root, err := os.OpenRoot(filepath.Join(h.dir, "state/record"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var all []string
	for e, err := range audit.Read(root, pipeline.RecordName) {
		if err == nil && e.Route == route {
			all = append(all, string(e.Kind))
		}
	}
	return strings.Join(all, " ")
}

// TestCanaryLate: while the link is down the canary is late, and that is an alarm on the record of both zones.
func TestCanaryLate(t *testing.T) {
	h := newHouse(t)
	h.gateway.Canary = config.Canary{Every: config.Duration(100 * time.Millisecond), Late: config.Duration(300 * time.Millisecond)}
	h.gateway.Link.Address = "127.0.0.1:1"
	log := slog.New(slog.NewTextHandler(h.log, nil))
	g, err := pipeline.OpenGateway(t.Context(), h.gateway, pipeline.Options{Version: "test", Child: child, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- g.Run(ctx) }()
	h.await(t, "an alarm", func() bool { return len(h.details(t, audit.Alarm)) > 0 })
	if code, _ := ready(t, g.Watch()); code != http.StatusServiceUnavailable {
		t.Errorf("ready: %d", code)
	}
	if _, err := pipeline.CheckCanary(h.gateway); err == nil {
		t.Error("doctor is content")
	}
	stop()
	if err := errors.Join(<-done, g.Close()); err != nil {
		t.Error(err)
	}
	if n := len(h.details(t, audit.Alarm)); n != 1 {
		t.Errorf("%d alarms of one trouble", n)
	}
}

// TestDiskReserve: below the reserve nothing is taken in, which staff, supervisor and record are told, once; with room again it
// goes on.
func TestDiskReserve(t *testing.T) {
	h := newHouse(t)
	h.gateway.DiskReserve = 1 << 62
	h.drop(t, "待つ.txt", "本文\n")
	page := filepath.Join(h.dir, "inbox/_止めたファイル/受け付けを一時停止しています.無害化結果.html")
	h.run(t, func(g *pipeline.Gateway, _ *arrival.Zone) {
		h.await(t, "staff are told", func() bool { _, err := os.Stat(page); return err == nil })
		if code, text := ready(t, g.Watch()); code != http.StatusServiceUnavailable || !strings.Contains(text, "intake: not ready") {
			t.Errorf("ready: %d %s", code, text)
		}
	})
	if all := h.details(t, audit.Alarm); len(all) != 1 || !strings.Contains(all[0], "disk reserve") {
		t.Errorf("alarms %q", all)
	}
	h.gateway.DiskReserve = 1
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	if _, err := os.Stat(page); err == nil {
		t.Error("the notice is still there")
	}
	if got := h.kinds(t, "待つ.txt"); !strings.HasSuffix(got, "sent") {
		t.Errorf("record %q", got)
	}
}

// TestNewerState: a program does not touch the state of a newer one.
func TestNewerState(t *testing.T) {
	h := newHouse(t)
	if err := os.WriteFile(filepath.Join(h.dir, "state/version"), []byte("2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := pipeline.OpenGateway(t.Context(), h.gateway, pipeline.Options{Version: "test", Child: child, Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, stateversion.ErrNewer) {
		t.Errorf("gateway: %v", err)
	}
	if _, err := pipeline.OpenReview(h.gateway); !errors.Is(err, stateversion.ErrNewer) {
		t.Errorf("review: %v", err)
	}
	entries, err := os.ReadDir(filepath.Join(h.dir, "state"))
	if err != nil || len(entries) != 2 { // keys and version
		t.Errorf("the state has %v, %v", entries, err)
	}
}
