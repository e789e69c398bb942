package jpeg

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"os"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

func judge(t testing.TB, b []byte, policy sanitize.Policy) string {
	t.Helper()
	set, err := verify.New(Judge{})
	if err != nil {
		t.Fatal(err)
	}
	err = set.Check(context.Background(), "jpeg", sanitize.BytesInput(b), policy)
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatalf("no violation: %v", err)
	}
	return v.Rule
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var samples = []string{"baseline.jpg", "progressive.jpg", "restart.jpg", "grey.jpg"}

// insert puts a segment after the JFIF header, which is 20 bytes with the start of the image.
func insert(b []byte, marker byte, data []byte) []byte {
	out := append(bytes.Clone(b[:20]), 0xFF, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(data)+2))
	return append(append(out, data...), b[20:]...)
}

func exif(entries, value byte) []byte {
	return append([]byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00"), entries, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0, 0, 0, 0, 0)
}

func profile() []byte {
	p := make([]byte, 152)
	p[3], p[131] = 152, 1
	copy(p[36:], "acsp")
	copy(p[132:], "cprt\x00\x00\x00\x90\x00\x00\x00\x08text")
	return p
}

func part(number, count byte, data []byte) []byte {
	return append(append([]byte("ICC_PROFILE\x00"), number, count), data...)
}

func adobe(transform byte) []byte { return append([]byte("Adobe\x00\x64\x00\x00\x00\x00"), transform) }

func TestGood(t *testing.T) {
	for _, name := range samples {
		b := sample(t, name)
		if rule := judge(t, b, sanitize.Standard()); rule != "" {
			t.Errorf("%s: violates %s", name, rule)
		}
		b = insert(insert(insert(b, mAPP14, adobe(1)), mAPP2, part(1, 1, profile())), mAPP1, exif(1, 6))
		if rule := judge(t, b, sanitize.Standard()); rule != "" {
			t.Errorf("%s with orientation and profile: violates %s", name, rule)
		}
		if !(Judge{}).Claims(sanitize.BytesInput(b)) {
			t.Errorf("%s: not claimed", name)
		}
	}
	large := image.NewGray(image.Rect(0, 0, 333, 777))
	for i := range large.Pix {
		large.Pix[i] = color.Gray{byte(i * i >> 3)}.Y
	}
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, large, nil); err != nil {
		t.Fatal(err)
	}
	if rule := judge(t, b.Bytes(), sanitize.Standard()); rule != "" {
		t.Errorf("noise of 333 by 777: violates %s", rule)
	}
}

// TestViolations spoils a good picture in one way each.
func TestViolations(t *testing.T) {
	good := sample(t, "baseline.jpg")
	change := func(marker byte, off int, value byte) []byte {
		b := bytes.Clone(good)
		i := bytes.Index(b, []byte{0xFF, marker})
		b[i+off] = value
		return b
	}
	end := len(good) - 2
	surplus := append(append(bytes.Clone(good[:end]), 0x55, 0x55), good[end:]...)
	for name, c := range map[string]struct {
		rule string
		b    []byte
	}{
		"trailing":             {RuleTrailing, append(bytes.Clone(good), "PK"...)},
		"second picture":       {RuleTrailing, append(bytes.Clone(good), good...)},
		"leading":              {RuleStructure, append([]byte("x"), good...)},
		"no end":               {RuleEntropy, good[:end]},
		"cut":                  {RuleEntropy, append(bytes.Clone(good[:end-40]), 0xFF, mEOI)},
		"surplus entropy data": {RuleEntropy, surplus},
		"fill bytes":           {RuleStructure, append(append(bytes.Clone(good[:20]), 0xFF), good[20:]...)},
		"comment":              {RuleSegment, insert(good, 0xFE, []byte("<?php"))},
		"xmp":                  {RuleExif, insert(good, mAPP1, []byte("http://ns.adobe.com/xap/1.0/\x00<x/>"))},
		"exif with two":        {RuleExif, insert(good, mAPP1, append(exif(2, 1), make([]byte, 12)...))},
		"exif that counts two": {RuleExif, insert(good, mAPP1, exif(2, 1))},
		"orientation nine":     {RuleExif, insert(good, mAPP1, exif(1, 9))},
		"exif twice":           {RuleExif, insert(insert(good, mAPP1, exif(1, 1)), mAPP1, exif(1, 1))},
		"photoshop":            {RuleSegment, insert(good, 0xED, []byte("Photoshop 3.0\x00"))},
		"multi picture":        {RuleProfile, insert(good, mAPP2, []byte("MPF\x00MM\x00*"))},
		"profile in pieces":    {RuleProfile, insert(good, mAPP2, part(1, 2, profile()))},
		"no profile":           {RuleProfile, insert(good, mAPP2, part(1, 1, []byte("evil")))},
		"jfif twice":           {RuleSegment, insert(good, mAPP0, good[6:20])},
		"thumbnail":            {RuleSegment, append([]byte{0xFF, mSOI, 0xFF, mAPP0, 0, 19, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 9, 9, 9}, good[20:]...)},
		"adobe twice":          {RuleSegment, insert(insert(good, mAPP14, adobe(1)), mAPP14, adobe(1))},
		"long adobe":           {RuleSegment, insert(good, mAPP14, append(adobe(1), 'x'))},
		"lossless":             {RuleSegment, change(mSOF0, 1, 0xC3)},
		"arithmetic":           {RuleSegment, sample(t, "arithmetic.jpg")},
		"twelve bits":          {RuleSegment, change(mSOF0, 4, 12)},
		"huge":                 {verify.RuleLimit, change(mSOF0, 5, 0xFF)[:200]},
		"no width":             {verify.RuleLimit, change(mSOF0, 8, 0)},
		"sampling":             {RuleSegment, change(mSOF0, 11, 0x52)},
		"zero step":            {RuleSegment, change(mDQT, 10, 0)},
		"full code":            {RuleSegment, change(mDHT, 5, 2)},
		"scan of nothing":      {RuleSegment, change(mSOS, 5, 9)},
		"spectrum":             {RuleSegment, change(mSOS, 12, 62)},
		"progressive restart":  {RuleSegment, change(mSOF0, 1, mSOF2)},
	} {
		policy := sanitize.Standard()
		policy.Limits.Pixels = 1 << 20
		if rule := judge(t, c.b, policy); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

// TestPadding proves that not even the last bits of the entropy coded data can carry anything.
func TestPadding(t *testing.T) {
	for _, name := range []string{"baseline.jpg", "restart.jpg"} {
		b := sample(t, name)
		last := b[len(b)-3]
		if last&1 == 0 {
			t.Fatalf("%s has no padding to test with", name)
		}
		b[len(b)-3] = last &^ 1
		if rule := judge(t, b, sanitize.Standard()); rule != RuleEntropy {
			t.Errorf("%s: violates %q", name, rule)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, name := range samples {
		f.Add(sample(f, name))
	}
	policy := sanitize.Standard()
	policy.Limits.Pixels = 1 << 16
	f.Fuzz(func(t *testing.T, b []byte) {
		if judge(t, b, policy) == verify.RulePanic {
			t.Fatal("panic")
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	img := image.NewYCbCr(image.Rect(0, 0, 2000, 1500), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = byte(i*i>>7 ^ i>>3)
	}
	var buf bytes.Buffer
	if err := stdjpeg.Encode(&buf, img, nil); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(buf.Len()))
	b.Run("judge", func(b *testing.B) {
		for b.Loop() {
			if rule := judge(b, buf.Bytes(), sanitize.Standard()); rule != "" {
				b.Fatal(rule)
			}
		}
	})
	b.Run("image/jpeg", func(b *testing.B) {
		for b.Loop() {
			if _, err := stdjpeg.Decode(bytes.NewReader(buf.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}
