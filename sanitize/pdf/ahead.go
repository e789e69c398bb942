package pdf

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/content"
	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/object"
	"sekisho/sanitize/pdf/internal/writer"
)

// ahead does, on the other processors, the long work that needs no more than bytes: it cleans and packs the content of the
// pages that come next, and has their JPEG pictures rebuilt. The walk takes what is done when it comes to the stream, in
// its own order, and does by itself what is not: so the output does not depend on how many processors there are.
//
// Only the walk's goroutine calls its methods. A nil ahead has nothing.
type ahead struct {
	w     *walk
	stop  func()
	group sync.WaitGroup
	tasks chan *task
	begun map[*object.Stream]*task // nil once taken
	next  int                      // the page that is looked at next
	open  int                      // tasks that were begun and not taken
	bytes int                      // of their streams
}

// The bounds of what is done ahead: tasks for each processor, bytes of their streams together, and what one content stream
// may unpack to, in bytes.
const (
	aheadTasks   = 4
	aheadBytes   = 32 << 20
	aheadContent = 2 << 20
)

// task is one stream.
type task struct {
	src  *object.Stream
	run  func(*kit, *task)
	done chan struct{} // closed when the rest is good

	ok      bool                   // else the walk has to do it
	clean   []byte                 // content as it will be written
	packed  []byte                 // the same under FlateDecode
	picture *bytes.Buffer          // or a picture
	whole   bool                   // the content does not end in the middle of an operation
	lost    [content.LostKinds]int // what was left out of it
	charged int64                  // bytes that it unpacked to
	report  sanitize.Report
	err     error // of a picture
}

// kit is what one goroutine works with.
type kit struct {
	ctx     context.Context
	w       *walk // for what does not change: Member and the policy
	dec     filter.Decoder
	clean   content.Cleaner
	deflate writer.Deflater
}

// newAhead starts as many goroutines as there are processors, or returns nil when there is but one.
func newAhead(w *walk) *ahead {
	n := runtime.GOMAXPROCS(0)
	if n == 1 {
		return nil
	}
	ctx, cancel := context.WithCancel(w.ctx)
	a := &ahead{w: w, stop: cancel, tasks: make(chan *task, n*aheadTasks), begun: map[*object.Stream]*task{}}
	for range n {
		a.group.Go(func() {
			k := &kit{ctx: ctx, w: w}
			for t := range a.tasks {
				t.do(k)
			}
		})
	}
	return a
}

// close ends the goroutines. What was not taken is thrown away.
func (a *ahead) close() {
	if a == nil {
		return
	}
	a.stop()
	close(a.tasks)
	a.group.Wait()
}

// look begins as much as may be begun of the pages from number i on.
func (a *ahead) look(pages []page, i int) {
	if a == nil {
		return
	}
	for a.next = max(a.next, i); a.next < len(pages) && a.room(0); a.next++ {
		p := pages[a.next]
		a.contents(p)
		a.pictures(p)
	}
}

// room reports whether a stream of so many bytes may be begun.
func (a *ahead) room(n int) bool {
	return a.open < cap(a.tasks) && (a.open == 0 || a.bytes+n <= aheadBytes)
}

// begin begins a task, unless there is no room or it was begun before.
func (a *ahead) begin(src *object.Stream, run func(*kit, *task)) {
	if _, known := a.begun[src]; known || !a.room(len(src.Raw)) {
		return
	}
	t := &task{src: src, run: run, done: make(chan struct{})}
	a.begun[src] = t
	a.open++
	a.bytes += len(src.Raw)
	a.tasks <- t
}

// take returns the finished task of a stream, or nil when there is none that is of use. It waits for one that was begun.
func (a *ahead) take(src *object.Stream) *task {
	if a == nil || a.begun[src] == nil {
		return nil
	}
	t := a.begun[src]
	a.begun[src] = nil
	<-t.done
	a.open--
	a.bytes -= len(src.Raw)
	if !t.ok {
		return nil
	}
	return t
}

// contents begins the content streams of a page. What cannot be loaded is left for the walk to find out.
func (a *ahead) contents(p page) {
	v, _, _ := a.w.doc.Load(p.dict.Get("Contents"))
	list, ok := v.(object.Array)
	if !ok {
		list = object.Array{v}
	}
	for _, o := range list {
		v, _, err := a.w.doc.Load(o)
		if err != nil {
			return
		}
		src, ok := v.(*object.Stream)
		if !ok {
			continue
		}
		steps, err := a.w.steps(src)
		if err != nil || slices.ContainsFunc(steps, func(s filter.Step) bool { return filter.Picture(s.Name) }) {
			continue
		}
		a.begin(src, func(k *kit, t *task) { t.content(k, steps) })
	}
}

// pictures begins the JPEG pictures that a page names.
func (a *ahead) pictures(p page) {
	resources := p.dict.Get("Resources")
	if resources == nil {
		resources = p.inherited.Get("Resources")
	}
	v, _, _ := a.w.doc.Load(resources)
	d, _ := v.(object.Dict)
	v, _, _ = a.w.doc.Load(d.Get("XObject"))
	named, _ := v.(object.Dict)
	for _, e := range named {
		v, _, err := a.w.doc.Load(e.Value)
		src, ok := v.(*object.Stream)
		if err != nil || !ok || src.Dict.Get("Subtype") != object.Name("Image") {
			continue
		}
		if steps, err := a.w.steps(src); err == nil && len(steps) == 1 && steps[0].Name == "DCTDecode" {
			a.begin(src, func(k *kit, t *task) { t.rebuild(k) })
		}
	}
}

// do does a task. A panic leaves it to the walk, where it will be caught in its place.
func (t *task) do(k *kit) {
	defer close(t.done)
	defer func() {
		if recover() != nil {
			t.ok = false
		}
	}()
	if k.ctx.Err() == nil {
		t.run(k, t)
	}
}

// rebuild has a JPEG rebuilt.
func (t *task) rebuild(k *kit) {
	t.picture = k.w.rooms.get(len(t.src.Raw))
	t.report, t.err = k.w.pass.Member(k.ctx, "", sanitize.BytesInput(t.src.Raw), t.picture)
	t.ok = true
}

// rooms are buffers in which pictures are rebuilt, one after the other: a scan is made of little else. They may be used at
// the same time.
type rooms struct{ unused sync.Pool }

// more is what a picture may grow by, in bytes, before a buffer has to: other segments hold the same tables.
const more = 4 << 10

// get returns an empty buffer with room for a picture of size bytes.
func (r *rooms) get(size int) *bytes.Buffer {
	b, ok := r.unused.Get().(*bytes.Buffer)
	if !ok {
		b = &bytes.Buffer{}
	}
	b.Reset()
	b.Grow(size + more)
	return b
}

// put gives back a buffer that nobody looks into any more.
func (r *rooms) put(b *bytes.Buffer) { r.unused.Put(b) }

// errWalk says that a content stream is one for the walk: it is too long, or has pictures in it.
var errWalk = errors.New("not to be done ahead")

// content unpacks, cleans and packs a content stream that nothing is wrong with.
func (t *task) content(k *kit, steps []filter.Step) {
	k.dec.Charge = func(n int64) error {
		if t.charged += n; t.charged > aheadContent {
			return errWalk
		}
		return nil
	}
	r, err := k.dec.Decode(t.src.Raw, steps, false)
	if err != nil || r.Damaged || r.Image != nil {
		return
	}
	k.clean.Lose = func(what content.Lost) { t.lost[what]++ }
	k.clean.Image = func(object.Dict, []byte) (object.Dict, []byte, error) { return nil, nil, errWalk }
	k.clean.Measure, k.clean.Nesting = inlineLength, k.w.pass.Policy.Limits.Nesting
	clean, whole, err := k.clean.Clean(r.Data)
	if err != nil {
		return
	}
	packed, err := k.deflate.Deflate(clean)
	if err != nil {
		return
	}
	t.clean, t.packed, t.whole, t.ok = bytes.Clone(clean), bytes.Clone(packed), whole, true
}
