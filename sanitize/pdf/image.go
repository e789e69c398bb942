package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/object"
)

// image copies a picture.
func (w *walk) image(src *object.Stream, d object.Dict, to object.Ref) error {
	if err := w.checkSize(d); err != nil {
		return err
	}
	r, err := w.unfilter(src, true)
	if err != nil {
		return err
	}
	switch {
	case r.Image != nil && r.Image.Name == "DCTDecode":
		return w.jpeg(r.Data, r.Image.Parms, d, to)
	case r.Image != nil:
		return fmt.Errorf("%w: %s has a picture in %s, which cannot be rebuilt", sanitize.ErrUnsupported, w.where, r.Image.Name)
	case r.PNG != nil:
		return w.storePredicted(to, d, r)
	}
	return w.store(to, d, r.Data)
}

// checkSize holds a picture to the limit of pixels.
func (w *walk) checkSize(d object.Dict) error {
	width, _ := d.Get("Width").(int64)
	height, _ := d.Get("Height").(int64)
	limit := w.pass.Policy.Limits.Pixels
	if width < 0 || height < 0 || width > limit || height > limit || width*height > limit {
		return fmt.Errorf("%w: a picture of %d × %d pixels", sanitize.ErrLimit, width, height)
	}
	return nil
}

// jpeg has a JPEG rebuilt by the engine. One that it refuses is replaced by a blank picture.
func (w *walk) jpeg(data []byte, parms, d object.Dict, to object.Ref) error {
	var out bytes.Buffer
	report, err := w.pass.Member(w.ctx, "", sanitize.BytesInput(data), &out)
	if fatal(err) {
		return err
	}
	if err != nil || !bytes.HasPrefix(out.Bytes(), []byte("\xff\xd8")) {
		w.replace(ruleImage)
		return w.blank(to)
	}
	for _, f := range report.Findings {
		w.found.add(f.Rule, f.Action, w.where)
	}
	d = append(d, object.Entry{Key: "Filter", Value: object.Name("DCTDecode")})
	if t, ok := parms.Get("ColorTransform").(int64); ok && (t == 0 || t == 1) {
		d = append(d, object.Entry{Key: "DecodeParms", Value: object.Dict{{Key: "ColorTransform", Value: t}}})
	}
	return w.out.Stream(to, d, out.Bytes())
}

// fatal reports whether an error of a member ends the whole file: a limit, the clock, a full disk.
func fatal(err error) bool {
	return errors.Is(err, sanitize.ErrLimit) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, context.Canceled) || sanitize.IsTransient(err)
}

// blank writes a picture of one white pixel.
func (w *walk) blank(to object.Ref) error {
	d := object.Dict{
		{Key: "BitsPerComponent", Value: int64(8)}, {Key: "ColorSpace", Value: object.Name("DeviceGray")},
		{Key: "Height", Value: int64(1)}, {Key: "Subtype", Value: object.Name("Image")},
		{Key: "Type", Value: object.Name("XObject")}, {Key: "Width", Value: int64(1)},
	}
	return w.out.Stream(to, d, []byte{0xff})
}
