package faults_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// natsEnv holds "<port> <folder>" of the queue server that this program is instead of running tests.
const natsEnv = "SEKISHO_TEST_QUEUE_SERVER"

// serveQueue is the whole life of the queue server that is killed.
func serveQueue(where string) {
	var port int
	var dir string
	if _, err := fmt.Sscanf(where, "%d %s", &port, &dir); err != nil {
		panic(err)
	}
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true, JetStream: true, StoreDir: dir, SyncAlways: true, JetStreamMaxStore: 256 << 20,
	})
	if err != nil {
		panic(err)
	}
	s.Start()
	s.WaitForShutdown()
}

// startQueue starts a queue server in a process of its own.
func startQueue(t *testing.T, port, dir string) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), natsEnv+"="+port+" "+dir), os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		cmd.Process.Kill()
		cmd.Wait() // it ends only by the kill
	}
}

// TestFaultsQueueServer kills the server of an external queue again and again; it comes back after a while with its store, and
// now and then without.
func TestFaultsQueueServer(t *testing.T) {
	address := freeAddress(t)
	port := address[len("127.0.0.1:"):]
	if _, err := strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(t.TempDir(), "store")
	kill := startQueue(t, port, store)
	defer func() { kill() }()
	w := newWorld(t, setup{extra: fmt.Sprintf("[queue]\nurl = \"nats://%s\"\ninsecure = true", address)})
	kills := 0
	for n := range newShare(t, 25*time.Second).rounds(4, 12, 100) {
		w.drop(5)
		w.pause(1500 * time.Millisecond)
		kill()
		w.pause(2 * time.Second)
		if n%4 == 3 {
			if err := os.RemoveAll(store); err != nil {
				t.Fatal(err)
			}
		}
		kill = startQueue(t, port, store)
		kills++
	}
	w.drop(5)
	w.settle(5 * time.Minute)
	t.Logf("the queue server was killed %d times", kills)
}
