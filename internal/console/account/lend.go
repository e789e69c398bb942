package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Loan is a right to approve that one person has lent another for some days.
type Loan struct {
	Lender, Name string
	Since, Until time.Time // Since ≤ now < Until
}

// ErrLoan says that a loan is not possible: the lender does not approve, or the days are not in order.
var ErrLoan = errors.New("the loan is not possible")

// maxLoan is the longest loan.
const maxLoan = 92 * 24 * time.Hour

// Lend lends the lender's right to approve to another person for a time. The two are still two: who asked for a release cannot
// approve it, also when the right is lent.
func (s *Store) Lend(ctx context.Context, actor string, l Loan) error {
	lender, err := s.Get(ctx, l.Lender)
	if err != nil {
		return err
	}
	other, err := s.Get(ctx, l.Name)
	if err != nil {
		return err
	}
	if !lender.Has(Approver) || lender.Disabled || other.Disabled || other.Has(Auditor) || lender.Name == other.Name ||
		!l.Until.After(l.Since) || l.Until.Sub(l.Since) > maxLoan || !l.Until.After(s.opt.Now()) {
		return ErrLoan
	}
	detail := fmt.Sprintf("lends the right to approve to %s from %s until %s", other.Name, l.Since.UTC().Format(time.RFC3339), l.Until.UTC().Format(time.RFC3339))
	return s.change(ctx, actor, lender.Name, detail, func(*sql.Tx) error { return nil }, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO lent VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET since = ?3, until = ?4",
			lender.Name, other.Name, l.Since.Unix(), l.Until.Unix())
		return err
	})
}

// Return ends a loan.
func (s *Store) Return(ctx context.Context, actor, lender, name string) error {
	return s.change(ctx, actor, lender, "no longer lends the right to approve to "+name, func(tx *sql.Tx) error {
		var one int
		return unknown(tx.QueryRowContext(ctx, "SELECT 1 FROM lent WHERE lender = ? AND name = ?", lender, name).Scan(&one))
	}, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM lent WHERE lender = ? AND name = ?", lender, name)
		return err
	})
}

// Loans returns the loans that a person gave or has, and that are not over.
func (s *Store) Loans(ctx context.Context, name string) ([]Loan, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT lender, name, since, until FROM lent WHERE (lender = ?1 OR name = ?1) AND until > ?2 ORDER BY since",
		name, s.opt.Now().Unix())
	if err != nil {
		return nil, fmt.Errorf("cannot read loans: %w", err)
	}
	defer rows.Close()
	var all []Loan
	for rows.Next() {
		var l Loan
		var since, until int64
		if err := rows.Scan(&l.Lender, &l.Name, &since, &until); err != nil {
			return nil, fmt.Errorf("cannot read loans: %w", err)
		}
		l.Since, l.Until = time.Unix(since, 0).UTC(), time.Unix(until, 0).UTC()
		all = append(all, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("cannot read loans: %w", err)
	}
	return all, nil
}

// lentTo returns the offices for which others have lent the person the right to approve, now.
func (s *Store) lentTo(ctx context.Context, a Account) ([]string, error) {
	now := s.opt.Now().Unix()
	rows, err := s.db.QueryContext(ctx, "SELECT "+columns+` FROM accounts a WHERE disabled = 0 AND name IN
		(SELECT lender FROM lent WHERE name = ? AND since <= ? AND until > ?)`, a.Name, now, now)
	if err != nil {
		return nil, fmt.Errorf("cannot read loans: %w", err)
	}
	defer rows.Close()
	var offices []string
	for rows.Next() {
		lender, err := scan(rows)
		if err != nil {
			return nil, err
		}
		switch {
		case !lender.Has(Approver):
		case len(lender.Approves) > 0:
			offices = append(offices, lender.Approves...)
		default:
			offices = append(offices, lender.Office)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("cannot read loans: %w", err)
	}
	return offices, nil
}
