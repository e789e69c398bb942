package faults_test

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// jumpSource goes into package time of the programs under test: seconds that the clock is wrong by stand in a file.
const jumpSource = `package time

import (
	"syscall"
	"unsafe"
)

var jumped *int64

func init() {
	path, ok := syscall.Getenv("SEKISHO_CLOCK")
	if !ok {
		return
	}
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	page, err := syscall.Mmap(fd, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	jumped = (*int64)(unsafe.Pointer(&page[0]))
}

func jump() int64 {
	if jumped == nil {
		return 0
	}
	return *jumped
}
`

var clockOnce sync.Once

// clockPrograms returns a folder with programs whose clock can be set, the queue server in the gateway included: the compiler is
// given another package time. The brief form makes only the receiver so, since all of the gateway is compiled anew for it.
func clockPrograms(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(bin, "clock")
	clockOnce.Do(func() {
		goroot, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			t.Fatal(err)
		}
		source := filepath.Join(strings.TrimSpace(string(goroot)), "src/time")
		text, err := os.ReadFile(filepath.Join(source, "time.go"))
		if err != nil {
			t.Fatal(err)
		}
		const now = "\tsec, nsec, mono := runtimeNow()\n"
		if n := strings.Count(string(text), now); n < 1 {
			t.Fatal("this Go has another package time: find where Now reads the clock")
		}
		made := t.TempDir()
		write := func(name string, data []byte) string {
			path := filepath.Join(made, name)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
			filepath.Join(source, "time.go"): write("time.go", []byte(strings.ReplaceAll(string(text), now, now+"\tsec += jump()\n"))),
			filepath.Join(source, "jump.go"): write("jump.go", []byte(jumpSource)),
		}})
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"build", "-trimpath", "-overlay", write("overlay.json", overlay), "-o", dir + "/", "sekisho/cmd/sekisho-receiver"}
		if effort(0, 1, 1) == 1 {
			args = append(args, "sekisho/cmd/sekisho")
		} else if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		} else if err := os.Link(filepath.Join(bin, "sekisho"), filepath.Join(dir, "sekisho")); err != nil {
			t.Fatal(err)
		}
		build := exec.Command("go", args...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("cannot build: %v\n%s", err, out)
		}
		linkChildren(t, dir)
	})
	return dir
}

// TestFaultsClock lets the clock jump forward and back by a day while files are on their way, and over starts.
func TestFaultsClock(t *testing.T) {
	clock := filepath.Join(t.TempDir(), "clock")
	set := func(d time.Duration) {
		f, err := os.OpenFile(clock, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(int64(d/time.Second))), 0); err != nil {
			t.Fatal(err)
		}
	}
	set(0)
	w := newWorld(t, setup{made: clockPrograms(t), env: []string{"SEKISHO_CLOCK=" + clock}})
	const day = 24 * time.Hour
	japan := time.FixedZone("JST", 9*60*60) // of the export
	tomorrow := time.Now().Add(day).In(japan).Format(time.DateOnly)
	jumps := 0
	for range effort(1, 4, 40) {
		for _, wrong := range []time.Duration{day, 0, -day, day, -day, 0} {
			w.drop(3)
			w.pause(700 * time.Millisecond)
			set(wrong)
			jumps++
			w.drop(2)
			if w.random.IntN(3) == 0 {
				w.zones()[w.random.IntN(2)].restart(t)
			}
		}
	}
	w.settle(5 * time.Minute)
	t.Logf("the clock jumped %d times", jumps)
	text := sekisho(t, "audit", "export", "--dir", filepath.Join(filepath.Dir(w.far.dir), "seen"), "--lgwan")
	if !strings.Contains(text, tomorrow) && !strings.Contains(text, time.Now().Add(day).In(japan).Format(time.DateOnly)) { // it may be midnight
		t.Error("the receiver's record has no line of tomorrow: the clock did not jump")
	}
}
