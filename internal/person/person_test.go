package person

import "testing"

func TestSame(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"佐藤", "田中", false}, {"佐藤", " 佐 藤\u200b", true}, {"Tanaka", "ｔａｎａｋａ", true}, {"タナカ", "ﾀﾅｶ", true},
		{"", "田中", true}, {"\u202e", "田中", true}, {"sato", "sato2", false},
	} {
		if got := Same(c.a, c.b); got != c.want || Same(c.b, c.a) != c.want {
			t.Errorf("%q, %q: %v", c.a, c.b, got)
		}
	}
}
