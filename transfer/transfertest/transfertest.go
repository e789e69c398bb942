// Package transfertest builds the parts of a crossing for tests: keys that are the same in every run, sealed packages, and a
// receiver that listens on loopback.
package transfertest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/transfer/manifest"
	"sekisho/transfer/receiver"
	"sekisho/transfer/sftplink"
)

// Route is the route of every package that Package makes.
const Route = "main"

// The numbers of the keys of a crossing.
const (
	seedGateway byte = 1 + iota
	seedHost
	seedClient
	seedForeign
)

// Key returns the key pair number n.
func Key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

// GatewayKey signs the packages that a Zone accepts.
func GatewayKey() ed25519.PrivateKey { return Key(seedGateway) }

// HostKey is the SSH host key of a Zone.
func HostKey() ed25519.PrivateKey { return Key(seedHost) }

// ClientKey is what a Zone lets in.
func ClientKey() ed25519.PrivateKey { return Key(seedClient) }

// ForeignKey is known to nobody.
func ForeignKey() ed25519.PrivateKey { return Key(seedForeign) }

// Public returns the public half of key.
func Public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

// ID returns the package id number n.
func ID(n int) string { return fmt.Sprintf("package-%06d", n) }

// Package returns a sealed package with that id and number, signed by GatewayKey. edit may change the manifest before it is
// sealed, and may be nil.
func Package(t testing.TB, n int, name, body string, edit func(*manifest.Manifest)) sftplink.Package {
	t.Helper()
	return PackageOf(t, GatewayKey(), n, name, body, edit)
}

// PackageOf is Package with another signer.
func PackageOf(t testing.TB, key ed25519.PrivateKey, n int, name, body string, edit func(*manifest.Manifest)) sftplink.Package {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	m := manifest.Manifest{
		ID: ID(n), Sequence: uint64(n), Route: Route, Name: name, Type: "txt", Length: int64(len(body)),
		Original: hex.EncodeToString(sum[:]), Rebuilt: hex.EncodeToString(sum[:]), Policy: "standard", Engine: "test",
		Modified: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC), Created: time.Date(2026, 4, 1, 9, 1, 0, 0, time.UTC),
	}
	if edit != nil {
		edit(&m)
	}
	head, err := manifest.Seal(m, key)
	if err != nil {
		t.Fatal(err)
	}
	return sftplink.Package{ID: m.ID, Header: head, Body: strings.NewReader(body), Length: int64(len(body))}
}

// Bytes returns the whole package. Its body has been read then.
func Bytes(t testing.TB, p sftplink.Package) []byte {
	t.Helper()
	b := bytes.NewBuffer(bytes.Clone(p.Header))
	if _, err := b.ReadFrom(p.Body); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Zone is a receiving side in folders of its own.
type Zone struct {
	Spool, Release string // folders
	Addr           string // of the listener, after Start
	Receiver       *receiver.Receiver

	mu     sync.Mutex
	events []receiver.Event
}

// NewZone makes a zone. It does not listen yet.
func NewZone(t testing.TB) *Zone {
	t.Helper()
	dir := t.TempDir()
	z := &Zone{Spool: filepath.Join(dir, "spool"), Release: filepath.Join(dir, "release")}
	for _, d := range []string{z.Spool, z.Release} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return z
}

// Options returns what the zone's receiver is made of: it passes every body, and keeps the events.
func (z *Zone) Options(t testing.TB) receiver.Options {
	t.Helper()
	return receiver.Options{
		Spool: openRoot(t, z.Spool), Routes: map[string]*os.Root{Route: openRoot(t, z.Release)},
		Gateways: manifest.Trust(Public(GatewayKey())), HostKey: HostKey(), Clients: []ed25519.PublicKey{Public(ClientKey())},
		Check: func(context.Context, *os.File, manifest.Manifest) error { return nil },
		Record: func(_ context.Context, e receiver.Event) error {
			z.mu.Lock()
			defer z.mu.Unlock()
			z.events = append(z.events, e)
			return nil
		},
	}
}

func openRoot(t testing.TB, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// Start makes the receiver from opt, and serves and runs it on loopback. stop ends both; it is called at the end of the test
// otherwise.
func (z *Zone) Start(t testing.TB, opt receiver.Options) (stop func()) {
	t.Helper()
	r, err := receiver.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z.Addr, z.Receiver = listener.Addr().String(), r
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Serve(ctx, listener); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() { r.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		r.Close()
	})
	t.Cleanup(stop)
	return stop
}

// LinkOptions returns what a link to the zone needs.
func (z *Zone) LinkOptions() sftplink.Options {
	return sftplink.Options{Addr: z.Addr, Key: ClientKey(), HostKey: Public(HostKey())}
}

// Dial returns a link to the zone. It is closed at the end of the test.
func (z *Zone) Dial(t testing.TB) *sftplink.Link {
	t.Helper()
	link, err := sftplink.Dial(context.Background(), z.LinkOptions())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { link.Close() })
	return link
}

// Settle waits until every package that arrived has ended.
func (z *Zone) Settle(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for z.Receiver.Pending() > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d packages have not ended", z.Receiver.Pending())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Events returns the recorded events of one kind.
func (z *Zone) Events(kind receiver.Kind) []receiver.Event {
	z.mu.Lock()
	defer z.mu.Unlock()
	var out []receiver.Event
	for _, e := range z.events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// Released returns the files that staff see, with their contents.
func (z *Zone) Released(t testing.TB) map[string]string { return Files(t, z.Release) }

// Files returns the files below dir that do not lie in a hidden folder, with their contents.
func Files(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && p != dir {
			return fs.SkipDir
		}
		if d.IsDir() {
			return nil
		}
		b, err := os.ReadFile(p)
		rel, relErr := filepath.Rel(dir, p)
		if err != nil || relErr != nil {
			return fmt.Errorf("cannot read %s: %w", p, err)
		}
		out[filepath.ToSlash(rel)] = string(b)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
