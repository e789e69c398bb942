package odf

import (
	"fmt"
	"io"

	"sekisho/sanitize"
)

// rebuildFlat writes the flat document in anew to out (OpenDocument 1.3 Part 3, 3.1.2).
func (d *document) rebuildFlat(in sanitize.Input, out io.Writer) error {
	if in.Size() > d.limits.XMLPart {
		return fmt.Errorf("%w: %d bytes of XML, at most %d", sanitize.ErrLimit, in.Size(), d.limits.XMLPart)
	}
	if err := d.planHiddenIn(in.Reader(), flatName); err != nil {
		return err
	}
	f := newFilter(d, in.Reader(), out, flatName)
	f.name = flatName
	if err := f.run(); err != nil {
		return xmlError(flatName, err)
	}
	return nil
}

// flatName is how findings name the one part of a flat document.
const flatName = "document"
