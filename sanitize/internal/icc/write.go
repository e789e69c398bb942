package icc

import (
	"encoding/binary"
	"unicode/utf16"
)

// describe returns the fixed description of a profile for its colour space.
func (p *profile) describe() string {
	switch p.space {
	case "GRAY":
		return "Gray profile"
	case "CMYK":
		return "CMYK profile"
	case "Lab ":
		return "Lab profile"
	}
	return "RGB profile"
}

const copyrightText = "See the source file"

// text returns a description element: textDescriptionType in version 2 (ICC.1:2001-04 6.5.17),
// multiLocalizedUnicodeType in version 4 (ISO 15076-1 10.15).
func (p *profile) text(s string) []byte {
	if p.version[0] == 4 {
		return localized(s)
	}
	body := binary.BigEndian.AppendUint32(nil, uint32(len(s)+1))
	body = append(body, s...)
	body = append(body, make([]byte, 1+4+4+2+1+67)...) // terminator, no Unicode and no Macintosh text
	return element("desc", body)
}

func (p *profile) copyright() []byte {
	if p.version[0] == 4 {
		return localized(copyrightText)
	}
	return element("text", []byte(copyrightText+"\x00"))
}

func localized(s string) []byte {
	units := utf16.Encode([]rune(s))
	body := binary.BigEndian.AppendUint32(nil, 1)
	body = binary.BigEndian.AppendUint32(body, 12)
	body = append(body, "enUS"...)
	body = binary.BigEndian.AppendUint32(body, uint32(2*len(units)))
	body = binary.BigEndian.AppendUint32(body, 28)
	for _, u := range units {
		body = binary.BigEndian.AppendUint16(body, u)
	}
	return element("mluc", body)
}

// write lays the profile out: header, tag table, elements in the order of the tags, each once.
func (p *profile) write(tags []tag) []byte {
	out := make([]byte, headerSize+4+12*len(tags), len(p.data)+512)
	p.writeHeader(out)
	binary.BigEndian.PutUint32(out[headerSize:], uint32(len(tags)))
	placed := map[*byte]int{}
	for i, t := range tags {
		at, ok := placed[&t.element[0]]
		if !ok {
			at = len(out)
			placed[&t.element[0]] = at
			out = padded(out, t.element)
		}
		entry := out[headerSize+4+12*i:]
		copy(entry, t.signature)
		binary.BigEndian.PutUint32(entry[4:], uint32(at))
		binary.BigEndian.PutUint32(entry[8:], uint32(len(t.element)))
	}
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out
}

// writeHeader fills the known fields. Creator, maker, model, date, flags and identifier say where a profile comes
// from and change no colour; all but the date, which must be valid, are zero.
func (p *profile) writeHeader(out []byte) {
	out[8], out[9] = p.version[0], p.version[1]
	copy(out[12:], p.class)
	copy(out[16:], p.space)
	copy(out[20:], p.pcs)
	copy(out[24:], []byte{2000 >> 8, 2000 & 0xff, 0, 1, 0, 1})
	copy(out[36:], "acsp")
	out[63] = p.attributes
	out[67] = p.intent
	copy(out[68:], d50)
}
