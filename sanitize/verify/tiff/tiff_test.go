package tiff

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	"sekisho/sanitize/verify/jpeg"
)

// tag is one tag of a page that is built: its type and its values.
type tag struct {
	kind   uint16
	values []uint32
}

type tags map[uint16]tag

func deflate(b []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(b)
	w.Close()
	return z.Bytes()
}

// build writes one page with strips of the given data.
func build(order binary.ByteOrder, t tags, strips ...[]byte) []byte {
	b := []byte("II*\x00\x00\x00\x00\x00")
	if order == binary.BigEndian {
		b = []byte("MM\x00*\x00\x00\x00\x00")
	}
	var offsets, lengths []uint32
	for _, s := range strips {
		offsets, lengths = append(offsets, uint32(len(b))), append(lengths, uint32(len(s)))
		b = append(b, s...)
		b = append(b, make([]byte, len(b)%2)...)
	}
	if t[tagTileWidth].kind != 0 {
		t[tagTiles], t[tagTileBytes] = tag{4, offsets}, tag{4, lengths}
	} else {
		t[tagStrips], t[tagStripBytes] = tag{4, offsets}, tag{4, lengths}
	}
	var numbers []uint16
	for n := range t {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var dir []byte
	u16 := func(b []byte, v uint16) []byte { return order.(binary.AppendByteOrder).AppendUint16(b, v) }
	u32 := func(b []byte, v uint32) []byte { return order.(binary.AppendByteOrder).AppendUint32(b, v) }
	for _, n := range numbers {
		var value []byte
		for _, v := range t[n].values {
			switch t[n].kind {
			case 3:
				value = u16(value, uint16(v))
			case 7:
				value = append(value, byte(v))
			default:
				value = u32(value, v)
			}
		}
		count := len(t[n].values)
		if t[n].kind == 5 {
			count /= 2
		}
		dir = u32(u16(u16(dir, n), t[n].kind), uint32(count))
		if len(value) > 4 {
			dir = u32(dir, uint32(len(b)))
			b = append(b, value...)
			b = append(b, make([]byte, len(b)%2)...)
		} else {
			dir = append(append(dir, value...), make([]byte, 4-len(value))...)
		}
	}
	order.PutUint32(b[4:], uint32(len(b)))
	return u32(append(u16(b, uint16(len(numbers))), dir...), 0)
}

// grey returns the tags of a picture of 5 by 4 pixels in strips of 3 rows.
func grey() tags {
	return tags{
		tagWidth: {4, []uint32{5}}, tagHeight: {4, []uint32{4}}, tagBits: {3, []uint32{8}}, tagCompression: {3, []uint32{8}},
		tagPhotometric: {3, []uint32{1}}, tagRows: {3, []uint32{3}}, 282: {5, []uint32{72, 1}}, 283: {5, []uint32{72, 1}},
	}
}

var strips = [][]byte{deflate(make([]byte, 15)), deflate(make([]byte, 5))}

func with(n uint16, t tag) tags {
	out := grey()
	out[n] = t
	return out
}

func judge(t testing.TB, b []byte) string {
	t.Helper()
	set, err := verify.New(Judge{}, jpeg.Judge{})
	if err != nil {
		t.Fatal(err)
	}
	policy := sanitize.Standard()
	policy.Limits.Pixels = 1 << 20
	err = set.Check(context.Background(), "tiff", sanitize.BytesInput(b), policy)
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatalf("no violation: %v", err)
	}
	return v.Rule
}

func short(v ...uint32) tag { return tag{3, v} }

func TestGood(t *testing.T) {
	tiles := with(tagTileWidth, short(16))
	tiles[tagTileHeight] = short(16)
	delete(tiles, tagRows)
	planes := with(tagPlanar, short(2))
	planes[tagSamples], planes[tagBits] = short(2), short(8, 8)
	raw := with(tagCompression, short(1))
	picture, err := os.ReadFile("../jpeg/testdata/baseline.jpg")
	if err != nil {
		t.Fatal(err)
	}
	jpegs := with(tagCompression, short(7))
	jpegs[tagRows] = short(4)
	for name, b := range map[string][]byte{
		"strips":     build(binary.LittleEndian, grey(), strips...),
		"big endian": build(binary.BigEndian, grey(), strips...),
		"tiles":      build(binary.LittleEndian, tiles, deflate(make([]byte, 256))),
		"planes":     build(binary.LittleEndian, planes, slices.Concat(strips, strips)...),
		"raw":        build(binary.LittleEndian, raw, make([]byte, 15), make([]byte, 5)),
		"jpeg":       build(binary.LittleEndian, jpegs, picture),
	} {
		if rule := judge(t, b); rule != "" {
			t.Errorf("%s: violates %s", name, rule)
		}
		if !(Judge{}).Claims(sanitize.BytesInput(b)) {
			t.Errorf("%s: not claimed", name)
		}
	}
}

// TestViolations spoils a good picture in one way each.
func TestViolations(t *testing.T) {
	le := binary.LittleEndian
	good := build(le, grey(), strips...)
	loop := bytes.Clone(good)
	copy(loop[len(loop)-4:], loop[4:8])
	far := bytes.Clone(good)
	far[5] = 0xFF
	missing := grey()
	delete(missing, tagWidth)
	for name, c := range map[string]struct {
		rule string
		b    []byte
	}{
		"leading":          {RuleStructure, append([]byte("x"), good...)},
		"trailing":         {RuleStructure, append(bytes.Clone(good), "MZ"...)},
		"cut":              {RuleStructure, good[:len(good)-1]},
		"far directory":    {RuleStructure, far},
		"loop":             {RuleStructure, loop},
		"no page":          {RuleStructure, good[:8:8]},
		"more strips":      {RulePixels, build(le, grey(), strips[0], strips[1], []byte("hidden"))},
		"text":             {RuleTag, build(le, with(270, tag{7, []uint32{'a'}}), strips...)},
		"xmp":              {RuleTag, build(le, with(700, tag{1, []uint32{'a'}}), strips...)},
		"exif":             {RuleTag, build(le, with(34665, tag{4, []uint32{8}}), strips...)},
		"further pages":    {RuleTag, build(le, with(330, tag{4, []uint32{8}}), strips...)},
		"private":          {RuleTag, build(le, with(65000, short(1)), strips...)},
		"type":             {RuleTag, build(le, with(274, tag{2, []uint32{1}}), strips...)},
		"no profile":       {RuleProfile, build(le, with(tagProfile, tag{7, []uint32{1, 2, 3, 4, 5}}), strips...)},
		"huge":             {verify.RuleLimit, build(le, with(tagWidth, tag{4, []uint32{1 << 30}}), strips...)},
		"no width":         {verify.RuleLimit, build(le, missing, strips...)},
		"fewer strips":     {RulePixels, build(le, grey(), strips[0])},
		"surplus":          {RulePixels, build(le, grey(), deflate(make([]byte, 16)), strips[1])},
		"surplus behind":   {RulePixels, build(le, grey(), append(bytes.Clone(strips[0]), "MZ"...), strips[1])},
		"missing":          {RulePixels, build(le, grey(), deflate(make([]byte, 14)), strips[1])},
		"compression":      {RulePixels, build(le, with(tagCompression, short(5)), strips...)},
		"raw surplus":      {RulePixels, build(le, with(tagCompression, short(1)), make([]byte, 16), make([]byte, 5))},
		"jpeg that is not": {verify.RuleUnknown, build(le, with(tagCompression, short(7)), strips...)},
		"depths":           {RulePixels, build(le, with(tagBits, short(8, 1)), strips...)},
		"behind a value":   {RuleStructure, bytes.Replace(good, []byte{3, 0, 1, 0, 0, 0, 8, 0, 0, 0}, []byte{3, 0, 1, 0, 0, 0, 8, 0, 'x', 0}, 1)},
	} {
		if rule := judge(t, c.b); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

// TestCovered hides bytes between the data and the directory.
func TestCovered(t *testing.T) {
	good := build(binary.LittleEndian, grey(), strips...)
	dir := binary.LittleEndian.Uint32(good[4:])
	b := append(append(bytes.Clone(good[:dir]), "hidden"...), good[dir:]...)
	binary.LittleEndian.PutUint32(b[4:], dir+6)
	if rule := judge(t, b); rule != RuleStructure {
		t.Errorf("violates %q", rule)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(build(binary.LittleEndian, grey(), strips...))
	f.Add(build(binary.BigEndian, grey(), strips...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if judge(t, b) == verify.RulePanic {
			t.Fatal("panic")
		}
	})
}
