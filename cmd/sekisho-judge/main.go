// Command sekisho-judge judges one file in a sandbox, and ends. It is what sekisho-child does for Verify, without any of
// the code that rebuilds files: it starts faster, and nothing that it judges was written by code that it holds. It is
// started by a worker pool with a socket on descriptor 3; it is of no use by hand.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"sekisho/internal/worker/child"
	"sekisho/internal/worker/sandbox"
	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/judges"
)

func main() {
	program := child.Program{Enter: sandbox.Enter, Services: services}
	if err := program.Run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sekisho-judge:", err)
		os.Exit(1)
	}
}

// errJudgeOnly says that this program was asked for what only sekisho-child does.
var errJudgeOnly = errors.New("this program only judges")

func services() (child.Services, error) {
	set, err := verify.New(judges.All()...)
	if err != nil {
		return child.Services{}, err
	}
	return child.Services{
		Rebuild: func(context.Context, sanitize.Job, io.Writer) (sanitize.Report, error) {
			return sanitize.Report{}, errJudgeOnly
		},
		Identify: func(sanitize.Input, string) (string, error) { return "", errJudgeOnly },
		Verify:   set.Judge,
	}, nil
}
