package bmp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// build returns a bitmap of 3 by 2 pixels.
func build(depth, compression, colours int, extra, pixels []byte) []byte {
	le := binary.LittleEndian
	size := infoHeader + len(extra)
	offset := fileHeader + size + 4*colours
	b := append([]byte("BM"), 0, 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint32(b, uint32(offset))
	for _, v := range []int{size, 3, 2, 1 | depth<<16, compression, len(pixels), 2835, 2835, colours, 0} {
		b = le.AppendUint32(b, uint32(v))
	}
	b = append(append(append(b, extra...), make([]byte, 4*colours)...), pixels...)
	le.PutUint32(b[2:], uint32(len(b)))
	return b
}

func v4() []byte {
	return append([]byte{0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 'B', 'G', 'R', 's'}, make([]byte, 48)...)
}

var runs = []byte{3, 1, 0, 0, 0, 3, 1, 0, 1, 0, 0, 1}

func judge(t testing.TB, b []byte) string {
	t.Helper()
	set, err := verify.New(Judge{})
	if err != nil {
		t.Fatal(err)
	}
	policy := sanitize.Standard()
	policy.Limits.Pixels = 10_000
	err = set.Check(context.Background(), "bmp", sanitize.BytesInput(b), policy)
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatalf("no violation: %v", err)
	}
	return v.Rule
}

func TestGood(t *testing.T) {
	for name, b := range map[string][]byte{
		"true colour": build(24, 0, 0, nil, make([]byte, 24)),
		"one bit":     build(1, 0, 2, nil, []byte{0xA0, 0, 0, 0, 0xE0, 0, 0, 0}),
		"eight bits":  build(8, 0, 3, nil, []byte{0, 1, 2, 0, 2, 1, 0, 0}),
		"runs":        build(8, 1, 2, nil, runs),
		"alpha":       build(32, 3, 0, v4(), make([]byte, 24)),
	} {
		if rule := judge(t, b); rule != "" {
			t.Errorf("%s: violates %s", name, rule)
		}
		if !(Judge{}).Claims(sanitize.BytesInput(b)) {
			t.Errorf("%s: not claimed", name)
		}
	}
}

// TestViolations spoils a good bitmap in one way each.
func TestViolations(t *testing.T) {
	good := build(24, 0, 0, nil, make([]byte, 24))
	set := func(b []byte, at int, v byte) []byte {
		b = bytes.Clone(b)
		b[at] = v
		return b
	}
	for name, c := range map[string]struct {
		rule string
		b    []byte
	}{
		"leading":          {RuleStructure, append([]byte("x"), good...)},
		"trailing":         {RuleStructure, append(bytes.Clone(good), "MZ"...)},
		"cut":              {RuleStructure, good[:len(good)-1]},
		"reserved":         {RuleStructure, set(good, 6, 1)},
		"gap":              {RuleStructure, set(good, 10, 55)},
		"planes":           {RuleStructure, set(good, 26, 2)},
		"depth":            {RuleStructure, set(good, 28, 16)},
		"compression":      {RuleStructure, set(good, 30, 4)},
		"size of pixels":   {RuleStructure, set(good, 34, 1)},
		"important":        {RuleStructure, set(good, 50, 1)},
		"huge":             {verify.RuleLimit, set(good, 20, 1)},
		"top down":         {verify.RuleLimit, set(good, 25, 0xFF)},
		"V5 header":        {RuleStructure, set(good, 14, 124)},
		"linked profile":   {RuleStructure, set(build(32, 3, 0, v4(), make([]byte, 24)), 70, 'K')},
		"gamma":            {RuleStructure, set(build(32, 3, 0, v4(), make([]byte, 24)), 121, 1)},
		"rows missing":     {RulePixels, build(24, 0, 0, nil, make([]byte, 12))},
		"filling":          {RulePixels, set(good, len(good)-1, 'x')},
		"no such colour":   {RulePixels, build(8, 0, 2, nil, []byte{0, 1, 2, 0, 0, 0, 0, 0})},
		"bits behind":      {RulePixels, build(1, 0, 2, nil, []byte{0x10, 0, 0, 0, 0, 0, 0, 0})},
		"run of no colour": {RulePixels, build(8, 1, 1, nil, runs)},
		"no end":           {RulePixels, build(8, 1, 2, nil, runs[:10])},
		"early end":        {RulePixels, build(8, 1, 2, nil, []byte{0, 1})},
		"behind the end":   {RulePixels, build(8, 1, 2, nil, append(bytes.Clone(runs), 'x', 'x'))},
		"long row":         {RulePixels, build(8, 1, 2, nil, []byte{4, 1, 0, 0, 3, 1, 0, 1})},
		"move":             {RulePixels, build(8, 1, 2, nil, []byte{0, 2, 1, 1, 0, 1})},
		"filling of runs":  {RulePixels, build(8, 1, 2, nil, []byte{3, 1, 0, 0, 0, 3, 1, 0, 1, 'x', 0, 1})},
	} {
		if rule := judge(t, c.b); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(build(8, 1, 2, nil, runs))
	f.Add(build(1, 0, 2, nil, make([]byte, 8)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if judge(t, b) == verify.RulePanic {
			t.Fatal("panic")
		}
	})
}
