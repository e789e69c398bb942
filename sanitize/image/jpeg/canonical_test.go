package jpeg

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"testing"

	"sekisho/sanitize"
)

// scanOf returns the entropy-coded data of a picture of one scan, and what stands before them.
func scanOf(t testing.TB, b []byte) (before, data []byte) {
	t.Helper()
	at := bytes.Index(b, []byte{0xff, markerSOS})
	if at < 0 {
		t.Fatal("no scan")
	}
	at += 2 + int(binary.BigEndian.Uint16(b[at+2:]))
	return b[:at], b[at : at+entropyLength(b[at:])]
}

// withScan returns the picture with other entropy-coded data.
func withScan(t testing.TB, b []byte, data ...byte) []byte {
	t.Helper()
	before, _ := scanOf(t, b)
	return append(append(bytes.Clone(before), data...), 0xff, markerEOI)
}

// unusual returns a picture of standard tables with a code added to one of them, which no coefficient has.
func unusual(t testing.TB, b []byte) []byte {
	t.Helper()
	at := bytes.Index(b, []byte{0xff, markerDHT})
	if at < 0 || b[at+4] != 0 || b[at+5+9] != 0 {
		t.Fatal("no table for DC")
	}
	out := bytes.Clone(b[:at+5+16+12])
	out[at+5+9]++ // codes of ten bits
	binary.BigEndian.PutUint16(out[at+2:], binary.BigEndian.Uint16(out[at+2:])+1)
	return append(append(out, 0), b[at+5+16+12:]...)
}

// TestStandardTables proves that the tables of annex K are what other encoders mean by them, and that a scan which has
// them keeps them and the length that it has.
func TestStandardTables(t *testing.T) {
	for quality := 1; quality <= 100; quality += 11 {
		in := grainy(t, 7, quality)
		for _, from := range []int{0, len(in)} {
			out, err := written(t, in, from)
			if err != nil {
				t.Fatal(err)
			}
			_, was := scanOf(t, in)
			if _, is := scanOf(t, out); !bytes.Equal(was, is) {
				t.Errorf("quality %d, long from %d bytes: other data", quality, from)
			}
		}
		out, err := written(t, unusual(t, in), 0)
		if err != nil || len(out) >= len(in) {
			t.Errorf("quality %d: %d bytes became %d by tables of their own, %v", quality, len(in), len(out), err)
		}
	}
}

// TestNothingBesideCoefficients proves that a scan of standard tables carries nothing but its coefficients across: it comes
// out as the one without what was hidden in it, whether it is long or short.
func TestNothingBesideCoefficients(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 8)), nil); err != nil {
		t.Fatal(err)
	}
	flat := b.Bytes()
	// Of luminance, difference 0 is 00, 1 is 010 1, the end of a block is 1010, sixteen zeros are 11111111001, and a
	// coefficient of 1 behind no zero is 00 1. 00 1010 010 1 001 1010 and 0 1010 behind it are two blocks and a half.
	plain := withScan(t, flat, 0b00_1010_01, 0b0_1_001_101, 0b0_1111111)
	grain := grainy(t, 3, 80)
	_, long := scanOf(t, grain)
	cut := bytes.LastIndexByte(long[:len(long)/2], 0xff)
	for name, c := range map[string]struct{ clean, hidden []byte }{
		"in the padding":             {plain, withScan(t, flat, 0b00_1010_01, 0b0_1_001_101, 0b0_0100101)},
		"bytes behind":               {plain, withScan(t, flat, 0b00_1010_01, 0b0_1_001_101, 0b0_1111111, 'P', 'K')},
		"another block":              {plain, withScan(t, flat, 0b00_1010_01, 0b0_1_001_101, 0b0_00_1010_0, 0b0_1010_111)},
		"zeros before the end":       {plain, withScan(t, flat, 0b00_111111, 0b11001_101, 0b0_010_1_001, 0b1010_1111)},
		"fill bytes before a marker": {plain, withScan(t, flat, 0b00_1010_01, 0b0_1_001_101, 0b0_1111111, 0xff, 0xff)},
		"fill bytes in the data":     {grain, withScan(t, grain, bytes.Join([][]byte{long[:cut], {0xff, 0xff}, long[cut:]}, nil)...)},
		"behind a long scan":         {grain, withScan(t, grain, append(bytes.Clone(long), "PK"...)...)},
	} {
		for _, from := range []int{0, len(c.hidden)} {
			want, err := written(t, c.clean, from)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := written(t, c.hidden, from); err != nil || !bytes.Equal(want, got) {
				t.Errorf("%s, long from %d bytes: it crosses, %v", name, from, err)
			}
		}
	}
}

// TestBetweenRestarts proves that bytes between the intervals of a scan do not cross.
func TestBetweenRestarts(t *testing.T) {
	in := fixture(t, "restart")
	at := bytes.Index(in, []byte{0xff, markerRST0})
	want, _, err := rebuild(t, sanitize.Standard(), in)
	if err != nil {
		t.Fatal(err)
	}
	hidden := bytes.Join([][]byte{in[:at], []byte("NEEDLE"), in[at:]}, nil)
	got, report, err := rebuild(t, sanitize.Standard(), hidden)
	if err != nil || !bytes.Equal(want, got) || len(report.Findings) == 0 {
		t.Errorf("it crosses, %v, %v", report.Findings, err)
	}
}
