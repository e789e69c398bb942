package index_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/index"
)

// office is the first folder, as in a share of many offices.
func office(route, path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

// world is a record with its index, and a clock.
type world struct {
	*index.Index
	t           testing.TB
	record, dir string
	root        *os.Root
	log         *audit.Log
	now         time.Time
}

func open(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, record: t.TempDir(), dir: t.TempDir(), now: time.Date(2026, 3, 30, 3, 0, 0, 0, time.UTC)}
	var err error
	if w.root, err = os.OpenRoot(w.record); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.root.Close() })
	if w.log, err = audit.Open(w.root, "audit", audit.Options{Now: func() time.Time { return w.now }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.log.Close() })
	w.open()
	t.Cleanup(func() { w.Close() })
	return w
}

func (w *world) open() {
	w.t.Helper()
	var err error
	w.Index, err = index.Open(w.t.Context(), w.dir, index.Options{Record: w.root, Log: "audit", Office: office, Hidden: "canary", Poll: time.Millisecond})
	if err != nil {
		w.t.Fatal(err)
	}
}

// add puts events on record and has the index follow.
func (w *world) add(events ...audit.Event) {
	w.t.Helper()
	if err := w.log.Append(w.t.Context(), events...); err != nil {
		w.t.Fatal(err)
	}
	if err := w.Follow(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// received is the first entry of a file.
func received(id, path, name string) audit.Event {
	return audit.Event{Kind: audit.Received, Job: id, Route: "r", Path: path, Name: name, Policy: "standard", SizeIn: 10, SHA256In: strings.Repeat("a", 64)}
}

func about(id string, kind audit.Kind, set func(*audit.Event)) audit.Event {
	e := audit.Event{Kind: kind, Job: id}
	if set != nil {
		set(&e)
	}
	return e
}

func everything() index.Scope { return index.Scope{All: true} }

func (w *world) file(id string) index.File {
	w.t.Helper()
	f, err := w.File(w.t.Context(), everything(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func (w *world) ids(f index.Filter) []string {
	w.t.Helper()
	var ids []string
	for after := ""; ; {
		p, err := w.Files(w.t.Context(), f, after, 2)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, one := range p.Files {
			ids = append(ids, one.ID)
		}
		if after = p.Next; after == "" {
			return ids
		}
	}
}

func TestStates(t *testing.T) {
	w := open(t)
	step := func(e audit.Event, want index.State) {
		t.Helper()
		w.add(e)
		if f := w.file("job-1"); f.State != want {
			t.Errorf("after %s: %s, want %s", e.Kind, f.State, want)
		}
	}
	step(received("job-1", "総務課/表", "申請.docx"), index.Working)
	step(about("job-1", audit.Identified, func(e *audit.Event) { e.Type = "docx" }), index.Working)
	step(about("job-1", audit.Held, func(e *audit.Event) { e.Type, e.Verdict, e.Reason = "docx", "held", "encrypted" }), index.Held)
	step(about("job-1", audit.Requested, func(e *audit.Event) { e.Actor = "sato" }), index.Requested)
	if f := w.file("job-1"); f.Requester != "sato" || f.Reason != "encrypted" || f.Office != "総務課" {
		t.Errorf("%+v", f)
	}
	step(about("job-1", audit.Rejected, nil), index.Rejected)
	step(about("job-1", audit.Rejected, func(e *audit.Event) { e.Detail = "this decision was not possible: x" }), index.Requested)
	step(about("job-1", audit.Approved, nil), index.Treating)
	step(about("job-1", audit.Alarm, nil), index.Held)
	step(about("job-1", audit.Password, nil), index.Treating)
	step(about("job-1", audit.Rebuilt, func(e *audit.Event) {
		e.Findings = []audit.Finding{{Rule: "ooxml/macro", Action: "removed", Count: 2}, {Rule: "ooxml/ole", Action: "removed", Count: 1}}
	}), index.Treating)
	step(about("job-1", audit.Sealed, func(e *audit.Event) { e.Name, e.Type, e.SHA256Out = "申請.docx", "docx", strings.Repeat("b", 64) }), index.Sending)
	step(about("job-1", audit.Sent, nil), index.Sent)
	f := w.file("job-1")
	if f.Findings != 3 || f.Verdict != "clean" || f.Reason != "" || f.Exception || f.Ended.IsZero() {
		t.Errorf("%+v", f)
	}
	step(about("job-1", audit.Sealed, func(e *audit.Event) { e.Type = "original" }), index.Sending)
	if !w.file("job-1").Exception {
		t.Error("an exception does not show")
	}
	w.add(audit.Event{Kind: audit.RefusedIntake, Route: "r", Name: "税務課/大きい.zip", Reason: "too-large", SizeIn: 1 << 40})
	page, err := w.Files(t.Context(), index.Filter{Scope: everything(), States: []index.State{index.NotTaken}}, "", 10)
	if err != nil || len(page.Files) != 1 || page.Files[0].Name != "大きい.zip" || page.Files[0].Office != "税務課" {
		t.Errorf("%+v, %v", page, err)
	}
	lines, err := w.Life(t.Context(), w.file("job-1"))
	if err != nil || len(lines) != 13 || lines[0].Kind != audit.Received || lines[9].Findings[0].Rule != "ooxml/macro" {
		t.Errorf("life: %d, %v", len(lines), err)
	}
}

func TestFilters(t *testing.T) {
	w := open(t)
	for i := range 9 {
		e := received(fmt.Sprint("job-", i), []string{"総務課", "税務課", "消防"}[i%3], fmt.Sprintf("ﾌｧｲﾙ%d.PDF", i))
		e.SHA256In, e.Actor = fmt.Sprintf("%064d", i/2), []string{"", "sato"}[i%2]
		w.add(e)
		w.now = w.now.AddDate(0, 0, 1) // job-2 comes on 1 April: another fiscal year
	}
	w.add(about("job-4", audit.Held, func(e *audit.Event) { e.Verdict, e.Reason, e.Type = "held", "encrypted", "zip" }),
		about("job-5", audit.Blocked, func(e *audit.Event) { e.Verdict, e.Reason, e.Type = "blocked", "malware", "pdf" }))
	april := time.Date(2026, 4, 1, 0, 0, 0, 0, audit.Japan())
	some := func(change func(*index.Filter)) index.Filter {
		f := index.Filter{Scope: everything()}
		change(&f)
		return f
	}
	for name, c := range map[string]struct {
		f    index.Filter
		want string
	}{
		"all":      {some(func(*index.Filter) {}), "8 7 6 5 4 3 2 1 0"},
		"nothing":  {index.Filter{}, ""},
		"office":   {some(func(f *index.Filter) { f.Office = "税務課" }), "7 4 1"},
		"scope":    {index.Filter{Scope: index.Scope{Offices: []string{"消防", "総務課"}}}, "8 6 5 3 2 0"},
		"own":      {index.Filter{Scope: index.Scope{Offices: []string{"消防"}, Sender: "sato"}}, "8 7 5 3 2 1"},
		"state":    {some(func(f *index.Filter) { f.States = []index.State{index.Held} }), "5 4"},
		"verdict":  {some(func(f *index.Filter) { f.Verdict = "blocked" }), "5"},
		"reason":   {some(func(f *index.Filter) { f.Reason = "encrypted" }), "4"},
		"type":     {some(func(f *index.Filter) { f.Type = "zip" }), "4"},
		"sender":   {some(func(f *index.Filter) { f.Sender = "sato" }), "7 5 3 1"},
		"name":     {some(func(f *index.Filter) { f.Text = "ファイル7.pdf" }), "7"},
		"folder":   {some(func(f *index.Filter) { f.Text = "消防" }), "8 5 2"},
		"wild":     {some(func(f *index.Filter) { f.Text = "%" }), ""},
		"hash":     {some(func(f *index.Filter) { f.Hash = fmt.Sprintf("%064d", 1) }), "3 2"},
		"old year": {some(func(f *index.Filter) { f.To = april }), "1 0"},
		"new year": {some(func(f *index.Filter) { f.From, f.To = april, april.AddDate(0, 0, 2) }), "3 2"},
		"together": {some(func(f *index.Filter) { f.From, f.Office, f.Sender = april, "税務課", "sato" }), "7"},
	} {
		want := strings.Fields(c.want)
		for i := range want {
			want[i] = "job-" + want[i]
		}
		if got := w.ids(c.f); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	offices := make([]string, 30)
	for i := range offices {
		offices[i] = fmt.Sprint("課", i)
	}
	if got := w.ids(index.Filter{Scope: index.Scope{Offices: append(offices, "消防")}}); len(got) != 3 {
		t.Errorf("many offices: %v", got)
	}
	same, err := w.Same(t.Context(), everything(), w.file("job-2"))
	if err != nil || len(same) != 1 || same[0].ID != "job-3" {
		t.Errorf("same: %v, %v", same, err)
	}
	w.add(audit.Event{Kind: audit.Received, Job: "bird", Route: "canary", Name: "canary.png"}, about("bird", audit.Deleted, nil))
	if got := w.ids(index.Filter{Scope: everything()}); len(got) != 9 {
		t.Errorf("the canary is listed: %v", got)
	}
	for id, scope := range map[string]index.Scope{"job-1": {Offices: []string{"消防"}}, "job-x": everything(), "job-0": {}} {
		if _, err := w.File(t.Context(), scope, id); !errors.Is(err, index.ErrUnknown) || err.Error() != index.ErrUnknown.Error() {
			t.Errorf("%s: %v", id, err)
		}
	}
	counts, err := w.Counts(t.Context(), index.Scope{Offices: []string{"消防", "税務課"}})
	if err != nil || counts.State[index.Held] != 2 || counts.State[index.Working] != 4 || counts.Blocked != 1 {
		t.Errorf("%+v, %v", counts, err)
	}
	values, err := w.Values(t.Context())
	if err != nil || len(values.Offices) != 3 || !slices.Equal(values.Types, []string{"pdf", "zip"}) {
		t.Errorf("%+v, %v", values, err)
	}
	if _, err := w.Files(t.Context(), some(func(*index.Filter) {}), "1; DROP TABLE files", 5); err == nil {
		t.Error("a place that is none")
	}
}

// TestClockSetBack: a period has the files that came in it, also where the clock was set back, and the counts are those of the rows.
func TestClockSetBack(t *testing.T) {
	w := open(t)
	start := w.now
	times := map[string]time.Time{}
	for i, hours := range []int{0, 10, 20, 5, 6, 30, 15, 40, 8, 41} {
		w.now = start.Add(time.Duration(hours) * time.Hour)
		id := fmt.Sprint("job-", i)
		times[id] = w.now
		w.add(received(id, []string{"総務課", "税務課"}[i%2], "a.pdf"))
	}
	w.add(about("job-3", audit.Held, func(e *audit.Event) { e.Verdict, e.Reason = "held", "encrypted" }),
		about("job-4", audit.Held, func(e *audit.Event) { e.Verdict, e.Reason = "held", "encrypted" }), about("job-4", audit.Rejected, nil))
	for from := -1; from <= 42; from++ {
		for _, long := range []int{1, 3, 9, 50} {
			f := index.Filter{Scope: everything(), From: start.Add(time.Duration(from) * time.Hour)}
			f.To = f.From.Add(time.Duration(long) * time.Hour)
			var want []string
			for i := 9; i >= 0; i-- {
				if id := fmt.Sprint("job-", i); !times[id].Before(f.From) && times[id].Before(f.To) {
					want = append(want, id)
				}
			}
			if got := w.ids(f); !slices.Equal(got, want) {
				t.Errorf("from %d for %d hours: %v, want %v", from, long, got, want)
			}
		}
	}
	lines, err := w.Search(t.Context(), index.Query{Kinds: []audit.Kind{audit.Received}, From: start.Add(5 * time.Hour), To: start.Add(9 * time.Hour)}, "", 100)
	if err != nil || len(lines.Lines) != 3 { // at 5, 6 and 8 hours
		t.Errorf("%d entries, %v", len(lines.Lines), err)
	}
	counts, err := w.Counts(t.Context(), everything())
	if err != nil || counts.State[index.Working] != 8 || counts.State[index.Held] != 1 || counts.State[index.Rejected] != 1 {
		t.Errorf("%+v, %v", counts, err)
	}
	if err := w.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := w.Counts(t.Context(), everything())
	if err != nil || fmt.Sprint(again) != fmt.Sprint(counts) {
		t.Errorf("made anew: %+v, want %+v, %v", again, counts, err)
	}
}

func TestSearch(t *testing.T) {
	w := open(t)
	w.add(received("job-1", "総務課", "a.pdf"), received("job-2", "総務課", "b.pdf"),
		audit.Event{Kind: audit.SignIn, Actor: "kanri", Detail: "signed in"},
		audit.Event{Kind: audit.Account, Actor: "kanri", Name: "sato"},
		about("job-2", audit.Rejected, func(e *audit.Event) { e.Actor = "Ｋａｎｒｉ" }))
	for name, c := range map[string]struct {
		q    index.Query
		want []uint64
	}{
		"all":    {index.Query{}, []uint64{5, 4, 3, 2, 1}},
		"person": {index.Query{Actor: "KANRI"}, []uint64{5, 4, 3}},
		"kind":   {index.Query{Kinds: []audit.Kind{audit.SignIn, audit.Account}}, []uint64{4, 3}},
		"file":   {index.Query{Text: "B.pdf"}, []uint64{5, 2}},
		"job":    {index.Query{Job: "job-1"}, []uint64{1}},
		"hash":   {index.Query{Hash: strings.Repeat("A", 64), Actor: "kanri"}, []uint64{5}},
		"none":   {index.Query{Job: "job-3"}, nil},
		"period": {index.Query{From: w.now.AddDate(0, 0, 1)}, nil},
		"today":  {index.Query{From: w.now, To: w.now.Add(time.Second)}, []uint64{5, 4, 3, 2, 1}},
	} {
		var got []uint64
		for after := ""; ; {
			p, err := w.Search(t.Context(), c.q, after, 2)
			if err != nil {
				t.Fatal(name, err)
			}
			for _, l := range p.Lines {
				got = append(got, l.Seq)
			}
			if after = p.Next; after == "" {
				break
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestAnew: an index that is missing, damaged, of another version or of another record is made anew, and says the same.
func TestAnew(t *testing.T) {
	w := open(t)
	for i := range 20 {
		w.add(received(fmt.Sprint("job-", i), "総務課", "a.pdf"), about(fmt.Sprint("job-", i), audit.Held, nil))
	}
	want := w.file("job-7")
	db := filepath.Join(w.dir, "index.db")
	for what, do := range map[string]func() error{
		"missing": func() error { return os.Remove(db) },
		"damaged": func() error { return os.WriteFile(db, []byte(strings.Repeat("no database ", 1000)), 0o600) },
	} {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for _, end := range []string{"-wal", "-shm"} {
			os.Remove(db + end)
		}
		if err := do(); err != nil {
			t.Fatal(err)
		}
		w.open()
		if err := w.Follow(t.Context()); err != nil {
			t.Fatal(what, err)
		}
		if got := w.file("job-7"); got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	if err := w.Rebuild(t.Context()); err != nil || w.file("job-7") != want {
		t.Errorf("made anew: %v", err)
	}
	second, err := index.Open(t.Context(), w.dir, index.Options{Record: w.root, Log: "audit", Office: office}) // the command line
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	var all sync.WaitGroup
	for _, x := range []*index.Index{second, w.Index} {
		all.Go(func() {
			for range 5 {
				if err := errors.Join(x.Rebuild(t.Context()), x.Follow(t.Context())); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := w.Follow(t.Context()); err != nil || w.file("job-7") != want {
		t.Errorf("made anew by two: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := w.dir
	other := open(t) // another record, and the index of the first one
	other.add(received("other", "税務課", "x.pdf"))
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	other.dir = dir
	other.open()
	if err := other.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ids := other.ids(index.Filter{Scope: everything()}); !slices.Equal(ids, []string{"other"}) {
		t.Errorf("of another record: %v", ids)
	}
}

// TestChanged: a line of the record that somebody changed is told, in the life of its file too.
func TestChanged(t *testing.T) {
	w := open(t)
	w.add(received("job-1", "総務課", "a.pdf"), about("job-1", audit.Held, func(e *audit.Event) { e.Reason = "encrypted" }))
	names, err := filepath.Glob(filepath.Join(w.record, "*.jsonl"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	changed := []byte(strings.Replace(string(b), "encrypted", "malformed", 1))
	if err := os.WriteFile(names[0], changed, 0o600); err != nil {
		t.Fatal(err)
	}
	lines, err := w.Life(t.Context(), w.file("job-1"))
	if err != nil || len(lines) != 2 || lines[0].Broken || !lines[1].Broken || lines[1].Reason != "" {
		t.Errorf("%+v, %v", lines, err)
	}
	if err := w.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f := w.file("job-1"); f.State != index.Working {
		t.Errorf("%+v", f)
	}
}

// TestRun: what is on record is in the list soon after, and who watches is told.
func TestRun(t *testing.T) {
	w := open(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	defer func() { stop(); <-done }()
	changed, end := w.Watch()
	defer end()
	if err := w.log.Append(ctx, received("job-1", "総務課", "a.pdf")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	case <-time.After(time.Minute):
		t.Fatal("nobody is told")
	}
	w.file("job-1")
}
