package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/sqlite"
)

// version is the version of the tables and of what Follow makes of an entry. Another one is made anew.
const version = 1

// file is the database's name in the console's folder.
const file = "index.db"

// tables are those of version 1. n is the number of the entry with which a file came, so files are in the order in which they
// came. Times are milliseconds since 1970. An index on a column holds n as well, so it gives that order too.
const tables = `CREATE TABLE files(
	n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, received INTEGER NOT NULL, changed INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0,
	route TEXT NOT NULL, office TEXT NOT NULL, path TEXT NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL, sender TEXT NOT NULL,
	policy TEXT NOT NULL, generation INTEGER NOT NULL DEFAULT 0, type TEXT NOT NULL DEFAULT '', state TEXT NOT NULL, was TEXT NOT NULL DEFAULT '',
	verdict TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '', findings INTEGER NOT NULL DEFAULT 0,
	exception INTEGER NOT NULL DEFAULT 0, requester TEXT NOT NULL DEFAULT '', requested INTEGER NOT NULL DEFAULT 0,
	size_in INTEGER NOT NULL, size_out INTEGER NOT NULL DEFAULT 0, sha_in TEXT NOT NULL, sha_out TEXT NOT NULL DEFAULT '',
	out_name TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX files_office ON files(office);
CREATE INDEX files_state ON files(state);
CREATE INDEX files_counts ON files(office, state, verdict);
CREATE INDEX files_verdict ON files(verdict);
CREATE INDEX files_reason ON files(reason);
CREATE INDEX files_type ON files(type);
CREATE INDEX files_sender ON files(sender);
CREATE INDEX files_sha_in ON files(sha_in);
CREATE INDEX files_sha_out ON files(sha_out);
CREATE INDEX files_received ON files(received);
CREATE TABLE entries(
	seq INTEGER PRIMARY KEY, n INTEGER NOT NULL, time INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
	file TEXT NOT NULL, at INTEGER NOT NULL, behind INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_n ON entries(n);
CREATE INDEX entries_actor ON entries(actor) WHERE actor <> '';
CREATE INDEX entries_kind ON entries(kind);
CREATE INDEX entries_time ON entries(time);
CREATE TABLE position(one INTEGER PRIMARY KEY CHECK(one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL, file TEXT NOT NULL, at INTEGER NOT NULL, broken INTEGER NOT NULL) STRICT;
INSERT INTO position VALUES(1, 0, '', '', 0, 0)
`

// Options are what an index needs besides its folder.
type Options struct {
	Record *os.Root // the folder of the record, which stays open
	Log    string   // name of the record
	Office func(route, path string) string
	Logger *slog.Logger
	Poll   time.Duration // between two looks at the record; default 250 ms
}

// Index is the projection. Its methods may be called at the same time.
type Index struct {
	dir string
	opt Options

	write sync.Mutex // one follower at a time

	mu    sync.RWMutex // guards db: a rebuild replaces it
	db    *sql.DB
	wakes map[chan struct{}]bool
}

// Open opens the index in the folder dir. It may be behind the record until Follow has run.
func Open(ctx context.Context, dir string, o Options) (*Index, error) {
	if o.Poll == 0 {
		o.Poll = 250 * time.Millisecond
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	x := &Index{dir: dir, opt: o, wakes: map[chan struct{}]bool{}}
	db, err := openTables(ctx, dir)
	if errors.Is(err, errVersion) {
		x.opt.Logger.Info("the index is made anew", "why", err)
		return x, x.Rebuild(ctx)
	}
	if err != nil {
		return nil, err
	}
	x.db = db
	return x, nil
}

// errVersion says that the index is not one that this program can use.
var errVersion = errors.New("the index is of another version")

// openTables opens the database, and makes the tables of a new one.
func openTables(ctx context.Context, dir string) (*sql.DB, error) {
	db, err := sqlite.Open(ctx, dir, file, sqlite.Options{Conns: 4})
	if err != nil {
		return nil, errors.Join(errVersion, err) // also one that is no database any more
	}
	v, err := sqlite.Version(ctx, db)
	if err == nil && v == 0 {
		err = sqlite.Create(ctx, db, version, tables)
	} else if err == nil && v != version {
		err = fmt.Errorf("%w: %d, not %d", errVersion, v, version)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close closes the index.
func (x *Index) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.db == nil {
		return nil
	}
	return x.db.Close()
}

// Rebuild throws the index away and makes it anew from the record. Meanwhile it answers with what it has read so far.
func (x *Index) Rebuild(ctx context.Context) error {
	if err := x.reset(ctx); err != nil {
		return fmt.Errorf("cannot make the index anew: %w", err)
	}
	return x.Follow(ctx)
}

// reset replaces the database by an empty one.
func (x *Index) reset(ctx context.Context) error {
	x.write.Lock()
	defer x.write.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.db != nil {
		if err := x.db.Close(); err != nil {
			return err
		}
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(x.dir, file+end)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	var err error
	x.db, err = openTables(ctx, x.dir)
	return err
}

// Run follows the record until ctx ends.
func (x *Index) Run(ctx context.Context) {
	tick := time.NewTicker(x.opt.Poll)
	defer tick.Stop()
	told := ""
	for {
		err := x.Follow(ctx)
		if err != nil && ctx.Err() == nil && err.Error() != told {
			x.opt.Logger.Error("cannot follow the record", "error", err)
			told = err.Error()
		}
		if err == nil {
			told = ""
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// batch is how many entries are taken in at once.
const batch = 2000

// Follow takes in what the record holds behind what the index has. When the record is another one, the index is made anew.
func (x *Index) Follow(ctx context.Context) error {
	changed := false
	for fresh := false; ; {
		more, n, err := x.step(ctx)
		if errors.Is(err, audit.ErrTampered) && !fresh {
			x.opt.Logger.Warn("the index is made anew", "why", err)
			fresh = true
			if err := x.reset(ctx); err != nil {
				return fmt.Errorf("cannot make the index anew: %w", err)
			}
			continue
		}
		if err != nil {
			return err
		}
		changed = changed || n > 0
		if !more {
			if changed {
				x.wake()
			}
			return nil
		}
	}
}

// step takes in one batch and reports whether there may be more, and how many entries it took.
func (x *Index) step(ctx context.Context) (more bool, n int, err error) {
	x.write.Lock()
	defer x.write.Unlock()
	db := x.database()
	from, broken, err := position(ctx, db)
	if err != nil {
		return false, 0, err
	}
	var placed []audit.Placed
	at := from
	for p, err := range audit.Since(x.opt.Record, x.opt.Log, from) {
		if errors.Is(err, audit.ErrTampered) && p.File != "" {
			broken++ // told by Broken; the entries behind it are still what they are
			continue
		}
		if err != nil {
			return false, 0, err
		}
		placed = append(placed, p)
		at = p.Position()
		if len(placed) == batch {
			more = true
			break
		}
	}
	if len(placed) == 0 {
		return false, 0, nil
	}
	err = sqlite.Tx(ctx, db, func(tx *sql.Tx) error {
		if err := x.apply(ctx, tx, placed); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE position SET seq = ?, hash = ?, file = ?, at = ?, broken = ?", at.Seq, at.Hash, at.File, at.Offset, broken)
		return err
	})
	if err != nil {
		return false, 0, fmt.Errorf("cannot take entries into the index: %w", err)
	}
	return more, len(placed), nil
}

func (x *Index) database() *sql.DB {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.db
}

// position returns the place in the record that the index has reached, and how many lines before it could not be read.
func position(ctx context.Context, db *sql.DB) (p audit.Position, broken int, err error) {
	err = db.QueryRowContext(ctx, "SELECT seq, hash, file, at, broken FROM position").Scan(&p.Seq, &p.Hash, &p.File, &p.Offset, &broken)
	if err != nil {
		return p, 0, fmt.Errorf("cannot read place of the index: %w", err)
	}
	return p, broken, nil
}

// Reached returns the number of the last entry that the index has, and how many lines of the record it could not read: any at
// all means that somebody changed the record.
func (x *Index) Reached(ctx context.Context) (seq uint64, broken int, err error) {
	p, broken, err := position(ctx, x.database())
	return p.Seq, broken, err
}

// Watch returns a channel that has an element after the index has changed, and what ends it.
func (x *Index) Watch() (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.wakes[c] = true
	return c, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.wakes, c)
	}
}

func (x *Index) wake() {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for c := range x.wakes {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
