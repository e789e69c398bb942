package office

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/net/bpf"

	"sekisho/internal/durable"
)

// program is LibreOffice where Debian and its children have it. In the sandbox nothing else is found.
const program = "/usr/lib/libreoffice/program/soffice"

// profile forbids macros, active content and the following of links, whatever a file asks for. It is the user's part of the
// settings, in a profile that is made anew for each file.
const profile = `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>1</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
`

// scratch is how much the sandbox may keep in its own file system in memory, in bytes.
const scratch = 1 << 30

// pipes is how much it may keep in /tmp, where it wants its sockets, in bytes.
const pipes = 1 << 20

// arguments returns those of bubblewrap for a script. Descriptor 3 is the input, 4 the profile, 5 the filter.
func (e *Engine) arguments(from, script string) []string {
	seconds := int(e.opt.Timeout/time.Second) + 1
	args := []string{
		"--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
		"--uid", "65534", "--gid", "65534", "--hostname", "job", "--clearenv",
		"--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
		"--ro-bind-try", "/etc/fonts", "/etc/fonts", "--ro-bind-try", "/etc/libreoffice", "/etc/libreoffice",
		"--ro-bind-try", "/etc/alternatives", "/etc/alternatives",
		"--proc", "/proc", "--dev", "/dev", "--size", strconv.Itoa(scratch), "--tmpfs", "/job", "--dir", "/job/out", "--dir", "/job/tmp",
		"--size", strconv.Itoa(pipes), "--tmpfs", "/tmp",
		"--ro-bind-data", "3", "/job/" + from, "--file", "4", "/job/profile/user/registrymodifications.xcu", "--seccomp", "5",
		"--setenv", "PATH", "/usr/bin", "--setenv", "HOME", "/job", "--setenv", "TMPDIR", "/job/tmp", "--setenv", "LC_ALL", "C.UTF-8",
		"--setenv", "SAL_USE_VCLPLUGIN", "svp", "--chdir", "/job", "--",
		"/usr/bin/prlimit", "--core=0", fmt.Sprintf("--as=%d", e.opt.Memory), fmt.Sprintf("--fsize=%d", e.opt.Output),
		fmt.Sprintf("--cpu=%d", 2*seconds), "--nofile=512", "--", "/usr/bin/sh", "-c", script,
	}
	return args
}

// assemble returns the filter of system calls as bubblewrap reads it. LibreOffice needs far more calls than a child of ours, so
// this is a list of those that it must not make: they reach into the kernel or into other processes, and no document needs them.
func assemble() ([]byte, error) {
	p := seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{{
			Action: seccomp.ActionErrno,
			Names: []string{
				"ptrace", "process_vm_readv", "process_vm_writev", "mount", "umount2", "pivot_root", "chroot", "setns", "unshare",
				"keyctl", "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
				"io_uring_register", "kexec_load", "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff",
				"open_by_handle_at", "name_to_handle_at", "fanotify_init", "acct", "quotactl", "syslog", "personality",
			},
		}},
	}
	instructions, err := p.Assemble()
	if err != nil {
		return nil, fmt.Errorf("cannot assemble filter: %w", err)
	}
	raw, err := bpf.Assemble(instructions)
	if err != nil {
		return nil, fmt.Errorf("cannot assemble filter: %w", err)
	}
	var b bytes.Buffer
	for _, i := range raw { // struct sock_filter
		if err := binary.Write(&b, binary.NativeEndian, struct {
			Code   uint16
			Jt, Jf uint8
			K      uint32
		}{i.Op, i.Jt, i.Jf, i.K}); err != nil {
			return nil, fmt.Errorf("cannot assemble filter: %w", err)
		}
	}
	return b.Bytes(), nil
}

// Layer is what was found out about one layer by trying it from inside.
type Layer struct {
	Name     string
	Holds    bool
	Evidence string
}

// tryScript does what must not be possible, and says of each thing whether it was. It ends with "end", so that a script which
// stopped early shows.
const tryScript = `
say() { if "$@" >/dev/null 2>&1; then echo "done: $*"; else echo "not done: $*"; fi; }
say ls /root /home /etc/passwd /var
say touch /usr/escaped
say unshare --user true
say mount -t tmpfs none /job
n=$(grep -c : /proc/net/dev); [ "$n" -le 1 ] && ! grep -q '00000000	' /proc/net/route && echo "not done: network" || echo "done: network"
ids=$(id -u); [ "$ids" = 65534 ] && echo "not done: uid" || echo "done: uid"
k=$(ls -d /proc/[0-9]* | wc -l); [ "$k" -le 10 ] && echo "not done: processes" || echo "done: processes"
f=$(ls /proc/self/fd | wc -l); [ "$f" -le 5 ] && echo "not done: descriptors" || echo "done: descriptors"
echo end
`

// Try runs a script in the sandbox that attempts what must not be possible there.
func (e *Engine) Try(ctx context.Context) []Layer {
	fail := func(err error) []Layer { return []Layer{{"libreoffice", false, err.Error()}} }
	out, err := durable.Scratch("")
	if err != nil {
		return fail(err)
	}
	defer out.Close()
	in, err := pipe([]byte("input"))
	if err != nil {
		return fail(err)
	}
	defer in.Close()
	if words, err := e.run(ctx, in, "in.txt", out, tryScript); err != nil {
		return fail(fmt.Errorf("%w: %.300q", err, words))
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/self/fd/%d", out.Fd()))
	if err != nil {
		return fail(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) < 2 || lines[len(lines)-1] != "end" {
		return fail(fmt.Errorf("the attempt did not come to its end: %.300q", text))
	}
	for _, line := range lines[:len(lines)-1] {
		if !strings.HasPrefix(line, "not done: ") {
			return fail(fmt.Errorf("%s", line))
		}
	}
	return []Layer{{"libreoffice", true, fmt.Sprintf("%d ways out tried from inside, none was open", len(lines)-1)}}
}
