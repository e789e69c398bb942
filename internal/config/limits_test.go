package config

import (
	"os"
	"reflect"
	"testing"

	"sekisho/sanitize"
)

// TestLimitsAreExplained: every limit of package sanitize can be configured, has its published default and an explanation, and
// the page in docs says the same.
func TestLimitsAreExplained(t *testing.T) {
	rows := map[string]Limit{}
	for _, l := range LimitTable() {
		rows[l.Key] = l
		if l.Ja == "" || l.Default == "" {
			t.Errorf("%+v is not explained", l)
		}
	}
	limits := reflect.TypeFor[sanitize.Limits]()
	for i := range limits.NumField() {
		if key := limits.Field(i).Tag.Get("json"); rows[key].Key == "" {
			t.Errorf("the limit %s cannot be configured", key)
		}
	}
	if len(rows) != limits.NumField() || len(explained()) != len(rows) {
		t.Errorf("%d limits, %d of them configurable, %d explained", limits.NumField(), len(rows), len(explained()))
	}
	g := DefaultGateway("")
	p, err := g.PolicyNamed("standard")
	if err != nil || p.Limits != sanitize.DefaultLimits() {
		t.Errorf("the defaults of the configuration are %+v, %v", p.Limits, err)
	}
	page, err := os.ReadFile("../../docs/limits.ja.md")
	if err != nil || string(page) != LimitsPage() {
		t.Errorf("docs/limits.ja.md is out of date: run go generate ./internal/config (%v)", err)
	}
}

// TestEveryLimitReaches: what the configuration says reaches the policy, for each limit by itself.
func TestEveryLimitReaches(t *testing.T) {
	n := reflect.TypeFor[Limits]().NumField()
	for i := range n {
		g := DefaultGateway("")
		reflect.ValueOf(&g.Limits).Elem().Field(i).SetInt(7)
		p, err := g.PolicyNamed("standard")
		if err != nil {
			t.Fatal(err)
		}
		changed, old := reflect.ValueOf(p.Limits), reflect.ValueOf(sanitize.DefaultLimits())
		different := 0
		for k := range changed.NumField() {
			if changed.Field(k).Int() == 7 && old.Field(k).Int() != 7 {
				different++
			}
		}
		if different != 1 {
			t.Errorf("%s changes %d limits of the policy", reflect.TypeFor[Limits]().Field(i).Name, different)
		}
	}
}
