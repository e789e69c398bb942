package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/durable"
)

// Options are what a notifier works with.
type Options struct {
	Config   config.Console
	URL      string // where people reach the console; default that of the configuration
	Dir      string // the console's folder
	Record   *os.Root
	Log      string // name of the record
	Hidden   string // a route that nobody is told about: the canary's
	Office   func(route, path string) string
	Index    *index.Index
	Accounts *account.Store
	Logger   *slog.Logger
	Poll     time.Duration // between two looks at the record; default 5 s
	Now      func() time.Time
}

// Notifier tells people and programs.
type Notifier struct {
	opt  Options
	root *os.Root
	ways []*way
}

// way is one way of telling: mail, or one webhook. It is used by one goroutine.
type way struct {
	name  string
	keep  string // file with its place
	kinds []audit.Kind
	// tell tells of news, which end with entry last. Without done they come again, with more.
	tell func(ctx context.Context, since time.Time, news []audit.Entry, last uint64) (done bool, err error)

	loaded bool
	state  state          // as it is kept
	at     audit.Position // read up to here
	news   []audit.Entry  // between state.Position and at
}

// state is what a way keeps.
type state struct {
	Position audit.Position `json:"position"`
	Told     time.Time      `json:"told"` // last digest
}

// Open prepares the configured ways. Nothing is told before Run.
func Open(o Options) (*Notifier, error) {
	if o.URL == "" {
		o.URL = o.Config.URL
	}
	if o.Poll == 0 {
		o.Poll = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	root, err := durable.OpenFolder(filepath.Join(o.Dir, "notify"), 0o700)
	if err != nil {
		return nil, err
	}
	n := &Notifier{opt: o, root: root}
	if o.Config.Mail.Server != "" {
		m, err := openMail(n, o.Config.Mail)
		if err != nil {
			return nil, errors.Join(err, root.Close())
		}
		n.ways = append(n.ways, &way{name: "mail", keep: "mail.json", kinds: mailKinds(), tell: m.tell})
	}
	for _, w := range o.Config.Webhook {
		h, err := openHook(n, w)
		if err != nil {
			return nil, errors.Join(err, root.Close())
		}
		sum := sha256.Sum256([]byte(w.URL))
		n.ways = append(n.ways, &way{
			name: "webhook", keep: "webhook-" + hex.EncodeToString(sum[:8]) + ".json", kinds: hookKinds(w), tell: h.tell,
		})
	}
	return n, nil
}

// Close closes the notifier.
func (n *Notifier) Close() error { return n.root.Close() }

// The pause after a failure, which doubles up to a limit.
const (
	firstPause = 5 * time.Second
	lastPause  = 10 * time.Minute
)

// Run tells until ctx ends. One way that does not work does not keep back another.
func (n *Notifier) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, w := range n.ways {
		all.Go(func() { n.follow(ctx, w) })
	}
	all.Wait()
}

func (n *Notifier) follow(ctx context.Context, w *way) {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		wait := n.opt.Poll
		if err := n.step(ctx, w); err != nil && ctx.Err() == nil {
			pause = min(max(2*pause, min(firstPause, n.opt.Poll)), lastPause)
			wait = pause
			n.opt.Logger.Error("cannot notify", "way", w.name, "again_in", wait, "error", err)
		} else {
			pause = 0
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// step looks once at the record for one way.
func (n *Notifier) step(ctx context.Context, w *way) error {
	if !w.loaded {
		if err := n.load(w); err != nil {
			return err
		}
	}
	full, err := n.read(w)
	if err != nil {
		return err
	}
	if w.at == w.state.Position {
		return nil
	}
	done := len(w.news) == 0
	if !done {
		since := w.state.Told
		if full {
			since = time.Time{} // so much that it is told now
		}
		if done, err = w.tell(ctx, since, w.news, w.at.Seq); err != nil || !done {
			return err
		}
		w.state.Told = n.opt.Now().UTC()
	}
	w.state.Position, w.news = w.at, nil
	return n.save(w)
}

// maxNews bounds how many entries a way tells of at once.
const maxNews = 1000

// read reads what is new for a way, and reports whether that is as much as it tells of at once.
func (n *Notifier) read(w *way) (full bool, err error) {
	for p, err := range audit.Since(n.opt.Record, n.opt.Log, w.at) {
		if len(w.news) >= maxNews {
			return true, nil
		}
		if errors.Is(err, audit.ErrTampered) && p.File != "" {
			continue // the status page says so
		}
		if errors.Is(err, audit.ErrTampered) { // another record: begin at its end
			return false, errors.Join(err, n.begin(w))
		}
		if err != nil {
			return false, err
		}
		w.at = p.Position()
		hidden := p.Route != "" && p.Route == n.opt.Hidden && p.Kind != audit.Alarm
		if slices.Contains(w.kinds, p.Kind) && !hidden {
			w.news = append(w.news, p.Entry)
		}
	}
	return false, nil
}

// load reads what a way keeps. A new way begins at the end of the record: what was before is no news.
func (n *Notifier) load(w *way) error {
	b, err := n.root.ReadFile(w.keep)
	if errors.Is(err, fs.ErrNotExist) {
		return n.begin(w)
	}
	if err == nil {
		err = json.Unmarshal(b, &w.state)
	}
	if err != nil {
		return fmt.Errorf("cannot read place of notifications: %w", err)
	}
	w.at, w.loaded = w.state.Position, true
	return nil
}

// begin sets a way to the end of the record.
func (n *Notifier) begin(w *way) error {
	h, err := audit.ReadHead(n.opt.Record, n.opt.Log)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w.state, w.at, w.news = state{Told: n.opt.Now().UTC()}, audit.Position{}, nil
	if h.Seq > 0 {
		w.at = audit.Position{Seq: h.Seq, Hash: h.Hash, File: h.File, Offset: h.Offset}
	}
	w.state.Position, w.loaded = w.at, true
	return n.save(w)
}

func (n *Notifier) save(w *way) error {
	b, err := json.Marshal(w.state)
	if err != nil {
		return fmt.Errorf("cannot encode place of notifications: %w", err)
	}
	return durable.WriteFile(n.root, w.keep, b, 0o600)
}
