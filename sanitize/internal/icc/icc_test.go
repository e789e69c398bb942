package icc

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

type made struct {
	signature string
	element   []byte
}

// make builds a profile as other programs do: elements behind the table, in order, each padded.
func makeProfile(version byte, class, space, pcs string, tags []made) []byte {
	b := make([]byte, headerSize+4+12*len(tags))
	copy(b[4:], "MAKR")
	b[8] = version
	copy(b[12:], class)
	copy(b[16:], space)
	copy(b[20:], pcs)
	copy(b[36:], "acsp")
	copy(b[48:], "NEEDLE01NEEDLE02")
	copy(b[68:], d50)
	copy(b[80:], "NEEDLE03")
	binary.BigEndian.PutUint32(b[headerSize:], uint32(len(tags)))
	at := map[*byte]int{}
	for i, t := range tags {
		if _, ok := at[&t.element[0]]; !ok {
			at[&t.element[0]] = len(b)
			b = padded(b, t.element)
		}
		copy(b[headerSize+4+12*i:], t.signature)
		binary.BigEndian.PutUint32(b[headerSize+8+12*i:], uint32(at[&t.element[0]]))
		binary.BigEndian.PutUint32(b[headerSize+12+12*i:], uint32(len(t.element)))
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

func xyz(values ...uint32) []byte {
	var body []byte
	for _, v := range values {
		body = binary.BigEndian.AppendUint32(body, v)
	}
	return element("XYZ ", body)
}

func gamma() []byte { return element("curv", []byte{0, 0, 0, 1, 2, 0x33}) }

func rgbTags() []made {
	trc := gamma()
	return []made{
		{"desc", element("desc", []byte("\x00\x00\x00\x08NEEDLE04"))},
		{"cprt", element("text", []byte("NEEDLE05"))},
		{"vcgt", element("vcgt", []byte("NEEDLE06"))},
		{"wtpt", xyz(1, 2, 3)}, {"rXYZ", append(xyz(4, 5, 6), "NEEDLE07"...)}, {"gXYZ", xyz(7, 8, 9)}, {"bXYZ", xyz(10, 11, 12)},
		{"rTRC", trc}, {"gTRC", trc}, {"bTRC", trc},
	}
}

// table is a lut16Type with two grid points.
func table(inputs, outputs int) []byte {
	body := append([]byte{byte(inputs), byte(outputs), 2, 0xee}, make([]byte, 36)...)
	body = append(body, 0, 2, 0, 2)
	for i := range 2*inputs + outputs<<inputs + 2*outputs {
		body = append(body, byte(i), byte(i*7))
	}
	return element("mft2", body)
}

// newTable is a lutAToBType or lutBToAType with all five parts.
func newTable(signature string, inputs, outputs int) []byte {
	b := element(signature, append([]byte{byte(inputs), byte(outputs)}, make([]byte, 22)...))
	part := func(i int, data []byte) {
		binary.BigEndian.PutUint32(b[12+4*i:], uint32(len(b)))
		b = padded(b, data)
	}
	curves := func(n int) []byte {
		var all []byte
		for range n {
			all = padded(all, element("para", []byte{0, 0, 0xee, 0xee, 0, 1, 0, 0}))
		}
		return all
	}
	a, m := inputs, outputs
	if signature == "mBA " {
		a, m = outputs, inputs
	}
	grid := make([]byte, 20)
	for i := range inputs {
		grid[i] = 2
	}
	grid[16] = 1
	part(4, curves(a))
	part(3, append(grid, bytes.Repeat([]byte{9}, outputs<<inputs)...))
	part(2, curves(m))
	part(1, make([]byte, 48))
	part(0, curves(m))
	return b
}

func profiles() map[string][]byte {
	lut := table(4, 3)
	return map[string][]byte{
		"rgb v2":  makeProfile(2, "mntr", "RGB ", "XYZ ", rgbTags()),
		"rgb v4":  makeProfile(4, "mntr", "RGB ", "XYZ ", rgbTags()),
		"grey":    makeProfile(2, "mntr", "GRAY", "XYZ ", []made{{"wtpt", xyz(1, 2, 3)}, {"kTRC", gamma()}}),
		"cmyk":    makeProfile(2, "prtr", "CMYK", "Lab ", []made{{"wtpt", xyz(1, 2, 3)}, {"A2B0", lut}, {"A2B1", lut}, {"B2A0", table(3, 4)}, {"gamt", table(3, 1)}}),
		"cmyk v4": makeProfile(4, "prtr", "CMYK", "Lab ", []made{{"wtpt", xyz(1, 2, 3)}, {"A2B0", newTable("mAB ", 4, 3)}, {"B2A0", newTable("mBA ", 3, 4)}}),
	}
}

func TestRebuild(t *testing.T) {
	want := map[string]int{"rgb v2": 3, "rgb v4": 3, "grey": 1, "cmyk": 4, "cmyk v4": 4}
	for name, p := range profiles() {
		out, components, err := Rebuild(p)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if components != want[name] {
			t.Errorf("%s: %d components, want %d", name, components, want[name])
		}
		if strings.Contains(string(out), "NEEDLE") || strings.Contains(string(out), "MAKR") {
			t.Errorf("%s: text of the input survives", name)
		}
		again, _, err := Rebuild(out)
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("%s: not stable: %v", name, err)
		}
	}
}

func TestColourStays(t *testing.T) {
	p, err := parse(profiles()["rgb v2"])
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := Rebuild(p.data)
	if err != nil {
		t.Fatal(err)
	}
	q, err := parse(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"wtpt", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"} {
		if !bytes.Equal(p.elements[tag], q.elements[tag]) {
			t.Errorf("%s was %x, is %x", tag, p.elements[tag], q.elements[tag])
		}
	}
	if &q.elements["rTRC"][0] != &q.elements["bTRC"][0] {
		t.Error("curves that shared an element no longer do")
	}
	if string(q.elements["rXYZ"]) != string(xyz(4, 5, 6)) {
		t.Errorf("rXYZ is %x", q.elements["rXYZ"])
	}
}

func TestRefused(t *testing.T) {
	change := func(at int, b ...byte) []byte {
		p := profiles()["rgb v2"]
		copy(p[at:], b)
		return p
	}
	entry := func(i int) int { return headerSize + 4 + 12*i }
	cases := map[string][]byte{
		"empty":                nil,
		"text":                 bytes.Repeat([]byte("text"), 64),
		"longer than it is":    change(0, 0, 1, 0, 0),
		"no acsp":              change(36, 'x'),
		"version 5":            change(8, 5),
		"link":                 change(12, []byte("link")...),
		"six colours":          change(16, []byte("6CLR")...),
		"pcs":                  change(20, []byte("RGB ")...),
		"intent":               change(67, 9),
		"no tags":              change(headerSize, 0, 0, 0, 0),
		"2^32 tags":            change(headerSize, 0xff, 0xff, 0xff, 0xff),
		"table past the end":   change(headerSize, 0, 0, 0, 99),
		"tag past the end":     change(entry(3)+8, 0xff, 0xff, 0xff, 0xff),
		"tag in the header":    change(entry(3)+4, 0, 0, 0, 0),
		"tag without a type":   change(entry(3)+8, 0, 0, 0, 4),
		"tag twice":            change(entry(4), []byte("wtpt")...),
		"overlap":              change(entry(3)+8, 0, 0, 0, 24),
		"no white point":       change(entry(3), []byte("wt__")...),
		"no red":               change(entry(4), []byte("r___")...),
		"too large":            makeProfile(2, "mntr", "RGB ", "XYZ ", append(rgbTags(), made{"priv", make([]byte, MaxSize)})),
		"grid of one":          makeProfile(2, "prtr", "CMYK", "Lab ", []made{{"wtpt", xyz(1, 2, 3)}, {"A2B0", gridOfOne()}}),
		"grid of 255^4":        makeProfile(2, "prtr", "CMYK", "Lab ", []made{{"wtpt", xyz(1, 2, 3)}, {"A2B0", gridOf255()}}),
		"table of three":       makeProfile(2, "prtr", "CMYK", "Lab ", []made{{"wtpt", xyz(1, 2, 3)}, {"A2B0", table(3, 3)}}),
		"wrong way":            makeProfile(4, "prtr", "CMYK", "Lab ", []made{{"wtpt", xyz(1, 2, 3)}, {"A2B0", newTable("mBA ", 4, 3)}}),
		"curve function":       withCurve(element("para", []byte{0, 9, 0, 0})),
		"curve is cut off":     withCurve(element("curv", []byte{0, 0, 1, 0, 1, 2})),
		"curve of 2^32":        withCurve(element("curv", []byte{0xff, 0xff, 0xff, 0xff, 1, 2})),
		"parameters cut off":   withCurve(element("para", []byte{0, 4, 0, 0, 1, 2})),
		"unknown curve":        withCurve(element("text", []byte("a curve"))),
		"curve without a body": withCurve(element("curv", nil)),
	}
	for name, p := range cases {
		if out, _, err := Rebuild(p); err == nil {
			t.Errorf("%s: rebuilt to %d bytes", name, len(out))
		}
	}
}

func withCurve(curve []byte) []byte {
	return makeProfile(2, "mntr", "GRAY", "XYZ ", []made{{"wtpt", xyz(1, 2, 3)}, {"kTRC", curve}})
}

func gridOfOne() []byte {
	b := table(4, 3)
	b[10] = 1
	return b
}

func gridOf255() []byte {
	b := table(4, 3)
	b[10] = 255
	return b
}

func FuzzRebuild(f *testing.F) {
	for _, p := range profiles() {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		out, components, err := Rebuild(p)
		if err != nil {
			return
		}
		again, n, err := Rebuild(out)
		if err != nil || n != components || !bytes.Equal(out, again) {
			t.Fatalf("not stable: %v", err)
		}
	})
}
