package account

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Token lets a program act as a person, with some of the person's roles, until a day.
type Token struct {
	ID      string
	Name    string // whose it is
	Label   string
	Roles   []Role
	Created time.Time
	Expiry  time.Time
	Used    time.Time // zero: never
}

// tokenPrefix begins a token, so that programs which look for secrets in texts find it.
const tokenPrefix = "sekisho_"

// The bounds of tokens.
const (
	maxTokens    = 20 // a person
	maxTokenLife = 366 * 24 * time.Hour
)

// ErrTokens says that a person has too many tokens, or that roles, label or expiry of a new one are not possible.
var ErrTokens = errors.New("the token is not possible")

// MakeToken makes a token for a person. It has only roles that the person has, and never one that changes accounts. What is
// returned is shown once; its hash is kept.
func (s *Store) MakeToken(ctx context.Context, name, label string, roles []Role, expiry time.Time) (string, error) {
	a, err := s.Get(ctx, name)
	if err != nil {
		return "", err
	}
	label = strings.TrimSpace(label)
	now := s.opt.Now()
	if label == "" || !shown(label) || utf8.RuneCountInString(label) > maxName || len(roles) == 0 || !expiry.After(now) || expiry.Sub(now) > maxTokenLife {
		return "", ErrTokens
	}
	for i, r := range roles {
		if !a.Has(r) || slices.Contains(roles[:i], r) {
			return "", fmt.Errorf("%w: role %s", ErrTokens, r)
		}
	}
	var id [8]byte
	rand.Read(id[:]) // never fails
	held, _ := secret()
	held = tokenPrefix + held
	list, err := json.Marshal(roles)
	if err != nil {
		return "", fmt.Errorf("cannot encode roles: %w", err)
	}
	detail := fmt.Sprintf("token %x made: %s; roles %s; until %s", id, label, list, expiry.UTC().Format(time.RFC3339))
	err = s.change(ctx, a.Name, a.Name, detail, func(tx *sql.Tx) error {
		var n int
		err := tx.QueryRowContext(ctx, "SELECT count(*) FROM tokens WHERE name = ? AND expiry > ?", a.Name, now.Unix()).Scan(&n)
		if err == nil && n >= maxTokens {
			err = ErrTokens
		}
		return err
	}, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO tokens(kept, id, name, label, roles, created, expiry) VALUES(?, ?, ?, ?, ?, ?, ?)",
			keep(held), hex.EncodeToString(id[:]), a.Name, label, string(list), now.Unix(), expiry.Unix())
		return err
	})
	return held, err
}

// ByToken returns whom a token lets in, with the roles that it has and the person still has. The error wraps ErrDenied when it
// lets nobody in. A token is random enough that guesses need no counting.
func (s *Store) ByToken(ctx context.Context, held string) (Account, error) {
	if !strings.HasPrefix(held, tokenPrefix) || len(held) > 200 {
		return Account{}, ErrDenied
	}
	now := s.opt.Now().Unix()
	var name, list string
	var used int64
	err := s.db.QueryRowContext(ctx, "SELECT name, roles, used FROM tokens WHERE kept = ? AND expiry > ?", keep(held), now).Scan(&name, &list, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, ErrDenied
	}
	var roles []Role
	if err == nil {
		err = json.Unmarshal([]byte(list), &roles)
	}
	if err != nil {
		return Account{}, fmt.Errorf("cannot look token up: %w", err)
	}
	a, err := s.Get(ctx, name)
	if err != nil {
		return Account{}, err
	}
	a.Roles = slices.DeleteFunc(a.Roles, func(r Role) bool { return !slices.Contains(roles, r) })
	a.Lent = nil // what is lent is lent to a person
	if a.Disabled || len(a.Roles) == 0 {
		return Account{}, ErrDenied
	}
	if now-used > 60 { // to the minute is enough, and spares a write for each request
		if _, err := s.db.ExecContext(ctx, "UPDATE tokens SET used = ? WHERE kept = ?", now, keep(held)); err != nil {
			return Account{}, fmt.Errorf("cannot note use of a token: %w", err)
		}
	}
	return a, nil
}

// Tokens returns the tokens of a person that still let somebody in, the newest first.
func (s *Store) Tokens(ctx context.Context, name string) ([]Token, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id, name, label, roles, created, expiry, used FROM tokens WHERE name = ? AND expiry > ? ORDER BY created DESC, id",
		name, s.opt.Now().Unix())
	if err != nil {
		return nil, fmt.Errorf("cannot list tokens: %w", err)
	}
	defer rows.Close()
	var all []Token
	for rows.Next() {
		var t Token
		var roles string
		var created, expiry, used int64
		err := rows.Scan(&t.ID, &t.Name, &t.Label, &roles, &created, &expiry, &used)
		if err == nil {
			err = json.Unmarshal([]byte(roles), &t.Roles)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list tokens: %w", err)
		}
		t.Created, t.Expiry = time.Unix(created, 0).UTC(), time.Unix(expiry, 0).UTC()
		if used > 0 {
			t.Used = time.Unix(used, 0).UTC()
		}
		all = append(all, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("cannot list tokens: %w", err)
	}
	return all, nil
}

// RemoveToken ends a token of a person.
func (s *Store) RemoveToken(ctx context.Context, actor, name, id string) error {
	return s.change(ctx, actor, name, "token "+id+" ended", func(tx *sql.Tx) error {
		var one int
		return unknown(tx.QueryRowContext(ctx, "SELECT 1 FROM tokens WHERE name = ? AND id = ?", name, id).Scan(&one))
	}, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM tokens WHERE name = ? AND id = ?", name, id)
		return err
	})
}
