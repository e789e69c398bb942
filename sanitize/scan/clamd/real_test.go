package clamd

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/sanitize/scan"
)

// eicar returns the harmless test file of the antivirus makers, put together here so that no scanner minds the source.
func eicar() string {
	return `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*"
}

// real is the one real daemon of this package's tests.
type real struct {
	address string
	cmd     *exec.Cmd
	log     bytes.Buffer
}

// startReal starts clamd in the foreground with the configuration that we ship, on a signature of our own.
func startReal(t testing.TB, change func(conf string) string) *real {
	t.Helper()
	program, err := exec.LookPath("clamd")
	if err != nil {
		program = "/usr/sbin/clamd"
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("these tests need the real clamd (Debian: apt-get install clamav-daemon): %v", err)
	}
	dir := t.TempDir()
	signature := "Sekisho.Test.EICAR:0:*:" + hex.EncodeToString([]byte(eicar())) + "\n"
	write(t, filepath.Join(dir, "own.ndb"), signature)
	socket := filepath.Join(dir, "clamd.ctl")
	conf := shippedConf(t, dir, socket)
	if change != nil {
		conf = change(conf)
	}
	write(t, filepath.Join(dir, "clamd.conf"), conf)
	r := &real{address: "unix:" + socket, cmd: exec.Command(program, "--config-file="+filepath.Join(dir, "clamd.conf"))}
	r.cmd.Stdout, r.cmd.Stderr = &r.log, &r.log
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.stop(t))
	r.await(t, socket)
	return r
}

func (r *real) stop(t testing.TB) func() {
	return sync.OnceFunc(func() {
		r.cmd.Process.Kill()
		if err := r.cmd.Wait(); err == nil {
			t.Error("clamd ended before it was killed")
		}
	})
}

func (r *real) await(t testing.TB, socket string) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("unix", socket); err == nil {
			c.Close()
			return
		}
	}
	t.Fatalf("clamd does not listen: %s", r.log.String())
}

// shippedConf returns deploy/clamd.conf with the places of this test, and without the change of user.
func shippedConf(t testing.TB, dir, socket string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "clamd.conf"))
	if err != nil {
		t.Fatal(err)
	}
	conf := string(b)
	for _, place := range []struct{ key, value string }{
		{"LocalSocket", "LocalSocket " + socket}, {"DatabaseDirectory", "DatabaseDirectory " + dir}, {"User", ""},
	} {
		line := regexp.MustCompile(`(?m)^` + place.key + ` .*$`)
		if !line.MatchString(conf) {
			t.Fatalf("the shipped configuration has no %s", place.key)
		}
		conf = line.ReplaceAllString(conf, place.value)
	}
	return conf
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRealDaemon(t *testing.T) {
	c := client(t, startReal(t, nil).address)
	c.opts.Idle = 30 * time.Second
	v, err := c.Version(t.Context())
	if err != nil || !strings.HasPrefix(v.Engine, "ClamAV ") {
		t.Fatalf("%+v, %v", v, err)
	}
	for _, f := range []struct {
		name, content string
		signature     string
	}{
		{"empty", "", ""},
		{"text", "こんにちは", ""},
		{"eicar", eicar(), "Sekisho.Test.EICAR.UNOFFICIAL"},
		{"eicar after 3 MiB", strings.Repeat("0123456789abcdef", 3<<16) + eicar(), "Sekisho.Test.EICAR.UNOFFICIAL"},
		{"exactly one chunk", strings.Repeat("a", chunkSize), ""},
	} {
		t.Run(f.name, func(t *testing.T) {
			r, err := scanText(t.Context(), c, f.content)
			if err != nil || r.Clean != (f.signature == "") || r.Signature != f.signature || r.Engine != v.Engine {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

func TestRealDaemonAtOnce(t *testing.T) {
	c := client(t, startReal(t, nil).address)
	c.opts.Idle = 30 * time.Second
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			content := fmt.Sprintf("%d ", i) + map[bool]string{true: eicar(), false: "harmless"}[i%2 == 0]
			if r, err := scanText(t.Context(), c, content); err != nil || r.Clean != (i%2 != 0) {
				t.Errorf("%d: %+v, %v", i, r, err)
			}
		})
	}
	wg.Wait()
}

func TestRealDaemonOverItsLimit(t *testing.T) {
	small := func(conf string) string {
		return strings.Replace(conf, "StreamMaxLength 128M", "StreamMaxLength 1M", 1)
	}
	c := client(t, startReal(t, small).address)
	c.opts.Idle = 30 * time.Second
	if r, err := scanText(t.Context(), c, strings.Repeat("a", 3<<20)); !errors.Is(err, scan.ErrRefused) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRealDaemonTellsWhatItLeftOut(t *testing.T) {
	small := func(conf string) string { return strings.Replace(conf, "MaxFileSize 128M", "MaxFileSize 1M", 1) }
	c := client(t, startReal(t, small).address)
	c.opts.Idle = 30 * time.Second
	r, err := scanText(t.Context(), c, strings.Repeat("a", 3<<20))
	if err != nil || r.Clean || !r.Incomplete {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRealDaemonGone(t *testing.T) {
	d := startReal(t, nil)
	c := client(t, d.address)
	if r, err := scanText(t.Context(), c, "x"); err != nil || !r.Clean {
		t.Fatalf("%+v, %v", r, err)
	}
	d.stop(t)()
	if r, err := scanText(t.Context(), c, "x"); err == nil {
		t.Errorf("%+v", r)
	}
}

func BenchmarkScan(b *testing.B) {
	c, err := New(Options{Addresses: []string{startReal(b, nil).address}})
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{1 << 10, 50 << 10, 1 << 20} {
		content := strings.Repeat("0123456789abcde\n", size/16)
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				if r, err := scanText(context.Background(), c, content); err != nil || !r.Clean {
					b.Fatalf("%+v, %v", r, err)
				}
			}
		})
	}
}
