package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"sekisho/internal/pipeline"
	"sekisho/internal/worker"
	"sekisho/sanitize"
)

// localFlags are the flags of the commands that treat files here and now.
type localFlags struct {
	policy, passwords, output, child string
	dpi                              int // 0: the default
	json                             bool
	accept                           []string
}

func (f *localFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.json, "json", false, "標準出力に1ファイル1行のJSON / one JSON object a line on stdout")
	cmd.Flags().StringVar(&f.child, "child", "", "sekisho-child の場所 / path of sekisho-child (default: beside this program)")
	cmd.Flags().StringSliceVar(&f.accept, "accept-missing", nil, "無くてもよい隔離の層 / containment layers that may be missing")
	f.policy = "standard"
}

func sanitizeCommand(logs *slog.Logger) *cobra.Command {
	var f localFlags
	cmd := &cobra.Command{
		Use:   "sanitize [--policy P] [--password-file F] [-o DIR] [--json] FILE…",
		Short: "その場で無害化 / rebuild files here and now",
		Args:  operands(1, "at least one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.each(cmd, logs, args, (*pipeline.Local).Sanitize)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.policy, "policy", "standard", "方針 / policy: standard, strict, render, attachments")
	cmd.Flags().IntVar(&f.dpi, "dpi", sanitize.DefaultDPI, "render で頁を描く解像度 / pixels to the inch of pages drawn by render")
	cmd.Flags().StringVar(&f.passwords, "password-file", "", "1行に1つのパスワード / file with one password a line")
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "無害化したファイルの置き場所 / folder for clean files")
	return cmd
}

func identifyCommand(logs *slog.Logger) *cobra.Command {
	var f localFlags
	cmd := &cobra.Command{
		Use:   "identify [--json] FILE…",
		Short: "中身から種類を判定 / type by content",
		Args:  operands(1, "at least one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.each(cmd, logs, args, (*pipeline.Local).Identify)
		},
	}
	f.add(cmd)
	return cmd
}

func verifyCommand(logs *slog.Logger) *cobra.Command {
	var f localFlags
	cmd := &cobra.Command{
		Use:   "verify [--json] FILE…",
		Short: "独立した検査 / the independent judge",
		Args:  operands(1, "at least one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.each(cmd, logs, args, (*pipeline.Local).Verify)
		},
	}
	f.add(cmd)
	return cmd
}

// each does one thing to each file and prints what became of it. Its error carries the exit code.
func (f *localFlags) each(cmd *cobra.Command, logs *slog.Logger, paths []string, do pipeline.Deed) error {
	policy, err := sanitize.PolicyNamed(f.policy)
	if err != nil {
		return exit{2, err}
	}
	if policy.DPI = f.dpi; f.dpi != 0 {
		if err := sanitize.CheckDPI(f.dpi); err != nil {
			return exit{2, err}
		}
	}
	local, done, err := f.open(policy, len(paths), logs)
	if err != nil {
		return err
	}
	defer done()
	code := 0
	err = local.Each(cmd.Context(), paths, do, func(path string, o pipeline.Outcome, err error) error {
		if err != nil {
			logs.Error("cannot treat file", "path", path, "error", err)
			code = worse(code, 1)
			return nil
		}
		switch o.Verdict {
		case sanitize.Held:
			code = worse(code, 3)
			logs.Info("held", "path", path, "reason", o.Reason, "detail", firstLine(o.Detail))
		case sanitize.Blocked:
			code = worse(code, 4)
		}
		return f.print(cmd.OutOrStdout(), o)
	})
	if err != nil {
		return err
	}
	if code != 0 {
		return exit{code: code}
	}
	return nil
}

// worse returns the exit code that says more: an error above all, blocked before held.
func worse(a, b int) int {
	if a == 1 || b == 1 {
		return 1
	}
	return max(a, b)
}

func (f *localFlags) print(w io.Writer, o pipeline.Outcome) error {
	if f.json {
		return printJSON(w, o)
	}
	_, err := io.WriteString(w, outcomeText(o))
	return err
}

// open makes what the commands work with, for so many files. The function it returns ends it.
func (f *localFlags) open(policy sanitize.Policy, count int, logs *slog.Logger) (*pipeline.Local, func(), error) {
	passwords, err := readPasswords(f.passwords)
	if err != nil {
		return nil, nil, err
	}
	engine, err := pipeline.Engine()
	if err != nil {
		return nil, nil, err
	}
	var out *os.Root
	if f.output != "" {
		if out, err = openFolder(f.output); err != nil {
			return nil, nil, err
		}
	}
	child, err := childPath(f.child)
	if err != nil {
		return nil, nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	pool, err := pipeline.OpenChildren(worker.Options{
		Child: child, Judge: worker.JudgeBeside(child), Ready: runtime.GOMAXPROCS(0), Once: count == 1, Limits: policy.Limits, AcceptMissing: f.accept, Log: logs,
	}, filepath.Join(cache, "sekisho", "pdfium-"+version))
	if err != nil {
		return nil, nil, err
	}
	local := &pipeline.Local{Pool: pool, Engine: engine, Policy: policy, Passwords: passwords, Output: out}
	return local, func() { pool.Close() }, nil
}

// openFolder opens the folder dir, which it makes when it is not there.
func openFolder(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open folder: %w", err)
	}
	return root, nil
}

// childPath finds sekisho-child: where it is said to be, else beside this program.
func childPath(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("cannot find sekisho-child: %w", err)
	}
	return filepath.Join(filepath.Dir(self), "sekisho-child"), nil
}

// readPasswords reads one password a line. An empty path means none.
func readPasswords(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read passwords: %w", err)
	}
	defer f.Close()
	var all []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if p := strings.TrimSuffix(lines.Text(), "\r"); p != "" {
			all = append(all, p)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("cannot read passwords: %w", err)
	}
	if len(all) == 0 {
		return nil, errors.New("cannot read passwords: the file has none")
	}
	return all, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
