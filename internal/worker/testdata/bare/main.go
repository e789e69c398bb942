// Command bare is sekisho-child without a sandbox: what the benchmarks hold the sandbox against. It says of every layer that it is missing.
package main

import (
	"fmt"
	"os"

	"sekisho/internal/worker/child"
	"sekisho/internal/worker/wire"
	"sekisho/sanitize"
	"sekisho/sanitize/formats"
	"sekisho/sanitize/identify"
	"sekisho/sanitize/name"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/judges"
)

func main() {
	if err := (child.Program{Enter: enter, Services: services}).Run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// enter enters nothing.
func enter(bool) (wire.Set, error) {
	var missing wire.Set
	for _, l := range wire.Layers() {
		missing = missing.With(l)
	}
	return missing, nil
}

func services() (child.Services, error) {
	engine, err := sanitize.NewEngine(formats.All(), sanitize.Naming{
		Kind: identify.Kind, Other: identify.Other, Hazard: name.Hazard, Malware: identify.Malware,
	})
	if err != nil {
		return child.Services{}, err
	}
	set, err := verify.New(judges.All()...)
	return child.Services{Rebuild: engine.Rebuild, Verify: set.Judge}, err
}
