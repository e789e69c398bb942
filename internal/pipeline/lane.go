package pipeline

import (
	"context"
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

// shareOfRoute is how many files of one route wait to be sanitised at the same time. The rest wait in the inbox. So what
// the queue remembers is bounded, and a form waits behind so many files of each other route, however many were dropped
// there.
const shareOfRoute = 128

// shares counts the files of each route that wait to be sanitised.
type shares struct {
	mu    sync.Mutex
	jobs  map[queue.ID]string // route of each that was counted
	used  map[string]int      // by route
	freed chan struct{}       // closed when a file has left
}

func newShares() *shares {
	return &shares{jobs: map[queue.ID]string{}, used: map[string]int{}, freed: make(chan struct{})}
}

// enter waits until the route has room for one more file. It counts a file once.
func (s *shares) enter(ctx context.Context, route string, id queue.ID) error {
	for {
		freed, in := s.try(route, id)
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

// try counts the file if there is room. If not, it returns what is closed when there may be.
func (s *shares) try(route string, id queue.ID) (freed <-chan struct{}, in bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, counted := s.jobs[id]; counted {
		return nil, true
	}
	if s.used[route] >= shareOfRoute {
		return s.freed, false
	}
	s.jobs[id] = route
	s.used[route]++
	return nil, true
}

// leave says that the file does not wait any more. It may be said more than once.
func (s *shares) leave(id queue.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	route, counted := s.jobs[id]
	if !counted {
		return
	}
	delete(s.jobs, id)
	if s.used[route]--; s.used[route] == 0 {
		delete(s.used, route)
	}
	close(s.freed)
	s.freed = make(chan struct{})
}
