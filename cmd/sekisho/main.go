// Command sekisho is the Internet zone's side of the gateway and the operator's tool. docs/ describes its commands;
// exit codes: 0 every file clean, 1 error, 2 usage, 3 at least one file held, 4 at least one blocked.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set when the program is built.
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// exit is an error that says which exit code the program ends with. A nil err says nothing more.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

// run runs the program with args and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	started := false // an error before a command has started is one of usage
	root := &cobra.Command{
		Use:               "sekisho",
		Short:             "ファイル無害化ゲートウェイ / file sanitisation gateway",
		Version:           version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRun:  func(*cobra.Command, []string) { started = true },
		Args:              cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			started = false
			return errors.New("give a command; sekisho --help lists them")
		},
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	logs := slog.New(slog.NewTextHandler(stderr, nil))
	root.AddCommand(
		upCommand(logs), gatewayCommand(logs), workerCommand(logs),
		sanitizeCommand(logs), identifyCommand(logs), verifyCommand(logs),
		quarantineCommand(), consoleCommand(), rescanCommand(), auditCommand(), configCommand(), doctorCommand(logs),
	)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(stderr, "sekisho:", text)
	}
	if e, ok := errors.AsType[exit](err); ok {
		return e.code
	}
	if !started {
		return 2
	}
	return 1
}

// operand says how many operands a command takes, as an error of usage.
func operands(least int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least {
			return fmt.Errorf("give %s", what)
		}
		return nil
	}
}
