package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"sekisho/internal/arrival"
	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/pipeline"
)

// TestOneFormAmongManyPhotos: an office drops very many files, and while they are on their way, also while the link is down,
// another office drops one. It is taken in at once and arrives before most of the others.
func TestOneFormAmongManyPhotos(t *testing.T) {
	const photos, workers = 120, 2
	const inHand = 4 * (workers + 4) // see perWorker and senders
	h := newHouse(t)
	h.gateway.Workers = workers
	forms := filepath.Join(h.dir, "forms")
	for _, dir := range []string{forms, filepath.Join(h.dir, "forms-out")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h.gateway.Routes = append(h.gateway.Routes, config.Route{
		Name: "forms", Inbox: forms, Policy: "standard", Poll: h.gateway.Routes[0].Poll, Settle: h.gateway.Routes[0].Settle,
	})
	h.releases = []config.ReleaseRoute{{Name: "forms", Release: filepath.Join(h.dir, "forms-out")}}
	for n := range photos {
		h.drop(t, fmt.Sprintf("写真%03d.txt", n), "写真のつもり\n")
	}
	spooled := func() int {
		jobs, err := filepath.Glob(filepath.Join(h.dir, "state/spool/*/job.json"))
		if err != nil {
			t.Fatal(err)
		}
		return len(jobs)
	}
	h.linkDown(t, func() {
		h.await(t, "the photos in hand are sealed and wait for the link", func() bool {
			sealed, _ := filepath.Glob(filepath.Join(h.dir, "state/spool/*/header"))
			return len(sealed) == inHand
		})
		if err := os.WriteFile(filepath.Join(forms, "申請書.txt"), []byte("転入届\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		h.await(t, "the form is sealed too", func() bool {
			sealed, _ := filepath.Glob(filepath.Join(h.dir, "state/spool/*/header"))
			return len(sealed) == inHand+1
		})
		if n := spooled(); n != inHand+1 {
			t.Errorf("%d files are in hand, want %d", n, inHand+1)
		}
	})
	h.run(t, func(g *pipeline.Gateway, z *arrival.Zone) { h.idle(t, g, z) })
	if place := h.placeOfForm(t); place > inHand+workers+4 {
		t.Errorf("the form was sent as number %d of %d", place, photos+1)
	}
}

// linkDown runs the gateway alone, with nobody at the other end of the link, while do works.
func (h *house) linkDown(t *testing.T, do func()) {
	t.Helper()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.gateway.Link.Address = nobody.Addr().String()
	nobody.Close()
	log := slog.New(slog.NewTextHandler(h.log, nil))
	g, err := pipeline.OpenGateway(t.Context(), h.gateway, pipeline.Options{Version: "test", Child: child, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- g.Run(ctx) }()
	do()
	stop()
	if err := errors.Join(<-done, g.Close()); err != nil {
		t.Error(err)
	}
}

// placeOfForm returns as which file the one of the route "forms" was sent.
func (h *house) placeOfForm(t *testing.T) int {
	t.Helper()
	root, err := os.OpenRoot(filepath.Join(h.dir, "state/record"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	n := 0
	for e, err := range audit.Read(root, pipeline.RecordName) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind != audit.Sent {
			continue
		}
		if n++; e.Route == "forms" {
			return n
		}
	}
	t.Fatal("the form was not sent")
	return 0
}
