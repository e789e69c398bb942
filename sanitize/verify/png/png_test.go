package png

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

type part struct {
	kind string
	data []byte
}

func deflate(b []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(b)
	w.Close()
	return z.Bytes()
}

// write writes parts as a picture.
func write(parts ...part) []byte {
	out := []byte(signature)
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p.data)))
		body := append([]byte(p.kind), p.data...)
		out = append(out, body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
	}
	return out
}

func header(w, h uint32, depth, colour, interlace byte) part {
	b := binary.BigEndian.AppendUint32(nil, w)
	b = binary.BigEndian.AppendUint32(b, h)
	return part{"IHDR", append(b, depth, colour, 0, 0, interlace)}
}

func profile() []byte {
	p := make([]byte, 152)
	p[3], p[131] = 152, 1
	copy(p[36:], "acsp")
	copy(p[132:], "cprt\x00\x00\x00\x90\x00\x00\x00\x08text")
	return p
}

// rgb returns a good picture of 3 by 2 pixels in true colour.
func rgb() []part {
	return []part{
		header(3, 2, 8, 2, 0),
		{"gAMA", make([]byte, 4)},
		{"iCCP", append([]byte("p\x00\x00"), deflate(profile())...)},
		{"pHYs", make([]byte, 9)},
		{"IDAT", deflate(make([]byte, 20))},
		{"IEND", nil},
	}
}

func grey(interlace byte, lines int) []part {
	return []part{header(5, 5, 1, 0, interlace), {"IDAT", deflate(make([]byte, lines))}, {"IEND", nil}}
}

func indexed() []part {
	return []part{header(3, 2, 2, 3, 0), {"PLTE", make([]byte, 9)}, {"tRNS", make([]byte, 3)}, {"IDAT", deflate(make([]byte, 4))}, {"IEND", nil}}
}

func control(seq, w, h byte) part {
	b := make([]byte, 26)
	b[3], b[7], b[11] = seq, w, h
	return part{"fcTL", b}
}

func moving() []part {
	return []part{
		header(3, 2, 8, 2, 0), {"acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0}}, control(0, 3, 2), {"IDAT", deflate(make([]byte, 20))},
		control(1, 2, 1), {"fdAT", append([]byte{0, 0, 0, 2}, deflate(make([]byte, 7))...)}, {"IEND", nil},
	}
}

func judge(t testing.TB, b []byte, policy sanitize.Policy) string {
	t.Helper()
	set, err := verify.New(Judge{})
	if err != nil {
		t.Fatal(err)
	}
	err = set.Check(context.Background(), "png", sanitize.BytesInput(b), policy)
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatalf("no violation: %v", err)
	}
	return v.Rule
}

func TestGood(t *testing.T) {
	for name, parts := range map[string][]part{
		"rgb": rgb(), "grey": grey(0, 10), "interlaced": grey(1, 22), "indexed": indexed(), "animated": moving(),
	} {
		if rule := judge(t, write(parts...), sanitize.Standard()); rule != "" {
			t.Errorf("%s: violates %s", name, rule)
		}
	}
	if !(Judge{}).Claims(sanitize.BytesInput(write(rgb()...))) {
		t.Error("not claimed")
	}
}

// TestViolations spoils a good picture in one way each.
func TestViolations(t *testing.T) {
	swap := func(i int, p part) []byte {
		parts := rgb()
		parts[i] = p
		return write(parts...)
	}
	insert := func(i int, p part) []byte {
		parts := rgb()
		return write(append(append(append([]part{}, parts[:i]...), p), parts[i:]...)...)
	}
	good := write(rgb()...)
	flip := bytes.Clone(good)
	flip[len(flip)-1] ^= 1
	still := moving()
	for name, c := range map[string]struct {
		rule string
		b    []byte
	}{
		"trailing":           {RuleTrailing, append(bytes.Clone(good), "PK"...)},
		"leading":            {RuleStructure, append([]byte("x"), good...)},
		"cut":                {RuleStructure, good[:len(good)-12]},
		"checksum":           {RuleChecksum, flip},
		"text":               {RuleChunk, insert(1, part{"tEXt", []byte("Comment\x00<?php")})},
		"compressed text":    {RuleChunk, insert(1, part{"zTXt", nil})},
		"exif":               {RuleChunk, insert(4, part{"eXIf", []byte("MM\x00*")})},
		"time":               {RuleChunk, insert(5, part{"tIME", make([]byte, 7)})},
		"private":            {RuleChunk, insert(1, part{"pRVt", nil})},
		"second header":      {RuleStructure, insert(1, header(3, 2, 8, 2, 0))},
		"no header":          {RuleStructure, write(rgb()[1:]...)},
		"twice":              {RuleChunk, insert(2, part{"gAMA", make([]byte, 4)})},
		"after data":         {RuleChunk, insert(5, part{"bKGD", make([]byte, 6)})},
		"data in pieces":     {RuleChunk, write(append(rgb()[:5], part{"PLTE", make([]byte, 3)}, rgb()[4], rgb()[5])...)},
		"long gamma":         {RuleChunk, swap(1, part{"gAMA", make([]byte, 5)})},
		"surplus lines":      {RulePixels, swap(4, part{"IDAT", deflate(make([]byte, 21))})},
		"missing lines":      {RulePixels, swap(4, part{"IDAT", deflate(make([]byte, 19))})},
		"surplus compressed": {RulePixels, swap(4, part{"IDAT", append(deflate(make([]byte, 20)), 'x')})},
		"filter":             {RulePixels, swap(4, part{"IDAT", deflate(bytes.Repeat([]byte{5}, 20))})},
		"no data":            {RulePixels, write(rgb()[0], rgb()[5])},
		"huge":               {verify.RuleLimit, swap(0, header(60000, 60000, 8, 2, 0))},
		"depth":              {RuleChunk, swap(0, header(3, 2, 4, 2, 0))},
		"no profile":         {RuleProfile, swap(2, part{"iCCP", append([]byte("p\x00\x00"), deflate([]byte("<?php evil"))...)})},
		"after the profile":  {RuleProfile, swap(2, part{"iCCP", append(append([]byte("p\x00\x00"), deflate(profile())...), 'x')})},
		"palette of grey":    {RuleChunk, write(header(5, 5, 1, 0, 0), part{"PLTE", make([]byte, 3)}, grey(0, 10)[1], part{"IEND", nil})},
		"long palette":       {RuleChunk, write(header(3, 2, 2, 3, 0), part{"PLTE", make([]byte, 15)}, indexed()[3], part{"IEND", nil})},
		"palette of text":    {RuleChunk, write(header(3, 2, 2, 3, 0), part{"PLTE", []byte("ab<?php x")}, indexed()[3], part{"IEND", nil})},
		"no palette":         {RuleChunk, write(header(3, 2, 2, 3, 0), indexed()[3], part{"IEND", nil})},
		"frame missing":      {RuleAnimation, write(append(still[:4:4], part{"IEND", nil})...)},
		"frame outside":      {RuleAnimation, write(append(still[:4:4], control(1, 4, 1), still[5], still[6])...)},
		"frame sequence":     {RuleAnimation, write(append(still[:4:4], control(2, 2, 1), still[5], still[6])...)},
		"frame surplus":      {RulePixels, write(append(still[:5:5], part{"fdAT", append([]byte{0, 0, 0, 2}, deflate(make([]byte, 8))...)}, still[6])...)},
	} {
		if rule := judge(t, c.b, sanitize.Standard()); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
	if rule := judge(t, write(moving()...), sanitize.Strict()); rule != RuleAnimation {
		t.Errorf("animation under strict: violates %q", rule)
	}
}

func FuzzCheck(f *testing.F) {
	for _, parts := range [][]part{rgb(), grey(1, 22), indexed(), moving()} {
		f.Add(write(parts...))
	}
	policy := sanitize.Standard()
	policy.Limits.Pixels = 1 << 20
	f.Fuzz(func(t *testing.T, b []byte) {
		if judge(t, b, policy) == verify.RulePanic {
			t.Fatal("panic")
		}
	})
}
