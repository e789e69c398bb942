package layer

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

// line returns the characters of a word, ten units wide each, along an angle.
func line(word string, x, y float64) (list []Char) {
	for i, r := range []rune(word) {
		left := x + float64(10*i)
		list = append(list, Char{Rune: r, Box: [4]float64{left, y, left + 10, y + 10}})
	}
	return list
}

func TestLine(t *testing.T) {
	var l Layer
	out, err := l.Page(append(line("戸籍", 20, 100), line("𠮷", 40, 100)...), "T", "V")
	if err != nil {
		t.Fatal(err)
	}
	want := "BT\n3 Tr\n/T 10.00 Tf\n1.0000 0.0000 -0.0000 1.0000 20.00 102.00 Tm\n[<000100020003>]TJ\nET\n"
	if string(out) != want {
		t.Errorf("got %q, want %q", out, want)
	}
	for _, mapping := range []string{"<0001> <6238>", "<0002> <7C4D>", "<0003> <D842DFB7>"} {
		if !bytes.Contains(l.ToUnicode(), []byte(mapping)) {
			t.Errorf("%s is missing in %s", mapping, l.ToUnicode())
		}
	}
}

func TestRuns(t *testing.T) {
	down := []Char{
		{Rune: '縦', Box: [4]float64{100, 100, 110, 110}}, {Rune: '書', Box: [4]float64{100, 90, 110, 100}},
		{Rune: 'き', Box: [4]float64{100, 78, 110, 88}},
	}
	up := []Char{
		{Rune: 'a', Box: [4]float64{100, 100, 110, 105}, Angle: math.Pi / 2}, {Rune: 'b', Box: [4]float64{100, 105, 110, 110}, Angle: math.Pi / 2},
	}
	for name, c := range map[string]struct {
		chars []Char
		want  []string
		runs  int
	}{
		"words":    {append(append(line("ab", 0, 0), Char{Rune: ' '}), line("cd", 25, 0)...), []string{"<000100020003"}, 1},
		"lines":    {append(line("ab", 0, 50), line("cd", 0, 30)...), nil, 2},
		"vertical": {down, []string{"/V 10.00 Tf", "105.00 110.00 Tm", "<00010002>200<0003>"}, 1},
		"turned":   {up, []string{"/T 10.00 Tf", "0.0000 1.0000 -1.0000 0.0000 108.00 100.00 Tm"}, 1},
		"nowhere":  {[]Char{{Rune: 'x', Box: [4]float64{math.NaN(), 0, 1, 1}}, {Rune: 'y'}, {Rune: 2, Box: [4]float64{0, 0, 1, 1}}}, nil, 0},
	} {
		var l Layer
		out, err := l.Page(c.chars, "T", "V")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(out), " Tm\n"); got != c.runs {
			t.Errorf("%s: %d runs, want %d:\n%s", name, got, c.runs, out)
		}
		for _, want := range c.want {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: no %q in\n%s", name, want, out)
			}
		}
	}
}

func TestTooMany(t *testing.T) {
	l := Layer{cells: make([]cell, maxCodes)}
	if _, err := l.Page(line("x", 0, 0), "T", "V"); err != ErrTooMany {
		t.Errorf("got error %v", err)
	}
}

// TestLigature parts the cell of one glyph that shows two letters, so that both have their place.
func TestLigature(t *testing.T) {
	var l Layer
	cell := [4]float64{20, 0, 30, 10}
	chars := append(line("di", 0, 0), Char{Rune: 'f', Box: cell}, Char{Rune: 'f', Box: cell}, Char{Rune: 'e', Box: [4]float64{30, 0, 40, 10}})
	out, err := l.Page(chars, "T", "V")
	if err != nil || !strings.Contains(string(out), "[<00010002000300030004>]") {
		t.Errorf("error %v, got %s", err, out)
	}
}
