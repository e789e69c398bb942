package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"
)

// Usage is what the spool holds.
type Usage struct {
	Jobs   int       // accepted and not ended
	Bytes  int64     // of all their files
	Oldest time.Time // when the oldest was accepted, or treated again; zero when there is none
}

// Usage looks at every job's folder, which takes some 50 µs each.
func (s *Spool) Usage(ctx context.Context) (Usage, error) {
	var u Usage
	for id, err := range s.folders() {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = s.use(id, &u)
		}
		if err != nil {
			return Usage{}, fmt.Errorf("cannot see what the spool holds: %w", err)
		}
	}
	return u, nil
}

// use adds what the folder of id holds.
func (s *Spool) use(id ID, u *Usage) error {
	entries, err := fs.ReadDir(s.root.FS(), string(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it ended meanwhile
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := s.root.Lstat(path.Join(string(id), e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		u.Bytes += info.Size()
		if e.Name() != jobFile {
			continue
		}
		u.Jobs++
		if t := info.ModTime(); u.Oldest.IsZero() || t.Before(u.Oldest) {
			u.Oldest = t
		}
	}
	return nil
}
