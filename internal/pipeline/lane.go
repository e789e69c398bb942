package pipeline

import (
	"context"
	"math"
	"sync"

	"sekisho/queue"
)

// The stages of a job, as the queue knows them. Large files have a lane of their own in each, so that a form does not wait
// behind films.
const (
	stageSanitise      = "sanitise"
	stageSanitiseLarge = "sanitise-large"
	stageSend          = "send"
	stageSendLarge     = "send-large"
)

// largeFile is the size in bytes from which a file goes by the lane of large ones.
const largeFile = 64 << 20

// largeWorkers is how many large files are treated, and how many are sent, at the same time.
const largeWorkers = 1

// stages lists every stage.
func stages() []string {
	return []string{stageSanitise, stageSanitiseLarge, stageSend, stageSendLarge}
}

// stageOf tells from a job's files what is to be done next.
func (g *Gateway) stageOf(job queue.Job) string {
	if g.spool.Has(job.ID, headerFile) {
		return sendLane(job)
	}
	return sanitiseLane(job)
}

// stageOfOpened is stageOf for a reconciler that runs while files are taken in.
func (g *Gateway) stageOfOpened(job queue.Job) string {
	if g.openings.has(job.ID) {
		return ""
	}
	return g.stageOf(job)
}

func sanitiseLane(job queue.Job) string {
	if job.Size >= largeFile {
		return stageSanitiseLarge
	}
	return stageSanitise
}

func sendLane(job queue.Job) string {
	if job.Size >= largeFile {
		return stageSendLarge
	}
	return stageSend
}

// perWorker is how many files of one route are in hand for each worker that treats or sends files: enough that none waits for
// the intake, few enough that a form of another route does not wait long behind them.
const perWorker = 4

// lane is what shares are counted by: the large files of a route do not use up the room of its small ones.
type lane struct {
	route string
	large bool
}

func laneOf(route string, size int64) lane { return lane{route, size >= largeFile} }

// shares counts the files of each lane that were taken in and have not ended. Above the limit the rest wait in the inbox, so
// that what queue and spool hold is bounded, and a file waits at each stage behind so many of each other route, however many
// were dropped there, also while the link or a scanner is away.
type shares struct {
	limit int

	mu    sync.Mutex
	jobs  map[queue.ID]lane // of each that was counted
	used  map[lane]int
	freed chan struct{} // closed when a file has left
}

func newShares(limit int) *shares {
	return &shares{limit: limit, jobs: map[queue.ID]lane{}, used: map[lane]int{}, freed: make(chan struct{})}
}

// enter waits until the lane has room for one more file. It counts a file once.
func (s *shares) enter(ctx context.Context, l lane, id queue.ID) error {
	for {
		freed, in := s.try(l, id, s.limit)
		if in {
			return nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// add counts a file that is in hand already, whether there is room or not.
func (s *shares) add(l lane, id queue.ID) { s.try(l, id, math.MaxInt) }

// try counts the file if there is room below limit. If not, it returns what is closed when there may be.
func (s *shares) try(l lane, id queue.ID, limit int) (freed <-chan struct{}, in bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, counted := s.jobs[id]; counted {
		return nil, true
	}
	if s.used[l] >= limit {
		return s.freed, false
	}
	s.jobs[id] = l
	s.used[l]++
	return nil, true
}

// leave says that the file has ended. It may be said more than once.
func (s *shares) leave(id queue.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, counted := s.jobs[id]
	if !counted {
		return
	}
	delete(s.jobs, id)
	if s.used[l]--; s.used[l] == 0 {
		delete(s.used, l)
	}
	close(s.freed)
	s.freed = make(chan struct{})
}

// countInHand counts what an earlier run has taken in.
func (g *Gateway) countInHand() {
	for id, err := range g.spool.List() {
		if err != nil {
			g.log.Error("cannot read every job of the spool", "error", err)
			return
		}
		if job, err := g.spool.Job(id); err == nil { // one that cannot be read is told by the reconciler
			g.waiting.add(laneOf(job.Route, job.Size), id)
		}
	}
}
