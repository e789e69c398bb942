package account

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/audit"
)

// The columns of a list of accounts, in their order. A list has the first line with these names, in either language.
var listColumns = [][2]string{
	{"名前", "name"}, {"表示名", "display"}, {"所属", "office"}, {"役割", "roles"}, {"承認する所属", "approves"}, {"中身の確認", "preview"},
	{"原本の取り出し", "download"}, {"メール", "mail"}, {"停止", "disabled"},
}

// RoleWords are the names of the roles in Japanese.
func RoleWords() map[Role]string {
	return map[Role]string{Staff: "職員", Counter: "窓口", Approver: "承認者", Operator: "運用者", Admin: "管理者", Auditor: "監査者"}
}

// Bounds of a list.
const (
	maxList  = 8 << 20 // bytes
	maxLines = 50_000
)

// LineError says what is wrong with one line of a list.
type LineError struct {
	Line int // 1 for the first
	Err  error
}

// ErrList says that a list cannot be read at all.
var ErrList = errors.New("the list cannot be read")

// ReadList reads accounts as Excel writes them: CSV in UTF-8 or Shift_JIS. What is wrong is told line by line; then the list must
// not be applied.
func ReadList(r io.Reader) ([]Account, []LineError, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxList+1))
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read list: %w", err)
	}
	if len(b) > maxList {
		return nil, nil, fmt.Errorf("%w: it is longer than %d bytes", ErrList, maxList)
	}
	if !utf8.Valid(b) {
		if b, err = japanese.ShiftJIS.NewDecoder().Bytes(b); err != nil {
			return nil, nil, fmt.Errorf("%w: it is neither UTF-8 nor Shift_JIS", ErrList)
		}
	}
	lines := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\uFEFF"))))
	lines.FieldsPerRecord = len(listColumns)
	head, err := lines.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrList, err)
	}
	for i, c := range listColumns {
		if h := strings.TrimSpace(head[i]); h != c[0] && h != c[1] {
			return nil, nil, fmt.Errorf("%w: column %d is %q, not %s", ErrList, i+1, h, c[0])
		}
	}
	return readLines(lines)
}

func readLines(lines *csv.Reader) (all []Account, wrong []LineError, err error) {
	seen := map[string]bool{}
	for {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return all, wrong, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %v", ErrList, err)
		}
		line, _ := lines.FieldPos(0)
		a, err := fromCells(cells)
		if err == nil && seen[a.Name] {
			err = ErrExists
		}
		if err != nil {
			wrong = append(wrong, LineError{line, err})
		}
		seen[a.Name] = true
		if all = append(all, a); len(all) > maxLines {
			return nil, nil, fmt.Errorf("%w: more than %d lines", ErrList, maxLines)
		}
	}
}

// fromCells reads one line.
func fromCells(cells []string) (Account, error) {
	for i := range cells {
		cells[i] = strings.TrimPrefix(strings.TrimSpace(cells[i]), "'") // as WriteList wrote it
	}
	a := Account{Name: cells[0], Display: cells[1], Office: cells[2], Approves: words(cells[4]), Mail: cells[7], Source: "local"}
	for _, w := range words(cells[3]) {
		role := Role(strings.ToLower(w))
		for r, word := range RoleWords() {
			if w == word {
				role = r
			}
		}
		a.Roles = append(a.Roles, role)
	}
	var err error
	for _, flag := range []struct {
		to   *bool
		text string
	}{{&a.Preview, cells[5]}, {&a.Download, cells[6]}, {&a.Disabled, cells[8]}} {
		switch strings.ToLower(flag.text) {
		case "", "0", "no", "false", "×", "いいえ":
		case "1", "yes", "true", "○", "〇", "はい":
			*flag.to = true
		default:
			err = fmt.Errorf("%w: %q is neither ○ nor empty", ErrList, flag.text)
		}
	}
	if err != nil {
		return a, err
	}
	return a.check()
}

// words splits a cell that holds several.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \u3000、,;；・", r) })
}

// WriteList writes accounts as ReadList reads them.
func WriteList(w io.Writer, accounts []Account) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	head := make([]string, len(listColumns))
	for i, c := range listColumns {
		head[i] = c[0]
	}
	rows := [][]string{head}
	mark := map[bool]string{true: "○"}
	for _, a := range accounts {
		var roles []string
		for _, r := range a.Roles {
			roles = append(roles, RoleWords()[r])
		}
		row := []string{a.Name, a.Display, a.Office, strings.Join(roles, " "), strings.Join(a.Approves, " "), mark[a.Preview], mark[a.Download], a.Mail, mark[a.Disabled]}
		for i := range row {
			row[i] = audit.Cell(row[i])
		}
		rows = append(rows, row)
	}
	_, err := io.WriteString(w, "\uFEFF")
	if err == nil {
		err = out.WriteAll(rows)
	}
	if err != nil {
		return fmt.Errorf("cannot write list: %w", err)
	}
	return nil
}

// Change is what a list would do to one account. Old is zero for a new one.
type Change struct{ Old, New Account }

// Plan is what a list would do.
type Plan struct {
	Create, Update, Disable []Change // Disable: local accounts that the list does not name
	Same                    int
	Sum                     string // of all of this: Apply wants it, so that what is done is what was seen
}

// Plan says what a list would do, and changes nothing. With leavers, local accounts that it does not name are disabled, but for
// the one of actor. A list that changes what actor may do fails with ErrOwn.
func (s *Store) Plan(ctx context.Context, actor string, list []Account, leavers bool) (Plan, error) {
	all, err := s.List(ctx, "")
	if err != nil {
		return Plan{}, err
	}
	old := map[string]Account{}
	for _, a := range all {
		old[a.Name] = a
	}
	self, _ := Fold(actor) // an actor that is no account is in no list
	var p Plan
	named := map[string]bool{}
	for _, a := range list {
		named[a.Name] = true
		o, there := old[a.Name]
		switch {
		case !there:
			p.Create = append(p.Create, Change{New: a})
		case o.Source != "local":
			return Plan{}, fmt.Errorf("%w: %s", ErrForeign, a.Name)
		case a.Name == self && !sameRights(o, a):
			return Plan{}, ErrOwn
		case same(o, a):
			p.Same++
		default:
			p.Update = append(p.Update, Change{o, a})
		}
	}
	for _, a := range all {
		if leavers && !named[a.Name] && a.Source == "local" && !a.Disabled && a.Name != self {
			gone := a
			gone.Disabled = true
			p.Disable = append(p.Disable, Change{a, gone})
		}
	}
	p.Sum, err = p.sum()
	return p, err
}

func (p Plan) sum() (string, error) {
	var plain [][]Change
	for _, group := range [][]Change{p.Create, p.Update, p.Disable} {
		group = slices.Clone(group)
		for i := range group {
			group[i].Old.Seen = group[i].New.Seen // a sign-in meanwhile is no change
		}
		plain = append(plain, group)
	}
	b, err := json.Marshal(plain)
	if err != nil {
		return "", fmt.Errorf("cannot encode plan: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// ErrPlan says that the accounts have changed since the plan was seen.
var ErrPlan = errors.New("the accounts have changed since")

// Given is the initial password of a new account: it is shown once.
type Given struct{ Name, Display, Password string }

// Apply does what the plan of that sum says. New accounts get initial passwords. It stops at the first change that is not
// possible and says which; those before it are made, and on record each.
func (s *Store) Apply(ctx context.Context, actor string, list []Account, leavers bool, sum string) ([]Given, error) {
	p, err := s.Plan(ctx, actor, list, leavers)
	if err != nil {
		return nil, err
	}
	if p.Sum != sum {
		return nil, ErrPlan
	}
	var given []Given
	for _, c := range p.Create {
		g := Given{c.New.Name, c.New.Display, InitialPassword()}
		if err := s.Create(ctx, actor, c.New, g.Password); err != nil {
			return given, fmt.Errorf("%s: %w", c.New.Name, err)
		}
		given = append(given, g)
	}
	for _, c := range append(p.Update, p.Disable...) {
		if err := s.Update(ctx, actor, c.New); err != nil {
			return given, fmt.Errorf("%s: %w", c.New.Name, err)
		}
	}
	return given, nil
}

// InitialPassword makes a password that can be read out: five groups of four, without letters that look alike; 99 bits.
func InitialPassword() string {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789"
	var b strings.Builder
	for n := 0; n < 20; {
		var one [1]byte
		rand.Read(one[:])                        // never fails
		if int(one[0]) >= 256-256%len(letters) { // no letter is likelier than another
			continue
		}
		if n > 0 && n%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[int(one[0])%len(letters)])
		n++
	}
	return b.String()
}
