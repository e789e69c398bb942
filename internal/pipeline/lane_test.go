package pipeline

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"sekisho/queue"
)

func TestOneRouteDoesNotTakeTheRoomOfAnother(t *testing.T) {
	const room = 24
	s := newShares(room)
	id := func(n int) queue.ID { return queue.ID(fmt.Sprintf("job-%05d", n)) }
	for n := range room {
		if err := s.enter(t.Context(), lane{route: "photos"}, id(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.enter(t.Context(), lane{route: "photos"}, id(0)); err != nil { // counted already
		t.Error(err)
	}
	if err := s.enter(t.Context(), lane{route: "forms"}, id(90_000)); err != nil {
		t.Error(err)
	}
	if err := s.enter(t.Context(), laneOf("photos", largeFile), id(91_000)); err != nil {
		t.Errorf("a large file: %v", err)
	}
	full, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.enter(full, lane{route: "photos"}, id(70_000)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a full route: %v", err)
	}
	entered := make(chan error)
	for n := range 2 {
		go func() { entered <- s.enter(t.Context(), lane{route: "photos"}, id(80_000+n)) }()
	}
	for n := range 2 {
		s.leave(id(n))
		s.leave(id(n)) // said again after a crash of a step
		if err := <-entered; err != nil {
			t.Error(err)
		}
	}
	if got := s.used[lane{route: "photos"}]; got != room {
		t.Errorf("%d files counted, want %d", got, room)
	}
	s.add(lane{route: "photos"}, id(92_000)) // of an earlier run
	if got := s.used[lane{route: "photos"}]; got != room+1 {
		t.Errorf("%d files counted, want %d", got, room+1)
	}
}

func TestLargeFilesHaveTheirOwnLane(t *testing.T) {
	for size, want := range map[int64]string{0: stageSanitise, largeFile - 1: stageSanitise, largeFile: stageSanitiseLarge} {
		if got := sanitiseLane(queue.Job{Size: size}); got != want {
			t.Errorf("%d bytes: %s, want %s", size, got, want)
		}
	}
}
