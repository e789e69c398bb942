package worker

import (
	"context"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"sekisho/internal/worker/wire"
)

// Layer is what was found out about one layer of the sandbox by trying it from inside.
type Layer struct {
	Name     string // the name for Options.AcceptMissing
	Holds    bool
	Evidence string // what was tried and what came of it, or why the layer is missing
}

// Layers starts a child that tries every layer of the sandbox, and returns what it found. A layer that does not hold is
// no error: an error means that no child could be started at all.
func Layers(ctx context.Context, childPath string) ([]Layer, error) {
	o, err := Options{Child: childPath}.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("cannot try sandbox: %w", err)
	}
	prog, err := openProgram(o)
	if err != nil {
		return nil, fmt.Errorf("cannot try sandbox: %w", err)
	}
	defer prog.close()
	prog.args = append(prog.args, wire.ProbeArg)
	s := newStarter(prog)
	defer s.close()
	c, namespaceErr := s.start()
	if namespaceErr != nil {
		s.drop()
		prog.dropNamespaces()
		if c, err = s.start(); err != nil {
			return nil, fmt.Errorf("cannot try sandbox: %w", err)
		}
	}
	defer c.end()
	layers, err := c.probe(ctx, namespaceErr)
	if err != nil {
		return nil, fmt.Errorf("cannot try sandbox: %w: %s", err, c.words())
	}
	return layers, nil
}

// probe listens to a probing child until its end.
func (c *process) probe(ctx context.Context, namespaceErr error) ([]Layer, error) {
	stop := context.AfterFunc(ctx, func() { c.end() })
	defer stop()
	defer c.end()
	if _, err := c.awaitReady(); err != nil {
		return nil, err
	}
	var report wire.Probe
	if err := c.control.SetReadDeadline(time.Now().Add(startTime)); err != nil {
		return nil, err
	}
	if err := wire.Decode(c.control, wire.MaxResponse, &report); err != nil {
		return nil, err
	}
	report.Layers[wire.Seccomp] = c.filterHolds()
	report.Layers[wire.Namespaces] = namespacesHold(report, namespaceErr)
	var layers []Layer
	for _, l := range wire.Layers() {
		f := report.Layers[l]
		layers = append(layers, Layer{Name: string(l), Holds: f.Holds, Evidence: clip(f.Evidence, maxWhere)})
	}
	return layers, nil
}

// filterHolds reports whether the child died of its forbidden system call, and of nothing else.
func (c *process) filterHolds() wire.Finding {
	said, _ := io.ReadAll(io.LimitReader(c.control, 2)) // the child's death may end it with an error
	state := c.endWithin(lastBreath)
	if string(said) != string(rune(wire.ProbeEntered)) {
		return wire.Finding{Evidence: fmt.Sprintf("the filter is not loaded, or is survived (%q): %s", said, c.words())}
	}
	if status, ok := state.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGSYS {
		return wire.Finding{Evidence: fmt.Sprintf("a child that asked for a socket ended with: %v", state)}
	}
	return wire.Finding{Holds: true, Evidence: "a child that asked for a socket was killed"}
}

// namespacesHold reports whether the child's name spaces are others than ours.
func namespacesHold(report wire.Probe, why error) wire.Finding {
	if why != nil {
		return wire.Finding{Evidence: why.Error()}
	}
	for _, name := range []string{"user", "pid", "net", "mnt", "ipc", "uts"} {
		ours, err := os.Readlink("/proc/self/ns/" + name)
		if err != nil || report.Namespaces[name] == "" || report.Namespaces[name] == ours {
			return wire.Finding{Evidence: fmt.Sprintf("name space %s is not the child's own: %q", name, report.Namespaces[name])}
		}
	}
	if len(report.Open) > 0 || report.Tried == 0 {
		return wire.Finding{Evidence: fmt.Sprintf("of %d things that were tried from inside, possible were: %v", report.Tried, report.Open)}
	}
	return wire.Finding{Holds: true, Evidence: fmt.Sprintf("six are the child's own; %d things were tried from inside, none was possible", report.Tried)}
}
