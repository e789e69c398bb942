package child

import (
	"fmt"
	"os"
	"slices"

	"sekisho/internal/worker/wire"
)

// Program is what a child program is made of.
type Program struct {
	// Enter puts the process into the sandbox (sandbox.Enter). It is told whether the process was born inside Landlock.
	Enter func(landlocked bool) (wire.Set, error)

	// Services makes the work that a child can be asked for. It is called once, before there is a file.
	Services func() (Services, error)

	// Reads are files and folders that Services may read. A child of a program that has some is not born inside
	// Landlock proper: it enters it itself, when Services has returned.
	Reads []string
}

// Run does what the arguments, without the program's name, say. An error means that the program did not do its work.
func (p Program) Run(args []string) error {
	if err := closeInherited(); err != nil {
		return err
	}
	switch {
	case len(args) > 0 && args[0] == wire.StarterArg:
		return startChildren(args[1:], p.Reads)
	case slices.Contains(args, wire.ProbeArg):
		return probe()
	}
	services, err := p.Services()
	if err != nil {
		return err
	}
	missing, why := p.Enter(slices.Contains(args, wire.LandlockedArg))
	if why != nil {
		fmt.Fprintln(os.Stderr, why)
	}
	return services.serve(missing)
}
