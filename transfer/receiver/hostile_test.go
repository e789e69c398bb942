package receiver_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"sekisho/internal/durable"
	"sekisho/transfer/receiver"
	"sekisho/transfer/sftplink"
	"sekisho/transfer/transfertest"
)

// dialSSH connects as an authorised client that is not ours.
func dialSSH(t *testing.T, z *transfertest.Zone) *ssh.Client {
	t.Helper()
	signer, err := ssh.NewSignerFromSigner(transfertest.ClientKey())
	if err != nil {
		t.Fatal(err)
	}
	c, err := ssh.Dial("tcp", z.Addr, &ssh.ClientConfig{
		User: "anyone", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func dialSFTP(t *testing.T, z *transfertest.Zone) *sftp.Client {
	t.Helper()
	c, err := sftp.NewClient(dialSSH(t, z))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// snapshot returns every path below the zone's folders with its content.
func snapshot(t *testing.T, z *transfertest.Zone) map[string]string {
	t.Helper()
	out := transfertest.Files(t, filepath.Dir(z.Spool))
	for p := range out {
		if strings.HasSuffix(p, "journal") {
			delete(out, p)
		}
	}
	return out
}

func sameFiles(t *testing.T, z *transfertest.Zone, before map[string]string) {
	t.Helper()
	after := snapshot(t, z)
	for p, text := range after {
		if before[p] != text {
			t.Errorf("%s is new or changed", p)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d files, were %d", len(after), len(before))
	}
}

func TestSFTPIsWriteOnly(t *testing.T) {
	z := start(t, nil)
	send(t, z, transfertest.Package(t, 1, "a.txt", "released", nil), raw("package-000002", []byte("refused")))
	before := snapshot(t, z)
	c := dialSFTP(t, z)
	for _, name := range []string{
		"/", ".", "package-000001.pkg", "in/package-000001.pkg", "refused/package-000002.pkg", "journal", "../release/a.txt",
		"/etc/passwd", z.Release + "/a.txt", "new.pkg.part/..", "package-000003.pkg.part",
	} {
		for verb, do := range map[string]func() error{
			"open to read":  func() error { _, err := c.Open(name); return err },
			"open both":     func() error { _, err := c.OpenFile(name, os.O_RDWR|os.O_CREATE); return err },
			"open existing": func() error { _, err := c.OpenFile(name, os.O_WRONLY); return err },
			"append":        func() error { _, err := c.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE); return err },
			"list":          func() error { _, err := c.ReadDir(name); return err },
			"stat":          func() error { _, err := c.Stat(name); return err },
			"lstat":         func() error { _, err := c.Lstat(name); return err },
			"readlink":      func() error { _, err := c.ReadLink(name); return err },
			"remove":        func() error { return c.Remove(name) },
			"rmdir":         func() error { return c.RemoveDirectory(name) },
			"mkdir":         func() error { return c.Mkdir(name) },
			"chmod":         func() error { return c.Chmod(name, 0o777) },
			"chown":         func() error { return c.Chown(name, 0, 0) },
			"chtimes":       func() error { return c.Chtimes(name, time.Now(), time.Now()) },
			"truncate":      func() error { return c.Truncate(name, 0) },
			"symlink":       func() error { return c.Symlink("/etc/passwd", name) },
			"hard link":     func() error { return c.Link("/etc/passwd", name) },
			"rename from":   func() error { return c.Rename(name, "package-000009.pkg") },
			"rename to":     func() error { return c.Rename("package-000009.pkg.part", name) },
			"rename over":   func() error { return c.PosixRename("package-000009.pkg.part", name) },
			"statvfs":       func() error { _, err := c.StatVFS(name); return err },
		} {
			if err := do(); err == nil {
				t.Errorf("%s %q was allowed", verb, name)
			} else if s := err.Error(); strings.Contains(s, z.Spool) || strings.Contains(s, "no such file") {
				t.Errorf("%s %q tells of the disk: %v", verb, name, err)
			}
		}
	}
	sameFiles(t, z, before)
}

func TestNamesOfUploadsCannotLeadAnywhere(t *testing.T) {
	z := start(t, nil)
	before := snapshot(t, z)
	c := dialSFTP(t, z)
	for _, name := range []string{
		"in/package-000001.pkg.part", "package-000001.pkg", "package-000001.part", ".pkg.part",
		"PACKAGE-000001.pkg.part", "package-000001.pkg.part.part", "package\x00000001.pkg.part", "package-00\n001.pkg.part",
		"\u202epackage-000001.pkg.part", strings.Repeat("a", 300) + ".pkg.part", "journal", "..", "package-000001.pkg.part/x",
		"con.pkg.part", "~root/package-000001.pkg.part", "package 00001.pkg.part", "パッケージ0001.pkg.part",
	} {
		if _, err := c.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL); err == nil {
			t.Errorf("opened %q", name)
		}
	}
	sameFiles(t, z, before)
}

func TestOnlyWholePackagesAreKept(t *testing.T) {
	const id = "package-000001"
	body := bytes.Repeat([]byte("x"), 100)
	for name, upload := range map[string]func(t *testing.T, c *sftp.Client, f *sftp.File) error{
		"hole at the start": func(t *testing.T, c *sftp.Client, f *sftp.File) error { f.WriteAt(body, 1); return f.Close() },
		"hole inside": func(t *testing.T, c *sftp.Client, f *sftp.File) error {
			f.WriteAt(body, 0)
			f.WriteAt(body, 150)
			return f.Close()
		},
		"nothing": func(t *testing.T, c *sftp.Client, f *sftp.File) error { return f.Close() },
		"written twice": func(t *testing.T, c *sftp.Client, f *sftp.File) error {
			f.WriteAt(body, 0)
			_, err := f.WriteAt(body, 50)
			return err
		},
		"far away": func(t *testing.T, c *sftp.Client, f *sftp.File) error { _, err := f.WriteAt(body, 1<<62); return err },
		"not closed": func(t *testing.T, c *sftp.Client, f *sftp.File) error {
			f.WriteAt(body, 0)
			return c.Rename(id+".pkg.part", id+".pkg")
		},
		"after closing": func(t *testing.T, c *sftp.Client, f *sftp.File) error {
			f.WriteAt(body, 0)
			f.Close()
			return c.Rename(id+".pkg.part", "package-000002.pkg")
		},
	} {
		t.Run(name, func(t *testing.T) {
			z := start(t, nil)
			c := dialSFTP(t, z)
			f, err := c.OpenFile(id+".pkg.part", os.O_WRONLY|os.O_CREATE|os.O_EXCL)
			if err != nil {
				t.Fatal(err)
			}
			if err := upload(t, c, f); err == nil {
				t.Error("no error")
			}
			c.Close()
			spoolBecomesEmpty(t, z)
		})
	}
}

// spoolBecomesEmpty waits until an upload that was broken off is forgotten.
func spoolBecomesEmpty(t *testing.T, z *transfertest.Zone) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		left, err := os.ReadDir(filepath.Join(z.Spool, "in"))
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the spool keeps %v", left)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestDroppedConnectionLeavesNothing(t *testing.T) {
	z := start(t, nil)
	conn := dialSSH(t, z)
	c, err := sftp.NewClient(conn)
	if err != nil {
		t.Fatal(err)
	}
	whole := transfertest.Bytes(t, transfertest.Package(t, 1, "a.txt", "body", nil))
	f, err := c.OpenFile("package-000001.pkg.part", os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(whole); err != nil { // every byte, but no close and no rename
		t.Fatal(err)
	}
	conn.Close()
	spoolBecomesEmpty(t, z)
	send(t, z, transfertest.Package(t, 1, "a.txt", "body", nil))
	if got := z.Released(t); got["a.txt"] != "body" || len(got) != 1 {
		t.Errorf("released %q", got)
	}
}

func TestLimitsOfTheSpool(t *testing.T) {
	z := start(t, func(o *receiver.Options) {
		o.Limits = receiver.Limits{Package: 10_000, Spool: 15_000, Parts: 2, Waiting: 3}
	})
	c := dialSFTP(t, z)
	create := func(id string) (*sftp.File, error) {
		return c.OpenFile(id+".pkg.part", os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	}
	f, err := create("package-000001")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, 10_001), 0); err == nil {
		t.Error("one byte too many was taken")
	}
	if _, err := f.WriteAt(make([]byte, 10_000), 0); err != nil {
		t.Error(err)
	}
	g, err := create("package-000002")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.WriteAt(make([]byte, 5_001), 0); err == nil {
		t.Error("more than the spool's limit was taken")
	}
	if _, err := create("package-000003"); err == nil {
		t.Error("a third part was opened")
	}
}

func TestNoShellNoForwarding(t *testing.T) {
	z := start(t, nil)
	c := dialSSH(t, z)
	for _, kind := range []string{"direct-tcpip", "forwarded-tcpip", "x11", "auth-agent@openssh.com", "direct-streamlocal@openssh.com", "tun@openssh.com"} {
		if _, _, err := c.OpenChannel(kind, nil); err == nil {
			t.Errorf("channel %s was opened", kind)
		}
	}
	for _, kind := range []string{"tcpip-forward", "streamlocal-forward@openssh.com"} {
		if ok, _, err := c.SendRequest(kind, true, nil); ok || err != nil {
			t.Errorf("request %s: %v, %v", kind, ok, err)
		}
	}
	for kind, payload := range map[string]any{
		"shell": nil, "exec": struct{ C string }{"id"}, "pty-req": nil, "env": struct{ K, V string }{"A", "B"},
		"subsystem": struct{ N string }{"shell"}, "x11-req": nil, "auth-agent-req@openssh.com": nil,
	} {
		s, err := c.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		var b []byte
		if payload != nil {
			b = ssh.Marshal(payload)
		}
		if ok, _ := s.SendRequest(kind, true, b); ok {
			t.Errorf("session request %s was granted", kind)
		}
		s.Close()
	}
}

func TestOnlyKnownClientsGetIn(t *testing.T) {
	z := start(t, nil)
	opt := z.LinkOptions()
	opt.Key = transfertest.ForeignKey()
	if _, err := sftplink.Dial(context.Background(), opt); !errors.Is(err, sftplink.ErrAuth) {
		t.Errorf("foreign key: %v", err)
	}
	_, err := ssh.Dial("tcp", z.Addr, &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.Password("")}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err == nil || !strings.Contains(err.Error(), "unable to authenticate") {
		t.Errorf("password: %v", err)
	}
}

// TestStrangersCannotKeepSendersOut opens more idle connections than are kept.
func TestStrangersCannotKeepSendersOut(t *testing.T) {
	z := start(t, func(o *receiver.Options) { o.Limits.Strangers = 20 })
	for range 100 {
		c, err := net.Dial("tcp", z.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	begun := time.Now()
	send(t, z, transfertest.Package(t, 1, "a.txt", "x", nil))
	if len(z.Released(t)) != 1 || time.Since(begun) > 60*time.Second {
		t.Errorf("released %v after %v", z.Released(t), time.Since(begun))
	}
}

func TestSilentConnectionsEnd(t *testing.T) {
	z := start(t, func(o *receiver.Options) {
		o.Limits.Handshake, o.Limits.Idle = 100*time.Millisecond, 100*time.Millisecond
	})
	stranger, err := net.Dial("tcp", z.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	stranger.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, stranger); err != nil {
		t.Errorf("a stranger that says nothing: %v", err)
	}
	ended := make(chan struct{})
	client := dialSSH(t, z)
	go func() { client.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("a client that says nothing stays")
	}
}

// TestOpenSSHClient lets another implementation try, and deliver.
func TestOpenSSHClient(t *testing.T) {
	program, err := exec.LookPath("sftp")
	if err != nil {
		t.Log("no OpenSSH client here; TestSFTPIsWriteOnly asks the same with another one")
		return
	}
	z := start(t, nil)
	send(t, z, transfertest.Package(t, 1, "a.txt", "released", nil))
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	block, err := ssh.MarshalPrivateKey(transfertest.ClientKey(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(root, "key", pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := transfertest.Bytes(t, transfertest.Package(t, 2, "b.txt", "by hand", nil))
	if err := durable.WriteFile(root, "p", whole, 0o600); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, z)
	run := func(batch string) error {
		host, port, _ := net.SplitHostPort(z.Addr)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, "-b", "-", "-F", "none", "-i", filepath.Join(dir, "key"), "-P", port,
			"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "sekisho@"+host)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(batch+"\n")
		out, err := cmd.CombinedOutput()
		if errors.As(err, new(*exec.ExitError)) && !bytes.Contains(out, []byte("sftp>")) {
			t.Fatalf("could not try %q: %s", batch, out)
		}
		if bytes.Contains(out, []byte("ermission denied")) {
			return fs.ErrPermission // a plain "ls" that fails ends with 0
		}
		return err
	}
	for _, batch := range []string{
		"ls", "ls /", "get journal", "get in/package-000001.pkg", "rm journal", "mkdir d", "rmdir in", "symlink /etc/passwd x",
		"ln journal x", "put p journal", "put p ../release/a.txt", "put p package-000003.pkg", "rename journal x", "chmod 777 journal",
		"cd in", "df",
	} {
		if err := run(batch); err == nil {
			t.Errorf("%q was allowed", batch)
		}
	}
	sameFiles(t, z, before)
	if err := run("put p package-000002.pkg.part\nrename package-000002.pkg.part package-000002.pkg"); err != nil {
		t.Fatal(err)
	}
	z.Settle(t)
	if got := z.Released(t); got["b.txt"] != "by hand" {
		t.Errorf("released %q", got)
	}
}
