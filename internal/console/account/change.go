package account

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sekisho/internal/audit"
	"sekisho/internal/console/sqlite"
)

// change makes one change of an account. check looks at what is there; then the change is put on record, then made. What was
// recorded and then failed is recorded as that.
func (s *Store) change(ctx context.Context, actor, name, detail string, check, do func(*sql.Tx) error) error {
	recorded := false
	err := sqlite.Tx(ctx, s.db, func(tx *sql.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		if err := s.told(ctx, actor, name, detail); err != nil {
			return err
		}
		recorded = true
		return do(tx)
	})
	if err != nil && recorded {
		err = errors.Join(err, s.told(context.WithoutCancel(ctx), actor, name, "this change was not possible: "+detail))
	}
	if err != nil {
		return fmt.Errorf("cannot change account: %w", err)
	}
	return nil
}

// describe says in the record what an account may do.
func describe(what string, a Account) string {
	roles := make([]string, len(a.Roles))
	for i, r := range a.Roles {
		roles[i] = string(r)
	}
	text := fmt.Sprintf("%s: roles %s; office %q", what, strings.Join(roles, " "), a.Office)
	if len(a.Approves) > 0 {
		text += fmt.Sprintf("; approves for %q", a.Approves)
	}
	for _, flag := range []struct {
		on   bool
		text string
	}{{a.Preview, "preview"}, {a.Download, "download"}, {a.Disabled, "disabled"}} {
		if flag.on {
			text += "; " + flag.text
		}
	}
	return text
}

// encode returns the lists of an account as they are kept.
func (a Account) encode() (roles, approves string) {
	r, _ := json.Marshal(a.Roles) // lists of strings always encode
	o, _ := json.Marshal(a.Approves)
	return string(r), string(o)
}

// get reads an account in a transaction.
func get(ctx context.Context, tx *sql.Tx, name string) (Account, error) {
	return scan(tx.QueryRowContext(ctx, "SELECT "+columns+" FROM accounts a WHERE name = ?", name))
}

// Create makes an account. One of the source "local" gets an initial password, which its person must change at the first
// sign-in. It fails with ErrExists when the name is taken, by any spelling of it.
func (s *Store) Create(ctx context.Context, actor string, a Account, password string) error {
	a, err := a.check()
	if err != nil {
		return err
	}
	kept := ""
	if a.Source == "" {
		a.Source = "local"
	}
	if a.Source == "local" {
		if err := CheckPassword(a.Name, password); err != nil {
			return err
		}
		kept = s.opt.Cost.hash(password)
	}
	return s.change(ctx, actor, a.Name, describe("created", a), func(tx *sql.Tx) error {
		_, err := get(ctx, tx, a.Name)
		if err == nil {
			return ErrExists
		}
		if errors.Is(err, ErrUnknown) {
			return nil
		}
		return err
	}, func(tx *sql.Tx) error { return s.insert(ctx, tx, a, kept, kept != "") })
}

func (s *Store) insert(ctx context.Context, tx *sql.Tx, a Account, kept string, mustChange bool) error {
	roles, approves := a.encode()
	_, err := tx.ExecContext(ctx, `INSERT INTO accounts(name, display, office, roles, approves, preview, download, mail, source,
		disabled, password, must_change, created) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		a.Name, a.Display, a.Office, roles, approves, a.Preview, a.Download, a.Mail, a.Source, a.Disabled, kept, mustChange, s.opt.Now().Unix())
	return err
}

// Update changes what a person may do, and ends the sessions of before: name, source and passwords stay. Nobody changes the own
// roles, and the last administrator stays one.
func (s *Store) Update(ctx context.Context, actor string, a Account) error {
	a, err := a.check()
	if err != nil {
		return err
	}
	return s.change(ctx, actor, a.Name, describe("changed", a), func(tx *sql.Tx) error {
		old, err := get(ctx, tx, a.Name)
		if err != nil {
			return err
		}
		self, err := Fold(actor)
		if err == nil && self == a.Name && !sameRights(old, a) {
			return ErrOwn
		}
		if old.Has(Admin) && !old.Disabled && (a.Disabled || !a.Has(Admin)) {
			return lastAdmin(ctx, tx, a.Name)
		}
		return nil
	}, func(tx *sql.Tx) error { return s.write(ctx, tx, a) })
}

// sameRights reports whether two accounts may do the same.
func sameRights(a, b Account) bool {
	return a.Disabled == b.Disabled && slices.Equal(a.Roles, b.Roles) && slices.Equal(a.Approves, b.Approves) &&
		a.Preview == b.Preview && a.Download == b.Download && a.Office == b.Office
}

func (s *Store) write(ctx context.Context, tx *sql.Tx, a Account) error {
	roles, approves := a.encode()
	res, err := tx.ExecContext(ctx, `UPDATE accounts SET display = ?, office = ?, roles = ?, approves = ?, preview = ?, download = ?,
		mail = ?, disabled = ?, version = version + 1 WHERE name = ?`,
		a.Display, a.Office, roles, approves, a.Preview, a.Download, a.Mail, a.Disabled, a.Name)
	return changedOne(res, err)
}

// Disable keeps a person out, at once. The account stays, because the record names it.
func (s *Store) Disable(ctx context.Context, actor, name string) error {
	a, err := s.Get(ctx, name)
	if err != nil {
		return err
	}
	a.Disabled = true
	return s.Update(ctx, actor, a)
}

// lastAdmin fails with ErrLast when nobody else who can sign in administers.
func lastAdmin(ctx context.Context, tx *sql.Tx, but string) error {
	var others int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM accounts, json_each(accounts.roles) r
		WHERE r.value = ? AND disabled = 0 AND name <> ?`, Admin, but).Scan(&others)
	if err == nil && others == 0 {
		err = ErrLast
	}
	return err
}

// SetPassword gives a person a new initial password, by an administrator. It ends the sessions and forgets the known browsers.
func (s *Store) SetPassword(ctx context.Context, actor, name, password string) error {
	return s.setPassword(ctx, actor, name, password, true)
}

// ChangePassword changes the own password, for a person who has given the old one just now. It must be another one.
func (s *Store) ChangePassword(ctx context.Context, name, old, password string) error {
	name, err := Fold(name)
	if err != nil {
		return ErrUnknown
	}
	if string(spell(old)) == string(spell(password)) {
		return ErrPassword
	}
	var kept string
	if err := s.db.QueryRowContext(ctx, "SELECT password FROM accounts WHERE name = ?", name).Scan(&kept); err != nil {
		return fmt.Errorf("cannot read account: %w", unknown(err))
	}
	same, err := s.verify(ctx, s.known, kept, old)
	if err != nil {
		return err
	}
	if !same {
		return fmt.Errorf("%w: the present one is another", ErrPassword)
	}
	return s.setPassword(ctx, name, name, password, false)
}

func (s *Store) setPassword(ctx context.Context, actor, name, password string, initial bool) error {
	name, err := Fold(name)
	if err != nil {
		return ErrUnknown
	}
	if err := CheckPassword(name, password); err != nil {
		return err
	}
	detail := "password changed"
	if initial {
		detail = "initial password given"
	}
	kept := s.opt.Cost.hash(password)
	return s.change(ctx, actor, name, detail, func(tx *sql.Tx) error {
		a, err := get(ctx, tx, name)
		if err == nil && a.Source != "local" {
			err = ErrForeign
		}
		return err
	}, func(tx *sql.Tx) error {
		if initial {
			if _, err := tx.ExecContext(ctx, "DELETE FROM devices WHERE name = ?", name); err != nil {
				return err
			}
		}
		res, err := tx.ExecContext(ctx, "UPDATE accounts SET password = ?, must_change = ?, version = version + 1 WHERE name = ?", kept, initial, name)
		return changedOne(res, err)
	})
}

// SetupToken returns a token that makes the first administrator, or "" when there is one who can sign in. Only the newest
// holds, and it holds once.
func (s *Store) SetupToken(ctx context.Context) (string, error) {
	return s.setupToken(ctx, false)
}

// RescueToken returns such a token also when there is an administrator: for who has the machine, and no way in.
func (s *Store) RescueToken(ctx context.Context) (string, error) {
	if err := s.told(ctx, "", "", "a token for a new administrator was made on the machine"); err != nil {
		return "", err
	}
	return s.setupToken(ctx, true)
}

// setupLife is how long a token for an administrator holds.
const setupLife = 24 * 60 * 60 // seconds

func (s *Store) setupToken(ctx context.Context, always bool) (string, error) {
	held, kept := secret()
	err := sqlite.Tx(ctx, s.db, func(tx *sql.Tx) error {
		if err := lastAdmin(ctx, tx, ""); !always && !errors.Is(err, ErrLast) {
			held = ""
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM setup"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO setup VALUES(?, ?)", kept, s.opt.Now().Unix()+setupLife)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("cannot make token: %w", err)
	}
	return held, nil
}

// ErrToken says that a token for an administrator is not the newest one, was used, or is too old.
var ErrToken = errors.New("the token does not hold")

// Setup makes an administrator of who holds the token. The password is the person's own.
func (s *Store) Setup(ctx context.Context, token string, a Account, password string) error {
	a.Roles, a.Approves, a.Source, a.Disabled = []Role{Admin}, nil, "local", false
	a, err := a.check()
	if err != nil {
		return err
	}
	if err := CheckPassword(a.Name, password); err != nil {
		return err
	}
	return s.change(ctx, a.Name, a.Name, describe("administrator by token", a), func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM setup WHERE kept = ? AND expiry >= ?", keep(token), s.opt.Now().Unix())
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(ErrToken, err)
		}
		if _, err := get(ctx, tx, a.Name); err == nil {
			return ErrExists
		}
		return nil
	}, func(tx *sql.Tx) error { return s.insert(ctx, tx, a, s.opt.Cost.hash(password), false) })
}

// signed puts a sign-in on the record.
func (s *Store) signed(ctx context.Context, name, detail string) error {
	return s.opt.Record(ctx, audit.Event{Kind: audit.SignIn, Actor: name, Detail: detail})
}
