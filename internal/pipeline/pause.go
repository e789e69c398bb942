package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"sync"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/durable"
	"sekisho/internal/notice"
)

// pauseNotice is the page that lies in every inbox while files are not taken in.
const pauseNotice = "受け付けを一時停止しています" + notice.Suffix

// pause knows whether the intake pauses because of the disk reserve, and tells everybody once when that changes.
type pause struct {
	mu sync.Mutex
	on bool
}

func (p *pause) is() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.on
}

// paused says whether the intake pauses: on the record, in the log, and with a notice in each inbox.
func (g *Gateway) paused(ctx context.Context, on bool) {
	g.pause.mu.Lock()
	defer g.pause.mu.Unlock()
	if g.pause.on == on {
		return
	}
	g.pause.on = on
	e := audit.Event{Kind: audit.Waiting, Detail: "intake goes on: there is room on the disk again"}
	if on {
		e = audit.Event{Kind: audit.Alarm, Detail: "intake pauses: the disk reserve is reached"}
	}
	g.log.Warn(e.Detail)
	if err := g.record(ctx, e); err != nil {
		g.log.Error("cannot record that the intake pauses or goes on", "error", err)
	}
	for _, route := range g.cfg.Routes {
		if err := g.tellPause(g.shares[route.Name], on); err != nil {
			g.log.Error("cannot leave or remove the notice of the pause", "route", route.Name, "error", err)
		}
	}
}

// toldPause reports whether the notice lies in a share.
func toldPause(share *os.Root) bool {
	_, err := share.Lstat(path.Join(notice.Folder, pauseNotice))
	return err == nil
}

// tellPause leaves the notice in a share, or removes it.
func (g *Gateway) tellPause(share *os.Root, on bool) error {
	if share == nil {
		return nil
	}
	name := path.Join(notice.Folder, pauseNotice)
	if !on {
		if err := share.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	var page bytes.Buffer
	if err := notice.Render(&page, notice.Notice{Name: "-", Reason: "disk-reserve", Time: time.Now()}); err != nil {
		return err
	}
	if err := durable.MkdirAll(share, notice.Folder, 0o755); err != nil {
		return err
	}
	return durable.WriteFile(share, name, page.Bytes(), 0o644)
}
