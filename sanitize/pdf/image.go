package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/object"
)

// image copies a picture: what it holds is decoded and packed anew, by the codec that it is in.
func (w *walk) image(src *object.Stream, d object.Dict, to object.Ref) error {
	if err := w.checkSize(d); err != nil {
		return err
	}
	row, err := w.rowLength(src.Dict, d)
	if err != nil {
		return err
	}
	w.dec.Expect = (row + 1) * count(d, "Height")
	charge := w.dec.Charge
	w.dec.Charge = lenient(charge, w.dec.Expect)
	defer func() { w.dec.Charge = charge }()
	r, err := w.unfilter(src, true)
	if errors.Is(err, filter.ErrUnknown) { // no reader shows it
		w.replace(ruleImage)
		return w.blank(to)
	}
	if err != nil {
		return err
	}
	w.dec.Expect = 0
	if !sized(r.Image, d) {
		w.replace(ruleImage)
		return w.blank(to)
	}
	switch {
	case r.Image == nil:
		return w.samples(r, row, src, d, to)
	case r.Image.Name == "DCTDecode":
		return w.jpeg(r.Data, src, r.Image.Parms, d, to)
	case r.Image.Name == "CCITTFaxDecode":
		return w.fax(r, d, to)
	}
	return w.coded(r, src, d, to)
}

// sized reports whether a picture says all that one must know of it to draw it (ISO 32000-2 Table 87): how big it is, which a
// JPX picture says itself, and how many bits a bare sample has.
func sized(codec *filter.Step, d object.Dict) bool {
	if codec != nil && codec.Name == "JPXDecode" {
		return true
	}
	if count(d, "Width") < 1 || count(d, "Height") < 1 {
		return false
	}
	switch count(d, "BitsPerComponent") {
	case 1, 2, 4, 8, 16:
		return true
	}
	return codec != nil || d.Get("ImageMask") == true
}

// paper is what a sixteenth is charged of: an empty page of a scan packs a thousand times and more, and a document has
// many. How many pixels a picture has is bounded by a limit of its own, and all pictures together by the clock.
const paper = 16

// lenient charges a part of the samples that a picture needs, size bytes, and all that is beyond them.
func lenient(charge func(int64) error, size int64) func(int64) error {
	left, owed := max(size, 0), int64(0)
	return func(n int64) error {
		within := min(n, left)
		left -= within
		owed += within
		part := owed / paper
		owed %= paper
		return charge(part + n - within)
	}
}

// undecodable holds a file for a picture that only an engine could decode, and none is here or it could not either.
func (w *walk) undecodable(codec string) error {
	return fmt.Errorf("%w: %s has a picture in %s, for which there is no decoder", sanitize.ErrUnsupported, w.where, codec)
}

// checkSize holds a picture to the limit of pixels.
func (w *walk) checkSize(d object.Dict) error {
	width, height := count(d, "Width"), count(d, "Height")
	limit := w.pass.Policy.Limits.Pixels
	if width < 0 || height < 0 || width > limit || height > limit || width*height > limit {
		return fmt.Errorf("%w: a picture of %d × %d pixels", sanitize.ErrLimit, width, height)
	}
	return nil
}

// samples copies a picture of bare samples in rows of so many bytes, 0 when that is not known. More of them than the
// picture has pixels for are cut off, too few are made up with zeros. A picture that was packed without a flaw and has
// just as many samples as it needs is stored as it was packed: packing is most of the work with pictures, and what would
// come out says the same.
func (w *walk) samples(r filter.Result, row int64, src *object.Stream, d object.Dict, to object.Ref) error {
	need := row * count(d, "Height")
	if r.PNG != nil {
		need = 0
		if int64(r.PNG.Row()) == row {
			need = (row + 1) * count(d, "Height")
		}
	}
	switch have := int64(len(r.Data)); {
	case have == 0:
		w.replace(ruleImage)
		return w.blank(to)
	case need > 0 && have > need:
		w.drop(ruleImage)
		r.Data, r.Exact = r.Data[:need], false
	case have < need:
		if err := w.pass.Expand(need - have); err != nil {
			return err
		}
		w.repair(ruleDamagedStream)
		r.Data, r.Exact = append(r.Data[:have:have], make([]byte, need-have)...), false
	}
	if r.PNG != nil {
		d = append(d, object.Entry{Key: "DecodeParms", Value: predictorParms(r.PNG)})
	}
	if r.Exact && need == int64(len(r.Data)) && need > 0 {
		d = append(d, object.Entry{Key: "Filter", Value: object.Name("FlateDecode")})
		return w.out.Stream(to, d, src.Raw)
	}
	if r.PNG == nil {
		return w.store(to, d, r.Data)
	}
	packed, err := w.out.Deflate(r.Data)
	if err != nil {
		return err
	}
	d = append(d, object.Entry{Key: "Filter", Value: object.Name("FlateDecode")})
	return w.out.Stream(to, d, packed)
}

// predictorParms describes rows that stay predicted, which pack better than bare ones.
func predictorParms(p *filter.Predictor) object.Dict {
	return object.Dict{
		{Key: "BitsPerComponent", Value: p.Bits}, {Key: "Colors", Value: p.Colors},
		{Key: "Columns", Value: p.Columns}, {Key: "Predictor", Value: p.Kind},
	}
}

// rowLength returns the length in bytes of a row of samples, or 0 when the colour space does not say. The colour space
// is looked up in the dictionary as it was read, all else in the copy.
func (w *walk) rowLength(src, d object.Dict) (int64, error) {
	bits, colours := count(d, "BitsPerComponent"), int64(0)
	if d.Get("ImageMask") == true {
		bits, colours = 1, 1
	} else {
		var err error
		if colours, err = w.colours(src.Get("ColorSpace")); err != nil {
			return 0, err
		}
	}
	if bits < 1 || bits > 16 || colours < 1 {
		return 0, nil
	}
	return (count(d, "Width")*colours*bits + 7) / 8, nil
}

// jpeg has a JPEG rebuilt by the engine. One that it refuses is replaced by a blank picture.
func (w *walk) jpeg(data []byte, src *object.Stream, parms, d object.Dict, to object.Ref) error {
	out, report, err := w.rebuilt(data, src)
	defer w.rooms.put(out)
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

// rebuilt returns what the engine makes of the JPEG data of a stream, in room that may be used for others afterwards.
func (w *walk) rebuilt(data []byte, src *object.Stream) (*bytes.Buffer, sanitize.Report, error) {
	if t := w.ahead.take(src); t != nil {
		return t.picture, t.report, t.err
	}
	out := w.rooms.get(len(data))
	report, err := w.pass.Member(w.ctx, "", sanitize.BytesInput(data), out)
	return out, report, err
}

// fax decodes a fax picture and packs its bits anew: as a fax again, in rows that each lean on the one above, or under
// FlateDecode when that is shorter.
func (w *walk) fax(r filter.Result, d object.Dict, to object.Ref) error {
	rows, width, damaged, err := w.dec.Fax(r.Data, r.Image.Parms, count(d, "Height"))
	if errors.Is(err, filter.ErrCodec) {
		return w.undecodable(err.Error())
	}
	if err != nil {
		return err
	}
	if damaged {
		w.repair(ruleDamagedStream)
	}
	d = withNumber(d, "BitsPerComponent", 1)
	d = withNumber(d, "Width", width)
	return w.bilevel(rows, width, r.Image.Parms.Get("BlackIs1") == true, d, to)
}

// bilevel stores rows of one bit a pixel in the shorter of two ways: as a fax whose rows each lean on the one above
// (ITU-T T.6), or under FlateDecode.
func (w *walk) bilevel(rows []byte, width int64, blackIs1 bool, d object.Dict, to object.Ref) error {
	height, black := int64(len(rows))/((width+7)/8), byte(0)
	parms := []object.Entry{{Key: "Columns", Value: width}, {Key: "K", Value: int64(-1)}, {Key: "Rows", Value: height}}
	if blackIs1 {
		black, parms = 1, append(parms, object.Entry{Key: "BlackIs1", Value: true})
	}
	fax := filter.EncodeFax(rows, width, black)
	packed, err := w.out.Deflate(rows)
	if err != nil {
		return err
	}
	if len(packed) <= len(fax) {
		return w.store(to, d, rows)
	}
	d = withNumber(d, "Height", height)
	d = append(d, object.Entry{Key: "DecodeParms", Value: object.NewDict(parms)}, object.Entry{Key: "Filter", Value: object.Name("CCITTFaxDecode")})
	return w.out.Stream(to, d, fax)
}

// withNumber returns d with key set to n.
func withNumber(d object.Dict, key object.Name, n int64) object.Dict {
	return object.NewDict(append(d[:len(d):len(d)], object.Entry{Key: key, Value: n}))
}

// fatal reports whether an error of a member ends the whole file: a limit, the clock, a full disk.
func fatal(err error) bool {
	return errors.Is(err, sanitize.ErrLimit) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, context.Canceled) || sanitize.IsTransient(err)
}

// blank writes a picture of one white pixel in the place of the one at hand, whose colours and masks go with it.
func (w *walk) blank(to object.Ref) error {
	w.forget(w.begun)
	d := object.Dict{
		{Key: "BitsPerComponent", Value: int64(8)}, {Key: "ColorSpace", Value: object.Name("DeviceGray")},
		{Key: "Height", Value: int64(1)}, {Key: "Subtype", Value: object.Name("Image")},
		{Key: "Type", Value: object.Name("XObject")}, {Key: "Width", Value: int64(1)},
	}
	return w.out.Stream(to, d, []byte{0xff})
}
