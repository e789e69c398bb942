package health_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"sekisho/internal/health"
)

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestAnswers(t *testing.T) {
	var linkDown error
	h := health.Handler(health.Options{
		Probes: []health.Probe{
			{Name: "queue", Check: func(context.Context) error { return nil }},
			{Name: "link", Check: func(context.Context) error { return linkDown }},
		},
		Figures: func(context.Context) ([]health.Figure, error) {
			return []health.Figure{
				{Name: "sekisho_queue_messages", Help: "messages", Label: `stage="sanitise"`, Value: 3},
				{Name: "sekisho_spool_bytes", Help: "bytes", Value: 1 << 40},
				{Name: "sekisho_queue_messages", Help: "messages", Label: `stage="send"`, Value: 0.5},
			}, linkDown
		},
	})
	const figures = `# HELP sekisho_queue_messages messages
# TYPE sekisho_queue_messages gauge
sekisho_queue_messages{stage="sanitise"} 3
sekisho_queue_messages{stage="send"} 0.5
# HELP sekisho_spool_bytes bytes
# TYPE sekisho_spool_bytes gauge
sekisho_spool_bytes 1.099511627776e+12
`
	for _, c := range []struct {
		path, text string
		status     int
		down       error
	}{
		{"/healthz", "ok\n", 200, nil},
		{"/readyz", "ready\n", 200, nil},
		{"/metrics", figures, 200, nil},
		{"/healthz", "ok\n", 200, errors.New("name of a file")},
		{"/readyz", "link: not ready\n", 503, errors.New("name of a file")},
		{"/metrics", "figures cannot be read now\n", 503, errors.New("name of a file")},
		{"/", "404 page not found\n", 404, nil},
	} {
		linkDown = c.down
		if status, text := get(t, h, c.path); status != c.status || text != c.text {
			t.Errorf("%s: %d %q, want %d %q", c.path, status, text, c.status, c.text)
		}
	}
}

func TestOnlyThisMachine(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0"} {
		if l, err := health.Listen(address); !errors.Is(err, health.ErrNotLocal) {
			t.Errorf("%s: %v, %v", address, l, err)
		}
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	l, err := health.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() { ended <- health.Serve(ctx, l, health.Options{}) }()
	answer, err := http.Get("http://" + l.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || string(text) != "ok\n" {
		t.Errorf("%q, %v", text, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
