package content

import (
	"bytes"
	"strings"
	"testing"

	"sekisho/sanitize/pdf/internal/object"
)

func cleaner(lost map[Lost]int) *Cleaner {
	return &Cleaner{
		Lose:    func(l Lost) { lost[l]++ },
		Measure: func(object.Dict) int { return -1 },
		Image: func(d object.Dict, data []byte) (object.Dict, []byte, error) {
			if bytes.Contains(data, []byte("EI")) {
				return nil, nil, nil
			}
			return object.Dict{{Key: "W", Value: d.Get("Width")}}, data, nil
		},
		Nesting: 20,
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "",
		"q  Q":                                 "q\nQ\n",
		"1.50 0 0 1 -0.0 +7 cm":                "1.5 0 0 1 0 7 cm\n",
		"0 0 m% comment\n1 1 l":                "0 0 m\n1 1 l\n",
		"/F1 12Tf(a)Tj":                        "/F1 12 Tf\n(a)Tj\n",
		"[(a)-5<42>]TJ":                        "[(a)-5(B)]TJ\n",
		"1 0 0 rg/Cs cs .5 scn /P scn":         "1 0 0 rg\n/Cs cs\n.5 scn\n/P scn\n",
		"1 2.5.5 m":                            "2.5 .5 m\n",
		"/Span<</MCID 1/ActualText<FEFF>>>BDC": "/Span<</ActualText(\xfe\xff)/MCID 1>>BDC\n",
		"/OC/MC0 BDC EMC":                      "/OC/MC0 BDC\nEMC\n",
		"BI/W 5 ID abc\nEI Q":                  "BI\n/W 5\nID abc\nEI\nQ\n",
		"(a)Tj evil(b)Tj":                      "(a)Tj\n(b)Tj\n",
		"5 evil 0 0 m":                         "0 0 m\n",
		"(a) w":                                "",
		"1 2 w":                                "2 w\n",
		"q ) Q":                                "q\nQ\n",
		"/P <</Evil(x)>> DP":                   "/P<<>>DP\n",
		"<< /A Q":                              "Q\n",
		"(open":                                "",
	} {
		lost := map[Lost]int{}
		got, _, err := cleaner(lost).Clean([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%q is written %q (error %v), want %q", in, got, err, want)
		}
	}
}

func TestTold(t *testing.T) {
	for in, want := range map[string]Lost{
		"evil": LostOperator, "(a) w": LostOperator, "1 2 w": LostOperator, "/P<</Evil 1>>DP": LostProperty,
		"BI/W 5 ID aEIb\nEI": LostImage, "BI /W": LostImage,
	} {
		lost := map[Lost]int{}
		if _, _, err := cleaner(lost).Clean([]byte(in)); err != nil || lost[want] == 0 {
			t.Errorf("%q: lost %v (error %v), want %v", in, lost, err, want)
		}
	}
}

func TestWhole(t *testing.T) {
	for in, want := range map[string]bool{"q Q": true, "q (a)": false, "1 2": false, "(a": false} {
		if _, whole, _ := cleaner(map[Lost]int{}).Clean([]byte(in)); whole != want {
			t.Errorf("%q: whole is %v, want %v", in, whole, want)
		}
	}
}

func TestManyOperands(t *testing.T) {
	got, _, err := cleaner(map[Lost]int{}).Clean([]byte(strings.Repeat("7 ", 100_000) + "1 2 m"))
	if err != nil || string(got) != "1 2 m\n" {
		t.Errorf("got %.50q, error %v", got, err)
	}
}

// FuzzClean cleans what was cleaned: nothing may change, and nothing may be lost.
func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"q 1 0 0 1 0 0 cm BT /F1 12 Tf (a) Tj [(b) 1 <43>] TJ ET Q", "BI /W 1 /H 1 ID x\nEI", "/P <</MCID 0>> BDC EMC", "BX evil EX",
		"(\\", "<<", "[", "1.2.3.4 m", "\"", "/#4a Do",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := cleaner(map[Lost]int{})
		once, _, err := c.Clean(b)
		if err != nil {
			t.Fatal(err)
		}
		once = bytes.Clone(once)
		if bytes.Contains(once, []byte("BI\n")) {
			return // the image of this test is written as it was read, which is not how it is told from content
		}
		lost := map[Lost]int{}
		twice, whole, err := cleaner(lost).Clean(once)
		if err != nil || !whole || !bytes.Equal(once, twice) || len(lost) > 0 {
			t.Fatalf("%q is written %q, and then %q (lost %v, error %v)", b, once, twice, lost, err)
		}
	})
}
