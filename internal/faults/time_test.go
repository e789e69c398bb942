package faults_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
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

// clockPrograms makes, once, programs whose clock can be set, the queue server in the gateway included, and returns their folder:
// the compiler is given another package time. All of the gateway is compiled anew for it, which takes minutes of a slow machine's
// processor, so that the brief form makes only the receiver so, and the others begin with it while other tests mostly wait.
var clockPrograms = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(bin, "clock")
	made, err := os.MkdirTemp(bin, "overlay")
	if err != nil {
		return "", err
	}
	overlay, err := clockOverlay(made)
	if err != nil {
		return "", err
	}
	args := []string{"build", "-trimpath", "-overlay", overlay, "-o", dir + "/", "sekisho/cmd/sekisho-receiver"}
	if effort(0, 1, 1) == 1 {
		args = append(args, "sekisho/cmd/sekisho")
	} else if err := errors.Join(os.MkdirAll(dir, 0o700), os.Link(filepath.Join(bin, "sekisho"), filepath.Join(dir, "sekisho"))); err != nil {
		return "", err
	}
	build := exec.Command("go", args...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build: %w\n%s", err, out)
	}
	return dir, linkChildren(dir)
})

// clockOverlay writes the other package time into a folder, and returns the path of what tells the compiler of it.
func clockOverlay(dir string) (string, error) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	source := filepath.Join(strings.TrimSpace(string(goroot)), "src/time")
	text, err := os.ReadFile(filepath.Join(source, "time.go"))
	if err != nil {
		return "", err
	}
	const now = "\tsec, nsec, mono := runtimeNow()\n"
	if !strings.Contains(string(text), now) {
		return "", errors.New("this Go has another package time: find where Now reads the clock")
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(source, "time.go"): path("time.go"), filepath.Join(source, "jump.go"): path("jump.go"),
	}})
	for name, data := range map[string]string{
		"time.go": strings.ReplaceAll(string(text), now, now+"\tsec += jump()\n"), "jump.go": jumpSource, "overlay.json": string(overlay),
	} {
		err = errors.Join(err, os.WriteFile(path(name), []byte(data), 0o600))
	}
	return path("overlay.json"), err
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
	programs, err := clockPrograms()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, setup{made: programs, env: []string{"SEKISHO_CLOCK=" + clock}})
	const day = 24 * time.Hour
	japan := time.FixedZone("JST", 9*60*60) // of the export
	tomorrow := time.Now().Add(day).In(japan).Format(time.DateOnly)
	jumps := 0
	for range newShare(t, 20*time.Second).rounds(1, 4, 40) {
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
