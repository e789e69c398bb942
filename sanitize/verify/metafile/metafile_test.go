package metafile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

var le = binary.LittleEndian

// emf returns a metafile of the given records, each a kind and a body.
func emf(records ...[]byte) []byte {
	b := make([]byte, 88)
	le.PutUint32(b, emrHeader)
	le.PutUint32(b[4:], 88)
	copy(b[40:], " EMF")
	for _, r := range append(records, record(emrEOF, make([]byte, 12))) {
		b = append(b, r...)
	}
	le.PutUint32(b[48:], uint32(len(b)))
	le.PutUint32(b[52:], uint32(len(records)+2))
	return b
}

func record(kind uint32, body []byte) []byte {
	b := le.AppendUint32(nil, kind)
	return append(le.AppendUint32(b, uint32(len(body)+8)), body...)
}

// stretch returns a record 81 with a bitmap of the given compression, whose bits are at off.
func stretch(compression, off uint32) []byte {
	body := make([]byte, 72+40+4)
	for i, v := range []uint32{80, 40, off, 4} {
		le.PutUint32(body[40+4*i:], v)
	}
	le.PutUint32(body[72:], 40)
	le.PutUint32(body[72+16:], compression)
	return record(81, body)
}

// wmf returns a placeable metafile of the given records, each a function and a body.
func wmf(records ...[]byte) []byte {
	p := append(bytes.Clone(placeable), make([]byte, 16)...)
	p = le.AppendUint16(p, checksum(append(p, 0, 0)))
	b := []byte{1, 0, 9, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	for _, r := range append(records, function(0, nil)) {
		b = append(b, r...)
	}
	le.PutUint32(b[6:], uint32(len(b)/2))
	return append(p, b...)
}

func function(number uint16, body []byte) []byte {
	b := le.AppendUint32(nil, uint32(len(body)+6)/2)
	return append(le.AppendUint16(b, number), body...)
}

func judge(t testing.TB, id string, b []byte) string {
	t.Helper()
	set, err := verify.New(EMF{}, WMF{})
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Identify(sanitize.BytesInput(b)); got != id && got != "" {
		t.Errorf("%s is taken for %s", id, got)
	}
	err = set.Check(context.Background(), id, sanitize.BytesInput(b), sanitize.Standard())
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatalf("no violation: %v", err)
	}
	return v.Rule
}

func TestEMF(t *testing.T) {
	good := emf(record(27, make([]byte, 8)), record(54, make([]byte, 8)), stretch(0, 120))
	set := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] = v
		return b
	}
	for name, c := range map[string]struct {
		rule string
		b    []byte
	}{
		"good":          {"", good},
		"comment":       {RuleRecord, emf(record(70, make([]byte, 8)))},
		"escape":        {RuleRecord, emf(record(106, make([]byte, 8)))},
		"named escape":  {RuleRecord, emf(record(110, make([]byte, 8)))},
		"opengl":        {RuleRecord, emf(record(102, make([]byte, 8)))},
		"profile":       {RuleRecord, emf(record(113, make([]byte, 8)))},
		"unknown":       {RuleRecord, emf(record(123, make([]byte, 8)))},
		"header twice":  {RuleStructure, emf(record(1, make([]byte, 80)))},
		"jpeg":          {RuleBitmap, emf(stretch(4, 120))},
		"bits outside":  {RuleBitmap, emf(stretch(0, 121))},
		"bitmap is cut": {RuleBitmap, emf(record(81, make([]byte, 40)))},
		"trailing":      {RuleStructure, append(bytes.Clone(good), "MZ.."...)},
		"leading":       {RuleStructure, append([]byte("x"), good...)},
		"cut":           {RuleStructure, good[:len(good)-4]},
		"description":   {RuleStructure, set(60, 1)},
		"length":        {RuleStructure, set(48, 1)},
		"count":         {RuleStructure, set(52, 1)},
		"odd record":    {RuleStructure, set(92, 17)},
	} {
		if rule := judge(t, "emf", c.b); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

func TestWMF(t *testing.T) {
	good := wmf(function(0x020B, make([]byte, 4)), function(0x041B, make([]byte, 8)))
	set := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] = v
		return b
	}
	for name, c := range map[string]struct {
		rule string
		b    []byte
	}{
		"good":             {"", good},
		"without a size":   {"", good[placeableSize:]},
		"escape":           {RuleRecord, wmf(function(0x0626, []byte{9, 0, 0, 0}))},
		"unknown":          {RuleRecord, wmf(function(0x9999, nil))},
		"checksum":         {RuleStructure, set(6, 1)},
		"trailing":         {RuleStructure, append(bytes.Clone(good), "MZ"...)},
		"cut":              {RuleStructure, good[:len(good)-6]},
		"length":           {RuleStructure, set(placeableSize+6, 1)},
		"members":          {RuleStructure, set(placeableSize+16, 1)},
		"record too long":  {RuleStructure, set(placeableSize+headerSize, 99)},
		"record too short": {RuleStructure, set(placeableSize+headerSize, 1)},
		"after the end":    {RuleStructure, wmf(function(0, nil))},
	} {
		if rule := judge(t, "wmf", c.b); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(emf(stretch(0, 120)))
	f.Add(wmf(function(0x020B, make([]byte, 4))))
	f.Fuzz(func(t *testing.T, b []byte) {
		set, err := verify.New(EMF{}, WMF{})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"emf", "wmf"} {
			var v verify.Violation
			if errors.As(set.Check(context.Background(), id, sanitize.BytesInput(b), sanitize.Standard()), &v); v.Rule == verify.RulePanic {
				t.Fatal(v)
			}
		}
	})
}
