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
)

// ErrUnknown says that there is no such file, or none in an office that the caller may see.
var ErrUnknown = errors.New("there is no such file")

// File is what is known about one file. Name, Path and Detail are a stranger's text.
type File struct {
	N        int64 // order in which files came
	ID       string
	Received time.Time // when it was accepted
	Changed  time.Time // last entry about it
	Ended    time.Time // when it crossed, was held or was decided; zero before

	Route, Office, Path, Name string
	Sender                    string // account of who handed it in by the console; "" for a share
	Policy, Type              string
	State                     State
	Verdict, Reason, Detail   string
	Generation, Findings      int
	Exception                 bool // the original crossed as it was (例外措置)
	Requester                 string
	RequestedAt               time.Time
	SizeIn, SizeOut           int64 // bytes
	SHA256In, SHA256Out       string
	OutName                   string // the name under which it crossed
}

const columns = `n, id, received, changed, ended, route, office, path, name, sender, policy, type, state, verdict, reason, detail,
	generation, findings, exception, requester, requested, size_in, size_out, sha_in, sha_out, out_name`

func scanFile(row interface{ Scan(...any) error }) (File, error) {
	var f File
	var received, changed, ended, requested int64
	err := row.Scan(&f.N, &f.ID, &received, &changed, &ended, &f.Route, &f.Office, &f.Path, &f.Name, &f.Sender, &f.Policy, &f.Type, &f.State,
		&f.Verdict, &f.Reason, &f.Detail, &f.Generation, &f.Findings, &f.Exception, &f.Requester, &requested, &f.SizeIn, &f.SizeOut,
		&f.SHA256In, &f.SHA256Out, &f.OutName)
	if err != nil {
		return File{}, err
	}
	f.Received, f.Changed, f.Ended, f.RequestedAt = moment(received), moment(changed), moment(ended), moment(requested)
	return f, nil
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Scope is what a person may see. Its zero value is nothing.
type Scope struct {
	All     bool
	Offices []string
	Sender  string // and what this account handed in itself, "" for none
}

// covers reports whether a file is within.
func (s Scope) covers(f File) bool {
	return s.All || slices.Contains(s.Offices, f.Office) || s.Sender != "" && f.Sender == s.Sender
}

// Filter says which files are listed. A zero field lets everything through.
type Filter struct {
	Scope    Scope // the one field that must be set
	Office   string
	States   []State
	Verdict  string
	Reason   string
	Type     string
	Sender   string
	From, To time.Time // From ≤ received < To
	Text     string    // in folder or name, whatever its spelling
	Hash     string    // of the file as it came or as it crossed: all of it
}

// condition is a part of a WHERE clause.
type condition struct {
	text string
	args []any
}

// conditions returns the filter without its scope.
func (f Filter) conditions() []condition {
	var all []condition
	add := func(text string, args ...any) { all = append(all, condition{text, args}) }
	for _, c := range []struct{ column, value string }{
		{"office", f.Office}, {"verdict", f.Verdict}, {"reason", f.Reason}, {"type", f.Type}, {"sender", f.Sender},
	} {
		if c.value != "" {
			add(c.column+" = ?", c.value)
		}
	}
	if len(f.States) > maxMerged {
		args := make([]any, len(f.States))
		for i, s := range f.States {
			args[i] = string(s)
		}
		add("+state IN (?"+strings.Repeat(", ?", len(args)-1)+")", args...)
	}
	all = append(all, during("files", "n", "received", f.From, f.To)...)
	if f.Text != "" {
		add("instr(folded, ?) > 0", fold(f.Text))
	}
	if f.Hash != "" {
		h := strings.ToLower(f.Hash)
		add("n IN (SELECT n FROM files WHERE sha_in = ? UNION SELECT n FROM files WHERE sha_out = ? AND sha_out <> '')", h, h)
	}
	return all
}

// during returns the conditions of a period (from ≤ the time of a row < to) in a table whose rows are in the order of key. The time
// itself decides; before that, reach says from which key to which any row can be of the period, whatever their number.
func during(table, key, column string, from, to time.Time) (all []condition) {
	first := "(SELECT " + key + " FROM " + table + " WHERE reach >= ? ORDER BY reach, " + key + " LIMIT 1)" // that is not before a moment
	if !from.IsZero() {
		all = append(all, condition{"+" + column + " >= ?", []any{from.UnixMilli()}},
			condition{key + " >= ifnull(" + first + ", 9223372036854775807)", []any{from.UnixMilli()}})
	}
	if !to.IsZero() {
		late := "(SELECT max(" + key + ") FROM " + table + " INDEXED BY " + table + "_late WHERE " + column + " < reach AND " + column + " < ?)"
		all = append(all, condition{"+" + column + " < ?", []any{to.UnixMilli()}},
			condition{key + " <= max(ifnull(" + first + ", 9223372036854775807), ifnull(" + late + ", 0))", []any{to.UnixMilli(), to.UnixMilli()}})
	}
	return all
}

// stages returns the conditions of the states, one for each query whose results are put together, as those of a scope are: each reads
// its part of the list in order.
func (f Filter) stages() []condition {
	if len(f.States) == 0 || len(f.States) > maxMerged {
		return []condition{{}}
	}
	var all []condition
	for _, s := range f.States {
		all = append(all, condition{"state = ?", []any{string(s)}})
	}
	return all
}

// scopes returns the conditions of a scope, one for each query whose results are put together. None: nothing may be seen.
func (s Scope) scopes() []condition {
	if s.All {
		return []condition{{}}
	}
	var all []condition
	if len(s.Offices) > maxMerged { // so many that the list is better read from its end
		args := make([]any, len(s.Offices))
		for i, o := range s.Offices {
			args[i] = o
		}
		all = append(all, condition{"+office IN (?" + strings.Repeat(", ?", len(args)-1) + ")", args})
	} else {
		for _, o := range s.Offices {
			all = append(all, condition{"office = ?", []any{o}})
		}
	}
	if s.Sender != "" {
		all = append(all, condition{"sender = ?", []any{s.Sender}})
	}
	return all
}

// maxMerged is for how many offices each has its own query, which reads its part of the list in order.
const maxMerged = 8

func where(all ...condition) (string, []any) {
	var texts []string
	var args []any
	for _, c := range all {
		if c.text != "" {
			texts, args = append(texts, c.text), append(args, c.args...)
		}
	}
	if len(texts) == 0 {
		return "1", nil
	}
	return strings.Join(texts, " AND "), args
}

// MaxPage is the longest page.
const MaxPage = 500

// Page is one page of a list, the newest file first.
type Page struct {
	Files []File
	Next  string // what to give as after for the next page; "" at the end
}

// Files returns the files that filter keeps, at most limit, behind after ("" for the first page).
func (x *Index) Files(ctx context.Context, f Filter, after string, limit int) (Page, error) {
	limit = min(max(limit, 1), MaxPage)
	conditions := f.conditions()
	if after != "" {
		n, err := strconv.ParseInt(after, 10, 64)
		if err != nil || n < 1 {
			return Page{}, fmt.Errorf("cannot list files: no place %q", after)
		}
		conditions = append(conditions, condition{"n < ?", []any{n}})
	}
	var files []File
	for _, scope := range f.Scope.scopes() {
		for _, stage := range f.stages() {
			text, args := where(append(slices.Clip(conditions), scope, stage)...)
			rows, err := x.db.QueryContext(ctx, "SELECT "+columns+" FROM files WHERE "+text+" ORDER BY n DESC LIMIT ?", append(args, limit+1)...)
			if err != nil {
				return Page{}, fmt.Errorf("cannot list files: %w", err)
			}
			if files, err = collect(rows, files); err != nil {
				return Page{}, fmt.Errorf("cannot list files: %w", err)
			}
		}
	}
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(b.N, a.N) })
	files = slices.CompactFunc(files, func(a, b File) bool { return a.N == b.N })
	if len(files) <= limit {
		return Page{Files: files}, nil
	}
	files = files[:limit]
	return Page{Files: files, Next: strconv.FormatInt(files[limit-1].N, 10)}, nil
}

func collect(rows *sql.Rows, files []File) ([]File, error) {
	defer rows.Close()
	for rows.Next() {
		f, err := scanFile(rows)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, rows.Err()
}

// File returns one file. The error is ErrUnknown, and the same, when there is none and when the scope does not cover it.
func (x *Index) File(ctx context.Context, s Scope, id string) (File, error) {
	f, err := scanFile(x.db.QueryRowContext(ctx, "SELECT "+columns+" FROM files WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) || err == nil && !s.covers(f) {
		return File{}, ErrUnknown
	}
	if err != nil {
		return File{}, fmt.Errorf("cannot look up file: %w", err)
	}
	return f, nil
}

// Same returns what else came with the content of f, the newest first.
func (x *Index) Same(ctx context.Context, s Scope, f File) ([]File, error) {
	if f.SHA256In == "" {
		return nil, nil
	}
	page, err := x.Files(ctx, Filter{Scope: s, Hash: f.SHA256In}, "", maxSame)
	return slices.DeleteFunc(page.Files, func(o File) bool { return o.ID == f.ID }), err
}

const maxSame = 50

// Counts says how many files are at each state, and how many of those were blocked for malware.
type Counts struct {
	State   map[State]int
	Blocked int // held ones in which malware was found
}

// Counts counts the files of a scope.
func (x *Index) Counts(ctx context.Context, s Scope) (Counts, error) {
	c := Counts{State: map[State]int{}}
	s.Sender = "" // an office's own work is counted
	for _, scope := range s.scopes() {
		text, args := where(scope)
		rows, err := x.db.QueryContext(ctx, "SELECT state, verdict, sum(files) FROM counts WHERE "+text+" GROUP BY state, verdict HAVING sum(files) > 0", args...)
		if err != nil {
			return c, fmt.Errorf("cannot count files: %w", err)
		}
		if err := c.add(rows); err != nil {
			return c, fmt.Errorf("cannot count files: %w", err)
		}
	}
	return c, nil
}

func (c *Counts) add(rows *sql.Rows) error {
	defer rows.Close()
	for rows.Next() {
		var state State
		var verdict string
		var n int
		if err := rows.Scan(&state, &verdict, &n); err != nil {
			return err
		}
		c.State[state] += n
		if verdict == "blocked" && state == Held {
			c.Blocked += n
		}
	}
	return rows.Err()
}

// Values are what the files of a scope have in one column: for lists to choose from.
type Values struct{ Offices, Types, Reasons []string }

// Values returns what occurs, in order.
func (x *Index) Values(ctx context.Context) (Values, error) {
	var v Values
	for _, c := range []struct {
		column string
		to     *[]string
	}{{"office", &v.Offices}, {"type", &v.Types}, {"reason", &v.Reasons}} {
		// Each step of the recursion jumps to the next value in the index, whatever the number of files.
		rows, err := x.db.QueryContext(ctx, strings.ReplaceAll(`WITH RECURSIVE v(x) AS (
			SELECT min(@) FROM files UNION ALL SELECT (SELECT min(@) FROM files WHERE @ > v.x) FROM v WHERE v.x IS NOT NULL
		) SELECT x FROM v WHERE x <> '' LIMIT 1000`, "@", c.column))
		if err != nil {
			return v, fmt.Errorf("cannot list values: %w", err)
		}
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				rows.Close()
				return v, fmt.Errorf("cannot list values: %w", err)
			}
			*c.to = append(*c.to, s)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return v, fmt.Errorf("cannot list values: %w", err)
		}
	}
	return v, nil
}
