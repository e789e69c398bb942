// Package font rebuilds the font programs that PDF embeds: TrueType and OpenType (an allow-list of tables under a fresh
// directory), bare CFF and Type 1 (parsed to their ends; what no structure covers does not survive).
//
// A program that cannot be understood is an error: the caller leaves it out, and a reader substitutes another font.
package font

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// ErrFont says that a font program does not hold to its format.
var ErrFont = errors.New("malformed font")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFont, fmt.Sprintf(format, args...))
}

// tables are the tables that a PDF reader draws glyphs with (ISO 32000-2 9.9.1, ISO/IEC 14496-22). Names, signatures,
// layout features, bitmaps and all that is not of the standard are not among them.
var tables = [...]string{
	"CFF ", "OS/2", "VORG", "cmap", "cvt ", "fpgm", "gasp", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "post", "prep",
	"vhea", "vmtx",
}

// table is one table of an sfnt.
type table struct {
	tag  string
	data []byte
}

const (
	maxTables    = 64
	directoryRow = 16
)

// SFNT rebuilds a TrueType or OpenType font. It returns how many tables were left out.
func SFNT(data []byte) (out []byte, dropped int, err error) {
	if len(data) < 12 {
		return nil, 0, malformed("too short")
	}
	version := string(data[:4])
	if version != "\x00\x01\x00\x00" && version != "OTTO" && version != "true" {
		return nil, 0, malformed("no sfnt")
	}
	all, dropped, err := directory(data)
	if err != nil {
		return nil, 0, err
	}
	if err := check(all); err != nil {
		return nil, 0, err
	}
	return assemble(version, all), dropped, nil
}

// directory reads the tables that are kept.
func directory(data []byte) (found []table, dropped int, err error) {
	n := int(binary.BigEndian.Uint16(data[4:]))
	if n > maxTables || len(data) < 12+n*directoryRow {
		return nil, 0, malformed("%d tables", n)
	}
	for i := range n {
		row := data[12+i*directoryRow:]
		tag := string(row[:4])
		if !slices.Contains(tables[:], tag) {
			dropped++
			continue
		}
		offset, length := int64(binary.BigEndian.Uint32(row[8:])), int64(binary.BigEndian.Uint32(row[12:]))
		if offset > int64(len(data)) {
			return nil, 0, malformed("table %s outside the font", tag)
		}
		length = min(length, int64(len(data))-offset) // a last table that is cut short is checked like any other
		if slices.ContainsFunc(found, func(t table) bool { return t.tag == tag }) {
			return nil, 0, malformed("table %s twice", tag)
		}
		if length > 0 {
			found = append(found, table{tag, data[offset : offset+length]})
		}
	}
	slices.SortFunc(found, func(a, b table) int { return cmpTag(a.tag, b.tag) })
	return found, dropped, nil
}

func cmpTag(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func find(all []table, tag string) []byte {
	for _, t := range all {
		if t.tag == tag {
			return t.data
		}
	}
	return nil
}

// check holds the tables that others are read by to their formats.
func check(all []table) error {
	head, maxp := find(all, "head"), find(all, "maxp")
	if cff := find(all, "CFF "); cff != nil {
		clean, err := CFF(cff)
		if err != nil {
			return err
		}
		for i := range all {
			if all[i].tag == "CFF " {
				all[i].data = clean
			}
		}
		return nil
	}
	glyf, loca := find(all, "glyf"), find(all, "loca")
	if len(head) < 54 || len(maxp) < 6 || loca == nil {
		return malformed("a table that it needs is missing")
	}
	glyphs := int(binary.BigEndian.Uint16(maxp[4:]))
	return checkLoca(loca, glyphs, binary.BigEndian.Uint16(head[50:]) != 0, int64(len(glyf)))
}

// checkLoca sees that every glyph lies within glyf. A loca that is shorter than the glyphs are many is common, and
// readers take the missing ones for empty.
func checkLoca(loca []byte, glyphs int, long bool, size int64) error {
	outside := 0
	if long {
		for i := 0; i+4 <= len(loca) && i/4 <= glyphs; i += 4 {
			if int64(binary.BigEndian.Uint32(loca[i:])) > size {
				outside++
			}
		}
	} else {
		for i := 0; i+2 <= len(loca) && i/2 <= glyphs; i += 2 {
			if 2*int64(binary.BigEndian.Uint16(loca[i:])) > size+1 {
				outside++
			}
		}
	}
	if outside > 0 {
		return malformed("%d glyphs outside the table", outside)
	}
	return nil
}

// checkSumBase is what the sum of a whole font is subtracted from (ISO/IEC 14496-22 5.2.5).
const checkSumBase = 0xB1B0AFBA

// assemble writes the tables under a fresh directory, each at a multiple of four.
func assemble(version string, all []table) []byte {
	n := len(all)
	selector := 0
	for 2<<selector <= n {
		selector++
	}
	out := append([]byte(nil), version...)
	out = binary.BigEndian.AppendUint16(out, uint16(n))
	out = binary.BigEndian.AppendUint16(out, uint16(16<<selector))
	out = binary.BigEndian.AppendUint16(out, uint16(selector))
	out = binary.BigEndian.AppendUint16(out, uint16(16*n-16<<selector))
	offset := 12 + n*directoryRow
	headAt := -1
	for i := range all {
		t := &all[i]
		if t.tag == "head" && len(t.data) >= 12 {
			t.data = append([]byte(nil), t.data...)
			clear(t.data[8:12])
			headAt = offset
		}
		out = append(out, t.tag...)
		out = binary.BigEndian.AppendUint32(out, sum(t.data))
		out = binary.BigEndian.AppendUint32(out, uint32(offset))
		out = binary.BigEndian.AppendUint32(out, uint32(len(t.data)))
		offset += (len(t.data) + 3) &^ 3
	}
	for _, t := range all {
		out = append(out, t.data...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	if headAt >= 0 {
		binary.BigEndian.PutUint32(out[headAt+8:], checkSumBase-sum(out))
	}
	return out
}

// sum adds up data as big-endian words, the last filled up with zeros.
func sum(data []byte) (s uint32) {
	for len(data) >= 4 {
		s += binary.BigEndian.Uint32(data)
		data = data[4:]
	}
	var last [4]byte
	copy(last[:], data)
	return s + binary.BigEndian.Uint32(last[:])
}
