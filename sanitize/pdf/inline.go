package pdf

import (
	"bytes"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf/internal/content"
	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/object"
)

// inlineLength returns the length in bytes of the data of an inline image that has no filter, or -1 when its colour
// space is a resource of the page.
func inlineLength(d object.Dict) int {
	width, height := count(d, "Width"), count(d, "Height")
	bits, colours := count(d, "BitsPerComponent"), int64(-1)
	if d.Get("ImageMask") == true {
		bits, colours = 1, 1
	} else {
		colours = deviceColours(d.Get("ColorSpace"))
	}
	if width < 1 || height < 1 || colours < 1 || bits < 1 || bits > 16 || width > maxSide || height > maxSide {
		return -1
	}
	return int((width*colours*bits + 7) / 8 * height)
}

// maxSide bounds the sides of an inline image.
const maxSide = 1 << 20

func count(d object.Dict, key object.Name) int64 {
	n, _ := d.Get(key).(int64)
	return n
}

// deviceColours returns the number of components of a colour space that needs no resources, or -1.
func deviceColours(cs object.Object) int64 {
	switch v := cs.(type) {
	case object.Name:
		switch v {
		case "G", "DeviceGray", "CalGray":
			return 1
		case "RGB", "DeviceRGB":
			return 3
		case "CMYK", "DeviceCMYK":
			return 4
		}
	case object.Array:
		if len(v) == 4 && (v[0] == object.Name("I") || v[0] == object.Name("Indexed")) {
			return 1
		}
	}
	return -1
}

// inlineImage rebuilds an inline image (ISO 32000-2 8.9.7): its data is decoded and packed anew, and only the keys that
// Table 91 names are kept.
func (w *walk) inlineImage(src object.Dict, data []byte) (object.Dict, []byte, error) {
	if err := w.checkSize(src); err != nil {
		return nil, nil, err
	}
	steps, err := filter.Chain(src.Get("Filter"), src.Get("DecodeParms"))
	if err != nil {
		return nil, nil, nil
	}
	r, err := w.dec.Decode(data, steps, false)
	if fatal(err) {
		return nil, nil, err
	}
	if err != nil {
		return nil, nil, nil
	}
	d := w.inlineDict(src)
	switch {
	case r.Image == nil:
		return w.packInline(d, r.Data, src)
	case r.Image.Name == "DCTDecode":
		var out bytes.Buffer
		if _, err := w.pass.Member(w.ctx, "", sanitize.BytesInput(r.Data), &out); err != nil {
			if fatal(err) {
				return nil, nil, err
			}
			return nil, nil, nil
		}
		return guarded(d, out.Bytes(), "DCT")
	case r.Image.Name == "CCITTFaxDecode":
		rows, width, _, err := w.dec.Fax(r.Data, r.Image.Parms, count(src, "Height"))
		if fatal(err) {
			return nil, nil, err
		}
		if err == nil && width == count(src, "Width") {
			return w.packInline(d, rows, src)
		}
	}
	return nil, nil, nil
}

// packInline compresses the data of an inline image. What is more than the picture needs is cut off.
func (w *walk) packInline(d object.Dict, data []byte, src object.Dict) (object.Dict, []byte, error) {
	if n := inlineLength(src); n >= 0 && n < len(data) {
		if len(bytes.TrimSpace(data[n:])) > 0 {
			w.lose(content.LostImage)
		}
		data = data[:n]
	}
	packed, err := w.out.Deflate(data)
	if err != nil {
		return nil, nil, err
	}
	return guarded(d, packed, "Fl")
}

// guarded adds the filter, and puts ASCII85 around data that some reader could take for the end of the image.
func guarded(d object.Dict, data []byte, name object.Name) (object.Dict, []byte, error) {
	f := object.Object(name)
	for _, end := range []string{" EI", "\nEI", "\rEI", "\tEI", "\x00EI", "\fEI"} {
		if bytes.Contains(data, []byte(end)) {
			data = filter.EncodeASCII85(data)
			f = object.Array{object.Name("A85"), name}
			break
		}
	}
	return object.NewDict(append(d, object.Entry{Key: "F", Value: f})), data, nil
}

// inlineKeys are the short keys of inline images with what they stand for.
var inlineKeys = [...][2]object.Name{
	{"BPC", "BitsPerComponent"}, {"CS", "ColorSpace"}, {"D", "Decode"}, {"H", "Height"}, {"I", "Interpolate"},
	{"IM", "ImageMask"}, {"Intent", "Intent"}, {"W", "Width"},
}

// inlineDict copies the keys that say what the picture is.
func (w *walk) inlineDict(src object.Dict) object.Dict {
	var d object.Dict
	kept := 0
	for _, k := range inlineKeys {
		v := src.Get(k[1])
		if v == nil {
			continue
		}
		if plainInline(v) {
			d = append(d, object.Entry{Key: k[0], Value: v})
			kept++
		}
	}
	rest := len(src) - kept
	for _, key := range []object.Name{"Filter", "DecodeParms", "Length", "L"} {
		if src.Has(key) {
			rest--
		}
	}
	if rest > 0 {
		w.drop(rulePrivateKey)
	}
	return d
}

// plainInline reports whether v is a value that an inline image may have: no dictionary, nothing nested but the base
// of an indexed colour space.
func plainInline(v object.Object) bool {
	switch v := v.(type) {
	case bool, int64, float64, object.Name:
		return true
	case object.Array:
		for _, e := range v {
			switch e.(type) {
			case bool, int64, float64, object.Name, object.String:
			default:
				return false
			}
		}
		return true
	}
	return false
}
