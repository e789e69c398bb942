package faults_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/failpoint"
	"sekisho/internal/faults/disk"
)

// TestFaultsHandedIn lets the gateway die while a program hands a file in over HTTP, at each step between the durable copy and
// the queue, and cuts the power there. The one who handed in does not know then; the file has been accepted, and is on record.
func TestFaultsHandedIn(t *testing.T) {
	address := freeAddress(t)
	w := newWorld(t, setup{disks: true, made: stepPrograms(t), extra: fmt.Sprintf("[console]\nenabled = true\nlisten = %q", address)})
	token := w.program()
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true, // its own certificate, on this machine
	}}
	for _, step := range []string{failpoint.SpoolAccepted, failpoint.JobRecorded} {
		w.near.kill()
		w.near.step = step + ":1"
		w.near.start(t)
		w.near.step = ""
		w.handIn(client, "https://"+address, token)
		w.near.cut(t, disk.SyncedNames)
		w.near.start(t)
		if !w.ends(time.Minute, nil) {
			t.Errorf("after a cut at %s a file does not end: %q", step, w.left())
		}
	}
	w.settle(2 * time.Minute)
	w.once()
}

// program makes a token with which a program hands files in.
func (w *world) program() string {
	w.t.Helper()
	ctx := w.t.Context()
	nobody := func(context.Context, audit.Event) error { return nil } // the gateway has the record
	people, err := account.Open(ctx, filepath.Join(w.near.dir, "state/console"), account.Options{Record: nobody})
	if err != nil {
		w.t.Fatal(err)
	}
	defer people.Close()
	err = people.Create(ctx, "test", account.Account{Name: "sato", Office: office, Roles: []account.Role{account.Staff}}, "an initial password")
	if err != nil {
		w.t.Fatal(err)
	}
	token, err := people.MakeToken(ctx, "sato", "試験", []account.Role{account.Staff}, time.Now().AddDate(0, 0, 1))
	if err != nil {
		w.t.Fatal(err)
	}
	w.near.disk.SyncAll()
	return token
}

// office is whose files are handed in.
const office = "税務課"

// handIn hands the next file in, until the gateway dies of it.
func (w *world) handIn(client *http.Client, base, token string) {
	w.t.Helper()
	s := w.samples[len(w.want)%len(w.samples)]
	name := fmt.Sprintf("%05d-%s", len(w.want), s.name)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, base+"/api/v1/files?name="+url.QueryEscape(name), bytes.NewReader(s.input))
		if err != nil {
			w.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/octet-stream")
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
			w.t.Logf("answer %s", res.Status)
		}
		select {
		case <-w.near.ended:
			w.want[filepath.Join(office, name)] = s
			return
		default: // the console does not answer yet
		}
	}
	w.t.Fatal("the gateway does not come to the step")
}
