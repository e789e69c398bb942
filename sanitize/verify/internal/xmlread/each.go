package xmlread

import "context"

// Each calls do for all tokens that are left, until it fails or ctx ends. An error of the document or its source is returned as
// what broken makes of it.
func (r *Reader) Each(ctx context.Context, broken func(error) error, do func(*Token) error) error {
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		ok, err := r.next()
		if err != nil {
			return broken(err)
		}
		if !ok {
			return nil
		}
		if err := do(&r.tok); err != nil {
			return err
		}
	}
}
