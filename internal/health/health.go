// Package health tells a machine's supervisor how a zone is: over HTTP, on this machine only, without anything of a file's
// name or content.
//
//	GET /healthz   200 while the program answers at all
//	GET /readyz    200 when every probe passes, 503 with a line for each that does not
//	GET /metrics   figures in the text format of Prometheus
package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Probe is a thing that must work for the zone to be ready.
type Probe struct {
	Name  string // one word
	Check func(context.Context) error
}

// Figure is one number that is worth watching.
type Figure struct {
	Name  string // as Prometheus spells names, with the unit at its end: "sekisho_spool_bytes"
	Help  string // one line
	Label string // "" or one label: `stage="send"`
	Value float64
}

// Options say what is told. Probes and figures may be asked at the same time by several callers.
type Options struct {
	Probes  []Probe
	Figures func(context.Context) ([]Figure, error) // may be nil
}

// The bounds of one answer.
const (
	probeTime  = 5 * time.Second
	headerTime = 5 * time.Second
	maxHeader  = 8 << 10 // bytes
	stopTime   = 2 * time.Second
)

// ErrNotLocal says that an address is not one of this machine alone.
var ErrNotLocal = errors.New("the address is not a loopback address")

// Listen opens address, "127.0.0.1:9464" or "[::1]:9464". What is told there is for this machine only, so that any other
// address is refused.
func Listen(address string) (net.Listener, error) {
	ap, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for health checks: %w", err)
	}
	if !ap.IP.IsLoopback() {
		return nil, fmt.Errorf("cannot listen for health checks on %s: %w", address, ErrNotLocal)
	}
	l, err := net.ListenTCP("tcp", ap)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for health checks: %w", err)
	}
	return l, nil
}

// Serve answers on l, which it closes, until ctx ends.
func Serve(ctx context.Context, l net.Listener, opt Options) error {
	server := &http.Server{
		Handler: Handler(opt), ReadTimeout: headerTime, WriteTimeout: 2 * probeTime, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader,
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		if server.Shutdown(last) != nil {
			server.Close()
		}
	})
	err := server.Serve(l)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("cannot serve health checks: %w", err)
}

// Handler answers the three requests.
func Handler(opt Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if bad := probe(r.Context(), opt.Probes); bad != "" {
			say(w, http.StatusServiceUnavailable, bad)
			return
		}
		say(w, http.StatusOK, "ready\n")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), probeTime)
		defer cancel()
		var figures []Figure
		var err error
		if opt.Figures != nil {
			figures, err = opt.Figures(ctx)
		}
		if err != nil {
			say(w, http.StatusServiceUnavailable, "figures cannot be read now\n") // why is in the log, not on the net
			return
		}
		say(w, http.StatusOK, exposition(figures))
	})
	return mux
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	io.WriteString(w, text) // a caller that went away misses nothing
}

// probe runs the probes side by side and returns a line for each that fails or does not end in time.
func probe(ctx context.Context, probes []Probe) string {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	failed := make([]bool, len(probes))
	var all sync.WaitGroup
	for i, p := range probes {
		all.Go(func() { failed[i] = !passes(ctx, p) })
	}
	all.Wait()
	var text strings.Builder
	for i, p := range probes {
		if failed[i] {
			fmt.Fprintf(&text, "%s: not ready\n", p.Name)
		}
	}
	return text.String()
}

// passes reports whether p passes before ctx ends. A probe that hangs is left behind.
func passes(ctx context.Context, p Probe) bool {
	done := make(chan error, 1)
	go func() { done <- p.Check(ctx) }()
	select {
	case err := <-done:
		return err == nil
	case <-ctx.Done():
		return false
	}
}

// exposition writes figures in the text format, those of one name together.
func exposition(figures []Figure) string {
	var text strings.Builder
	named := map[string]bool{}
	for i, f := range figures {
		if named[f.Name] {
			continue
		}
		named[f.Name] = true
		fmt.Fprintf(&text, "# HELP %s %s\n# TYPE %s gauge\n", f.Name, f.Help, f.Name)
		for _, g := range figures[i:] {
			if g.Name != f.Name {
				continue
			}
			text.WriteString(g.Name)
			if g.Label != "" {
				text.WriteString("{" + g.Label + "}")
			}
			text.WriteString(" " + strconv.FormatFloat(g.Value, 'g', -1, 64) + "\n")
		}
	}
	return text.String()
}
