// Package sqlite opens the databases of the console: SQLite in one file, with a write-ahead log, that its owner alone may
// read. A database holds nothing that the record, or a person who decides again, could not make anew.
package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"sekisho/internal/durable"
)

// Options says how a database is opened.
type Options struct {
	Synced bool // whether each change is on disk when it is made; a projection can be made anew and need not be
	Conns  int  // connections at once, each with a cache of 2 MiB; default 2
}

// Open opens the database name in the folder dir, and makes both when they are not there. Who else may read them: nobody.
func Open(ctx context.Context, dir, name string, o Options) (*sql.DB, error) {
	root, err := durable.OpenFolder(dir, 0o700)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := durable.OpenAppend(root, name, 0o600) // SQLite gives its log the same rights
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("cannot make database: %w", err)
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		return nil, fmt.Errorf("cannot open database: %w", err)
	}
	sync := "NORMAL"
	if o.Synced {
		sync = "FULL"
	}
	db, err := sql.Open("sqlite", (&url.URL{
		Scheme: "file", Path: path,
		RawQuery: "_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(" + sync + ")",
	}).String())
	if err != nil {
		return nil, fmt.Errorf("cannot open database: %w", err)
	}
	if o.Conns == 0 {
		o.Conns = 2
	}
	db.SetMaxOpenConns(o.Conns)
	db.SetMaxIdleConns(o.Conns)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("cannot open database %s: %w", name, err)
	}
	return db, nil
}

// Version returns the version of the tables, 0 for a new database.
func Version(ctx context.Context, db *sql.DB) (int, error) {
	var v int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil {
		return 0, fmt.Errorf("cannot read version of database: %w", err)
	}
	return v, nil
}

// Create makes the tables of this version, all or none.
func Create(ctx context.Context, db *sql.DB, version int, tables string) error {
	return Tx(ctx, db, func(tx *sql.Tx) error {
		for statement := range strings.SplitSeq(tables, ";\n") {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("cannot make tables: %w", err)
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	})
}

// Tx runs do in a transaction that holds the right to write from its start on.
func Tx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("cannot begin transaction: %w", err)
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("cannot commit transaction: %w", err)
	}
	return nil
}
