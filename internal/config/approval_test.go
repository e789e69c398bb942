package config

import (
	"slices"
	"strings"
	"testing"
)

const classes = good + `
[[approval]]
types = ["exe"]
offices = ["税務課"]
need = "never"
[[approval]]
reasons = ["encrypted"]
need = "one"
[[approval]]
over = "10MiB"
need = "stepped"
[[approval]]
need = "two"
`

// TestApprovals: the first class that fits holds, and without classes it is one approval.
func TestApprovals(t *testing.T) {
	g, err := load(t, classes)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		reason, kind, office string
		size                 int64
		want                 string
	}{
		{"policy", "exe", "税務課", 1, ""}, {"policy", "exe", "総務課", 1, ","}, {"encrypted", "zip", "総務課", 20 << 20, "one"},
		{"limit", "pdf", "総務課", 10<<20 + 1, "approver,admin"}, {"limit", "pdf", "総務課", 10 << 20, ","},
	} {
		steps := g.Approvals(c.reason, []string{"", c.kind}, c.office, c.size)
		got := strings.Join(steps, ",")
		if len(steps) == 1 && steps[0] == "" {
			got = "one"
		}
		if got != c.want {
			t.Errorf("%+v: %q", c, steps)
		}
	}
	plain, err := load(t, good)
	if err != nil {
		t.Fatal(err)
	}
	if steps := plain.Approvals("policy", nil, "", 1); !slices.Equal(steps, []string{""}) {
		t.Errorf("without classes: %q", steps)
	}
	for _, bad := range []struct{ old, new, want string }{
		{`need = "two"`, `need = "three"`, "want one, two, stepped or never"}, {`need = "two"`, "", "want one, two, stepped or never"},
		{`["encrypted"]`, `["secret"]`, `no file is held for the reason "secret"`}, {`["encrypted"]`, `["malware"]`, "malware"},
	} {
		if _, err := load(t, strings.Replace(classes, bad.old, bad.new, 1)); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: %v", bad.new, err)
		}
	}
}
