package receiver

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

const (
	firstPause = time.Second
	longPause  = time.Minute
)

// waitingLine holds the packages to be worked on, each with the time when its turn comes: first come, first served, and those
// that failed for now later, with growing pauses.
type waitingLine struct {
	mu    sync.Mutex
	turns turns
	tries map[string]int
	count uint64        // turns given out so far: keeps the order among equal times
	wake  chan struct{} // has one element when turns may have changed
}

type turn struct {
	due   time.Time
	order uint64
	id    string
}

// turns is a heap by due time.
type turns []turn

func (t turns) Len() int { return len(t) }
func (t turns) Less(i, j int) bool {
	if !t[i].due.Equal(t[j].due) {
		return t[i].due.Before(t[j].due)
	}
	return t[i].order < t[j].order
}
func (t turns) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *turns) Push(x any)   { *t = append(*t, x.(turn)) }
func (t *turns) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

func newLine() *waitingLine {
	return &waitingLine{tries: map[string]int{}, wake: make(chan struct{}, 1)}
}

// add gives id a turn now.
func (l *waitingLine) add(id string) { l.push(id, time.Now()) }

// later gives id, which failed, a turn after a pause, and returns the pause.
func (l *waitingLine) later(id string) time.Duration {
	l.mu.Lock()
	l.tries[id]++
	pause := min(firstPause<<min(l.tries[id]-1, 10), longPause)
	l.mu.Unlock()
	l.push(id, time.Now().Add(pause))
	return pause
}

// forget drops the count of failures of id, which has ended.
func (l *waitingLine) forget(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tries, id)
}

func (l *waitingLine) push(id string, due time.Time) {
	l.mu.Lock()
	l.count++
	heap.Push(&l.turns, turn{due, l.count, id})
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// next returns the id whose turn is due, or how long until the first one is.
func (l *waitingLine) next() (id string, wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.turns) == 0 {
		return "", time.Hour, false
	}
	if wait := time.Until(l.turns[0].due); wait > 0 {
		return "", wait, false
	}
	return heap.Pop(&l.turns).(turn).id, 0, true
}

// run hands each id to out when its turn comes, until ctx ends.
func (l *waitingLine) run(ctx context.Context, out chan<- string) {
	defer close(out)
	for {
		id, wait, ok := l.next()
		if ok {
			select {
			case out <- id:
				continue
			case <-ctx.Done():
				return
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-l.wake:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}
