// Gen writes the tables of package grammar from the fact tables of the format and from this project's policy.
//
//	go run ./gen -facts DIR -o tables.go
//
// DIR holds ooxml-elements.tsv, ooxml-namespaces.tsv and ooxml-parts.tsv, made from the data of the Open XML SDK.
// What those lack is in extra.tsv, what is kept in policy.tsv, both beside this program.
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
	var files [3][]byte
	for i, name := range []string{"ooxml-namespaces.tsv", "ooxml-elements.tsv", "ooxml-parts.tsv"} {
		b, err := os.ReadFile(filepath.Join(facts, name))
		if err != nil {
			return err
		}
		files[i] = b
	}
	m, err := build(files[0], files[1], files[2], extraTSV, policyTSV)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := m.write(&b); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o666)
}
