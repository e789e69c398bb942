package account

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"sekisho/internal/console/sqlite"
)

// Result is what became of an attempt to sign in.
type Result int

// The results. Wrong, Locked and Busy are the same for names that exist and names that do not.
const (
	Wrong      Result = iota // name or password is wrong
	Locked                   // too many guesses; nothing was looked at
	Busy                     // too many at once; nothing was looked at
	MustChange               // right, and the password must be changed before anything else
	NeedSecond               // right, and the second factor is asked for: CheckTOTP or a passkey
	MustEnrol                // right, and a second factor must be enrolled before anything else
	Signed                   // signed in
)

// Attempt is one attempt to sign in.
type Attempt struct {
	Name, Password string
	Device         string     // what the browser holds from an earlier sign-in, or ""
	From           netip.Addr // of the browser
}

// window is the time that a budget is for.
const window = time.Hour

// The budgets: guesses in one window.
const (
	unknownGuesses = 60  // an account, from browsers that are not known
	knownGuesses   = 40  // an account, from browsers that are
	deviceGuesses  = 10  // one known browser
	addressGuesses = 300 // one address, from browsers that are not known; a whole town hall may stand behind it
)

// charge is one budget that a guess is paid from.
type charge struct {
	key   string
	limit int
}

// budget is what one guess is paid from: all or none.
type budget []charge

// budgetOf returns what a guess about key is paid from. The key holds a name, which a stranger chose, so it is hashed.
func (s *Store) budgetOf(ctx context.Context, key string, at Attempt) budget {
	sum := sha256.Sum256([]byte(key))
	about := hex.EncodeToString(sum[:16])
	if s.knows(ctx, at) {
		return budget{{"known " + about, knownGuesses}, {"device " + hex.EncodeToString(keep(at.Device)), deviceGuesses}}
	}
	b := budget{{"unknown " + about, unknownGuesses}}
	if network, err := at.From.Unmap().Prefix(bitsOf(at.From)); err == nil {
		b = append(b, charge{"address " + network.String(), addressGuesses})
	}
	return b
}

// bitsOf is the length of the network that one machine may choose its address from.
func bitsOf(a netip.Addr) int {
	if a.Unmap().Is4() {
		return 32
	}
	return 64
}

// pay takes a guess from each budget, or from none when one is used up.
func (s *Store) pay(ctx context.Context, b budget) (ok bool, err error) {
	now := s.opt.Now()
	if s.spent.any(b, now) {
		return false, nil
	}
	err = sqlite.Tx(ctx, s.db, func(tx *sql.Tx) error {
		for _, c := range b {
			var n int
			var oldest sql.NullInt64
			err := tx.QueryRowContext(ctx, "SELECT count(*), min(at) FROM guesses WHERE budget = ? AND at > ?", c.key, now.Add(-window).Unix()).Scan(&n, &oldest)
			if err != nil {
				return err
			}
			if n >= c.limit {
				s.spent.note(c, time.Unix(oldest.Int64, 0).Add(window))
				return nil
			}
		}
		for _, c := range b {
			if _, err := tx.ExecContext(ctx, "INSERT INTO guesses VALUES(?, ?)", c.key, now.Unix()); err != nil {
				return err
			}
		}
		ok = true
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("cannot count guesses: %w", err)
	}
	return ok, nil
}

// spent remembers budgets that are used up, so that a flood of guesses costs no look into the database.
type spent struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// maxSpent bounds what is remembered; beyond it the database is asked again.
const maxSpent = 10_000

func (s *spent) any(b budget, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range b {
		if now.Before(s.until[c.key]) {
			return true
		}
	}
	return false
}

func (s *spent) note(c charge, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until == nil || len(s.until) >= maxSpent {
		s.until = map[string]time.Time{}
	}
	s.until[c.key] = until
}

// refund gives a guess back that was right.
func (s *Store) refund(ctx context.Context, b budget) error {
	for _, c := range b {
		_, err := s.db.ExecContext(ctx, "DELETE FROM guesses WHERE rowid = (SELECT rowid FROM guesses WHERE budget = ? ORDER BY at DESC LIMIT 1)", c.key)
		if err != nil {
			return fmt.Errorf("cannot count guesses: %w", err)
		}
	}
	return nil
}

// knows reports whether the browser has signed in to this account before.
func (s *Store) knows(ctx context.Context, at Attempt) bool {
	name, err := Fold(at.Name)
	if err != nil || at.Device == "" {
		return false
	}
	var one int
	err = s.db.QueryRowContext(ctx, "SELECT 1 FROM devices WHERE kept = ? AND name = ?", keep(at.Device), name).Scan(&one)
	return err == nil
}

// SignIn looks at a name and a password. After Signed the caller begins a session (a new one) and calls Welcome; after
// NeedSecond it does so when the second factor was right.
func (s *Store) SignIn(ctx context.Context, at Attempt) (Account, Result, error) {
	name, err := Fold(at.Name)
	if err != nil {
		name = "\x00" + cutTo(at.Name, 8*maxName) // no account has it, and it is paid for all the same
	}
	b := s.budgetOf(ctx, name, at)
	begun := time.Now()
	ok, err := s.pay(ctx, b)
	if err != nil {
		return Account{}, Wrong, err
	}
	if !ok {
		return Account{}, Locked, s.locked(ctx, name, at)
	}
	a, right, err := s.look(ctx, name, at)
	switch {
	case errors.Is(err, errBusy):
		return Account{}, Busy, s.refund(ctx, b)
	case err != nil:
		return Account{}, Wrong, err
	case !right:
		return Account{}, Wrong, s.level(ctx, begun)
	}
	return a, next(a), s.refund(ctx, b)
}

// level holds a refusal back until it has taken as long as the directory may take, where there is one: how long it took does not tell
// whether a name is of an account here, of the directory, or of nobody.
func (s *Store) level(ctx context.Context, begun time.Time) error {
	if s.opt.Directory == nil {
		return nil
	}
	wait := time.NewTimer(s.opt.Refusal - time.Since(begun))
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next says what the person has to do behind the right password.
func next(a Account) Result {
	switch {
	case a.TOTP || a.Passkeys > 0:
		return NeedSecond
	case a.MustChange:
		return MustChange
	case a.NeedsSecond():
		return MustEnrol
	}
	return Signed
}

// Next says what a person who gave the right second factor has to do before anything else: MustChange, or nothing, Signed.
func Next(a Account) Result {
	if a.MustChange {
		return MustChange
	}
	return Signed
}

// look compares the password. A name without a password costs the same. Where there is a directory, it is asked about names
// that have no account of their own here.
func (s *Store) look(ctx context.Context, name string, at Attempt) (Account, bool, error) {
	kept := s.dummy
	a, err := s.Get(ctx, name)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return Account{}, false, err
	}
	local := err == nil && a.Source == "local"
	there := local && !a.Disabled
	if there {
		if err := s.db.QueryRowContext(ctx, "SELECT password FROM accounts WHERE name = ?", name).Scan(&kept); err != nil {
			return Account{}, false, fmt.Errorf("cannot read account: %w", unknown(err))
		}
	}
	l := s.unknown
	if s.knows(ctx, at) {
		l = s.known
	}
	right, err := s.verify(ctx, l, kept, at.Password)
	if err == nil && !local && s.opt.Directory != nil {
		return s.outside(ctx, name, at.Password)
	}
	return a, right && there, err
}

// outside asks the directory. What it does not say is no sign-in.
func (s *Store) outside(ctx context.Context, name, password string) (Account, bool, error) {
	if name[0] == 0 || password == "" || len(password) > maxPassword {
		return Account{}, false, nil
	}
	p, err := s.opt.Directory.Authenticate(ctx, name, password)
	if errors.Is(err, ErrDenied) {
		return Account{}, false, nil
	}
	if err != nil {
		return Account{}, false, err
	}
	a, r, err := s.LetIn(ctx, p, s.opt.Rules)
	return a, err == nil && r != Wrong, err
}

// verify compares a password in a lane.
func (s *Store) verify(ctx context.Context, l lane, kept, password string) (right bool, err error) {
	if len(password) > maxPassword {
		password = "" // longer than any, and not worth hashing
	}
	if wait := l.do(ctx, func() { right, err = matches(kept, password) }); wait != nil {
		return false, wait
	}
	return right, err
}

// locked puts on record that the guesses about an account are used up: once in a window, and only for an account that is
// there, so that a stranger cannot fill the record with names.
func (s *Store) locked(ctx context.Context, name string, at Attempt) error {
	first, err := s.pay(ctx, budget{{"told " + name, 1}}) // also for a name that is not there: it takes the same time
	if err != nil || !first {
		return err
	}
	if _, err := s.Get(ctx, name); err != nil {
		return nil
	}
	return s.signed(ctx, name, "kept out after too many wrong guesses, the last from "+at.From.String())
}

// Welcome puts a sign-in on the record and makes the browser one that is known: what it returns is for a cookie that lasts a
// year. method says how: "password", "password and code", "passkey", "ldap", "oidc".
func (s *Store) Welcome(ctx context.Context, a Account, at Attempt, method string) (device string, err error) {
	if err := s.signed(ctx, a.Name, "signed in with "+method+" from "+at.From.String()); err != nil {
		return "", err
	}
	now := s.opt.Now().Unix()
	held, kept := secret()
	err = sqlite.Tx(ctx, s.db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE accounts SET seen = ? WHERE name = ?", now, a.Name); err != nil {
			return err
		}
		if s := at.Device; s != "" { // each sign-in gives the browser a new value
			if _, err := tx.ExecContext(ctx, "DELETE FROM devices WHERE kept = ? AND name = ?", keep(s), a.Name); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO devices VALUES(?, ?, ?)", kept, a.Name, now); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM devices WHERE name = ?1 AND kept NOT IN
			(SELECT kept FROM devices WHERE name = ?1 ORDER BY used DESC LIMIT ?2)`, a.Name, maxDevices)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("cannot note sign-in: %w", err)
	}
	return held, nil
}

// maxDevices is how many browsers are known for one account.
const maxDevices = 20

// Left puts on record that a person signed out.
func (s *Store) Left(ctx context.Context, name string) error {
	return s.signed(ctx, name, "signed out")
}

// cutTo cuts s to at most n bytes; what it is cut for is hashed only.
func cutTo(s string, n int) string { return s[:min(len(s), n)] }
