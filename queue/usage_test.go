package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	s := openSpool(t, t.TempDir())
	u, err := s.Usage(t.Context())
	if err != nil || u.Jobs != 0 || u.Bytes != 0 || !u.Oldest.IsZero() {
		t.Errorf("an empty spool: %+v, %v", u, err)
	}
	before := time.Now().Add(-time.Second)
	take(t, s, "job-00001", "five!")
	take(t, s, "job-00002", "and more")
	if err := s.WriteFile("job-00002", "rebuilt", make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	u, err = s.Usage(t.Context())
	if err != nil || u.Jobs != 2 || u.Bytes < 1013 || u.Bytes > 3000 || u.Oldest.Before(before) || u.Oldest.After(time.Now()) {
		t.Errorf("two jobs: %+v, %v", u, err)
	}
	if err := s.Remove("job-00002"); err != nil {
		t.Fatal(err)
	}
	if u, err = s.Usage(t.Context()); err != nil || u.Jobs != 1 {
		t.Errorf("one has ended: %+v, %v", u, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Usage(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits any more: %v", err)
	}
}
