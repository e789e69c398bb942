package faults_test

import (
	"cmp"
	"flag"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// bin is the folder with the programs under test, as they ship.
var bin string

func TestMain(m *testing.M) {
	if dir := os.Getenv(natsEnv); dir != "" {
		serveQueue(dir)
	}
	begun := time.Now()
	dir, err := os.MkdirTemp("", "sekisho-bin-")
	if err != nil {
		panic(err)
	}
	bin = dir
	build := exec.Command("go", "build", "-trimpath", "-o", dir, "sekisho/cmd/...")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cannot build: %v\n%s", err, out)
		os.Exit(1)
	}
	flag.Parse()
	if flag.Lookup("test.run").Value.String() == "" && effort(0, 1, 1) == 1 {
		go clockPrograms()
	}
	code := m.Run()
	fmt.Printf("all faults: %v\n", time.Since(begun).Round(time.Second))
	os.RemoveAll(dir)
	os.Exit(code)
}

// effort picks a number by the length of the run.
func effort(brief, short, long int) int {
	switch os.Getenv("SEKISHO_FAULTS") {
	case "long":
		return long
	case "short":
		return short
	}
	return brief
}

// share is the time that a test of the short form may take for its rounds. A machine that is slow does fewer of them, and never
// fewer than the brief form has: the whole form, with what is built for it, is to end within ten minutes on two slow processors.
type share struct {
	t    *testing.T
	ends time.Time
}

func newShare(t *testing.T, d time.Duration) share { return share{t, time.Now().Add(d)} }

// over reports whether the share is used up. Other forms have as much time as they need.
func (s share) over() bool {
	return os.Getenv("SEKISHO_FAULTS") == "short" && time.Now().After(s.ends)
}

// rounds yields 0, 1, 2 … for as many rounds as the form has, or as there is time for.
func (s share) rounds(brief, short, long int) iter.Seq[int] {
	return func(yield func(int) bool) {
		all := effort(brief, short, long)
		for n := range all {
			if n >= brief && s.over() {
				s.t.Logf("%d of %d rounds, which is what there was time for", n, all)
				return
			}
			if !yield(n) {
				return
			}
		}
	}
}

// steps yields 1, 1 + step, 1 + 2·step … without an end. When its time is used up the steps grow, so that the end is reached soon.
func (s share) steps(brief, short, long int) iter.Seq[int] {
	return func(yield func(int) bool) {
		step := effort(brief, short, long)
		for n := 1; yield(n); n += step {
			if s.over() {
				step *= 2
			}
		}
	}
}

// program is one of the programs under test, which is started again and again.
type program struct {
	name string
	args []string
	log  string // path of what it prints
	step string // of package failpoint, and how often it is met before the program dies there; "": it does not
	made string // folder of the program, "": bin, where it is as it ships
	env  []string

	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
}

// start starts the program, which must not run.
func (p *program) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(filepath.Join(cmp.Or(p.made, bin), p.name), p.args...)
	p.cmd.Env = append(os.Environ(), p.env...)
	if p.step != "" {
		p.cmd.Env = append(p.cmd.Env, "SEKISHO_FAILPOINT="+p.step)
	}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it does not outlive a test that was stopped
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		cmd.Wait() // it is killed, or its exit is told by its log
		close(ended)
	}(p.cmd, p.ended)
}

// kill ends the program as a power cut does, and waits until it is gone.
func (p *program) kill() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		<-p.ended
		p.cmd = nil
	}
}

// restart kills the program and starts it again.
func (p *program) restart(t *testing.T) {
	t.Helper()
	p.kill()
	p.start(t)
}

// revive starts the program when it has ended by itself, as a service manager does, and reports whether it had.
func (p *program) revive(t *testing.T) bool {
	t.Helper()
	select {
	case <-p.ended:
		p.start(t)
		return true
	default:
		return false
	}
}

// signal sends a signal to the program.
func (p *program) signal(s syscall.Signal) {
	p.cmd.Process.Signal(s) // one that has just ended needs none
}

// starve leaves the program so many descriptors more than it has open, until feed is called.
func (p *program) starve(t *testing.T, more int) (feed func()) {
	t.Helper()
	pid := p.cmd.Process.Pid
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	var was unix.Rlimit
	few := unix.Rlimit{Cur: uint64(len(open) + more)}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &was); err != nil {
		t.Fatal(err)
	}
	few.Max = was.Max
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &few, nil); err != nil {
		t.Fatal(err)
	}
	return func() { unix.Prlimit(pid, unix.RLIMIT_NOFILE, &was, nil) } // it may have ended since
}

// children returns the processes that the program has started and that still run.
func (p *program) children() []int {
	var all []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", p.cmd.Process.Pid))
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has ended
		}
		for field := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				all = append(all, pid)
			}
		}
	}
	return all
}
