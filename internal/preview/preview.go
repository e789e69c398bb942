// Package preview draws the first pages of a file as small pictures, for people who decide about it: what a browser gets was
// drawn, scaled and written here, and no byte of the file is in it.
//
//	child (sandbox)                          gateway
//	file ── Draw ── pictures, end to end ──► Split ── each PNG to the judge ──► browser
//
// Draw reads hostile bytes and runs in a sandboxed child. Split reads what that child wrote, and believes its shape only.
package preview

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // read by image.Decode
	_ "image/jpeg"
	"image/png"
	"io"

	_ "golang.org/x/image/bmp" // read by image.Decode
	"golang.org/x/image/draw"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"sekisho/sanitize"
	"sekisho/sanitize/image/jpeg"
	"sekisho/sanitize/pdf"
)

// The bounds of what is drawn.
const (
	Pages = 5    // pictures, at most
	DPI   = 96   // pixels to the inch of a page
	Side  = 1200 // pixels of the longer side of a picture, at most: A4 at DPI has 1123

	maxSource  = 50_000_000 // pixels of a picture that is read
	maxDrawn   = 2_000_000  // pixels of a page as it is drawn, before it is scaled
	maxPicture = 8 << 20    // bytes of one picture: Side × Side without any compression has less
	headLength = 1024       // bytes at the beginning, in which readers look for a PDF's mark
)

// Draw draws the first pages of a PDF, or a picture, and writes PNG pictures to out, each after its length (4 bytes, most
// significant first). It returns "pdf" or "picture". Other files are sanitize.ErrUnsupported; pages behind a damaged place are
// left out when there are some before it.
func Draw(ctx context.Context, engine pdf.Engine, job sanitize.Job, out io.Writer) (kind string, err error) {
	if size := job.Input.Size(); size > job.Policy.Limits.FileSize {
		return "", fmt.Errorf("%w: %d bytes are too many to be drawn", sanitize.ErrLimit, size)
	}
	size, _, err := image.DecodeConfig(reader(job.Input))
	if err == nil {
		return "picture", drawPicture(job.Input, size, out)
	}
	head := make([]byte, headLength)
	n, err := job.Input.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("cannot read file: %w", err)
	}
	if !bytes.Contains(head[:n], []byte("%PDF-")) {
		return "", fmt.Errorf("%w: neither a PDF nor a picture", sanitize.ErrUnsupported)
	}
	return "pdf", drawPages(ctx, engine, job, out)
}

func reader(in sanitize.Input) io.Reader { return io.NewSectionReader(in, 0, in.Size()) }

// drawPicture reads a picture and writes it small.
func drawPicture(in sanitize.Input, size image.Config, out io.Writer) error {
	if size.Width < 1 || size.Height < 1 || int64(size.Width)*int64(size.Height) > maxSource {
		return fmt.Errorf("%w: a picture of %d × %d pixels is too large to be drawn", sanitize.ErrLimit, size.Width, size.Height)
	}
	picture, _, err := image.Decode(reader(in))
	if err != nil {
		return fmt.Errorf("%w: %v", sanitize.ErrMalformed, err)
	}
	turned, err := orientation(in)
	if err != nil {
		return err
	}
	return write(picture, turned, out)
}

// drawPages has the first pages of a PDF drawn.
func drawPages(ctx context.Context, engine pdf.Engine, job sanitize.Job, out io.Writer) error {
	data, err := io.ReadAll(reader(job.Input))
	if err != nil {
		return fmt.Errorf("cannot read file: %w", err)
	}
	done := 0
	d := pdf.Drawing{DPI: DPI, Pixels: maxDrawn, Pages: job.Policy.Limits.Pages, First: Pages}
	err = engine.Draw(ctx, data, d, func(s pdf.Sheet) error {
		if s.Width < 1 || s.Height < 1 || len(s.RGBA) != 4*s.Width*s.Height {
			return fmt.Errorf("%w: page %d was drawn with %d × %d pixels in %d bytes", sanitize.ErrMalformed, s.Number+1, s.Width, s.Height, len(s.RGBA))
		}
		page := &image.RGBA{Pix: s.RGBA, Stride: 4 * s.Width, Rect: image.Rect(0, 0, s.Width, s.Height)}
		if err := write(page, 0, out); err != nil {
			return err
		}
		done++
		return nil
	})
	if done > 0 && errors.Is(err, sanitize.ErrMalformed) && ctx.Err() == nil {
		return nil
	}
	if err == nil && done == 0 {
		err = fmt.Errorf("%w: there is no page", sanitize.ErrMalformed)
	}
	return err
}

// write writes a picture, made small, put on white and turned upright.
func write(picture image.Image, orientation int, out io.Writer) error {
	from := picture.Bounds()
	width, height := fit(from.Dx(), from.Dy())
	small := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(small, small.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	if width == from.Dx() && height == from.Dy() {
		draw.Draw(small, small.Bounds(), picture, from.Min, draw.Over)
	} else {
		draw.BiLinear.Scale(small, small.Bounds(), picture, from, draw.Over, nil)
	}
	var coded bytes.Buffer
	if err := png.Encode(&coded, jpeg.Upright(small, orientation)); err != nil {
		return fmt.Errorf("cannot write picture: %w", err)
	}
	if _, err := out.Write(binary.BigEndian.AppendUint32(nil, uint32(coded.Len()))); err != nil {
		return fmt.Errorf("cannot write picture: %w", err)
	}
	if _, err := coded.WriteTo(out); err != nil {
		return fmt.Errorf("cannot write picture: %w", err)
	}
	return nil
}

// fit returns the size of a picture that is at most Side long, of the same shape.
func fit(width, height int) (int, int) {
	longer := max(width, height)
	if longer <= Side {
		return width, height
	}
	return max(1, width*Side/longer), max(1, height*Side/longer)
}

// Picture is one drawn page.
type Picture struct {
	PNG           []byte
	Width, Height int // in pixels, as the PNG says
}

// errShape says that a child wrote something other than pictures.
var errShape = errors.New("what was drawn is not what pictures look like")

// Split returns the pictures that Draw wrote. It looks at no more than their beginnings: whoever shows one has it judged.
func Split(r io.Reader) ([]Picture, error) {
	var all []Picture
	for {
		var head [4]byte
		_, err := io.ReadFull(r, head[:])
		if err == io.EOF && len(all) > 0 {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %v", errShape, err)
		}
		n := binary.BigEndian.Uint32(head[:])
		if n > maxPicture || len(all) == Pages {
			return nil, fmt.Errorf("%w: too much", errShape)
		}
		p := Picture{PNG: make([]byte, n)}
		if _, err := io.ReadFull(r, p.PNG); err != nil {
			return nil, fmt.Errorf("%w: %v", errShape, err)
		}
		if err := p.measure(); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

// measure reads the size of a picture (PNG 5.2, 11.2.1).
func (p *Picture) measure() error {
	const start = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	if len(p.PNG) < len(start)+8 || string(p.PNG[:len(start)]) != start {
		return fmt.Errorf("%w: no PNG", errShape)
	}
	width, height := binary.BigEndian.Uint32(p.PNG[16:]), binary.BigEndian.Uint32(p.PNG[20:])
	if width < 1 || height < 1 || width > Side || height > Side {
		return fmt.Errorf("%w: %d × %d pixels", errShape, width, height)
	}
	p.Width, p.Height = int(width), int(height)
	return nil
}
