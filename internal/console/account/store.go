package account

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/console/sqlite"
)

// version is the version of the tables.
const version = 1

// file is the database's name in the console's folder.
const file = "accounts.db"

// tables are those of version 1. Times are seconds since 1970; lists are JSON.
const tables = `CREATE TABLE accounts(
	name TEXT PRIMARY KEY, display TEXT NOT NULL, office TEXT NOT NULL, roles TEXT NOT NULL, approves TEXT NOT NULL,
	preview INTEGER NOT NULL, download INTEGER NOT NULL, mail TEXT NOT NULL, source TEXT NOT NULL, disabled INTEGER NOT NULL,
	subject TEXT NOT NULL DEFAULT '', password TEXT NOT NULL, must_change INTEGER NOT NULL, totp BLOB, totp_new BLOB, totp_step INTEGER NOT NULL DEFAULT 0,
	version INTEGER NOT NULL DEFAULT 1, created INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE devices(kept BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE, used INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX devices_name ON devices(name, used);
CREATE TABLE guesses(budget TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX guesses_budget ON guesses(budget, at);
CREATE INDEX guesses_at ON guesses(at);
CREATE TABLE sessions(kept BLOB PRIMARY KEY, data BLOB NOT NULL, expiry INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_expiry ON sessions(expiry);
CREATE TABLE passkeys(id BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE, label TEXT NOT NULL, credential TEXT NOT NULL, created INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_name ON passkeys(name);
CREATE TABLE tokens(kept BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE, label TEXT NOT NULL, roles TEXT NOT NULL, created INTEGER NOT NULL, expiry INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE lent(lender TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE, name TEXT NOT NULL REFERENCES accounts(name) ON DELETE CASCADE, since INTEGER NOT NULL, until INTEGER NOT NULL, PRIMARY KEY(lender, name)) STRICT, WITHOUT ROWID;
CREATE TABLE setup(kept BLOB PRIMARY KEY, expiry INTEGER NOT NULL) STRICT, WITHOUT ROWID
`

// Options are what a store needs besides its folder.
type Options struct {
	Record func(context.Context, audit.Event) error // puts an event on the record; what it refuses does not happen
	Cost   Cost
	Now    func() time.Time // default time.Now

	Directory Directory              // asked about names without an account here; nil: nobody is
	Rules     []Rule                 // what its groups are here
	SameGroup func(a, b string) bool // whether two spellings name one group; default ==
	Refusal   time.Duration          // that a wrong sign-in takes at least, where there is a Directory; default 1 s
}

// Store holds the accounts. Its methods may be called at the same time, and other processes may have the same store open.
type Store struct {
	db             *sql.DB
	opt            Options
	dummy          string // hash of a password that nobody has
	spent          spent
	known, unknown lane // browsers that are known do not wait behind a flood of others
}

// Open opens the accounts in the folder dir, and makes both when they are not there.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	if o.Record == nil {
		return nil, errors.New("cannot open accounts: there is no record")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SameGroup == nil {
		o.SameGroup = func(a, b string) bool { return a == b }
	}
	o.Refusal = cmp.Or(o.Refusal, time.Second)
	o.Cost = o.Cost.withDefaults()
	db, err := sqlite.Open(ctx, dir, file, sqlite.Options{Synced: true})
	if err != nil {
		return nil, err
	}
	v, err := sqlite.Version(ctx, db)
	if err == nil && v == 0 {
		err = sqlite.Create(ctx, db, version, tables)
	} else if err == nil && v != version {
		err = fmt.Errorf("cannot open accounts: version %d, know %d", v, version)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	held, _ := secret()
	return &Store{db: db, opt: o, dummy: o.Cost.hash(held), known: newLane(), unknown: newLane()}, nil
}

// Close closes the store.
func (s *Store) Close() error { return s.db.Close() }

// told puts a change of an account on the record, before it is made.
func (s *Store) told(ctx context.Context, actor, name, detail string) error {
	return s.opt.Record(ctx, audit.Event{Kind: audit.Account, Actor: actor, Name: name, Detail: detail})
}

// unknown makes ErrUnknown of an empty answer.
func unknown(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrUnknown
	}
	return err
}

// changedOne fails with ErrUnknown unless a statement changed one account.
func changedOne(res sql.Result, err error) error {
	if err != nil {
		return fmt.Errorf("cannot change account: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrUnknown, err)
	}
	return nil
}

// columns are those of an Account, in the order of scan.
const columns = `name, display, office, roles, approves, preview, download, mail, source, disabled, must_change,
	totp IS NOT NULL, (SELECT count(*) FROM passkeys p WHERE p.name = a.name), version, created, seen`

// scan reads an account.
func scan(row interface{ Scan(...any) error }) (Account, error) {
	var a Account
	var roles, approves string
	var created, seen int64
	err := row.Scan(&a.Name, &a.Display, &a.Office, &roles, &approves, &a.Preview, &a.Download, &a.Mail, &a.Source, &a.Disabled,
		&a.MustChange, &a.TOTP, &a.Passkeys, &a.Version, &created, &seen)
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(roles), &a.Roles), json.Unmarshal([]byte(approves), &a.Approves))
	}
	if err != nil {
		return Account{}, fmt.Errorf("cannot read account: %w", unknown(err))
	}
	a.Created = time.Unix(created, 0).UTC()
	if seen > 0 {
		a.Seen = time.Unix(seen, 0).UTC()
	}
	return a, nil
}

// Get returns an account. The error wraps ErrUnknown when there is none of that name.
func (s *Store) Get(ctx context.Context, name string) (Account, error) {
	name, err := Fold(name)
	if err != nil {
		return Account{}, ErrUnknown
	}
	a, err := scan(s.db.QueryRowContext(ctx, "SELECT "+columns+" FROM accounts a WHERE name = ?", name))
	if err != nil {
		return Account{}, err
	}
	a.Lent, err = s.lentTo(ctx, a)
	return a, err
}

// Current returns the account of a session that began with this version of it, and false when the session has ended by a
// change of roles, password or factor, or because the account was disabled.
func (s *Store) Current(ctx context.Context, name string, version int64) (Account, bool, error) {
	a, err := s.Get(ctx, name)
	if errors.Is(err, ErrUnknown) {
		return Account{}, false, nil
	}
	return a, err == nil && !a.Disabled && a.Version == version, err
}

// List returns the accounts whose name, shown name or office holds text, by office and name.
func (s *Store) List(ctx context.Context, text string) ([]Account, error) {
	like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
	rows, err := s.db.QueryContext(ctx, "SELECT "+columns+` FROM accounts a
		WHERE name LIKE ?1 ESCAPE '\' OR display LIKE ?1 ESCAPE '\' OR office LIKE ?1 ESCAPE '\' ORDER BY office, name`, like)
	if err != nil {
		return nil, fmt.Errorf("cannot list accounts: %w", err)
	}
	defer rows.Close()
	var all []Account
	for rows.Next() {
		a, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("cannot list accounts: %w", err)
	}
	return all, nil
}

// Sweep forgets what is over: guesses, sessions, set-up tokens, browsers not seen for a year.
func (s *Store) Sweep(ctx context.Context) error {
	now := s.opt.Now()
	for statement, before := range map[string]time.Time{
		"DELETE FROM guesses WHERE at < ?":      now.Add(-window),
		"DELETE FROM sessions WHERE expiry < ?": now,
		"DELETE FROM setup WHERE expiry < ?":    now,
		"DELETE FROM lent WHERE until < ?":      now.AddDate(-1, 0, 0),
		"DELETE FROM devices WHERE used < ?":    now.AddDate(-1, 0, 0),
	} {
		if _, err := s.db.ExecContext(ctx, statement, before.Unix()); err != nil {
			return fmt.Errorf("cannot sweep accounts: %w", err)
		}
	}
	return nil
}
