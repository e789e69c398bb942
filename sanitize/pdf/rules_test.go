package pdf

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"sekisho/sanitize/pdf/internal/grammar"
)

// ruleSet reads the values of the constants in rules.go.
func ruleSet(t *testing.T) map[string]bool {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "rules.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			value, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			if set[value] {
				t.Errorf("rule %s twice", value)
			}
			set[value] = true
		}
		return true
	})
	return set
}

// TestRulesAreClosed sees that the grammar drops under no rule that is not in the set.
func TestRulesAreClosed(t *testing.T) {
	set := ruleSet(t)
	if len(set) < 50 {
		t.Fatalf("only %d rules found", len(set))
	}
	dropped := 0
	grammar.Each(func(o *grammar.Object) {
		rules := []string{o.Drop}
		for _, k := range o.Keys {
			rules = append(rules, k.Drop)
		}
		for _, r := range rules {
			if r != "" && r != "-" {
				dropped++
				if !set[r] {
					t.Errorf("%s is dropped under %s, which is not in the set", o.Name, r)
				}
			}
		}
	})
	if dropped < 100 {
		t.Errorf("only %d things are dropped", dropped)
	}
}
