package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/console/account"
)

// dropPath is the address that takes files.
const dropPath = "/drop"

// The bounds of one drop.
const (
	maxDrop   = 2 << 30          // bytes of one request; a script sends each file by itself
	dropFiles = 1000             // files of one request
	maxPart   = 4 << 10          // bytes of a field that is no file
	dropPause = 30 * time.Second // without a byte, after which a drop is given up
)

// dropPage is what the page of the hand-over shows.
type dropPage struct {
	Routes    []string
	Limit     int64
	LimitText string
	Files     []fileView
	More      pager
}

func (c *Console) drop(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	if c.liveRows(w, r) {
		return
	}
	p := c.page(r, "drop.title")
	c.told(r, p)
	if n, err := strconv.Atoi(r.URL.Query().Get("sent")); err == nil && n > 0 && n <= 1e6 {
		p.Said = &said{Look: "good", Text: p.say("drop.sent", "N", n), More: p.say("drop.sent.more")}
	}
	files, more, err := c.mine(r, p, a)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	p.Body = dropPage{
		Routes: c.routesOf(a), Limit: c.gateway.Limit(), LimitText: bytesText(c.gateway.Limit()), Files: files, More: more,
	}
	c.show(w, r, http.StatusOK, "drop", p)
}

// doDrop takes files in. What is declared to be too large is refused before any of it is read.
func (c *Console) doDrop(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	if r.ContentLength > maxDrop {
		c.refuseDrop(w, r, http.StatusRequestEntityTooLarge, "too-large")
		return
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		c.refuseDrop(w, r, http.StatusUnsupportedMediaType, "form")
		return
	}
	patient := &patientReader{r: http.MaxBytesReader(w, r.Body, maxDrop), control: http.NewResponseController(w)}
	taken, err := c.takeAll(r, multipart.NewReader(patient, params["boundary"]), a)
	if tooLong := new(http.MaxBytesError); errors.Is(err, ErrTooLarge) || errors.As(err, &tooLong) {
		c.refuseDrop(w, r, http.StatusRequestEntityTooLarge, "too-large")
		return
	}
	if errors.Is(err, ErrNoSpace) {
		c.refuseDrop(w, r, http.StatusInsufficientStorage, "no-space")
		return
	}
	if errors.Is(err, errForm) {
		c.refuseDrop(w, r, http.StatusBadRequest, "form")
		return
	}
	if err != nil {
		c.log.Error("cannot take a drop in", "error", err)
		c.refuseDrop(w, r, http.StatusInternalServerError, "failed")
		return
	}
	if err := c.index.Follow(r.Context()); err != nil { // so that the next page shows them
		c.log.Warn("cannot follow the record", "error", err)
	}
	if len(taken) == 0 {
		c.refuseDrop(w, r, http.StatusUnprocessableEntity, "empty")
		return
	}
	if wantsJSON(r) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(map[string]any{"jobs": taken}) // a browser that went away misses nothing
		return
	}
	http.Redirect(w, r, dropPath+"?sent="+strconv.Itoa(len(taken)), http.StatusSeeOther)
}

// refuseDrop says why a drop was not taken. The connection ends with it, because its rest is not read.
func (c *Console) refuseDrop(w http.ResponseWriter, r *http.Request, status int, why string) {
	w.Header().Set("Connection", "close")
	if wantsJSON(r) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]any{"error": why})
		return
	}
	c.problem(w, r, status, "drop."+why)
}

// errForm says that a form cannot be read.
var errForm = errors.New("the form cannot be read")

// takeAll takes the files of a form in, in their order, and returns the numbers of their jobs. Fields come before the files
// that they are about.
func (c *Console) takeAll(r *http.Request, form *multipart.Reader, a account.Account) (taken []string, err error) {
	routes := c.routesOf(a)
	if len(routes) == 0 {
		return nil, fmt.Errorf("%w: no route is for this office", errForm)
	}
	s := Submission{Actor: a.Name, Office: a.Office, Route: routes[0]}
	folder := ""
	for n := 0; n < dropFiles; {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return taken, nil
		}
		if err != nil {
			return taken, formError(err)
		}
		untrusted, isFile := fileName(part)
		if !isFile {
			text, err := io.ReadAll(io.LimitReader(part, maxPart))
			if err != nil {
				return taken, formError(err)
			}
			switch part.FormName() {
			case "route":
				if slices.Contains(routes, string(text)) {
					s.Route = string(text)
				}
			case "path":
				folder = string(text)
			}
			continue
		}
		if untrusted == "" { // a field of the form that was left empty
			continue
		}
		n++
		dir, base := path.Split(strings.ReplaceAll(untrusted, `\`, "/"))
		s.Name, s.Folder = base, folder+"/"+dir
		id, err := c.gateway.Submit(r.Context(), s, part)
		if err != nil {
			return taken, formError(err)
		}
		taken = append(taken, id)
	}
	return taken, fmt.Errorf("%w: more than %d files", errForm, dropFiles)
}

// routesOf returns the routes that a person may hand files in on.
func (c *Console) routesOf(a account.Account) []string {
	if _, all := a.Offices(account.Drop); all {
		return c.gateway.Routes("")
	}
	return c.gateway.Routes(a.Office)
}

// formError tells a form that cannot be read from what the gateway said.
func formError(err error) error {
	if tooLong := new(http.MaxBytesError); errors.As(err, &tooLong) {
		return ErrTooLarge
	}
	if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrNoSpace) {
		return err
	}
	if header := textproto.ProtocolError(""); errors.As(err, &header) {
		return fmt.Errorf("%w: %v", errForm, err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, multipart.ErrMessageTooLarge) || strings.HasPrefix(err.Error(), "multipart:") {
		return fmt.Errorf("%w: %v", errForm, err)
	}
	return err
}

// fileName returns the name of a file as a browser sent it, with the folder that it may hold, and whether the part is a file
// at all. Browsers spell a quotation mark and line ends in it with a percent sign (HTML, multipart/form-data).
func fileName(part *multipart.Part) (untrusted string, isFile bool) {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return "", part.Header.Get("Content-Type") != ""
	}
	name, isFile := params["filename"]
	return strings.NewReplacer("%22", `"`, "%0D", "\r", "%0A", "\n").Replace(name), isFile
}

// patientReader gives a sender time as long as bytes come.
type patientReader struct {
	r       io.Reader
	control *http.ResponseController
}

func (p *patientReader) Read(b []byte) (int, error) {
	deadline := time.Now().Add(dropPause)
	if err := errors.Join(p.control.SetReadDeadline(deadline), p.control.SetWriteDeadline(deadline.Add(writeTime))); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.r.Read(b)
}

// pager is the link to the next page of a list.
type pager struct{ Next, Text string }

// pageLink returns the link to the next page, which keeps what the address says.
func pageLink(p *page, u *url.URL, after string) pager {
	if after == "" {
		return pager{}
	}
	q := u.Query()
	q.Set("after", after)
	q.Del("sent")
	return pager{Next: u.Path + "?" + q.Encode(), Text: p.say("more")}
}

// bytesText writes a number of bytes for people.
func bytesText(n int64) string {
	const kib = 1 << 10
	switch {
	case n < kib:
		return fmt.Sprintf("%d B", n)
	case n < kib*kib:
		return fmt.Sprintf("%.0f KiB", float64(n)/kib)
	case n < kib*kib*kib:
		return fmt.Sprintf("%.1f MiB", float64(n)/(kib*kib))
	}
	return fmt.Sprintf("%.2f GiB", float64(n)/(kib*kib*kib))
}
