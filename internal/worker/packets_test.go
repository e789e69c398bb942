package worker

import (
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"sekisho/sanitize"
)

// counter counts, in the kernel, the packets that leave processes of the user that children are.
func counter(t *testing.T) (packets func() int) {
	t.Helper()
	table := fmt.Sprintf("sekisho_test_%d", syscall.Getpid())
	nft := func(args ...string) string {
		out, err := exec.Command("nft", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("nft %v: %v: %s (this test needs nftables, Debian: apt-get install nftables, and the right to count)", args, err, out)
		}
		return string(out)
	}
	nft("add", "table", "inet", table)
	t.Cleanup(func() { nft("delete", "table", "inet", table) })
	nft("add", "chain", "inet", table, "out", "{ type filter hook output priority 0; }")
	nft("add", "rule", "inet", table, "out", "meta", "skuid", strconv.Itoa(nobody), "counter")
	number := regexp.MustCompile(`packets (\d+)`)
	return func() int {
		found := number.FindStringSubmatch(nft("list", "table", "inet", table))
		if found == nil {
			t.Fatal("nft shows no counter")
		}
		n, err := strconv.Atoi(found[1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// TestNoPacketLeaves: while children try every way to the network, with the filter of system calls and without, the kernel counts
// no packet of theirs; and it counts one of a process that is not contained.
func TestNoPacketLeaves(t *testing.T) {
	w, packets := newWorld(t), counter(t)
	for _, child := range []string{children.hostile, children.naked} {
		p := pool(t, child, func(o *Options) { o.Ready = 2 })
		for _, group := range w.attempts() {
			for _, name := range strings.Fields(group.names + " " + group.filterOnly) {
				if group.arg != w.port && group.arg != w.socket && !strings.HasPrefix(name, "family-") {
					continue
				}
				req := newRequest(t, name+"\n"+group.arg)
				if r := mustRebuild(t, p, req); child == children.hostile && r.Reason != sanitize.ReasonCrash {
					t.Errorf("%s: %+v", name, r)
				}
			}
		}
	}
	if n := packets(); n != 0 {
		t.Errorf("%d packets left the children", n)
	}
	listener, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	free := exec.Command("bash", "-c", "echo x >/dev/udp/127.0.0.1/"+port)
	free.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := free.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if n := packets(); n == 0 {
		t.Error("the counter does not count")
	}
}
