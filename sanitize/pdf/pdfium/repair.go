package pdfium

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	pdfium "github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/requests"

	"sekisho/sanitize"
)

// growth bounds how much longer a file may become by being written anew: objects are written one by one, each with a
// line of the cross-reference table.
const growth = 16

// Repair implements pdf.Engine.
func (e *Engine) Repair(ctx context.Context, data []byte, passwords []string) ([]byte, error) {
	out := &bounded{left: 1<<20 + growth*len(data)}
	err := e.do(ctx, func(guest pdfium.Pdfium) error {
		doc, err := open(guest, data, passwords)
		if err != nil {
			return err
		}
		_, err = guest.FPDF_SaveAsCopy(&requests.FPDF_SaveAsCopy{
			Document: doc, Flags: requests.SaveFlagRemoveSecurity, FileWriter: out,
		})
		if err != nil {
			return malformed("write document", err)
		}
		return closeDocument(guest, doc)
	})
	if out.full {
		return nil, fmt.Errorf("%w: a repaired file of more than %d times its size", sanitize.ErrLimit, growth)
	}
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// bounded is a buffer that takes so many bytes and no more.
type bounded struct {
	bytes.Buffer
	left int
	full bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		b.full = true
		return 0, errors.New("no room left")
	}
	return b.Buffer.Write(p)
}
