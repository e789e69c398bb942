package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const head = "Key\tType\tSinceVersion\tDeprecatedIn\tRequired\tIndirectReference\tInheritable\tDefaultValue\tPossibleValues\tSpecialCase\tLink\tNote\n"

// folder writes tables: name, then lines of key, type, required, values, links.
func folder(t *testing.T, tables map[string][][5]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, rows := range tables {
		text := head
		for _, r := range rows {
			text += r[0] + "\t" + r[1] + "\t1.0\t\t" + r[2] + "\tFALSE\tFALSE\t\t" + r[3] + "\t\t" + r[4] + "\t\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name+".tsv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func small() map[string][][5]string {
	return map[string][][5]string{
		"FileTrailer": {{"Root", "dictionary", "TRUE", "", "[Catalog]"}, {"Size", "integer", "TRUE", "", ""}},
		"Catalog": {
			{"Type", "name", "TRUE", "[Catalog]", ""},
			{"OpenAction", "array;fn:SinceVersion(1.1,dictionary)", "FALSE", "", "[Dest];[fn:SinceVersion(1.3,Script),Go]"},
		},
		"Dest":   {{"0", "integer", "TRUE", "", ""}, {"1*", "number", "TRUE", "", ""}},
		"Script": {{"S", "name", "TRUE", "[JavaScript]", ""}},
		"Go":     {{"S", "name", "TRUE", "[fn:SinceVersion(1.1,GoTo),Go]", ""}},
		"Far":    {{"S", "name", "TRUE", "", ""}},
	}
}

func run(t *testing.T, policy string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.tsv")
	if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := generate(folder(t, small()), folder(t, map[string][][5]string{"Extra": {{"A", "name", "", "", ""}}}), file)
	return string(text), err
}

func TestGenerate(t *testing.T) {
	text, err := run(t, "# comment\ntype FileTrailer Catalog Dest Go keep\ntype Script drop javascript\nkey FileTrailer Size -\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{Name: "Size", Drop: "-"}`, `{Kind: Dictionary, Links: []Type{Script, Go}}`, `Drop: "pdf/javascript"`,
		`Values: []string{"GoTo", "Go"}, Must: true`, `{Name: "1*", Alts: []Alt{{Kind: Number}}}`, "Apache License",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "Far") {
		t.Error("a type that cannot be reached is in the table")
	}
}

func TestPolicyIsChecked(t *testing.T) {
	for policy, want := range map[string]string{
		"type FileTrailer Catalog Go keep\ntype Script drop javascript": "what becomes of Dest",
		"type FileTrailer Nothing keep":                                 `type "Nothing"`,
		"type FileTrailer keep\nkey Catalog Nothing x":                  `key "Catalog/Nothing"`,
		"what is this": "line 1",
	} {
		if _, err := run(t, policy); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one with %q", policy, err, want)
		}
	}
}

func TestMerge(t *testing.T) {
	text, err := run(t, "type FileTrailer Catalog Dest Both keep\nmerge Both Script Go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "Links: []Type{Both}") || !strings.Contains(text, `"JavaScript", "GoTo", "Go"`) {
		t.Errorf("not merged:\n%s", text)
	}
}
