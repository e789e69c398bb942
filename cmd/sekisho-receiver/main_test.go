package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/internal/arrival"
	"sekisho/internal/audit"
	"sekisho/transfer/keyfile"
	"sekisho/transfer/manifest"
	"sekisho/transfer/sftplink"
	"sekisho/transfer/transfertest"
)

func TestUsage(t *testing.T) {
	for name, args := range map[string][]string{"nothing": nil, "unknown flag": {"-x"}, "operand": {"-c", "f", "x"}} {
		var stderr bytes.Buffer
		if code := run(context.Background(), args, io.Discard, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("%s: exit %d, %q", name, code, stderr.String())
		}
	}
	var stderr bytes.Buffer
	if code := run(context.Background(), []string{"-c", "/does/not/exist"}, io.Discard, &stderr); code != 1 {
		t.Errorf("missing file: exit %d, %q", code, stderr.String())
	}
}

// zone is a configured receiver in a folder of its own.
type zone struct {
	dir, release, config string
	host                 ed25519.PublicKey
}

func newZone(t *testing.T) zone {
	t.Helper()
	dir := t.TempDir()
	z := zone{dir: dir, release: filepath.Join(dir, "lgwan"), config: filepath.Join(dir, "receiver.toml")}
	if err := os.Mkdir(z.release, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]ed25519.PrivateKey{"client.pub": transfertest.ClientKey(), "gateway.pub": transfertest.GatewayKey()} {
		if err := os.WriteFile(filepath.Join(dir, name), keyfile.MarshalPublic(transfertest.Public(key)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text := fmt.Sprintf(`
listen = "127.0.0.1:0"
state = %q
child = %q
accept_missing = ["namespaces", "landlock", "seccomp"]
clients = [%q]
gateways = [%q]

[[route]]
name = %q
release = %q
`, filepath.Join(dir, "state"), buildChild(t, dir), filepath.Join(dir, "client.pub"), filepath.Join(dir, "gateway.pub"), transfertest.Route, z.release)
	if err := os.WriteFile(z.config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	for range 2 { // the second time finds the key
		out.Reset()
		if code := run(context.Background(), []string{"-c", z.config, "-init"}, &out, &stderr); code != 0 {
			t.Fatalf("init: exit %d, %s", code, stderr.String())
		}
	}
	_, pem, _ := strings.Cut(out.String(), "\n")
	var err error
	if z.host, err = keyfile.ParsePublic([]byte(pem)); err != nil {
		t.Fatal(err)
	}
	return z
}

func buildChild(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "sekisho-child")
	cmd := exec.Command("go", "build", "-o", path, "sekisho/cmd/sekisho-child")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the child: %v\n%s", err, out)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the child is nobody
		t.Fatal(err)
	}
	return path
}

// start runs the program; stop ends it and returns its exit code.
func (z zone) start(t *testing.T) (link *sftplink.Link, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"-c", z.config}, w, os.Stderr) }()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		t.Fatalf("said %q", line)
	}
	link, err = sftplink.Dial(ctx, sftplink.Options{Addr: addr, Key: transfertest.ClientKey(), HostKey: z.host})
	if err != nil {
		t.Fatal(err)
	}
	return link, func() int {
		link.Close()
		cancel()
		return <-code
	}
}

func TestReceivesJudgesReleasesAndRecords(t *testing.T) {
	z := newZone(t)
	link, stop := z.start(t)
	send := func(n int, name, body string, edit func(*manifest.Manifest)) {
		t.Helper()
		if err := link.Send(context.Background(), transfertest.Package(t, n, name, body, edit)); err != nil {
			t.Fatal(err)
		}
	}
	send(1, "お知らせ.txt", "こんにちは\r\n", nil)
	send(2, "program.txt", "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00", nil)
	send(3, "original.docm", "anything", func(m *manifest.Manifest) { m.Marks = []string{manifest.MarkException} })
	send(4, "other.txt", "plain\n", func(m *manifest.Manifest) { m.Policy = "generous" })
	waitForEmpty(t, filepath.Join(z.dir, "state", "spool", "in"))
	if code := stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if got := transfertest.Files(t, z.release); len(got) != 1 || got["お知らせ.txt"] != "こんにちは\r\n" {
		t.Errorf("released %q", got)
	}
	if entries, err := os.ReadDir(z.release); err != nil || len(entries) != 1 {
		t.Errorf("release folder: %v, %v", entries, err)
	}
	root, err := os.OpenRoot(filepath.Join(z.dir, "state", "record"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var kinds []string
	for e, err := range audit.Read(root, arrival.RecordName) {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, strings.TrimSpace(string(e.Kind)+" "+e.Reason))
	}
	counts := map[string]int{}
	for _, k := range kinds {
		counts[k]++
	}
	for k, n := range map[string]int{"started": 1, "released": 1, "refused judge": 2, "refused exception": 1, "stopped": 1} {
		if counts[k] != n {
			t.Errorf("%d entries %q in %q, want %d", counts[k], k, kinds, n)
		}
	}
	sum, err := audit.Verify(context.Background(), root, arrival.RecordName, audit.VerifyOptions{Key: z.host})
	if err != nil || len(sum.Problems) != 0 {
		t.Errorf("the record: %v, %v", sum.Problems, err)
	}
}

func waitForEmpty(t *testing.T, dir string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d packages have not ended", len(entries))
		}
	}
}
