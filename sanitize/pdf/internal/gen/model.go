package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// row is one line of an Arlington table: a key of an object type.
type row struct {
	key      string
	alts     []alt
	required bool
	values   []string // possible values, when the key tells types apart
}

// alt is one type of value with the object types that it may link to.
type alt struct {
	kind  string
	links []string
}

// telling are the keys (and array indexes) whose value says which object type something is.
var telling = []string{
	"Type", "Subtype", "S", "FT", "FunctionType", "ShadingType", "PatternType", "HalftoneType", "ImageMask", "0", "1",
}

// model is the Arlington model: object type to its rows.
type model map[string][]row

// readModel reads every table of dir into m.
func readModel(m model, dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.tsv"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("cannot find tables in %q", dir)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return fmt.Errorf("cannot read table: %w", err)
		}
		name := strings.TrimSuffix(filepath.Base(f), ".tsv")
		if m[name], err = parseTable(string(b)); err != nil {
			return fmt.Errorf("cannot read table %s: %w", name, err)
		}
	}
	return nil
}

// parseTable reads one table: a header line, then a line a key with the columns Key, Type, SinceVersion, DeprecatedIn,
// Required, IndirectReference, Inheritable, DefaultValue, PossibleValues, SpecialCase, Link, Note.
func parseTable(text string) ([]row, error) {
	var rows []row
	for i, line := range strings.Split(strings.TrimRight(text, "\r\n"), "\n") {
		cells := strings.Split(strings.TrimRight(line, "\r"), "\t")
		if i == 0 {
			continue
		}
		if len(cells) < 11 {
			return nil, fmt.Errorf("line %d has %d columns", i+1, len(cells))
		}
		rows = append(rows, parseRow(cells))
	}
	return rows, nil
}

func parseRow(cells []string) row {
	r := row{key: cells[0], required: cells[4] == "TRUE"}
	links := groups(cells[10])
	values := groups(cells[8])
	for i, kind := range splitTop(cells[1], ';') {
		a := alt{kind: bare(kind)}
		if i < len(links) {
			a.links = links[i]
		}
		r.alts = append(r.alts, a)
		if i < len(values) && slices.Contains(telling, r.key) {
			r.values = append(r.values, literal(values[i])...)
		}
	}
	return r
}

// groups reads "[a,b];[c]" to lists of bare words.
func groups(cell string) (lists [][]string) {
	for _, g := range splitTop(cell, ';') {
		var words []string
		g = strings.TrimSuffix(strings.TrimPrefix(g, "["), "]")
		for _, w := range splitTop(g, ',') {
			if w = bare(w); w != "" {
				words = append(words, w)
			}
		}
		lists = append(lists, words)
	}
	return lists
}

// literal keeps of a list of possible values those that are plain words; a formula among them makes the list open.
func literal(words []string) []string {
	for _, w := range words {
		if strings.ContainsAny(w, "()@") {
			return nil
		}
	}
	return words
}

// bare strips the version conditions off a word: fn:SinceVersion(1.5,X) is X.
func bare(word string) string {
	word = strings.TrimSpace(word)
	for strings.HasPrefix(word, "fn:") && strings.HasSuffix(word, ")") {
		open := strings.IndexByte(word, '(')
		args := splitTop(word[open+1:len(word)-1], ',')
		if len(args) < 2 {
			return word
		}
		word = strings.TrimSpace(args[len(args)-1])
	}
	return word
}

// splitTop splits s at sep outside brackets.
func splitTop(s string, sep byte) (parts []string) {
	depth, start := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case sep:
			if depth == 0 {
				parts = append(parts, s[start:i])
				start = i + 1
			}
		}
	}
	if start < len(s) || len(parts) > 0 {
		parts = append(parts, s[start:])
	}
	return parts
}
