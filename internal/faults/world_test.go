package faults_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sekisho/internal/faults/disk"
	"sekisho/transfer/keyfile"
)

// zone is one side: a program and the disk that it works on.
type zone struct {
	program
	dir  string     // where its disk is
	disk *disk.Disk // nil: an ordinary folder
}

// world is both sides and what was dropped.
type world struct {
	t       *testing.T
	random  *rand.Rand
	near    *zone // the gateway, on <dir>/{inbox,state}
	far     *zone // the receiver, on <dir>/{lgwan,release,keys}
	link    *link
	samples []sample
	want    map[string]sample // what was dropped, by name
	revived int               // times that a program ended by itself
}

// setup is how a world is made.
type setup struct {
	disks bool   // of package disk, instead of ordinary folders
	extra string // configuration of the gateway
	made  string // folder of programs that were built in another way than those that ship
	env   []string
	away  bool // the receiver is not started
}

// newWorld makes both sides and starts them.
func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	base := t.TempDir()
	w := &world{t: t, random: rand.New(rand.NewPCG(1, 2)), want: map[string]sample{}, samples: references(t)}
	w.near = w.newZone(base, "near", "sekisho", s, "gateway", "-c", filepath.Join(base, "gateway.toml"))
	w.far = w.newZone(base, "far", "sekisho-receiver", s, "-c", filepath.Join(base, "receiver.toml"))
	for _, d := range []string{"near/inbox", "near/state/keys", "far/lgwan", "far/release", "far/keys", "seen"} {
		if err := os.MkdirAll(filepath.Join(base, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../far", filepath.Join(base, "seen/state")); err != nil { // the far side as `sekisho audit` expects it
		t.Fatal(err)
	}
	address := freeAddress(t)
	w.link = newLink(t, address)
	w.makeKeys()
	w.configure(base, address, s.extra)
	for _, z := range w.zones() {
		if z.disk != nil {
			z.disk.SyncAll()
		}
		z.made, z.env = s.made, s.env
		if z == w.near || !s.away {
			z.start(t)
		}
	}
	t.Cleanup(w.close)
	return w
}

func (w *world) zones() []*zone { return []*zone{w.near, w.far} }

func (w *world) newZone(base, name, program string, s setup, args ...string) *zone {
	w.t.Helper()
	z := &zone{dir: filepath.Join(base, name)}
	z.name, z.args, z.log = program, args, filepath.Join(base, program+".log")
	if err := os.Mkdir(z.dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	if s.disks {
		z.disk = disk.New()
		z.mount(w.t)
	}
	return z
}

// mount shows the zone's disk.
func (z *zone) mount(t *testing.T) {
	t.Helper()
	if err := z.disk.Mount(z.dir); err != nil {
		t.Fatalf("%v (this test needs /dev/fuse and the right to mount)", err)
	}
}

// cut cuts the zone's power: the program is gone, and the disk is as the next start finds it.
func (z *zone) cut(t *testing.T, names disk.Survivor) {
	t.Helper()
	next := z.disk.Cut(names)
	z.kill()
	if err := z.disk.Unmount(); err != nil {
		t.Fatal(err)
	}
	z.disk = next
	z.mount(t)
}

// close ends everything. After a failure it shows the end of what the programs have printed.
func (w *world) close() {
	for _, z := range w.zones() {
		z.kill()
		if z.disk != nil {
			if err := z.disk.Unmount(); err != nil {
				w.t.Error(err)
			}
		}
		if text, err := os.ReadFile(z.log); err == nil && w.t.Failed() {
			w.t.Logf("%s:\n%s", z.name, text[max(0, len(text)-4000):])
		}
	}
}

// freeAddress returns an address on this machine where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// makeKeys makes the keys of both sides and brings each the public ones of the other.
func (w *world) makeKeys() {
	w.t.Helper()
	near, far := filepath.Join(w.near.dir, "state/keys"), filepath.Join(w.far.dir, "keys")
	for name, dirs := range map[string][2]string{"link": {near, far}, "sign": {near, far}, "receiver-host": {far, near}} {
		own, err := os.OpenRoot(dirs[0])
		if err != nil {
			w.t.Fatal(err)
		}
		key, err := keyfile.Ensure(own, name)
		own.Close()
		if err != nil {
			w.t.Fatal(err)
		}
		for _, dir := range dirs {
			root, err := os.OpenRoot(dir)
			if err != nil {
				w.t.Fatal(err)
			}
			err = keyfile.WritePublic(root, name+".pub", key.Public().(ed25519.PublicKey))
			root.Close()
			if err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// configure writes the configuration of both sides.
func (w *world) configure(base, address, extra string) {
	w.t.Helper()
	far := func(name string) string { return filepath.Join(w.far.dir, name) }
	for name, text := range map[string]string{
		"gateway.toml": fmt.Sprintf(`state = %q
disk_reserve = "1MiB"
%s
[[route]]
name = "default"
inbox = %q
poll = "50ms"
settle = "150ms"
[link]
address = %q
timeout = "20s"
`, filepath.Join(w.near.dir, "state"), extra, filepath.Join(w.near.dir, "inbox"), w.link.address()),
		"receiver.toml": fmt.Sprintf(`listen = %q
state = %q
host_key = %q
clients = [%q]
gateways = [%q]
[[route]]
name = "default"
release = %q
`, address, far("lgwan"), far("keys/receiver-host"), far("keys/link.pub"), far("keys/sign.pub"), far("release")),
	} {
		if err := os.WriteFile(filepath.Join(base, name), []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

// filesInFolder is how many files are dropped into one folder before the next one is begun.
const filesInFolder = 5

// dropOne puts the next file into the inbox that is going to be held, or released.
func (w *world) dropOne(held bool) {
	w.t.Helper()
	for _, s := range w.samples {
		if (s.output == "") == held {
			w.put(s)
			return
		}
	}
	w.t.Fatal("there is no such sample")
}

// drop puts so many files into the inbox, as a share does that has promised them to its users: synced.
func (w *world) drop(files int) {
	w.t.Helper()
	for range files {
		w.put(w.samples[len(w.want)%len(w.samples)])
	}
}

// put puts a file into the inbox.
func (w *world) put(s sample) {
	w.t.Helper()
	inbox := filepath.Join(w.near.dir, "inbox")
	n := len(w.want)
	folder := fmt.Sprintf("課%03d", n/filesInFolder)
	name := filepath.Join(folder, fmt.Sprintf("%05d-%s", n, s.name))
	err := os.MkdirAll(filepath.Join(inbox, folder), 0o700)
	if err == nil {
		err = errors.Join(writeSynced(filepath.Join(inbox, name), s.input), syncFolder(filepath.Join(inbox, folder)), syncFolder(inbox))
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.want[name] = s
}

func writeSynced(path string, data []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// pause lets the programs work for a random time up to limit: where a fault hits them is chance.
func (w *world) pause(limit time.Duration) {
	time.Sleep(time.Duration(w.random.Int64N(int64(limit))))
}

// until waits until check is true, starts programs again that end by themselves, and reports whether it became true.
func (w *world) until(limit time.Duration, check func() bool) bool {
	ctx, cancel := context.WithTimeout(w.t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !check() {
		select {
		case <-ctx.Done():
			return check()
		case <-tick.C:
		}
		for _, z := range w.zones() {
			if z.cmd != nil && z.revive(w.t) {
				w.revived++
			}
		}
	}
	return true
}
