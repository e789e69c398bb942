// Command sekisho-child rebuilds, judges or identifies one file in a sandbox, and ends. It is started by a worker pool
// with a socket on descriptor 3; it is of no use by hand.
package main

import (
	"fmt"
	"os"

	"sekisho/internal/worker/child"
	"sekisho/internal/worker/sandbox"
	"sekisho/sanitize"
	"sekisho/sanitize/formats"
	"sekisho/sanitize/identify"
	"sekisho/sanitize/name"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/judges"
)

func main() {
	program := child.Program{Enter: sandbox.Enter, Services: services}
	if err := program.Run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sekisho-child:", err)
		os.Exit(1)
	}
}

func services() (child.Services, error) {
	engine, err := sanitize.NewEngine(formats.All(), sanitize.Naming{
		Kind: identify.Kind, Other: identify.Other, Hazard: name.Hazard, Malware: identify.Malware,
	})
	if err != nil {
		return child.Services{}, err
	}
	set, err := verify.New(judges.All()...)
	if err != nil {
		return child.Services{}, err
	}
	return child.Services{
		Rebuild: engine.Rebuild,
		Identify: func(in sanitize.Input, untrustedName string) (string, error) {
			info, err := engine.Identify(in, untrustedName)
			return info.ID, err
		},
		Verify: set.Judge,
	}, nil
}
