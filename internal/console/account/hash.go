package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Cost is what one check of a password costs: argon2id, RFC 9106. The zero value is the default.
type Cost struct {
	Memory uint32 // KiB; default 19,456
	Passes uint32 // default 3
}

func (c Cost) withDefaults() Cost {
	if c.Memory == 0 {
		c.Memory = 19 << 10
	}
	if c.Passes == 0 {
		c.Passes = 3
	}
	return c
}

// Bounds of a password. Length is what counts (NIST SP 800-63B, 3.1.1); a long one may be a sentence.
const (
	minPassword = 12  // runes
	maxPassword = 512 // bytes
)

const saltSize, keySize = 16, 32

// spell spells a password in one way, so that full-width letters of a Japanese keyboard are those of any other (RFC 8265).
func spell(password string) []byte { return []byte(norm.NFKC.String(password)) }

// CheckPassword fails with ErrPassword when password is not fit for the account called name.
func CheckPassword(name, password string) error {
	p := string(spell(password))
	if len(password) > maxPassword || utf8.RuneCountInString(p) < minPassword || !utf8.ValidString(password) {
		return ErrPassword
	}
	low := strings.ToLower(p)
	distinct := map[rune]bool{}
	for _, r := range low {
		distinct[r] = true
	}
	rest := strings.ReplaceAll(low, name, "")
	for _, common := range []string{"password", "sekisho", "qwerty", "1234567890", "0123456789", "abcdefgh", "パスワード"} {
		rest = strings.ReplaceAll(rest, common, "")
	}
	if len(distinct) < 5 || utf8.RuneCountInString(rest) < 6 {
		return ErrPassword
	}
	return nil
}

// hash returns a password as it is kept: the PHC string of argon2id.
func (c Cost) hash(password string) string {
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails
	key := argon2.IDKey(spell(password), salt, c.Passes, c.Memory, 1, keySize)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, c.Memory, c.Passes, b64(salt), b64(key))
}

// matches reports whether password is the one that was kept. What is kept decides what it costs.
func matches(kept, password string) (bool, error) {
	var version int
	var c Cost
	parts := strings.Split(kept, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errors.New("cannot read password hash")
	}
	_, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=1", &version, &c.Memory, &c.Passes)
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err := errors.Join(err, err1, err2); err != nil || version != argon2.Version || len(key) != keySize {
		return false, fmt.Errorf("cannot read password hash: %v", err)
	}
	got := argon2.IDKey(spell(password), salt, c.Passes, c.Memory, 1, keySize)
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

// lane lets one password be checked at a time, which bounds memory, and few callers wait for it.
type lane struct{ waiting, working chan struct{} }

// maxWaiting is how many callers wait in a lane; more are told to come again.
const maxWaiting = 32

func newLane() lane {
	return lane{waiting: make(chan struct{}, maxWaiting), working: make(chan struct{}, 1)}
}

var errBusy = errors.New("too many sign-ins at once")

// do runs f when it is the caller's turn.
func (l lane) do(ctx context.Context, f func()) error {
	select {
	case l.waiting <- struct{}{}:
		defer func() { <-l.waiting }()
	default:
		return errBusy
	}
	select {
	case l.working <- struct{}{}:
		defer func() { <-l.working }()
	case <-ctx.Done():
		return ctx.Err()
	}
	f()
	return nil
}

// secret returns a random value as a browser or a person holds it, and what is kept of it.
func secret() (held string, kept []byte) {
	var b [32]byte
	rand.Read(b[:]) // never fails
	held = base64.RawURLEncoding.EncodeToString(b[:])
	return held, keep(held)
}

// keep returns what is kept of a random value: with 256 random bits a plain hash is enough.
func keep(held string) []byte {
	sum := sha256.Sum256([]byte(held))
	return sum[:]
}
