package judges

import (
	"slices"
	"testing"

	"sekisho/sanitize/verify"
)

func TestAll(t *testing.T) {
	var ids []string
	for _, j := range All() {
		ids = append(ids, j.ID())
	}
	if !slices.IsSorted(ids) {
		t.Errorf("the list is not in order: %v", ids)
	}
	if _, err := verify.New(All()...); err != nil {
		t.Error(err)
	}
}
