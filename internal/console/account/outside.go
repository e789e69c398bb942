package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Person is what a directory or a provider outside says about who signs in. Its texts are not trusted: they are checked like
// those of a form.
type Person struct {
	Source  string // "ldap" or "oidc"
	Name    string
	Display string
	Office  string // "" where the group says it
	Mail    string
	Groups  []string
}

// Rule says what the members of a group outside are here.
type Rule struct {
	Group             string
	Roles             []Role
	Office            string
	Approves          []string
	Preview, Download bool
}

// Directory is a place outside that knows passwords.
type Directory interface {
	// Authenticate returns the person whose name and password these are. The error wraps ErrDenied when they are not, and is
	// another one when the directory cannot tell.
	Authenticate(ctx context.Context, name, password string) (Person, error)
}

// ErrDenied says that a directory or a provider outside does not know the person, or not with this password.
var ErrDenied = errors.New("the person is not known there")

// Assign makes an account of a person by the rules: who is in several groups has the roles of all. It fails with ErrRole when
// no rule is for the person, or when the roles do not go together.
func Assign(p Person, rules []Rule, same func(a, b string) bool) (Account, error) {
	a := Account{Name: p.Name, Display: clean(p.Display), Office: clean(p.Office), Mail: clean(p.Mail), Source: p.Source}
	for _, r := range rules {
		if !slices.ContainsFunc(p.Groups, func(g string) bool { return same(g, r.Group) }) {
			continue
		}
		a.Roles = append(a.Roles, r.Roles...)
		a.Approves = append(a.Approves, r.Approves...)
		a.Preview, a.Download = a.Preview || r.Preview, a.Download || r.Download
		if a.Office == "" {
			a.Office = r.Office
		}
	}
	slices.Sort(a.Roles)
	slices.Sort(a.Approves)
	a.Roles, a.Approves = slices.Compact(a.Roles), slices.Compact(a.Approves)
	return a.check()
}

// clean leaves out of a text what cannot be shown.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == '\u3000' {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
	runes := []rune(s)
	return string(runes[:min(len(runes), maxDisplay)])
}

// Adopt keeps the account of a person who was let in outside: it makes one at the first sign-in, and brings it up to date later.
// It fails with ErrForeign when the name belongs to an account of another source, and with ErrDenied when it is disabled here.
func (s *Store) Adopt(ctx context.Context, a Account) (Account, error) {
	a, err := a.check()
	if err != nil {
		return Account{}, err
	}
	old, err := s.Get(ctx, a.Name)
	switch {
	case errors.Is(err, ErrUnknown):
		err = s.change(ctx, a.Source, a.Name, describe("came by "+a.Source, a), func(*sql.Tx) error { return nil },
			func(tx *sql.Tx) error { return s.insert(ctx, tx, a, "", false) })
	case err != nil:
		return Account{}, err
	case old.Source != a.Source:
		return Account{}, fmt.Errorf("%w: it is %s", ErrForeign, old.Source)
	case old.Disabled:
		return Account{}, ErrDenied
	case !same(old, a):
		err = s.change(ctx, a.Source, a.Name, describe("changed by "+a.Source, a), func(*sql.Tx) error { return nil },
			func(tx *sql.Tx) error { return s.write(ctx, tx, a) })
	}
	if err != nil {
		return Account{}, err
	}
	return s.Get(ctx, a.Name)
}

// same reports whether two accounts say the same about a person.
func same(a, b Account) bool {
	return a.Display == b.Display && a.Office == b.Office && a.Mail == b.Mail && slices.Equal(a.Roles, b.Roles) &&
		slices.Equal(a.Approves, b.Approves) && a.Preview == b.Preview && a.Download == b.Download && a.Disabled == b.Disabled
}
