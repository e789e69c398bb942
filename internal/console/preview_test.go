package console

import (
	"fmt"
	"testing"
	"time"
)

// TestPreviews: pictures are for who asked, for a time, and together no more than fit.
func TestPreviews(t *testing.T) {
	var v previews
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	add := func(actor, id string, bytes int, at time.Time) {
		v.put(previewed{key: previewKey{actor, id}, until: at.Add(previewLife), bytes: bytes}, at)
	}
	has := func(actor, id string, at time.Time) bool {
		_, ok := v.get(previewKey{actor, id}, at)
		return ok
	}
	add("a", "1", 10, now)
	if !has("a", "1", now.Add(previewLife-time.Second)) || has("a", "1", now.Add(previewLife)) || has("b", "1", now) || has("a", "2", now) {
		t.Error("pictures are not there for who asked and for the time, or for others")
	}
	add("a", "1", 20, now.Add(time.Minute))
	if len(v.all) != 1 || !has("a", "1", now.Add(previewLife)) {
		t.Errorf("who asks again has %d", len(v.all))
	}
	for n := range 10 {
		add("c", fmt.Sprint(n), previewBytes/4, now.Add(2*time.Minute))
	}
	if len(v.all) != 4 || has("a", "1", now.Add(2*time.Minute)) || has("c", "5", now.Add(2*time.Minute)) || !has("c", "6", now.Add(2*time.Minute)) || !has("c", "9", now.Add(2*time.Minute)) {
		t.Errorf("of too many, %d are left, and not the newest", len(v.all))
	}
	v.forget(now.Add(2*time.Minute + previewLife))
	if len(v.all) != 0 {
		t.Errorf("%d are remembered for longer", len(v.all))
	}
}
