package clamd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Version is what a daemon says about itself.
type Version struct {
	Engine     string    // "ClamAV 1.4.6"
	Signatures string    // number of the daily signatures; empty when it has none
	At         time.Time // when those were made; zero when it has none
}

// Age returns how old the signatures are at a time, and false when the daemon does not say.
func (v Version) Age(now time.Time) (time.Duration, bool) {
	if v.At.IsZero() {
		return 0, false
	}
	return now.Sub(v.At), true
}

// ErrStale says that a daemon's signatures are older than Options.MaxAge, or of unknown age.
var ErrStale = errors.New("signatures are too old")

// Version asks the first daemon that can be reached.
func (c *Client) Version(ctx context.Context) (Version, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return Version{}, err
	}
	defer conn.Close()
	return askVersion(conn)
}

func askVersion(conn io.ReadWriter) (Version, error) {
	if _, err := io.WriteString(conn, "zVERSION\x00"); err != nil {
		return Version{}, fmt.Errorf("cannot ask for version: %w", err)
	}
	reply, err := readReply(conn)
	if err != nil {
		return Version{}, err
	}
	return parseVersion(reply)
}

// parseVersion reads "ClamAV 1.4.6/27800/Mon Nov 23 09:00:00 2026", or "ClamAV 1.4.6" of a daemon that has only
// signatures of its owner.
func parseVersion(reply string) (Version, error) {
	parts := strings.Split(reply, "/")
	if !strings.HasPrefix(reply, "ClamAV ") || !isSignature(reply) || len(parts) != 1 && len(parts) != 3 {
		return Version{}, fmt.Errorf("cannot understand version %.200q", reply)
	}
	v := Version{Engine: parts[0]}
	if len(parts) == 1 {
		return v, nil
	}
	at, err := time.ParseInLocation(time.ANSIC, parts[2], time.Local) // as the daemon's clock shows it, with no zone
	if err != nil {
		return Version{}, fmt.Errorf("cannot understand version %.200q: %w", reply, err)
	}
	v.Signatures, v.At = parts[1], at
	return v, nil
}

// versionLife is how long a version is believed: a reload of signatures is seen this late in the record.
const versionLife = 30 * time.Second

// fresh returns the version of the daemon at address, and fails with ErrStale when its signatures are too old.
func (c *Client) fresh(ctx context.Context, address string) (Version, error) {
	v, err := c.remembered(ctx, address)
	if err != nil {
		return Version{}, err
	}
	age, known := v.Age(c.now())
	if c.opts.MaxAge > 0 && (!known || age > c.opts.MaxAge) {
		return Version{}, fmt.Errorf("%w: %s of %v, at most %v old", ErrStale, v.Signatures, v.At, c.opts.MaxAge)
	}
	return v, nil
}

func (c *Client) remembered(ctx context.Context, address string) (Version, error) {
	c.mu.Lock()
	s, ok := c.version[address]
	c.mu.Unlock()
	if ok && c.now().Sub(s.at).Abs() < versionLife {
		return s.version, nil
	}
	nc, err := c.dialOne(ctx, address)
	if err != nil {
		return Version{}, fmt.Errorf("cannot ask for version: %w", err)
	}
	conn := &conn{Conn: nc, address: address, idle: c.opts.Idle, stop: context.AfterFunc(ctx, func() { nc.Close() })}
	defer conn.Close()
	v, err := askVersion(conn)
	if err != nil {
		return Version{}, err
	}
	c.mu.Lock()
	c.version[address] = seen{v, c.now()}
	c.mu.Unlock()
	return v, nil
}
