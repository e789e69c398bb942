package formula

import (
	"slices"
	"strings"
	"testing"
)

func TestCalls(t *testing.T) {
	for _, c := range []struct {
		formula string
		d       Dialect
		want    string // "!" when it cannot be read
	}{
		{"SUM(A1:A2)+(3*4)", Office, "SUM,"},
		{"if ( A1 , \"CALL(x)\" , 'Sheet (1)'!A1)", Office, "IF"},
		{"T[Price (JPY)]+T['[a(b]+sum(1)", Office, "SUM"},
		{"_xlfn.WEBSERVICE(\"x\")", Office, "_XLFN.WEBSERVICE"},
		{"WEB SERVICE(1)", Office, "SERVICE"},
		{"\"a\"\"CALL(\"&CALL(1)", Office, "CALL"},
		{"'x'(1)", Office, "'"},
		{"\u5408\u8a08(1)", Office, "\u5408\u8a08"},
		{"of:=SUM(['Sheet (1)'.A1:.B2])", OpenDocument, "SUM"},
		{"['a]b'.A1]+X(1)", OpenDocument, "X"},
		{"\"open", Office, "!"}, {"T[open", Office, "!"}, {"'open", Office, "!"}, {"['open]", OpenDocument, "!"}, {"", Office, ""},
	} {
		var names []string
		err := Calls(c.formula, c.d, func(name, _ string) error { names = append(names, name); return nil })
		if got := strings.Join(names, ","); err == nil && got != c.want || (err != nil) != (c.want == "!") {
			t.Errorf("%s: %q, %v; want %q", c.formula, got, err, c.want)
		}
	}
}

func TestKnown(t *testing.T) {
	if !slices.IsSorted(functions[:]) || len(slices.Compact(slices.Clone(functions[:]))) != len(functions) {
		t.Error("the list is not sorted, or has a name twice")
	}
	for _, name := range []string{"SUM", "XLOOKUP", "LET", "ROUNDSIG"} {
		if !Known(name) {
			t.Errorf("%s is not known", name)
		}
	}
	for _, name := range []string{"", "WEBSERVICE", "FILTERXML", "IMAGE", "RTD", "CALL", "REGISTER.ID", "EXEC", "EVALUATE", "DDE", "PY", "CUBEVALUE", "HYPERLINK"} {
		if Known(name) {
			t.Errorf("%s is known", name)
		}
	}
}
