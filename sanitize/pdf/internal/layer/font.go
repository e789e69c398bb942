package layer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"sekisho/sanitize/pdf/internal/object"
)

// FontName is the name of the font.
const FontName = "SekishoText"

// Metrics of the font in thousandths of its size.
const (
	ascent  = 800
	descent = 200
	em      = 1000
)

// Descriptor describes the font, which is the stream program (ISO 32000-2 9.8).
func Descriptor(program object.Ref) object.Dict {
	return object.NewDict([]object.Entry{
		{Key: "Type", Value: object.Name("FontDescriptor")}, {Key: "FontName", Value: object.Name(FontName)},
		{Key: "Flags", Value: int64(4)}, {Key: "FontBBox", Value: object.Array{int64(0), int64(-descent), int64(em), int64(ascent)}},
		{Key: "ItalicAngle", Value: int64(0)}, {Key: "Ascent", Value: int64(ascent)}, {Key: "Descent", Value: int64(-descent)},
		{Key: "CapHeight", Value: int64(ascent)}, {Key: "StemV", Value: int64(80)}, {Key: "FontFile2", Value: program},
	})
}

// CIDFont describes the font by codes (ISO 32000-2 9.7.4). The stream glyphs is GlyphMap.
func (l *Layer) CIDFont(descriptor, glyphs object.Ref) object.Dict {
	system := object.NewDict([]object.Entry{
		{Key: "Registry", Value: object.String("Adobe")}, {Key: "Ordering", Value: object.String("Identity")},
		{Key: "Supplement", Value: int64(0)},
	})
	return object.NewDict([]object.Entry{
		{Key: "Type", Value: object.Name("Font")}, {Key: "Subtype", Value: object.Name("CIDFontType2")},
		{Key: "BaseFont", Value: object.Name(FontName)}, {Key: "CIDSystemInfo", Value: system},
		{Key: "FontDescriptor", Value: descriptor}, {Key: "CIDToGIDMap", Value: glyphs},
		{Key: "DW", Value: int64(em)}, {Key: "W", Value: l.widths()},
	})
}

// Font describes the font as pages use it, across or down.
func Font(down bool, cidFont, toUnicode object.Ref) object.Dict {
	encoding := object.Name("Identity-H")
	if down {
		encoding = "Identity-V"
	}
	return object.NewDict([]object.Entry{
		{Key: "Type", Value: object.Name("Font")}, {Key: "Subtype", Value: object.Name("Type0")},
		{Key: "BaseFont", Value: object.Name(FontName)}, {Key: "Encoding", Value: encoding},
		{Key: "DescendantFonts", Value: object.Array{cidFont}}, {Key: "ToUnicode", Value: toUnicode},
	})
}

// widths returns the widths of all codes (ISO 32000-2 9.7.4.3).
func (l *Layer) widths() object.Array {
	list := make(object.Array, len(l.cells))
	for i, c := range l.cells {
		list[i] = int64(c.width)
	}
	return object.Array{int64(1), list}
}

// GlyphMap returns the glyphs of all codes: the empty one.
func (l *Layer) GlyphMap() []byte { return make([]byte, 2*(len(l.cells)+1)) }

// perSection is the most entries of one section of a CMap (Adobe Technical Note 5014).
const perSection = 100

// ToUnicode returns the CMap from codes to characters (ISO 32000-2 9.10.3).
func (l *Layer) ToUnicode() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for start := 0; start < len(l.cells); start += perSection {
		part := l.cells[start:min(len(l.cells), start+perSection)]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(part))
		for i, c := range part {
			fmt.Fprintf(&b, "<%04X> <", start+i+1)
			for _, unit := range utf16.Encode([]rune{c.char}) {
				fmt.Fprintf(&b, "%04X", unit)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}

// Program returns a TrueType font with one glyph that draws nothing (ISO/IEC 14496-22).
func Program() []byte {
	be := binary.BigEndian
	head := make([]byte, 54)
	be.PutUint32(head, 0x00010000)
	be.PutUint32(head[12:], 0x5f0f3cf5) // magic number
	be.PutUint16(head[18:], em)
	descends := -descent
	be.PutUint16(head[38:], uint16(descends)) // yMin
	be.PutUint16(head[40:], em)
	be.PutUint16(head[42:], ascent)
	be.PutUint16(head[46:], 8) // smallest readable size
	be.PutUint16(head[48:], 2) // direction hint, as the standard wants it
	hhea := make([]byte, 36)
	be.PutUint32(hhea, 0x00010000)
	be.PutUint16(hhea[4:], ascent)
	be.PutUint16(hhea[6:], uint16(descends))
	be.PutUint16(hhea[10:], em)
	be.PutUint16(hhea[34:], 1) // metrics
	hmtx := make([]byte, 4)
	be.PutUint16(hmtx, em)
	maxp := make([]byte, 32)
	be.PutUint32(maxp, 0x00010000)
	be.PutUint16(maxp[4:], 1)  // glyphs
	be.PutUint16(maxp[14:], 2) // zones
	tables := []struct {
		tag  string
		data []byte
	}{
		{"glyf", make([]byte, 4)}, {"head", head}, {"hhea", hhea}, {"hmtx", hmtx}, {"loca", make([]byte, 4)}, {"maxp", maxp},
	}
	out := be.AppendUint32(nil, 0x00010000)
	for _, v := range []uint16{uint16(len(tables)), 64, 2, uint16(len(tables)*16 - 64)} {
		out = be.AppendUint16(out, v)
	}
	at := uint32(12 + 16*len(tables))
	for _, t := range tables {
		out = append(out, t.tag...)
		out = be.AppendUint32(out, sum(t.data))
		out = be.AppendUint32(out, at)
		out = be.AppendUint32(out, uint32(len(t.data)))
		at += uint32(len(t.data)+3) &^ 3
	}
	for _, t := range tables {
		out = append(out, t.data...)
		out = append(out, make([]byte, -len(t.data)&3)...)
	}
	return out
}

// sum adds up the words of a table.
func sum(data []byte) (total uint32) {
	padded := append(bytes.Clone(data), make([]byte, -len(data)&3)...)
	for ; len(padded) > 0; padded = padded[4:] {
		total += binary.BigEndian.Uint32(padded)
	}
	return total
}
