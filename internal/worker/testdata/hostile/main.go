// Command hostile is the child program of the tests: it does what its input says, mostly what no child should.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"sekisho/internal/worker/child"
	"sekisho/internal/worker/sandbox"
	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
)

// without is a layer that this build does without: "seccomp" without saying so, to show what the other layers hold by
// themselves, "landlock" as if the kernel had none.
var without string

func main() {
	if err := (child.Program{Enter: enter, Services: services}).Run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func services() (child.Services, error) {
	return child.Services{
		Rebuild: rebuild,
		Identify: func(_ sanitize.Input, name string) (string, error) {
			return strings.ToLower(name), nil
		},
		Verify: func(_ context.Context, _, format string, in sanitize.Input, _ sanitize.Policy) (string, error) {
			if string(in.Head(4)) == "good" {
				return format, nil
			}
			return format, errors.New("not good")
		},
	}, nil
}

func enter(landlocked bool) (wire.Set, error) {
	switch without {
	case "seccomp":
		return 0, errors.Join(sandbox.DeathSignal(), sandbox.Rlimits(), sandbox.NoNewPrivs(), sandbox.Landlocked())
	case "landlock":
		return wire.Set(0).With(wire.Landlock), errors.Join(sandbox.DeathSignal(), sandbox.Rlimits(), sandbox.NoNewPrivs(), sandbox.Seccomp())
	}
	return sandbox.Enter(landlocked)
}

func rebuild(ctx context.Context, job sanitize.Job, out io.Writer) (sanitize.Report, error) {
	all, err := job.Input.Bytes(8 << 20)
	if err != nil {
		return sanitize.Report{}, err
	}
	verb, rest, _ := strings.Cut(string(all), "\n")
	report := sanitize.Report{Type: "hostile", Output: "hostile"}
	if verb == "echo" {
		_, err := io.WriteString(out, rest)
		return report, err
	}
	if do, ok := failures()[verb]; ok {
		return report, do(ctx, out)
	}
	if try, ok := escapes()[verb]; ok {
		return report, try(rest, out)
	}
	return report, fmt.Errorf("no verb %q", verb)
}
