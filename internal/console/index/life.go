package index

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/audit"
)

// Line is one entry of the record, as it lies there. Broken says that it is not there any more as it was read.
type Line struct {
	audit.Entry
	Broken bool
}

// place is where an entry lies.
type place struct {
	seq        uint64
	file       string
	start, end int64
}

// Life returns the entries about one file, the oldest first, at most MaxLife: its biography.
func (x *Index) Life(ctx context.Context, f File) ([]Line, error) {
	rows, err := x.db.QueryContext(ctx, "SELECT seq, file, at, behind FROM entries WHERE n = ? ORDER BY seq LIMIT ?", f.N, MaxLife)
	if err != nil {
		return nil, fmt.Errorf("cannot read the life of a file: %w", err)
	}
	return x.read(rows)
}

// MaxLife bounds a biography: a file that is treated again and again has more than a few entries, but nobody reads thousands.
const MaxLife = 1000

// read reads the entries of the places in rows.
func (x *Index) read(rows *sql.Rows) ([]Line, error) {
	var places []place
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.seq, &p.file, &p.start, &p.end); err != nil {
			return nil, errors.Join(fmt.Errorf("cannot read index: %w", err), rows.Close())
		}
		places = append(places, p)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("cannot read index: %w", err)
	}
	var all []Line
	for _, p := range places {
		e, err := audit.At(x.opt.Record, x.opt.Log, p.file, p.start, p.end)
		if err != nil && !errors.Is(err, audit.ErrTampered) {
			return nil, err
		}
		broken := err != nil || e.Seq != p.seq
		if broken {
			e = audit.Entry{Seq: p.seq}
		}
		all = append(all, Line{e, broken})
	}
	return all, nil
}

// Query says which entries are searched for. A zero field lets everything through.
type Query struct {
	Actor    string // whatever its spelling
	Kinds    []audit.Kind
	Job      string
	Hash     string // of a file
	Text     string // in folder or name of a file
	From, To time.Time
}

// Lines is one page of entries, the newest first.
type Lines struct {
	Lines []Line
	Next  string
}

// maxFound bounds how many files a search by name or hash follows: the newest ones.
const maxFound = 2000

// Search returns the entries that q keeps, at most limit, behind after.
func (x *Index) Search(ctx context.Context, q Query, after string, limit int) (Lines, error) {
	limit = min(max(limit, 1), MaxPage)
	all, possible, err := x.searched(ctx, q)
	if err != nil || !possible {
		return Lines{}, err
	}
	if after != "" {
		seq, err := strconv.ParseInt(after, 10, 64)
		if err != nil || seq < 1 {
			return Lines{}, fmt.Errorf("cannot search: no place %q", after)
		}
		all = append(all, condition{"seq < ?", []any{seq}})
	}
	text, args := where(all...)
	rows, err := x.db.QueryContext(ctx, "SELECT seq, file, at, behind FROM entries WHERE "+text+" ORDER BY seq DESC LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return Lines{}, fmt.Errorf("cannot search the record: %w", err)
	}
	lines, err := x.read(rows)
	if err != nil || len(lines) <= limit {
		return Lines{Lines: lines}, err
	}
	lines = lines[:limit]
	return Lines{lines, strconv.FormatUint(lines[limit-1].Seq, 10)}, nil
}

// searched returns the conditions of q, and false when no entry can meet them.
func (x *Index) searched(ctx context.Context, q Query) (all []condition, possible bool, err error) {
	if q.Actor != "" {
		all = append(all, condition{"actor = ? AND actor <> ''", []any{fold(q.Actor)}})
	}
	if len(q.Kinds) > 0 {
		args := make([]any, len(q.Kinds))
		for i, k := range q.Kinds {
			args[i] = string(k)
		}
		all = append(all, condition{"kind IN (?" + strings.Repeat(", ?", len(args)-1) + ")", args})
	}
	all = append(all, during("entries", "seq", "time", q.From, q.To)...)
	if q.Job == "" && q.Hash == "" && q.Text == "" {
		return all, true, nil
	}
	files, err := x.about(ctx, q)
	if err != nil || len(files) == 0 {
		return nil, false, err
	}
	args := make([]any, len(files))
	for i, n := range files {
		args[i] = n
	}
	return append(all, condition{"n IN (?" + strings.Repeat(", ?", len(args)-1) + ")", args}), true, nil
}

// about returns the files that a search is about.
func (x *Index) about(ctx context.Context, q Query) ([]int64, error) {
	conditions := Filter{Text: q.Text, Hash: q.Hash}.conditions()
	if q.Job != "" {
		conditions = append(conditions, condition{"id = ?", []any{q.Job}})
	}
	text, args := where(conditions...)
	rows, err := x.db.QueryContext(ctx, "SELECT n FROM files WHERE "+text+" ORDER BY n DESC LIMIT ?", append(args, maxFound)...)
	if err != nil {
		return nil, fmt.Errorf("cannot search the record: %w", err)
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, fmt.Errorf("cannot search the record: %w", err)
		}
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b int64) int { return cmp.Compare(a, b) })
	return all, rows.Err()
}
