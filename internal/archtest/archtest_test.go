// Package archtest holds the import rules of the design as a test, by parsing the files. It does not ask the go
// command, whose answer may come from a cache.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "sekisho"

// file is one Go file: the folder it is in, and what it imports.
type file struct {
	path, dir string
	test      bool
	imports   []string
	tree      *ast.File
}

func parseAll(t *testing.T) []file {
	t.Helper()
	root := filepath.Join("..", "..")
	var files []file
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "bin" || strings.HasPrefix(d.Name(), ".git")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		tree, err := parser.ParseFile(set, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f := file{path: rel, dir: path.Dir(filepath.ToSlash(rel)), test: strings.HasSuffix(p, "_test.go"), tree: tree}
		for _, i := range tree.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, name)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 30 {
		t.Fatalf("only %d files seen: the test does not look at the project", len(files))
	}
	return files
}

// under reports whether dir is folder or below it.
func under(dir, folder string) bool { return dir == folder || strings.HasPrefix(dir, folder+"/") }

// own returns the folder of an import of this module, or "".
func own(name string) string {
	rest, ok := strings.CutPrefix(name, module+"/")
	if !ok {
		return ""
	}
	return rest
}

// format reports whether dir holds the rebuild code of a format.
func format(dir string) bool {
	if !under(dir, "sanitize") || dir == "sanitize" {
		return false
	}
	second := strings.Split(dir, "/")[1]
	return !slices.Contains([]string{"formats", "sanitizetest", "identify", "name", "verify", "scan", "internal"}, second)
}

// formatRoot is the part of a format's folder that makes it one format: sanitize/pdf of sanitize/pdf/internal/lex.
func formatRoot(dir string) string {
	parts := strings.Split(dir, "/")
	if len(parts) > 2 && parts[1] == "image" {
		return strings.Join(parts[:3], "/")
	}
	return strings.Join(parts[:2], "/")
}

func TestImports(t *testing.T) {
	rules := []struct {
		name, reason string
		broken       func(f file, imp, to string) bool
	}{
		{"strangers", "sanitize, queue and transfer can be read, tested and replaced alone", func(f file, imp, to string) bool {
			for _, a := range []string{"sanitize", "queue", "transfer"} {
				for _, b := range []string{"sanitize", "queue", "transfer"} {
					if a != b && under(f.dir, a) && under(to, b) {
						return true
					}
				}
			}
			return false
		}},
		{"sanitize stands alone", "the code that reads hostile bytes knows nothing of the gateway around it", func(f file, imp, to string) bool {
			return under(f.dir, "sanitize") && (under(to, "internal") || under(to, "fixtures")) && !f.test
		}},
		{"formats apart", "a format that needs another goes through the engine, which holds the budgets", func(f file, imp, to string) bool {
			return format(f.dir) && format(to) && formatRoot(f.dir) != formatRoot(to) && !f.test
		}},
		{"formats see no world", "what reads hostile bytes opens no file, no connection and starts no program", func(f file, imp, to string) bool {
			outside := imp == "os" || imp == "net" || strings.HasPrefix(imp, "net/") && !slices.Contains([]string{"net/netip", "net/url"}, imp) ||
				imp == "os/exec" || imp == "plugin"
			return (format(f.dir) || under(f.dir, "sanitize/internal") || under(f.dir, "sanitize/verify")) &&
				outside && !f.test && f.tree.Name.Name != "main"
		}},
		{"judges are independent", "a bug that the rebuild and its judge share is a bug that nobody sees", func(f file, imp, to string) bool {
			return under(f.dir, "sanitize/verify") && !f.test &&
				(format(to) || under(to, "sanitize/internal") || strings.HasPrefix(imp, "github.com/pdfcpu"))
		}},
		{"the judge only judges", "what judges holds none of the code whose work it judges", func(f file, imp, to string) bool {
			return under(f.dir, "cmd/sekisho-judge") && (format(to) || under(to, "sanitize/formats") || under(to, "sanitize/internal"))
		}},
		{"nothing imports cmd", "main packages only wire", func(f file, imp, to string) bool { return under(to, "cmd") }},
		{"pipeline joins", "only the pipeline and main know the order of the steps", func(f file, imp, to string) bool {
			return under(to, "internal/pipeline") && !under(f.dir, "cmd") && !under(f.dir, "internal/pipeline") && !under(f.dir, "fixtures")
		}},
		{"no cgo", "one static binary; a C parser runs only as WebAssembly inside the child", func(f file, imp, to string) bool { return imp == "C" }},
		{"tests stay in tests", "test support is not linked into what ships", func(f file, imp, to string) bool {
			return !f.test && !strings.HasSuffix(f.dir, "test") && (imp == "testing" || strings.HasSuffix(to, "sanitizetest") || strings.HasSuffix(to, "transfertest"))
		}},
	}
	for _, f := range parseAll(t) {
		for _, imp := range f.imports {
			for _, r := range rules {
				if r.broken(f, imp, own(imp)) {
					t.Errorf("%s imports %s: breaks %q (%s)", f.path, imp, r.name, r.reason)
				}
			}
		}
	}
}

// TestWriters: a file that is not written through internal/durable can be seen half-written.
func TestWriters(t *testing.T) {
	writes := []string{"Create", "WriteFile", "CreateTemp"}
	for _, f := range parseAll(t) {
		if f.test || under(f.dir, "internal/durable") || f.tree.Name.Name == "main" || strings.HasSuffix(f.dir, "test") {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if ok && x.Name == "os" && (slices.Contains(writes, sel.Sel.Name) || sel.Sel.Name == "OpenFile" && opensToWrite(call)) {
				t.Errorf("%s calls os.%s: only internal/durable writes files", f.path, sel.Sel.Name)
			}
			return true
		})
	}
}

// opensToWrite reports whether the flags of a call of os.OpenFile are more than those of reading.
func opensToWrite(call *ast.CallExpr) bool {
	found := len(call.Args) != 3
	for _, arg := range call.Args {
		ast.Inspect(arg, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && slices.Contains([]string{"O_WRONLY", "O_RDWR", "O_CREATE", "O_APPEND", "O_TRUNC"}, id.Name) {
				found = true
			}
			return true
		})
	}
	return found
}

// TestNoInit: an init function runs in every child that is started, and hides what the program does at start.
func TestNoInit(t *testing.T) {
	for _, f := range parseAll(t) {
		for _, d := range f.tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", f.path)
			}
		}
	}
}

// TestTopLevel: the folder listing tells the story.
func TestTopLevel(t *testing.T) {
	allowed := []string{
		"cmd", "sanitize", "transfer", "queue", "fixtures", "internal", "docs", "deploy", "bin", "var",
		"go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "NOTICE",
	}
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}

// TestPackageComments: every package says what it is for.
func TestPackageComments(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range parseAll(t) {
		if f.test && strings.HasSuffix(f.tree.Name.Name, "_test") {
			continue
		}
		documented[f.dir] = documented[f.dir] || f.tree.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", dir)
		}
	}
}
