package api

import (
	"errors"
	"io/fs"
	"net/http"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/index"
	"sekisho/internal/quarantine"
)

// Rescanned is the answer to a scan of what is kept: who received what.
type Rescanned struct {
	Schema     int             `json:"schema"` // 1
	Begun      time.Time       `json:"begun"`
	Ended      time.Time       `json:"ended"`
	Signatures []string        `json:"signatures"` // scanner, engine and version of each
	Scanned    int             `json:"scanned"`
	Unanswered int             `json:"unanswered"` // files that a scanner, or the disk, gave no answer about
	Sealed     int             `json:"sealed"`     // that only the reviewer can open
	Found      []RescannedFile `json:"found"`
}

// RescannedFile is one file in which something was found.
type RescannedFile struct {
	Job       string    `json:"job"`
	Where     string    `json:"where"` // "released" or "held"
	Route     string    `json:"route"`
	Path      string    `json:"path"`
	Name      string    `json:"name"`
	Released  string    `json:"released,omitempty"` // the name that it has in the LGWAN zone
	Sent      time.Time `json:"sent,omitzero"`
	SHA256    string    `json:"sha256"`
	Scanner   string    `json:"scanner"`
	Signature string    `json:"signature"`
}

// Status says how the gateway is: what must be well, and figures in the unit that each names ("", "bytes" or "seconds").
type Status struct {
	Checks  []StatusCheck  `json:"checks"`
	Figures []StatusFigure `json:"figures"`
}

// StatusCheck is one thing that must be well. Detail may be the words of another program.
type StatusCheck struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

// StatusFigure is one number.
type StatusFigure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// held lists what waits in quarantine, each in full, the newest first.
func (c *call) held() error {
	limit, err := limitOf(c.r.URL.Query())
	after, err2 := afterOf(c.r.URL.Query())
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	open := []index.State{index.Held, index.Requested, index.Treating}
	page, err := c.opt.Index.Files(c.r.Context(), index.Filter{Scope: c.scopeFor(c.route.right), States: open}, after, limit)
	if err != nil {
		return err
	}
	all := []quarantine.Entry{}
	for _, f := range page.Files {
		e, err := c.opt.Gateway.Held(c.r.Context(), f.ID)
		if errors.Is(err, fs.ErrNotExist) { // it was decided meanwhile
			continue
		}
		if err != nil {
			return err
		}
		all = append(all, e)
	}
	return c.answer(http.StatusOK, map[string]any{"held": all, "next": page.Next})
}

// oneHeld answers with a held file in full.
func (c *call) oneHeld() error {
	e, err := c.opt.Gateway.Held(c.r.Context(), c.file.ID)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, e)
}

// verified is what a check of the record came to.
type verified struct {
	OK bool `json:"ok"`
	audit.Summary
}

// verify checks the whole record.
func (c *call) verify() error {
	if err := c.patience(); err != nil {
		return err
	}
	sum, err := c.opt.Gateway.VerifyRecord(c.r.Context())
	if err != nil && !errors.Is(err, audit.ErrTampered) && !errors.Is(err, audit.ErrUnanchored) {
		return err
	}
	return c.answer(http.StatusOK, verified{err == nil, sum})
}

// rescan has all that is kept scanned again.
func (c *call) rescan() error {
	if err := c.patience(); err != nil {
		return err
	}
	answer, err := c.opt.Gateway.Rescan(c.r.Context())
	if err != nil {
		return err
	}
	answer.Found = append([]RescannedFile{}, answer.Found...)
	answer.Signatures = append([]string{}, answer.Signatures...)
	return c.answer(http.StatusOK, answer)
}

func (c *call) status() error {
	s := c.opt.Gateway.Status(c.r.Context())
	s.Checks, s.Figures = append([]StatusCheck{}, s.Checks...), append([]StatusFigure{}, s.Figures...)
	return c.answer(http.StatusOK, s)
}

// longAnswer is how long an action may take that looks at everything there is.
const longAnswer = time.Hour

// patience gives an answer that takes long its time.
func (c *call) patience() error {
	err := http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(longAnswer))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
