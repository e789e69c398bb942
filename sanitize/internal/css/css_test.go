package css

import "testing"

func TestDeclarations(t *testing.T) {
	g := &Grammar{Properties: []string{"fill", "filter", "stroke"}, Functions: []string{"rgb"}, Places: true}
	for _, c := range []struct {
		in, want string
		dropped  int
	}{
		{"fill : red ;stroke:url( #a )", "fill:red;stroke:url( #a )", 0}, {"position:fixed;fill:red", "fill:red", 1}, {`fill:\75rl(x)`, "", 1},
		{"fill:expression(alert(1))", "", 1}, {"filter:url(a.svg#b)", "", 1}, {"fill:var(--x)", "", 1}, {"fill/**/:red", "fill:red", 0}, {"fill", "", 1}, {"", "", 0},
	} {
		if got, n := g.Declarations(c.in); got != c.want || n != c.dropped {
			t.Errorf("%q: %q and %d, want %q and %d", c.in, got, n, c.want, c.dropped)
		}
	}
}

func TestSheet(t *testing.T) {
	g := &Grammar{Properties: []string{"color"}}
	for _, c := range []struct {
		in, want string
		dropped  int
	}{
		{"a > b, .c { color : red } #d{color:blue}", "a > b, .c{color:red}#d{color:blue}", 0}, {"@import 'x'; a{color:red}", "a{color:red}", 1},
		{"@media print { a{color:red} } b{color:red}", "b{color:red}", 1}, {"a{color:url(#x)}", "", 1}, {"a{color:red", "", 1}, {`a{color:r\65 d}`, "", 1},
		{"a[href^='x']{color:red}", "", 1}, {"a:visited{color:red}", "", 1}, {"<!-- a{color:red}", "", 1}, {"", "", 0},
	} {
		if got, n := g.Sheet(c.in); got != c.want || n != c.dropped {
			t.Errorf("%q: %q and %d, want %q and %d", c.in, got, n, c.want, c.dropped)
		}
	}
}
