package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Sessions keeps the sessions of browsers, for scs.SessionManager. A token is kept as its hash.
type Sessions struct{ store *Store }

var _ scs.CtxStore = Sessions{}

// Sessions returns the store of sessions.
func (s *Store) Sessions() Sessions { return Sessions{s} }

// FindCtx returns what is kept under a token.
func (s Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.store.db.QueryRowContext(ctx, "SELECT data FROM sessions WHERE kept = ? AND expiry > ?", keep(token), s.store.opt.Now().Unix()).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("cannot read session: %w", err)
	}
	return data, true, nil
}

// CommitCtx keeps data under a token until expiry.
func (s Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, err := s.store.db.ExecContext(ctx, "INSERT INTO sessions VALUES(?1, ?2, ?3) ON CONFLICT(kept) DO UPDATE SET data = ?2, expiry = ?3",
		keep(token), data, expiry.Unix())
	if err != nil {
		return fmt.Errorf("cannot keep session: %w", err)
	}
	return nil
}

// DeleteCtx forgets a token.
func (s Sessions) DeleteCtx(ctx context.Context, token string) error {
	if _, err := s.store.db.ExecContext(ctx, "DELETE FROM sessions WHERE kept = ?", keep(token)); err != nil {
		return fmt.Errorf("cannot forget session: %w", err)
	}
	return nil
}

// Find is FindCtx without a context.
func (s Sessions) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (s Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
