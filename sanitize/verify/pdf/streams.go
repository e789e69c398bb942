package pdf

import (
	"bytes"
	"errors"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/internal/icc"
)

// stream judges a stream: its dictionary, and its data by what they are for.
func (w *walk) stream(num int, s *stream, r role, where string) error {
	if _, ok := s.dict["F"]; ok {
		return verify.Fail(RuleExternal, where, "data in another file")
	}
	if _, ok := s.dict["Ref"]; ok {
		return verify.Fail(RuleExternal, where, "a page of another file")
	}
	if r == fileStream { // judged with each name that it has
		return nil
	}
	if err := w.dict(s.dict, streamRole(r), where, 0); err != nil {
		return err
	}
	err := w.data(num, s, r, where)
	var v verify.Violation
	switch {
	case err == nil, errors.Is(err, sanitize.ErrLimit), errors.As(err, &v), w.f.ctx.Err() != nil:
		return err
	}
	return verify.Fail(RuleStream, where, "%v", err)
}

// streamRole returns the role of the dictionary of a stream: its keys are always those of the standard.
func streamRole(r role) role {
	switch r {
	case named, states, glyphs, resources, acting, fileTree, fileSpec:
		return plain
	}
	return r
}

// data judges the data of a stream. What a stream is stands in its dictionary, or in how it was reached.
func (w *walk) data(num int, s *stream, r role, where string) error {
	d := s.dict
	_, hasFunction := d["FunctionType"]
	_, hasShading := d["ShadingType"]
	switch {
	case d["Subtype"] == name("Image") || d["Type"] == nil && d["ImageMask"] == true:
		w.known[num] = true
		return w.image(num, s, where)
	case d["Subtype"] == name("Form"), d["PatternType"] == int64(1), r == glyphs:
		return w.once(num, func() error { return w.program(num, s, where) })
	case r == contents:
		w.known[num] = true // judged with the page: content may be cut anywhere between tokens
		return nil
	case hasFunction:
		return w.once(num, func() error { return w.function(s, where) })
	case d["Type"] == name("CMap") || r == charMap:
		return w.once(num, func() error { return w.charMap(s, where) })
	case hasShading || d["HalftoneType"] != nil || r == table || r == richText:
		return w.once(num, func() error { _, err := w.f.decode(s); return err })
	}
	switch r {
	case fileType1, fileSfnt, fileOther:
		return w.once(num, func() error { return w.font(s, r, where) })
	case metadata:
		return w.once(num, func() error { return w.xmp(s, where) })
	case profile:
		return w.once(num, func() error { return w.profile(s, where) })
	}
	return nil // closed finds a stream that no role gave a purpose
}

// once judges a stream that may be reached on several ways.
func (w *walk) once(num int, judge func() error) error {
	if w.known[num] {
		return nil
	}
	w.known[num] = true
	return judge()
}

func (w *walk) profile(s *stream, where string) error {
	data, err := w.f.decode(s)
	if err != nil {
		return err
	}
	if err := icc.Check(data); err != nil {
		return verify.Fail(RuleProfile, where, "%v", err)
	}
	return nil
}

// xmp judges metadata roughly: text without a document type, a program or another file in it (14.3.2).
func (w *walk) xmp(s *stream, where string) error {
	data, err := w.f.decode(s)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(bytes.TrimLeft(data, "\ufeff \r\n"), []byte("<")) || bytes.IndexByte(data, 0) >= 0 || bytes.Contains(data, []byte("<!")) {
		return verify.Fail(RuleMetadata, where, "no metadata")
	}
	return nil
}

// maxSide bounds the sides of a picture, in pixels.
const maxSide = 1 << 20

// image judges a picture: JPEG by its own judge, anything else by the length that its dimensions give (8.9.5).
func (w *walk) image(num int, s *stream, where string) error {
	if w.images[num] {
		return nil
	}
	w.images[num] = true
	width, ok1 := integer(w.f.resolve(s.dict["Width"]), maxSide)
	height, ok2 := integer(w.f.resolve(s.dict["Height"]), maxSide)
	if !ok1 || !ok2 || width == 0 || height == 0 || width*height > w.policy.Limits.Pixels {
		return verify.Fail(verify.RuleLimit, where, "a picture of %v by %v", s.dict["Width"], s.dict["Height"])
	}
	filters, _, err := chain(s.dict)
	if err != nil {
		return verify.Fail(RuleFilter, where, "%v", err)
	}
	if len(filters) == 1 && filters[0] == "DCTDecode" {
		w.beside.begin(func() error { return w.f.pass.Member(w.f.ctx, where, sanitize.BytesInput(s.raw)) })
		return nil
	}
	if len(filters) == 1 && filters[0] == "CCITTFaxDecode" {
		return w.fax(s, width, height, where)
	}
	if len(filters) > 0 && filters[0] != "FlateDecode" {
		return verify.Fail(RuleFilter, where, "the filter %q", string(filters[0]))
	}
	bits := int64(1)
	if w.f.resolve(s.dict["ImageMask"]) != true {
		depth, ok := integer(w.f.resolve(s.dict["BitsPerComponent"]), 16)
		if !ok {
			return verify.Fail(RuleImage, where, "no depth")
		}
		bits = depth * w.components(s.dict["ColorSpace"], 0)
	}
	want := (width*bits + 7) / 8 * height
	w.f.paper = want
	data, err := w.f.decode(s)
	w.f.paper = 0
	if err != nil {
		return err
	}
	if bits > 0 && int64(len(data)) != want {
		return verify.Fail(RuleImage, where, "%d bytes, want %d", len(data), want)
	}
	return nil
}

// components returns how many components a colour space has (8.6), or 0 when that is not known.
func (w *walk) components(v any, depth int) int64 {
	if depth > 4 {
		return 0
	}
	switch v := w.f.resolve(v).(type) {
	case name:
		switch v {
		case "DeviceGray", "CalGray", "G", "Indexed", "I":
			return 1
		case "DeviceRGB", "CalRGB", "RGB", "Lab":
			return 3
		case "DeviceCMYK", "CMYK":
			return 4
		}
	case list:
		if len(v) == 0 {
			return 0
		}
		switch w.f.resolve(v[0]) {
		case name("ICCBased"):
			if s, ok := w.f.resolve(v[len(v)-1]).(*stream); ok {
				n, _ := integer(w.f.resolve(s.dict["N"]), 4)
				return n
			}
		case name("Separation"):
			return 1
		case name("DeviceN"):
			if len(v) > 1 {
				return int64(len(asList(w.f.resolve(v[1]))))
			}
		default:
			return w.components(v[0], depth+1)
		}
	}
	return 0
}
