// Command sekisho-child rebuilds, judges or identifies one file in a sandbox, and ends. It is started by a worker pool
// with a socket on descriptor 3; it is of no use by hand.
package main

import (
	"context"
	"fmt"
	"os"

	"sekisho/internal/worker/child"
	"sekisho/internal/worker/sandbox"
	"sekisho/sanitize"
	"sekisho/sanitize/formats"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sekisho-child:", err)
		os.Exit(1)
	}
}

func run() error {
	engine, err := sanitize.NewEngine(formats.All(), sanitize.Naming{})
	if err != nil {
		return err
	}
	return child.Serve(sandbox.Enter, child.Services{
		Rebuild: engine.Rebuild,
		Identify: func(in sanitize.Input, untrustedName string) (string, error) {
			info, err := engine.Identify(in, untrustedName)
			return info.ID, err
		},
		Verify: func(_ context.Context, format string, _ sanitize.Input, _ sanitize.Policy) error {
			return fmt.Errorf("cannot judge %q: no judges", format)
		},
	})
}
