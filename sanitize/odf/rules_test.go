package odf

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"sekisho/sanitize/odf/internal/grammar"
)

// TestRules: every rule that the grammar's policy names is one of the closed set, and none of the set is there twice.
func TestRules(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "rules.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			rule, err := strconv.Unquote(lit.Value)
			if err != nil || slices.Contains(rules, rule) {
				t.Errorf("rule %s: %v", lit.Value, err)
			}
			rules = append(rules, rule)
		}
		return true
	})
	for _, r := range grammar.Rules() {
		if !slices.Contains(rules, rulePrefix+r) {
			t.Errorf("rule %s is not in the set", rulePrefix+r)
		}
	}
}
