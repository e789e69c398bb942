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
	Subject string // who it is for good, when the name may go to somebody else; "" where the source says no such thing
	Name    string
	Display string
	Office  string // "" where the group says it
	Mail    string
	Groups  []string
	Second  bool // a second factor was asked for there
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
	if !fitMail(a.Mail) { // nobody is kept out for what is only written to
		a.Mail = ""
	}
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
// It fails with ErrForeign when the name belongs to an account of another source, or of another person there, and with ErrDenied
// when it is disabled here.
func (s *Store) Adopt(ctx context.Context, a Account, subject string) (Account, error) {
	a, err := a.check()
	if err != nil {
		return Account{}, err
	}
	old, err := s.Get(ctx, a.Name)
	switch {
	case errors.Is(err, ErrUnknown):
		err = s.change(ctx, a.Source, a.Name, describe("came by "+a.Source, a), func(*sql.Tx) error { return nil },
			func(tx *sql.Tx) error {
				if err := s.insert(ctx, tx, a, "", false); err != nil {
					return err
				}
				_, err := tx.ExecContext(ctx, "UPDATE accounts SET subject = ? WHERE name = ?", subject, a.Name)
				return err
			})
	case err != nil:
		return Account{}, err
	case old.Source != a.Source || !s.subject(ctx, a.Name, subject):
		return Account{}, fmt.Errorf("%w: it is of another person, or %s", ErrForeign, old.Source)
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

// subject reports whether an account is of this person.
func (s *Store) subject(ctx context.Context, name, subject string) bool {
	var kept string
	err := s.db.QueryRowContext(ctx, "SELECT subject FROM accounts WHERE name = ?", name).Scan(&kept)
	return err == nil && kept == subject
}

// LetIn signs in a person whom a provider outside knows. Who may not is told so by the result Wrong, and the record says why.
func (s *Store) LetIn(ctx context.Context, p Person, rules []Rule) (Account, Result, error) {
	a, err := Assign(p, rules, s.opt.SameGroup)
	if err == nil {
		a, err = s.Adopt(ctx, a, p.Subject)
	}
	if keptOut(err) {
		return Account{}, Wrong, s.signed(ctx, clean(p.Name), "let in by "+p.Source+", but kept out here: "+err.Error())
	}
	if err != nil {
		return Account{}, Wrong, err
	}
	if r := next(a); !p.Second || r == MustChange {
		return a, r, nil
	}
	return a, Signed, nil
}

// keptOut reports whether err says no to a person, rather than that something does not work.
func keptOut(err error) bool {
	return slices.ContainsFunc([]error{ErrDenied, ErrRole, ErrOffice, ErrForeign, ErrName}, func(is error) bool { return errors.Is(err, is) })
}

// same reports whether two accounts say the same about a person.
func same(a, b Account) bool {
	return a.Display == b.Display && a.Office == b.Office && a.Mail == b.Mail && slices.Equal(a.Roles, b.Roles) &&
		slices.Equal(a.Approves, b.Approves) && a.Preview == b.Preview && a.Download == b.Download && a.Disabled == b.Disabled
}

// Looker is a directory that also says who a person is without the person's password.
type Looker interface {
	Look(ctx context.Context, name string) (Person, error)
}

// Foreseen is what a person would be here at the next sign-in.
type Foreseen struct {
	Account          // Source "local": the name is kept here, and no directory is asked
	Groups  []string // in the directory
}

// Foresee says what a person would be here at the next sign-in, and changes nothing. It fails with ErrName for what is no name, with
// ErrUnknown when nobody has it, with ErrForeign when it is of a person of another source, and as Assign does when the directory's
// person fits no rule. Disabled of the answer says that the person is kept out here.
func (s *Store) Foresee(ctx context.Context, name string) (Foreseen, error) {
	name, err := Fold(name)
	if err != nil {
		return Foreseen{}, err
	}
	if a, err := s.Get(ctx, name); err == nil && a.Source == "local" || err != nil && !errors.Is(err, ErrUnknown) {
		return Foreseen{Account: a}, err
	}
	looker, ok := s.opt.Directory.(Looker)
	if !ok {
		a, err := s.Get(ctx, name)
		return Foreseen{Account: a}, err
	}
	p, err := looker.Look(ctx, name)
	if errors.Is(err, ErrDenied) {
		return Foreseen{}, ErrUnknown
	}
	if err != nil {
		return Foreseen{}, err
	}
	f := Foreseen{Groups: p.Groups}
	if f.Account, err = Assign(p, s.opt.Rules, s.opt.SameGroup); err != nil {
		return f, err
	}
	kept, err := s.Get(ctx, f.Name) // the directory may spell the name in another way
	switch {
	case errors.Is(err, ErrUnknown):
		return f, nil
	case err != nil:
		return f, err
	case kept.Source != f.Source || !s.subject(ctx, f.Name, p.Subject):
		return f, ErrForeign
	}
	f.Disabled, f.Lent = kept.Disabled, kept.Lent
	return f, nil
}
