package index_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/index"
)

// benchFiles is the length of the list that the console is made for.
const benchFiles = 100_000

// fill puts n files on record, of 30 offices and four years.
func fill(b *testing.B, w *world, n int) {
	b.Helper()
	var events []audit.Event
	for i := range n {
		w.now = w.now.Add(20 * time.Minute)
		id := fmt.Sprintf("job-%07d", i)
		e := received(id, fmt.Sprintf("課%02d/月次", i%30), fmt.Sprintf("令和%d年度 申請書（%d）.docx", i%5, i))
		e.SHA256In = fmt.Sprintf("%064x", i/3)
		events = append(events, e, about(id, audit.Rebuilt, nil))
		if i%20 == 0 {
			events = append(events, about(id, audit.Held, func(e *audit.Event) { e.Verdict, e.Reason, e.Type = "held", "encrypted", "zip" }))
		} else {
			events = append(events, about(id, audit.Sealed, func(e *audit.Event) { e.Type = "docx" }), about(id, audit.Sent, nil))
		}
		if len(events) > 1000 {
			if err := w.log.Append(b.Context(), events...); err != nil {
				b.Fatal(err)
			}
			events = events[:0]
		}
	}
	if err := w.log.Append(b.Context(), events...); err != nil {
		b.Fatal(err)
	}
	if err := w.Follow(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkList reads pages of 50 from a list of 100,000 files, under every kind of filter and at every depth, and reports the
// median and the worst page in milliseconds.
func BenchmarkList(b *testing.B) {
	w := open(b)
	start := time.Now()
	fill(b, w, benchFiles)
	b.Logf("%d files on record and in the index in %v", benchFiles, time.Since(start).Round(time.Millisecond))
	mid := w.now.Add(-benchFiles / 2 * 20 * time.Minute)
	year := time.Date(mid.Year(), 4, 1, 0, 0, 0, 0, audit.Japan())
	offices := index.Scope{Offices: []string{"課03", "課17"}}
	many := index.Scope{}
	for i := range 20 {
		many.Offices = append(many.Offices, fmt.Sprintf("課%02d", i))
	}
	all := everything()
	cases := []struct {
		name string
		f    index.Filter
	}{
		{"all", index.Filter{Scope: all}},
		{"office", index.Filter{Scope: index.Scope{Offices: []string{"課05"}}}},
		{"offices", index.Filter{Scope: offices}},
		{"many-offices", index.Filter{Scope: many}},
		{"held", index.Filter{Scope: all, States: []index.State{index.Held}}},
		{"held-office", index.Filter{Scope: offices, States: []index.State{index.Held}}},
		{"year", index.Filter{Scope: all, From: year, To: year.AddDate(1, 0, 0)}},
		{"year-office-type", index.Filter{Scope: offices, From: year, To: year.AddDate(1, 0, 0), Type: "docx"}},
		{"text-rare", index.Filter{Scope: all, Text: "（77777）"}},
		{"text-never", index.Filter{Scope: all, Text: "どこにもない名前"}},
		{"text-office", index.Filter{Scope: offices, Text: "令和3年度"}},
		{"hash", index.Filter{Scope: all, Hash: fmt.Sprintf("%064x", 9)}},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			after := ""
			for b.Loop() {
				start := time.Now()
				p, err := w.Files(b.Context(), c.f, after, 50)
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
				after = p.Next
			}
			report(b, took)
		})
	}
	b.Run("counts", func(b *testing.B) {
		var took []time.Duration
		for b.Loop() {
			start := time.Now()
			if _, err := w.Counts(b.Context(), all); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
		}
		report(b, took)
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapInuse)/(1<<20), "heap-MiB")
	})
}

func report(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "worst-ms")
}
