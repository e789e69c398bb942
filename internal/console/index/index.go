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
const version = 2

// file is the database's name in the console's folder.
const file = "index.db"

// tables are those of version 2. n is the number of the entry with which a file came, so files are in the order in which they
// came. Times are milliseconds since 1970. An index on a column holds n as well, so it gives that order too.
//
// Clocks are set back now and then, so that times are not quite in the order of n. reach is the latest time up to this row: it never
// falls, and says in one step where a period begins. Rows that came by a clock that was set back (received < reach) are few, and have
// an index of their own. counts holds how many files there are of each kind, so that nobody counts a hundred thousand rows.
const tables = `CREATE TABLE files(
	n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, received INTEGER NOT NULL, reach INTEGER NOT NULL, changed INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0,
	route TEXT NOT NULL, office TEXT NOT NULL, path TEXT NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL, sender TEXT NOT NULL,
	policy TEXT NOT NULL, generation INTEGER NOT NULL DEFAULT 0, type TEXT NOT NULL DEFAULT '', state TEXT NOT NULL, was TEXT NOT NULL DEFAULT '',
	verdict TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '', findings INTEGER NOT NULL DEFAULT 0,
	exception INTEGER NOT NULL DEFAULT 0, requester TEXT NOT NULL DEFAULT '', requested INTEGER NOT NULL DEFAULT 0,
	size_in INTEGER NOT NULL, size_out INTEGER NOT NULL DEFAULT 0, sha_in TEXT NOT NULL, sha_out TEXT NOT NULL DEFAULT '',
	out_name TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX files_office ON files(office);
CREATE INDEX files_state ON files(state);
CREATE INDEX files_office_state ON files(office, state);
CREATE INDEX files_verdict ON files(verdict);
CREATE INDEX files_reason ON files(reason);
CREATE INDEX files_type ON files(type);
CREATE INDEX files_sender ON files(sender);
CREATE INDEX files_sha_in ON files(sha_in);
CREATE INDEX files_sha_out ON files(sha_out);
CREATE INDEX files_reach ON files(reach);
CREATE INDEX files_late ON files(received) WHERE received < reach;
CREATE TABLE counts(office TEXT NOT NULL, state TEXT NOT NULL, verdict TEXT NOT NULL, files INTEGER NOT NULL, PRIMARY KEY(office, state, verdict)) STRICT, WITHOUT ROWID;
CREATE TRIGGER files_come AFTER INSERT ON files BEGIN
	INSERT INTO counts VALUES(new.office, new.state, new.verdict, 1) ON CONFLICT DO UPDATE SET files = files + 1; END;
CREATE TRIGGER files_change AFTER UPDATE OF state, verdict ON files WHEN old.state <> new.state OR old.verdict <> new.verdict BEGIN
	UPDATE counts SET files = files - 1 WHERE office = old.office AND state = old.state AND verdict = old.verdict
	; INSERT INTO counts VALUES(new.office, new.state, new.verdict, 1) ON CONFLICT DO UPDATE SET files = files + 1; END;
CREATE TABLE entries(
	seq INTEGER PRIMARY KEY, n INTEGER NOT NULL, time INTEGER NOT NULL, reach INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
	file TEXT NOT NULL, at INTEGER NOT NULL, behind INTEGER NOT NULL
) STRICT;
CREATE INDEX entries_n ON entries(n);
CREATE INDEX entries_actor ON entries(actor) WHERE actor <> '';
CREATE INDEX entries_kind ON entries(kind);
CREATE INDEX entries_reach ON entries(reach);
CREATE INDEX entries_late ON entries(time) WHERE time < reach;
CREATE TABLE position(one INTEGER PRIMARY KEY CHECK(one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL, file TEXT NOT NULL, at INTEGER NOT NULL, broken INTEGER NOT NULL) STRICT;
INSERT INTO position VALUES(1, 0, '', '', 0, 0)
`

// Options are what an index needs besides its folder.
type Options struct {
	Record *os.Root // the folder of the record, which stays open
	Log    string   // name of the record
	Office func(route, path string) string
	Hidden string // a route whose files are not listed: the canary's
	Logger *slog.Logger
	Poll   time.Duration // between two looks at the record; default 250 ms
}

// Index is the projection. Its methods may be called at the same time.
type Index struct {
	opt Options

	db *sql.DB

	mu    sync.Mutex // guards wakes
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
	x := &Index{opt: o, wakes: map[chan struct{}]bool{}}
	db, err := openTables(ctx, dir)
	if errors.Is(err, errVersion) {
		x.opt.Logger.Info("the index is made anew", "why", err)
		db, err = anew(ctx, dir)
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
func (x *Index) Close() error { return x.db.Close() }

// Rebuild throws the index away and makes it anew from the record. Meanwhile it answers with what it has read so far, also in
// another process that has it open.
func (x *Index) Rebuild(ctx context.Context) error {
	if err := x.clear(ctx); err != nil {
		return err
	}
	return x.Follow(ctx)
}

// clear empties the index.
func (x *Index) clear(ctx context.Context) error {
	err := sqlite.Tx(ctx, x.db, func(tx *sql.Tx) error {
		for _, statement := range []string{
			"DELETE FROM files", "DELETE FROM counts", "DELETE FROM entries", "UPDATE position SET seq = 0, hash = '', file = '', at = 0, broken = 0",
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("cannot empty the index: %w", err)
	}
	return nil
}

// anew replaces a database that cannot be used by an empty one.
func anew(ctx context.Context, dir string) (*sql.DB, error) {
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, file+end)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot remove the index: %w", err)
		}
	}
	return openTables(ctx, dir)
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
		n, err := x.step(ctx)
		if errors.Is(err, audit.ErrTampered) && !fresh {
			x.opt.Logger.Warn("the index is made anew", "why", err)
			fresh = true
			if err := x.clear(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		changed = changed || n > 0
		if n < batch {
			if changed {
				x.wake()
			}
			return nil
		}
	}
}

// step takes in one batch and returns how many entries it took. Other processes may follow too: who writes holds the lock of the
// database from the first look on.
func (x *Index) step(ctx context.Context) (n int, err error) {
	at, _, err := position(ctx, x.db)
	if err != nil {
		return 0, err
	}
	if end, err := audit.ReadHead(x.opt.Record, x.opt.Log); err == nil && end.Seq == at.Seq && end.Hash == at.Hash {
		return 0, nil // nothing new: most looks end here
	}
	err = sqlite.Tx(ctx, x.db, func(tx *sql.Tx) error {
		placed, at, broken, err := x.behind(ctx, tx)
		if err != nil || len(placed) == 0 {
			return err
		}
		n = len(placed)
		if err := x.apply(ctx, tx, placed); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE position SET seq = ?, hash = ?, file = ?, at = ?, broken = ?", at.Seq, at.Hash, at.File, at.Offset, broken)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("cannot take entries into the index: %w", err)
	}
	return n, nil
}

// behind reads the entries behind what the index has, one batch at most, and where they end.
func (x *Index) behind(ctx context.Context, tx *sql.Tx) (placed []audit.Placed, at audit.Position, broken int, err error) {
	if at, broken, err = position(ctx, tx); err != nil {
		return nil, at, 0, err
	}
	for p, err := range audit.Since(x.opt.Record, x.opt.Log, at) {
		if errors.Is(err, audit.ErrTampered) && p.File != "" {
			broken++ // told by Reached; the entries behind it are still what they are
			continue
		}
		if err != nil {
			return nil, at, 0, err
		}
		placed, at = append(placed, p), p.Position()
		if len(placed) == batch {
			break
		}
	}
	return placed, at, broken, nil
}

// position returns the place in the record that the index has reached, and how many lines before it could not be read.
func position(ctx context.Context, db interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}) (p audit.Position, broken int, err error) {
	err = db.QueryRowContext(ctx, "SELECT seq, hash, file, at, broken FROM position").Scan(&p.Seq, &p.Hash, &p.File, &p.Offset, &broken)
	if err != nil {
		return p, 0, fmt.Errorf("cannot read place of the index: %w", err)
	}
	return p, broken, nil
}

// Reached returns the number of the last entry that the index has, and how many lines of the record it could not read: any at
// all means that somebody changed the record.
func (x *Index) Reached(ctx context.Context) (seq uint64, broken int, err error) {
	p, broken, err := position(ctx, x.db)
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
	x.mu.Lock()
	defer x.mu.Unlock()
	for c := range x.wakes {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
