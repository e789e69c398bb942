package index

import (
	"context"
	"fmt"
	"time"
)

// Tally is how many of the files that came on one day ended in one way.
type Tally struct {
	Day             time.Time // its midnight in Japan
	State           State
	Verdict, Reason string
	Exception       bool
	Files           int
}

// Tallies counts the files of a scope that came in a period (From ≤ received < to), by day and by how they stand now.
func (x *Index) Tallies(ctx context.Context, s Scope, from, to time.Time) ([]Tally, error) {
	s.Sender = "" // an office's own work is counted
	var all []Tally
	for _, scope := range s.scopes() {
		f := Filter{From: from, To: to}
		text, args := where(append(f.conditions(), scope)...)
		// 32,400,000 ms is what Japan's clocks are ahead of UTC.
		rows, err := x.db.QueryContext(ctx, `SELECT (received + 32400000) / 86400000, state, verdict, reason, exception, count(*)
			FROM files WHERE `+text+` GROUP BY 1, 2, 3, 4, 5 ORDER BY 1`, args...)
		if err != nil {
			return nil, fmt.Errorf("cannot count files: %w", err)
		}
		for rows.Next() {
			var t Tally
			var day int64
			if err := rows.Scan(&day, &t.State, &t.Verdict, &t.Reason, &t.Exception, &t.Files); err != nil {
				rows.Close()
				return nil, fmt.Errorf("cannot count files: %w", err)
			}
			t.Day = time.Unix(day*86400-9*3600, 0).In(time.FixedZone("JST", 9*60*60))
			all = append(all, t)
		}
		err = rows.Err()
		rows.Close()
		if err != nil {
			return nil, fmt.Errorf("cannot count files: %w", err)
		}
	}
	return all, nil
}
