// Gen writes the tables of package grammar from the fact tables of the format and from this project's policy.
//
//	go run ./gen -facts DIR -o tables.go
//
// DIR holds odf-elements.tsv and odf-namespaces.tsv, made from the OASIS OpenDocument 1.3 schema. What those lack is in
// extra.tsv, what is kept in policy.tsv, both beside this program.
package main

import (
	"bytes"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed extra.tsv
var extraTSV []byte

//go:embed policy.tsv
var policyTSV []byte

func main() {
	facts := flag.String("facts", "", "folder of the fact tables")
	out := flag.String("o", "tables.go", "file to write")
	flag.Parse()
	if err := run(*facts, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(facts, out string) error {
	namespaces, err := os.ReadFile(filepath.Join(facts, "odf-namespaces.tsv"))
	if err != nil {
		return err
	}
	elements, err := os.ReadFile(filepath.Join(facts, "odf-elements.tsv"))
	if err != nil {
		return err
	}
	m, err := build(namespaces, elements, extraTSV, policyTSV)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := m.write(&b); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o666)
}
