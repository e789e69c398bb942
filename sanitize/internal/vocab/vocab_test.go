package vocab

import (
	"strings"
	"testing"

	"sekisho/sanitize/internal/xmltext"
)

func TestTable(t *testing.T) {
	table := Table{Text: "aba", Offsets: []uint16{0, 1, 2, 3}, Spaces: []uint8{1, 1, 2}, Index: make([]uint16, 4)}
	for i := range uint16(3) {
		slot := Hash(table.Space(i+1), []byte(table.Local(i+1))) & 3
		for table.Index[slot] != 0 {
			slot = (slot + 1) & 3
		}
		table.Index[slot] = i + 1
	}
	for _, c := range []struct {
		space int
		local string
		want  uint16
	}{{1, "a", 1}, {1, "b", 2}, {2, "a", 3}, {2, "b", 0}, {1, "", 0}, {0, "a", 0}, {1, "ab", 0}} {
		if got := table.Find(xmltext.Space(c.space), []byte(c.local)); got != c.want {
			t.Errorf("%d %q: %d, want %d", c.space, c.local, got, c.want)
		}
	}
}

func TestContains(t *testing.T) {
	lists := []uint16{2, 3, 5, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11}
	if !Contains(lists, 0, 5) || Contains(lists, 0, 4) || !Contains(lists, 3, 11) || Contains(lists, 3, 10) {
		t.Error("a list is read wrongly")
	}
}

func TestCompare(t *testing.T) {
	for _, a := range []string{"", "a", "ab", "b"} {
		for _, b := range []string{"", "a", "ab", "b"} {
			if got, want := Compare(a, []byte(b)), strings.Compare(a, b); got > 0 != (want > 0) || got < 0 != (want < 0) {
				t.Errorf("%q and %q: %d", a, b, got)
			}
		}
	}
}
