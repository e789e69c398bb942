package receiver_test

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sekisho/transfer/manifest"
	"sekisho/transfer/receiver"
	"sekisho/transfer/sftplink"
	"sekisho/transfer/transfertest"
)

// childEnv holds the folder of the zone that this program serves instead of running tests.
const childEnv = "SEKISHO_TEST_RECEIVER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := serveUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// serveUntilKilled is the whole life of the process that is killed.
func serveUntilKilled(dir string) error {
	spool, err := os.OpenRoot(filepath.Join(dir, "spool"))
	if err != nil {
		return err
	}
	release, err := os.OpenRoot(filepath.Join(dir, "release"))
	if err != nil {
		return err
	}
	r, err := receiver.New(receiver.Options{
		Spool: spool, Routes: map[string]*os.Root{transfertest.Route: release},
		Gateways: manifest.Trust(transfertest.Public(transfertest.GatewayKey())), HostKey: transfertest.HostKey(),
		Clients: []ed25519.PublicKey{transfertest.Public(transfertest.ClientKey())},
		Check:   func(context.Context, *os.File, manifest.Manifest) error { return nil },
		Record:  func(context.Context, receiver.Event) error { return nil },
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go r.Run(context.Background())
	return r.Serve(context.Background(), listener)
}

// startChild starts the process and returns its address.
func startChild(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the receiver did not start: %v", err)
	}
	return cmd, strings.TrimSpace(addr)
}

// courier sends packages until each has been accepted, whoever answers.
type courier struct {
	t *testing.T
	z *transfertest.Zone

	mu      sync.Mutex
	waiting []int
}

func bodyOf(n int) string { return strings.Repeat(fmt.Sprintf("body %d\n", n), 1+n*n%5000) }

// deliver sends what waits until ctx ends or nothing is left. What was not answered waits again.
func (c *courier) deliver(ctx context.Context) {
	link, err := sftplink.Dial(ctx, c.z.LinkOptions())
	if err != nil {
		return
	}
	defer link.Close()
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for ctx.Err() == nil {
				n, ok := c.next()
				if !ok {
					return
				}
				p := transfertest.Package(c.t, n, "同じ名前.txt", bodyOf(n), func(m *manifest.Manifest) { m.Path = "課" })
				if err := link.Send(ctx, p); err != nil {
					c.add(n)
					return
				}
			}
		})
	}
	senders.Wait()
}

func (c *courier) next() (int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		return 0, false
	}
	n := c.waiting[0]
	c.waiting = c.waiting[1:]
	return n, true
}

func (c *courier) add(n ...int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, n...)
}

// TestKilledAtRandom kills the receiver again and again while packages arrive and staff take files away. Every package must be
// released exactly once, whole.
func TestKilledAtRandom(t *testing.T) {
	const kills, perLife = 25, 5
	z := transfertest.NewZone(t)
	dir, taken := filepath.Dir(z.Spool), t.TempDir()
	c := &courier{t: t, z: z}
	for k := range kills {
		for i := range perLife {
			c.add(1 + k*perLife + i)
		}
		child, addr := startChild(t, dir)
		z.Addr = addr
		ctx, cancel := context.WithCancel(context.Background())
		timer := time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { child.Process.Kill() })
		c.deliver(ctx)
		child.Wait() // it ends only by the kill
		cancel()
		timer.Stop()
		takeSome(t, filepath.Join(z.Release, "課"), taken, k)
	}
	stop := z.Start(t, z.Options(t))
	c.deliver(context.Background())
	z.Settle(t)
	stop()
	if len(c.waiting) > 0 {
		t.Fatalf("%d packages were never accepted", len(c.waiting))
	}
	got := slices.Sorted(maps.Values(z.Released(t)))
	got = slices.Sorted(slices.Values(append(got, slices.Collect(maps.Values(transfertest.Files(t, taken)))...)))
	var want []string
	for n := 1; n <= kills*perLife; n++ {
		want = append(want, bodyOf(n))
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d files for %d packages", len(got), len(want))
	}
	if left := hidden(t, z); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

// takeSome moves half of the released files away, as staff do.
func takeSome(t *testing.T, from, to string, life int) {
	t.Helper()
	entries, _ := os.ReadDir(from) // nothing is released yet, perhaps
	for i, e := range entries {
		if i%2 == 0 {
			if err := os.Rename(filepath.Join(from, e.Name()), filepath.Join(to, fmt.Sprint(life, "-", i))); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// hidden returns what is neither released nor part of a zone at rest.
func hidden(t *testing.T, z *transfertest.Zone) []string {
	t.Helper()
	var out []string
	for _, dir := range []string{filepath.Join(z.Spool, "in"), filepath.Join(z.Spool, "refused"), filepath.Join(z.Release, ".sekisho")} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "folder" {
				out = append(out, e.Name())
			}
		}
	}
	return out
}

// TestEveryStateACrashCanLeave builds the files as they are after each step of a release, and starts the receiver.
func TestEveryStateACrashCanLeave(t *testing.T) {
	const id = "package-000001"
	whole := transfertest.Bytes(t, transfertest.Package(t, 1, "a.txt", "body", nil))
	p, err := manifest.Open(strings.NewReader(string(whole)), manifest.Trust(transfertest.Public(transfertest.GatewayKey())))
	if err != nil {
		t.Fatal(err)
	}
	intent := fmt.Sprintf(`{"k":"intent","id":%q,"g":%q,"n":1,"d":%q,"r":%q,"f":"a.txt"}`+"\n",
		id, p.Gateway, hex.EncodeToString(p.Digest[:]), transfertest.Route)
	done := fmt.Sprintf(`{"k":"done","id":%q,"g":%q,"n":1,"d":%q}`+"\n", id, p.Gateway, hex.EncodeToString(p.Digest[:]))
	for name, c := range map[string]struct {
		spooled, staged, linked bool
		journal                 string
		visible                 map[string]string
		want                    map[string]string
	}{
		"arrived":                      {spooled: true, want: map[string]string{"a.txt": "body"}},
		"half of a journal line":       {spooled: true, journal: intent[:40], want: map[string]string{"a.txt": "body"}},
		"staged":                       {spooled: true, staged: true, want: map[string]string{"a.txt": "body"}},
		"intended":                     {spooled: true, staged: true, journal: intent, want: map[string]string{"a.txt": "body"}},
		"intended, name taken since":   {spooled: true, staged: true, journal: intent, visible: map[string]string{"a.txt": "staff's"}, want: map[string]string{"a.txt": "staff's", "a (2).txt": "body"}},
		"renamed":                      {spooled: true, journal: intent, visible: map[string]string{"a.txt": "body"}, want: map[string]string{"a.txt": "body"}},
		"renamed, taken away since":    {spooled: true, journal: intent, want: map[string]string{}},
		"linked, on a simple system":   {spooled: true, staged: true, linked: true, journal: intent, want: map[string]string{"a.txt": "body"}},
		"noted":                        {spooled: true, journal: intent + done, visible: map[string]string{"a.txt": "body"}, want: map[string]string{"a.txt": "body"}},
		"noted, half of the next line": {spooled: true, journal: intent + done + "{", want: map[string]string{}},
		"ended":                        {journal: intent + done, visible: map[string]string{"a.txt": "body"}, want: map[string]string{"a.txt": "body"}},
	} {
		t.Run(name, func(t *testing.T) {
			z := transfertest.NewZone(t)
			z.Start(t, z.Options(t))() // makes the folders
			put := func(name, text string) {
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			journal, err := os.ReadFile(filepath.Join(z.Spool, "journal"))
			if err != nil {
				t.Fatal(err)
			}
			put(filepath.Join(z.Spool, "journal"), string(journal)+c.journal)
			staged := filepath.Join(z.Release, ".sekisho", id)
			if c.spooled {
				put(filepath.Join(z.Spool, "in", id+".pkg"), string(whole))
			}
			if c.staged {
				put(staged, "body")
			}
			if c.linked {
				if err := os.Link(staged, filepath.Join(z.Release, "a.txt")); err != nil {
					t.Fatal(err)
				}
			}
			for name, text := range c.visible {
				put(filepath.Join(z.Release, name), text)
			}
			for range 2 { // the second start finds nothing to do
				stop := z.Start(t, z.Options(t))
				z.Settle(t)
				send(t, z, transfertest.Package(t, 2, "probe.txt", "probe", nil))
				stop()
				got := z.Released(t)
				delete(got, "probe.txt")
				if !maps.Equal(got, c.want) {
					t.Fatalf("released %q, want %q", got, c.want)
				}
				if left := hidden(t, z); len(left) != 0 {
					t.Fatalf("left over: %v", left)
				}
			}
		})
	}
}
