package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"sekisho/internal/audit"
)

// State is how far a file has come.
type State string

// The states, a closed set.
const (
	Working   State = "working"   // being sanitised, or waiting for that
	Sending   State = "sending"   // sealed; waits for the link
	Sent      State = "sent"      // crossed
	Held      State = "held"      // waits for a person
	Requested State = "requested" // one person asked to release the original, another must approve
	Treating  State = "treating"  // a person had it treated again
	Rejected  State = "rejected"  // a person decided that it does not cross
	Deleted   State = "deleted"   // its time in quarantine is over, or a person deleted it
	NotTaken  State = "not-taken" // it stays where it was put
)

// States lists every state, in the order of a file's life.
func States() []State {
	return []State{Working, Sending, Sent, Held, Requested, Treating, Rejected, Deleted, NotTaken}
}

// apply takes entries in.
func (x *Index) apply(ctx context.Context, tx *sql.Tx, entries []audit.Placed) error {
	add, err := tx.PrepareContext(ctx, "INSERT INTO entries VALUES(?1, ?2, ?3, max(?3, ifnull((SELECT reach FROM entries ORDER BY seq DESC LIMIT 1), 0)), ?4, ?5, ?6, ?7, ?8)")
	if err != nil {
		return err
	}
	defer add.Close()
	for _, p := range entries {
		n, err := x.applyOne(ctx, tx, p.Entry)
		if err == nil {
			_, err = add.ExecContext(ctx, p.Seq, n, p.Time.UnixMilli(), string(p.Kind), fold(p.Actor), p.File, p.Start, p.End)
		}
		if err != nil {
			return fmt.Errorf("entry %d: %w", p.Seq, err)
		}
	}
	return nil
}

// applyOne changes the row of the file that an entry is about, and returns its n; 0 when it is about none.
func (x *Index) applyOne(ctx context.Context, tx *sql.Tx, e audit.Entry) (int64, error) {
	if e.Route != "" && e.Route == x.opt.Hidden {
		return 0, nil
	}
	if e.Kind == audit.RefusedIntake {
		dir, base := path.Split(e.Name) // it is not taken in: Name is where it lies below the inbox
		e.Job, e.Path, e.Name = fmt.Sprintf("not-taken-%d", e.Seq), strings.TrimSuffix(dir, "/"), base
		return int64(e.Seq), x.insert(ctx, tx, e, NotTaken)
	}
	if e.Job == "" {
		return 0, nil
	}
	var n int64
	err := tx.QueryRowContext(ctx, "SELECT n FROM files WHERE id = ?", e.Job).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) && e.Route == "" { // of a file that is not listed
		return 0, nil
	}
	if errors.Is(err, sql.ErrNoRows) { // Received, or the first entry behind a damaged place of the record
		n, err = int64(e.Seq), x.insert(ctx, tx, e, Working)
	}
	if err != nil {
		return 0, err
	}
	set, args := changes(e)
	if set == "" {
		return n, nil
	}
	_, err = tx.ExecContext(ctx, "UPDATE files SET changed = ?, "+set+" WHERE n = ?", append(append([]any{e.Time.UnixMilli()}, args...), n)...)
	return n, err
}

// insert adds the row of a file.
func (x *Index) insert(ctx context.Context, tx *sql.Tx, e audit.Entry, s State) error {
	office := x.opt.Office(e.Route, e.Path)
	_, err := tx.ExecContext(ctx, `INSERT INTO files(n, id, received, reach, changed, route, office, path, name, folded, sender, policy, type, state, reason, detail,
		verdict, size_in, sha_in) VALUES(?1,?2,?3,max(?3,ifnull((SELECT reach FROM files ORDER BY n DESC LIMIT 1),0)),?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)`,
		e.Seq, e.Job, e.Time.UnixMilli(), e.Route, office, e.Path, e.Name, fold(path.Join(e.Path, e.Name)), sender(e), e.Policy, e.Type, string(s),
		e.Reason, e.Detail, e.Verdict, e.SizeIn, e.SHA256In)
	return err
}

// sender is who handed a file in; "" for one that was put into a share.
func sender(e audit.Entry) string {
	if e.Kind == audit.Received {
		return e.Actor
	}
	return ""
}

// back is what a decision that was not possible does: the file is what it was.
const back = "state = CASE was WHEN '' THEN state ELSE was END, was = ''"

// move sets another state and remembers the one before.
const move = "was = state, state = ?"

// changes returns what an entry changes in the row of its file, and the arguments. "" is nothing.
func changes(e audit.Entry) (set string, args []any) {
	decided := e.Kind == audit.Reviewed || e.Kind == audit.Password || e.Kind == audit.Rejected || e.Kind == audit.Requested ||
		e.Kind == audit.Approved || e.Kind == audit.Deleted
	if decided && strings.HasPrefix(e.Detail, audit.NotPossible) {
		return back, nil
	}
	switch e.Kind {
	case audit.Identified:
		return "type = ?", []any{e.Type}
	case audit.Rebuilt:
		total := 0
		for _, f := range e.Findings {
			total += f.Count
		}
		return "findings = ?, sha_out = ?, size_out = ?", []any{total, e.SHA256Out, e.SizeOut}
	case audit.Sealed:
		return "state = ?, verdict = 'clean', reason = '', detail = '', out_name = ?, sha_out = ?, size_out = ?, exception = ?, policy = ?",
			[]any{string(Sending), e.Name, e.SHA256Out, e.SizeOut, e.Type == originalType, e.Policy}
	case audit.Sent:
		return "state = ?, ended = ?", []any{string(Sent), e.Time.UnixMilli()}
	case audit.Held, audit.Blocked:
		return "state = ?, was = '', type = ?, verdict = ?, reason = ?, detail = ?, ended = ?, generation = ?, policy = ?",
			[]any{string(Held), e.Type, e.Verdict, e.Reason, e.Detail, e.Time.UnixMilli(), e.Generation, e.Policy}
	case audit.Reviewed, audit.Password, audit.Approved:
		return move, []any{string(Treating)}
	case audit.Requested:
		return move + ", requester = ?, requested = ?", []any{string(Requested), e.Actor, e.Time.UnixMilli()}
	case audit.Rejected:
		return move + ", ended = ?", []any{string(Rejected), e.Time.UnixMilli()}
	case audit.Deleted:
		return move + ", ended = ?", []any{string(Deleted), e.Time.UnixMilli()}
	case audit.Alarm: // the gateway gave an instruction back that it could not follow
		return "state = CASE state WHEN 'treating' THEN 'held' ELSE state END", nil
	}
	return "", nil
}

// originalType is the type that the manifest of an exception gives.
const originalType = "original"

// fold spells a text in the one way in which two spellings of it are found: compatibility forms and case are one.
func fold(s string) string { return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s))) }
