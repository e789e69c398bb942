package receiver

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"sekisho/transfer/manifest"
)

// Options of a receiver. Fields with a default in brackets may be zero.
type Options struct {
	Spool    *os.Root            // private folder: in/, refused/ and the journal
	Routes   map[string]*os.Root // release folder of each route
	Stages   map[string]*os.Root // where a route's files are made whole, a folder for it alone [".sekisho" in its release folder]
	Gateways manifest.Keys       // whose packages are accepted
	HostKey  ed25519.PrivateKey
	Clients  []ed25519.PublicKey // who may connect

	// Check judges the staged body, read-only and at its start, with other code than that which wrote it. It is called once or
	// more for each authentic package. See ErrLater.
	Check func(ctx context.Context, body *os.File, m manifest.Manifest) error
	// Record stores an event durably. While it fails nothing is released.
	Record func(ctx context.Context, e Event) error
	// Exceptions lets originals through that people released as they are (manifest.MarkException). Check still sees them.
	Exceptions bool

	FileMode fs.FileMode // of released files [0644]
	DirMode  fs.FileMode // of folders made for them [0755]
	Workers  int         // packages judged and released at once [8]
	Limits   Limits
	Log      *slog.Logger // what goes wrong and is tried again [none]
}

// Limits bound what a sender can make the receiver hold.
type Limits struct {
	Package   int64         // bytes of one package [4 GiB]
	Spool     int64         // bytes of all packages that wait or arrive [64 GiB]
	Waiting   int           // packages that wait or arrive [100,000]
	Refused   int           // refused packages that are kept, in all as many bytes as Spool; the oldest go first [1,000]
	Parts     int           // files one session writes at once [16]
	Sessions  int           // of one connection [16]
	Conns     int           // authenticated connections [16]
	Strangers int           // connections that are not authenticated yet; the oldest go first [256]
	Handshake time.Duration // from connecting to being authenticated [10 s]
	Idle      time.Duration // without a byte from the other side [2 min]
}

// Defaults of sizes, in bytes.
const (
	defaultPackage = 4 << 30
	defaultSpool   = 64 << 30
)

func (l Limits) withDefaults() Limits {
	return Limits{
		Package:   cmp.Or(l.Package, defaultPackage),
		Spool:     cmp.Or(l.Spool, defaultSpool),
		Waiting:   cmp.Or(l.Waiting, 100_000),
		Refused:   cmp.Or(l.Refused, 1000),
		Parts:     cmp.Or(l.Parts, 16),
		Sessions:  cmp.Or(l.Sessions, 16),
		Conns:     cmp.Or(l.Conns, 16),
		Strangers: cmp.Or(l.Strangers, 256),
		Handshake: cmp.Or(l.Handshake, 10*time.Second),
		Idle:      cmp.Or(l.Idle, 2*time.Minute),
	}
}

func (o Options) withDefaults() (Options, error) {
	if o.Spool == nil || o.Check == nil || o.Record == nil {
		return o, errors.New("cannot make receiver: Spool, Check and Record are needed")
	}
	for name := range o.Routes {
		if err := manifest.CheckRoute(name); err != nil {
			return o, fmt.Errorf("cannot make receiver: %w", err)
		}
	}
	o.FileMode = cmp.Or(o.FileMode, 0o644)
	o.DirMode = cmp.Or(o.DirMode, 0o755)
	o.Workers = cmp.Or(o.Workers, 8)
	o.Limits = o.Limits.withDefaults()
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return o, nil
}
