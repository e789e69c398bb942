package xmltext

import (
	"errors"
	"io"
)

// Handlers are called for the tokens of a document; the first error ends it.
type Handlers struct {
	Start, End, Text func() error
}

// Each calls the handlers for all tokens that are left. It returns nil at the end of the document.
func (r *Reader) Each(h Handlers) error {
	for {
		k, err := r.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		switch k {
		case Start:
			err = h.Start()
		case End:
			err = h.End()
		default:
			err = h.Text()
		}
		if err != nil {
			return err
		}
	}
}

// Skip reads over the rest of the innermost open element, its End included, and returns how many elements were in it.
func (r *Reader) Skip() (elements int, err error) {
	for depth := r.Depth(); ; {
		k, err := r.Next()
		if errors.Is(err, io.EOF) {
			return elements, io.ErrUnexpectedEOF
		}
		if err != nil || k == End && r.Depth() < depth {
			return elements, err
		}
		if k == Start {
			elements++
		}
	}
}
