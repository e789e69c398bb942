package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"sekisho/internal/console/sqlite"
)

// The one-time codes that every authenticator knows: RFC 6238 with SHA-1, 30 seconds, six digits.
const (
	totpStep   = 30
	totpSecret = 20 // bytes, RFC 4226 section 4, R6
	totpDrift  = 1  // steps that a clock may be off, to either side
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// code returns the one-time code of a step (RFC 4226, section 5.3).
func code(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(step))
	mac.Write(b[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xF
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7FFF_FFFF%1_000_000)
}

// step returns the step that a code is of, if it is a good one now.
func step(secret []byte, given string, now time.Time) (at int64, ok bool) {
	given = strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == ' ' || r == '\u3000':
			return -1
		}
		return r
	}, given)
	for d := int64(-totpDrift); d <= totpDrift; d++ {
		s := now.Unix()/totpStep + d
		if subtle.ConstantTimeCompare([]byte(code(secret, s)), []byte(given)) == 1 {
			at, ok = s, true
		}
	}
	return at, ok
}

// TOTPKey is a new second factor, to be typed or shown as a QR code.
type TOTPKey struct {
	Secret string // base32
	URI    string // otpauth://…
}

// EnrolTOTP begins to give the account a second factor; it holds once ConfirmTOTP has seen a code of it. A factor that is in
// use stays in use until then.
func (s *Store) EnrolTOTP(ctx context.Context, name string) (TOTPKey, error) {
	name, err := Fold(name)
	if err != nil {
		return TOTPKey{}, err
	}
	secret := make([]byte, totpSecret)
	rand.Read(secret) // never fails
	res, err := s.db.ExecContext(ctx, "UPDATE accounts SET totp_new = ? WHERE name = ? AND disabled = 0", secret, name)
	if err := changedOne(res, err); err != nil {
		return TOTPKey{}, err
	}
	text := base32Text.EncodeToString(secret)
	uri := url.URL{Scheme: "otpauth", Host: "totp", Path: "/Sekisho:" + name, RawQuery: url.Values{
		"secret": {text}, "issuer": {"Sekisho"},
	}.Encode()}
	return TOTPKey{Secret: text, URI: uri.String()}, nil
}

// ConfirmTOTP makes the second factor hold that EnrolTOTP began, when the person's device shows its code.
func (s *Store) ConfirmTOTP(ctx context.Context, name, given string) (bool, error) {
	name, err := Fold(name)
	if err != nil {
		return false, err
	}
	var secret []byte
	err = s.db.QueryRowContext(ctx, "SELECT totp_new FROM accounts WHERE name = ?", name).Scan(&secret)
	if err != nil {
		return false, fmt.Errorf("cannot read account: %w", unknown(err))
	}
	at, ok := step(secret, given, s.opt.Now())
	if len(secret) != totpSecret || !ok {
		return false, nil
	}
	if err := s.told(ctx, name, name, "second factor enrolled"); err != nil {
		return false, err
	}
	_, err = s.db.ExecContext(ctx, "UPDATE accounts SET totp = totp_new, totp_new = NULL, totp_step = ? WHERE name = ?", at, name)
	if err != nil {
		return false, fmt.Errorf("cannot enrol second factor: %w", err)
	}
	return true, nil
}

// CheckTOTP says whether a code is good, once: a code that was used is no code any more. Wrong codes are paid for like wrong
// passwords, so Result is Signed, Wrong or Locked.
func (s *Store) CheckTOTP(ctx context.Context, at Attempt, given string) (Result, error) {
	name, err := Fold(at.Name)
	if err != nil {
		return Wrong, nil
	}
	budget := s.budgetOf(ctx, "code:"+name, at)
	if ok, err := s.pay(ctx, budget); err != nil || !ok {
		return Locked, err
	}
	good := false
	err = sqlite.Tx(ctx, s.db, func(tx *sql.Tx) error {
		var secret []byte
		var last int64
		err := tx.QueryRowContext(ctx, "SELECT totp, totp_step FROM accounts WHERE name = ? AND disabled = 0", name).Scan(&secret, &last)
		if err != nil {
			return unknown(err)
		}
		n, ok := step(secret, given, s.opt.Now())
		if len(secret) != totpSecret || !ok || n <= last {
			return nil
		}
		good = true
		_, err = tx.ExecContext(ctx, "UPDATE accounts SET totp_step = ? WHERE name = ?", n, name)
		return err
	})
	if err != nil {
		return Wrong, fmt.Errorf("cannot check second factor: %w", err)
	}
	if !good {
		return Wrong, nil
	}
	return Signed, s.refund(ctx, budget)
}

// ResetTOTP takes the second factors away, by an administrator, when a person has lost them.
func (s *Store) ResetTOTP(ctx context.Context, actor, name string) error {
	name, err := Fold(name)
	if err != nil {
		return err
	}
	if err := s.told(ctx, actor, name, "second factors taken away"); err != nil {
		return err
	}
	return sqlite.Tx(ctx, s.db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM passkeys WHERE name = ?", name); err != nil {
			return fmt.Errorf("cannot take second factors away: %w", err)
		}
		res, err := tx.ExecContext(ctx, "UPDATE accounts SET totp = NULL, totp_new = NULL, totp_step = 0, version = version + 1 WHERE name = ?", name)
		return changedOne(res, err)
	})
}
