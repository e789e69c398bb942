package pdf

import (
	"context"
	"fmt"
	"io"

	"sekisho/sanitize"
)

// render draws every page.
func (f Format) render(ctx context.Context, data []byte, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	if f.Engine == nil {
		return sanitize.Report{}, fmt.Errorf("%w: the policy asks for pages drawn as pictures, and there is no engine to draw them", sanitize.ErrUnsupported)
	}
	return f.rebuildOrRepair(ctx, data, out, pass)
}
