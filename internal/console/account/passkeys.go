package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Passkey is a key that a person's device or security key holds. What is kept is public; package passkey knows its form.
type Passkey struct {
	ID         []byte
	Label      string // by which the person knows it
	Credential []byte // JSON
	Created    time.Time
}

// maxPasskeys is how many passkeys one person may have.
const maxPasskeys = 10

// ErrPasskeys says that a person has as many passkeys as one may have, or that the label cannot be shown.
var ErrPasskeys = errors.New("there are too many passkeys, or the label cannot be shown")

// Passkeys returns the passkeys of a person, the oldest first.
func (s *Store) Passkeys(ctx context.Context, name string) ([]Passkey, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id, label, credential, created FROM passkeys WHERE name = ? ORDER BY created, id", name)
	if err != nil {
		return nil, fmt.Errorf("cannot read passkeys: %w", err)
	}
	defer rows.Close()
	var all []Passkey
	for rows.Next() {
		var k Passkey
		var created int64
		if err := rows.Scan(&k.ID, &k.Label, &k.Credential, &created); err != nil {
			return nil, fmt.Errorf("cannot read passkeys: %w", err)
		}
		k.Created = time.Unix(created, 0).UTC()
		all = append(all, k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("cannot read passkeys: %w", err)
	}
	return all, nil
}

// AddPasskey gives a person another passkey.
func (s *Store) AddPasskey(ctx context.Context, name string, k Passkey) error {
	k.Label = strings.TrimSpace(k.Label)
	if !shown(k.Label) || k.Label == "" || utf8.RuneCountInString(k.Label) > maxName {
		return ErrPasskeys
	}
	return s.change(ctx, name, name, "passkey added: "+k.Label, func(tx *sql.Tx) error {
		var n int
		err := tx.QueryRowContext(ctx, "SELECT count(*) FROM passkeys WHERE name = ?", name).Scan(&n)
		if err == nil && n >= maxPasskeys {
			err = ErrPasskeys
		}
		return err
	}, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO passkeys(id, name, label, credential, created) VALUES(?, ?, ?, ?, ?)",
			k.ID, name, k.Label, string(k.Credential), s.opt.Now().Unix())
		return err
	})
}

// UsedPasskey keeps what a passkey says of itself when it is used: a counter, which shows a copy of it.
func (s *Store) UsedPasskey(ctx context.Context, id, credential []byte) error {
	if _, err := s.db.ExecContext(ctx, "UPDATE passkeys SET credential = ? WHERE id = ?", string(credential), id); err != nil {
		return fmt.Errorf("cannot note use of a passkey: %w", err)
	}
	return nil
}

// RemovePasskey takes a passkey away from a person.
func (s *Store) RemovePasskey(ctx context.Context, actor, name string, id []byte) error {
	return s.change(ctx, actor, name, "passkey removed", func(tx *sql.Tx) error {
		var one int
		return unknown(tx.QueryRowContext(ctx, "SELECT 1 FROM passkeys WHERE name = ? AND id = ?", name, id).Scan(&one))
	}, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM passkeys WHERE name = ? AND id = ?", name, id)
		return err
	})
}

// PasskeyOwner returns the person who has a passkey. The error wraps ErrUnknown when nobody has.
func (s *Store) PasskeyOwner(ctx context.Context, id []byte) (Account, error) {
	var name string
	if err := s.db.QueryRowContext(ctx, "SELECT name FROM passkeys WHERE id = ?", id).Scan(&name); err != nil {
		return Account{}, fmt.Errorf("cannot find passkey: %w", unknown(err))
	}
	return s.Get(ctx, name)
}
