package health

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"
)

// Notifier tells the service manager that has started this program how it is (sd_notify(3)). Without one it does nothing.
type Notifier struct {
	socket string        // "" without a service manager
	every  time.Duration // between two signs of life; 0: none are wanted
	log    *slog.Logger
}

// NewNotifier reads what the service manager has put into the environment.
func NewNotifier(log *slog.Logger) *Notifier {
	n := &Notifier{socket: os.Getenv("NOTIFY_SOCKET"), log: log}
	pid := os.Getenv("WATCHDOG_PID")
	us, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err == nil && us > 0 && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		n.every = time.Duration(us) * time.Microsecond / 3
	}
	return n
}

// Ready tells that the program works.
func (n *Notifier) Ready() { n.tell("READY=1") }

// Watch tells, often enough, that the program lives, as long as alive says so, until ctx ends. A program that is not alive is
// started again by the service manager.
func (n *Notifier) Watch(ctx context.Context, alive func(context.Context) error) {
	if n.socket != "" && n.every > 0 {
		tick := time.NewTicker(n.every)
		defer tick.Stop()
		for ctx.Err() == nil {
			if passes(ctx, Probe{Check: alive}) {
				n.tell("WATCHDOG=1")
			} else if ctx.Err() == nil {
				n.log.Error("the program does not answer itself; the service manager will start it again")
			}
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}
	<-ctx.Done()
	n.tell("STOPPING=1")
}

// tell sends one message. That it is lost is seen by the service manager, which misses it.
func (n *Notifier) tell(message string) {
	if n.socket == "" {
		return
	}
	if err := n.send(message); err != nil {
		n.log.Warn("cannot tell the service manager", "error", err)
	}
}

func (n *Notifier) send(message string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"}) // "@" is an abstract name there too
	if err != nil {
		return fmt.Errorf("cannot reach service manager: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(message)); err != nil {
		return fmt.Errorf("cannot tell service manager: %w", err)
	}
	return nil
}
