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

// plusRecord returns a comment with one record of EMF+.
func plusRecord(kind, flags uint16, data []byte) []byte {
	body := append([]byte("EMF+"), le.AppendUint16(le.AppendUint16(nil, kind), flags)...)
	body = append(le.AppendUint32(le.AppendUint32(body, uint32(12+len(data))), uint32(len(data))), data...)
	return record(emrComment, append(le.AppendUint32(nil, uint32(len(body))), body...))
}

func words(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = le.AppendUint32(b, v)
	}
	return b
}

func TestPlus(t *testing.T) {
	const version = 0xDBC01002
	header, fill := plusRecord(0x4001, 0, words(version, 0, 96, 96)), plusRecord(0x400A, 0xC000, words(0xFF00FF00, 1, 0, 0))
	file := func(records ...[]byte) []byte {
		return emf(append(append([][]byte{header}, records...), fill, plusRecord(0x4002, 0, nil))...)
	}
	object := func(kind uint16, data []byte) []byte { return plusRecord(0x4008, kind<<8, data) }
	pixels := words(version, 1, 1, 1, 4, 0x26200A, 0, 0xFFFFFFFF)
	pen := words(version, 0, 0x100, 0, 0, 1, 7)
	compressed := append(words(version, 1, 0, 0, 0, 0, 1), "MZ.."...)
	inner := wmf(function(0x020B, make([]byte, 4)))
	whole := append(words(version, 2, 2, uint32(len(inner))), inner...)
	for name, c := range map[string]struct {
		rule string
		b    []byte
	}{
		"good":                 {"", file(object(1, words(version, 0, 0xFF0000FF)), object(5, pixels), object(2, append(pen, words(version, 0, 0)...)), object(8, words(version, 0, 0, 0, 0, 0)))},
		"metafile inside":      {"", file(object(5, whole))},
		"bad metafile inside":  {RuleRecord, file(object(5, append(words(version, 2, 2, uint32(len(inner))), wmf(function(0x0626, make([]byte, 4)))...)))},
		"no picture":           {RulePlus, file(object(5, compressed))},
		"brush of no picture":  {RulePlus, file(object(1, append(words(version, 2, 0, 0), compressed...)))},
		"pen with such a one":  {RulePlus, file(object(2, append(append(pen, words(version, 2, 0, 0)...), compressed...)))},
		"pixels and more":      {RulePlus, file(object(5, append(pixels, "MZ.."...)))},
		"font and more":        {RulePlus, file(object(6, words(version, 0, 0, 0, 0, 1, 65, 0x5A4D)))},
		"comment":              {RulePlus, file(plusRecord(0x4003, 0, nil))},
		"effect":               {RulePlus, file(plusRecord(0x4038, 0, nil))},
		"no header":            {RulePlus, emf(fill)},
		"two headers":          {RulePlus, file(header)},
		"after the end":        {RulePlus, emf(header, plusRecord(0x4002, 0, nil), fill)},
		"an object cut":        {RulePlus, file(plusRecord(0x4008, 0x8500, words(9, 4, 0)))},
		"bytes behind data":    {RulePlus, emf(header, record(emrComment, append(append(words(24), "EMF+"...), words(0x4009, 20, 4, 0, 0)...)))},
		"bytes behind records": {RulePlus, emf(header, record(emrComment, append(append(words(16), "EMF+"...), words(0x402B, 12, 0, 0)...)))},
		"a kind of none":       {RulePlus, file(object(10, words(version, 0)))},
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
	f.Add(emf(plusRecord(0x4001, 0, words(0xDBC01002, 0, 96, 96)), plusRecord(0x4008, 0x200, words(0xDBC01002, 0, 0x1FFF, 0, 0, 9, 9, 9, 9, 9))))
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
