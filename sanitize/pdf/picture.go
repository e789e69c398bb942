package pdf

import (
	"errors"
	"fmt"
	"slices"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// coded has a picture decoded by the engine and stores its samples. One that the engine cannot make sense of is replaced
// by a blank picture.
func (w *walk) coded(r filter.Result, src *object.Stream, d object.Dict, to object.Ref) error {
	codec := r.Image.Name
	if w.engine == nil || codec != "JPXDecode" && codec != "JBIG2Decode" {
		return w.undecodable(codec)
	}
	p := Picture{Codec: codec, Data: r.Data, Width: count(d, "Width"), Height: count(d, "Height")}
	s, err := w.decodePicture(&p, r.Image.Parms, src, d)
	if errors.Is(err, sanitize.ErrMalformed) || errors.Is(err, filter.ErrUnknown) {
		w.replace(ruleImage)
		return w.blank(to)
	}
	if err != nil {
		return err
	}
	if d, err = w.decoded(p, s, d); err != nil {
		return err
	}
	w.replace(ruleReencoded)
	if s.Bits == 1 && s.Colours == 1 {
		return w.bilevel(s.Data, s.Width, false, d, to)
	}
	return w.store(to, d, s.Data)
}

// decodePicture fills in p, decodes it and checks what came of it.
func (w *walk) decodePicture(p *Picture, parms object.Dict, src *object.Stream, d object.Dict) (Samples, error) {
	decode := w.decodeJPX
	if p.Codec == "JBIG2Decode" {
		decode = w.decodeJBIG2
	}
	s, err := decode(p, parms, src, d)
	if err != nil {
		return Samples{}, err
	}
	row := (s.Width*s.Colours*s.Bits + 7) / 8
	if s.Width < 1 || s.Height < 1 || row*s.Height != int64(len(s.Data)) {
		return Samples{}, fmt.Errorf("%w: %d bytes for a picture of %d × %d pixels", sanitize.ErrMalformed, len(s.Data), s.Width, s.Height)
	}
	return s, nil
}

// decodeJBIG2 decodes a picture of black and white. The PDF says how big it is (ISO 32000-2 7.4.7).
func (w *walk) decodeJBIG2(p *Picture, parms object.Dict, _ *object.Stream, _ object.Dict) (Samples, error) {
	if p.Width < 1 || p.Height < 1 {
		return Samples{}, fmt.Errorf("%w: a picture of %d × %d pixels", sanitize.ErrMalformed, p.Width, p.Height)
	}
	p.Colours = 1
	globals, _, err := w.doc.Load(parms.Get("JBIG2Globals"))
	if err != nil {
		return Samples{}, err
	}
	if s, ok := globals.(*object.Stream); ok {
		if p.Globals, err = w.decode(s); err != nil {
			return Samples{}, err
		}
	}
	if err := w.pass.Expand(p.Width * p.Height); err != nil { // the engine has a byte a pixel
		return Samples{}, err
	}
	return w.engine.Picture(w.ctx, *p)
}

// decodeJPX decodes a picture of JPEG 2000, which has its own size and may have its own colours (ISO 32000-2 7.4.9).
// When they do not agree with what the PDF says, those of the picture count, as in readers.
func (w *walk) decodeJPX(p *Picture, _ object.Dict, src *object.Stream, d object.Dict) (Samples, error) {
	head, err := readJPX(p.Data)
	if err != nil {
		return Samples{}, err
	}
	p.Width, p.Height = head.width, head.height
	if err := w.checkSize(object.Dict{{Key: "Height", Value: p.Height}, {Key: "Width", Value: p.Width}}); err != nil {
		return Samples{}, err
	}
	if err := w.colouring(p, head, src, d); err != nil {
		return Samples{}, err
	}
	if err := w.pass.Expand(p.Width * p.Height * max(3, head.components)); err != nil {
		return Samples{}, err
	}
	s, err := w.engine.Picture(w.ctx, *p)
	if errors.Is(err, sanitize.ErrMalformed) && p.Colours != 0 {
		p.Colours, p.Indexed = 0, false
		s, err = w.engine.Picture(w.ctx, *p)
	}
	if err == nil && head.depth < 8 {
		spread(s.Data, head.depth, p.Indexed)
	}
	return s, err
}

// colouring finds out in which colours the samples of a JPX picture are wanted.
func (w *walk) colouring(p *Picture, head jpxHead, src *object.Stream, d object.Dict) error {
	var err error
	if p.Colours, err = w.colours(src.Dict.Get("ColorSpace")); err != nil {
		return err
	}
	space, _, err := w.doc.Load(src.Dict.Get("ColorSpace"))
	if err != nil {
		return err
	}
	if a, ok := space.(object.Array); ok && len(a) > 0 {
		family, _, err := w.doc.Load(a[0])
		if err != nil {
			return err
		}
		p.Indexed = family == object.Name("Indexed")
	}
	p.Alpha = count(src.Dict, "SMaskInData") == 1 && head.components == 4 && !d.Has("SMask")
	switch {
	case count(src.Dict, "SMaskInData") != 0 && !p.Alpha && !d.Has("SMask"):
		return w.undecodable("JPXDecode with a mask of its own")
	case p.Colours == 2 || p.Colours > 4, p.Colours == 4 && d.Has("Decode"):
		return w.undecodable(fmt.Sprintf("JPXDecode with %d colours", p.Colours))
	}
	return nil
}

// spread makes samples of so few bits, which an engine leaves at the upper end of the byte, fill the range of the byte;
// those that are indexes become what they count.
func spread(samples []byte, depth int64, indexed bool) {
	top := 1<<depth - 1
	for i, v := range samples {
		n := int(v) >> (8 - depth)
		if !indexed {
			n = n * 0xff / top
		}
		samples[i] = byte(n)
	}
}

// decoded returns the dictionary for the samples of a picture. Its mask, if it has one in itself, is put in the queue.
func (w *walk) decoded(p Picture, s Samples, d object.Dict) (object.Dict, error) {
	d = slices.DeleteFunc(slices.Clone(d), func(e object.Entry) bool {
		_, keyed := e.Value.(object.Array)
		return e.Key == "SMaskInData" || e.Key == "Mask" && keyed && s.Colours != p.Colours
	})
	d = withNumber(d, "BitsPerComponent", s.Bits)
	d = withNumber(d, "Height", s.Height)
	d = withNumber(d, "Width", s.Width)
	if s.Colours != p.Colours {
		space := object.Name("DeviceGray")
		if s.Colours == 3 {
			space = "DeviceRGB"
		}
		d = object.NewDict(append(d, object.Entry{Key: "ColorSpace", Value: space}))
	}
	if !p.Alpha {
		return d, nil
	}
	if int64(len(s.Alpha)) != s.Width*s.Height {
		return nil, w.undecodable("JPXDecode with a mask of its own")
	}
	mask := w.doc.Adopt(&object.Stream{Dict: maskDict(s), Raw: s.Alpha})
	to, err := w.refer(mask, grammar.XObjectImageSoftMask)
	return object.NewDict(append(d, object.Entry{Key: "SMask", Value: to})), err
}

// maskDict describes the opacity of a picture (ISO 32000-2 11.6.5.2).
func maskDict(s Samples) object.Dict {
	return object.Dict{
		{Key: "BitsPerComponent", Value: int64(8)}, {Key: "ColorSpace", Value: object.Name("DeviceGray")},
		{Key: "Height", Value: s.Height}, {Key: "Subtype", Value: object.Name("Image")},
		{Key: "Type", Value: object.Name("XObject")}, {Key: "Width", Value: s.Width},
	}
}
