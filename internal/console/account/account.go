package account

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Role is what a person is here.
type Role string

// The roles, a closed set.
const (
	Staff    Role = "staff"    // 職員
	Counter  Role = "counter"  // 窓口: hands in what people bring
	Approver Role = "approver" // 承認者, of the offices in Account.Approves
	Operator Role = "operator" // 運用者
	Admin    Role = "admin"    // 管理者
	Auditor  Role = "auditor"  // 監査者: reads everything, changes nothing
)

// Roles lists every role.
func Roles() []Role { return []Role{Staff, Counter, Approver, Operator, Admin, Auditor} }

// Right is one thing that a person may do.
type Right string

// The rights, a closed set. All but the last five are about the files of one office.
const (
	Drop     Right = "drop"     // hand in files
	See      Right = "see"      // see what became of the office's files
	Password Right = "password" // give the password of the office's held file
	Request  Right = "request"  // ask that a held original be released
	Review   Right = "review"   // see why a file is held, have it treated again, reject it, keep it for longer
	Approve  Right = "approve"  // approve what another person asked for
	Delete   Right = "delete"   // delete a held file
	Preview  Right = "preview"  // see the drawn pages of a held file, or of one whose original is kept; needs Account.Preview too
	Download Right = "download" // take a held original out, encrypted; needs Account.Download too
	Export   Right = "export"   // write the list to a file

	Record   Right = "record"   // search the record
	Status   Right = "status"   // see how the gateway is
	Policies Right = "policies" // change policies
	Accounts Right = "accounts" // change accounts
	Settings Right = "settings" // change notifications and the first set-up
)

// rights says what each role may do. Offices come on top: see Account.Can.
func rights(r Role) []Right {
	switch r {
	case Counter:
		return []Right{Drop, See, Password}
	case Staff:
		return []Right{Drop, See, Password, Request}
	case Approver:
		return []Right{See, Review, Approve, Preview, Download}
	case Operator:
		return []Right{See, Password, Request, Review, Preview, Download, Export, Status}
	case Admin:
		return []Right{Drop, See, Password, Request, Review, Approve, Delete, Preview, Download, Export, Record, Status, Policies, Accounts, Settings}
	case Auditor:
		return []Right{See, Preview, Export, Record, Status}
	}
	return nil
}

// everyOffice reports whether a role is for all offices.
func everyOffice(r Role) bool { return r == Operator || r == Admin || r == Auditor }

// AllOffices in Account.Approves stands for every office.
const AllOffices = "*"

// Account is one person.
type Account struct {
	Name     string   `json:"name"` // as Fold spells it; it never changes
	Display  string   `json:"display"`
	Office   string   `json:"office"`
	Roles    []Role   `json:"roles"`
	Approves []string `json:"approves,omitempty"` // offices of an approver, or AllOffices; empty: the own one
	Preview  bool     `json:"preview"`
	Download bool     `json:"download"`
	Mail     string   `json:"mail,omitempty"`
	Source   string   `json:"source"` // "local", "ldap" or "oidc": who says who the person is
	Disabled bool     `json:"disabled"`

	MustChange bool      `json:"must_change"` // the password was given by somebody else
	TOTP       bool      `json:"totp"`        // a second factor is enrolled
	Passkeys   int       `json:"passkeys"`    // number of them
	Version    int64     `json:"version"`     // grows with every change that ends the sessions of before
	Created    time.Time `json:"created"`
	Seen       time.Time `json:"seen"`           // last sign-in
	Lent       []string  `json:"lent,omitempty"` // offices that others have lent the right to approve for, today
}

// Has reports whether the person has the role.
func (a Account) Has(r Role) bool { return slices.Contains(a.Roles, r) }

// Can reports whether the person may do this about a file of office. For a right that is not about files, and for the
// question whether there is anything at all to do, office is "".
func (a Account) Can(right Right, office string) bool {
	if a.Disabled || right == Preview && !a.Preview || right == Download && !a.Download {
		return false
	}
	if slices.Contains(rights(Approver), right) && len(a.Lent) > 0 && (office == "" || within(a.Lent, office)) {
		return true
	}
	for _, r := range a.Roles {
		if slices.Contains(rights(r), right) && a.covers(r, office) {
			return true
		}
	}
	return false
}

// covers reports whether the person has the role for this office.
func (a Account) covers(r Role, office string) bool {
	switch {
	case office == "" || everyOffice(r):
		return true
	case r == Approver && len(a.Approves) > 0:
		return within(a.Approves, office)
	}
	return a.Office == office
}

// within reports whether office is one of those listed.
func within(offices []string, office string) bool {
	return slices.Contains(offices, office) || slices.Contains(offices, AllOffices)
}

// Offices returns the offices for which the person has the right, and whether it is all of them. Lists are cut to these.
func (a Account) Offices(right Right) (some []string, all bool) {
	if !a.Can(right, "") {
		return nil, false
	}
	for _, r := range a.Roles {
		switch {
		case !slices.Contains(rights(r), right):
		case everyOffice(r), r == Approver && slices.Contains(a.Approves, AllOffices):
			return nil, true
		case r == Approver && len(a.Approves) > 0:
			some = append(some, a.Approves...)
		case a.Office != "":
			some = append(some, a.Office)
		}
	}
	if slices.Contains(rights(Approver), right) {
		some = append(some, a.Lent...)
	}
	if slices.Contains(some, AllOffices) {
		return nil, true
	}
	slices.Sort(some)
	return slices.Compact(some), false
}

// NeedsSecond reports whether the person must sign in with a second factor: who decides about files or accounts does.
func (a Account) NeedsSecond() bool { return a.Has(Admin) || a.Has(Approver) || len(a.Lent) > 0 }

// Bounds of what is kept about a person.
const (
	maxName    = 64   // runes
	maxDisplay = 100  // runes
	maxWords   = 200  // bytes of an office or an address
	maxOffices = 1000 // that one person approves for
)

// Errors that a person may be told about.
var (
	ErrName     = errors.New("the name is empty, too long, or holds characters that a name cannot have")
	ErrRole     = errors.New("the roles do not go together, or there is none")
	ErrOffice   = errors.New("the office is missing or holds characters that cannot be shown")
	ErrPassword = errors.New("the password is too short, too long or too simple")
	ErrExists   = errors.New("there is an account of that name")
	ErrUnknown  = errors.New("there is no such account")
	ErrLast     = errors.New("it is the last administrator who can sign in")
	ErrOwn      = errors.New("nobody changes the roles of the own account")
	ErrForeign  = errors.New("the password of this account is kept elsewhere")
)

// Fold spells an account's name in the one way in which two spellings of it are equal: compatibility forms and case make
// nobody another person. It fails with ErrName when the name holds a space or anything that cannot be seen.
func Fold(name string) (string, error) {
	if len(name) > 8*maxName || !utf8.ValidString(name) {
		return "", ErrName
	}
	name = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(name)))
	if n := utf8.RuneCountInString(name); n == 0 || n > maxName {
		return "", ErrName
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune(".-_@", r) ||
			unicode.Is(unicode.Variation_Selector, r) {
			return "", ErrName
		}
	}
	if strings.ContainsAny(name[:1], ".-@") {
		return "", ErrName
	}
	return name, nil
}

// shown reports whether a text can be shown as it is: nothing in it is unseen or turns the direction of reading.
func shown(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) && r != '\u3000' {
			return false
		}
	}
	return utf8.ValidString(s)
}

// check returns the account as it is kept, or says what is wrong with it.
func (a Account) check() (Account, error) {
	var err error
	if a.Name, err = Fold(a.Name); err != nil {
		return a, err
	}
	a.Display, a.Office, a.Mail = strings.TrimSpace(a.Display), strings.TrimSpace(a.Office), strings.TrimSpace(a.Mail)
	if a.Display == "" {
		a.Display = a.Name
	}
	if !shown(a.Display) || utf8.RuneCountInString(a.Display) > maxDisplay {
		return a, fmt.Errorf("%w: the name that is shown", ErrName)
	}
	if !fitMail(a.Mail) {
		return a, fmt.Errorf("%w: the mail address", ErrName)
	}
	return a, a.checkRoles()
}

// fitMail reports whether a text may be an address to write to, or is empty.
func fitMail(s string) bool {
	return s == "" || shown(s) && len(s) <= maxWords && strings.Count(s, "@") == 1 && !strings.ContainsAny(s, " <>,;\"()")
}

func (a Account) checkRoles() error {
	if len(a.Roles) == 0 {
		return ErrRole
	}
	for i, r := range a.Roles {
		if !slices.Contains(Roles(), r) || slices.Contains(a.Roles[:i], r) {
			return fmt.Errorf("%w: %q", ErrRole, string(r))
		}
		if !everyOffice(r) && a.Office == "" && (r != Approver || len(a.Approves) == 0) {
			return ErrOffice
		}
	}
	if a.Has(Auditor) && len(a.Roles) > 1 {
		return fmt.Errorf("%w: who audits does nothing else", ErrRole)
	}
	if len(a.Approves) > maxOffices || len(a.Approves) > 0 && !a.Has(Approver) {
		return fmt.Errorf("%w: offices to approve for", ErrRole)
	}
	for _, o := range append([]string{a.Office}, a.Approves...) {
		if !shown(o) || len(o) > maxWords || strings.ContainsAny(o, "/\n") {
			return ErrOffice
		}
	}
	return nil
}
