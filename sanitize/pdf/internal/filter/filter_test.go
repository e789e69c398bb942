package filter

import (
	"bytes"
	"compress/zlib"
	"errors"
	"testing"

	"sekisho/sanitize/pdf/internal/object"
)

func deflated(data string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(data))
	w.Close()
	return b.Bytes()
}

// budget allows n bytes.
func budget(n int64) *Decoder {
	return &Decoder{Charge: func(k int64) error {
		if n -= k; n < 0 {
			return errBudget
		}
		return nil
	}}
}

var errBudget = errors.New("budget")

func TestDecode(t *testing.T) {
	columns := object.Dict{{Key: "Columns", Value: int64(2)}, {Key: "Predictor", Value: int64(12)}}
	tiffParms := object.Dict{{Key: "Colors", Value: int64(1)}, {Key: "Columns", Value: int64(3)}, {Key: "Predictor", Value: int64(2)}}
	for _, c := range []struct {
		name    string
		raw     string
		steps   []Step
		want    string
		damaged bool
	}{
		{"nothing", "abc", nil, "abc", false},
		{"flate", string(deflated("hello")), []Step{{Name: "FlateDecode"}}, "hello", false},
		{"flate cut short", string(deflated("hello"))[:6], []Step{{Name: "FlateDecode"}}, "", true},
		{"flate without header", string(deflated("hello")[2:]), []Step{{Name: "FlateDecode"}}, "hello", false},
		{"hex", "68 65 6C6c6F>junk", []Step{{Name: "ASCIIHexDecode"}}, "hello", false},
		{"hex with an odd digit", "7>", []Step{{Name: "ASCIIHexDecode"}}, "p", false},
		{"hex without end", "68", []Step{{Name: "ASCIIHexDecode"}}, "h", true},
		{"85", "87cURDZ~>", []Step{{Name: "ASCII85Decode"}}, "Hello", false},
		{"run length", "\x02abc\xfed\x80junk", []Step{{Name: "RunLengthDecode"}}, "abcddd", false},
		{"lzw", "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", []Step{{Name: "LZWDecode"}}, "-----A---B", false},
		{"png up", string(deflated("\x00ab\x02\x01\x01")), []Step{{"FlateDecode", columns}}, "abbc", false},
		{"tiff", string(deflated("a\x01\x01")), []Step{{"FlateDecode", tiffParms}}, "abc", false},
		{"two", string(EncodeASCII85(deflated("hello"))), []Step{{Name: "ASCII85Decode"}, {Name: "FlateDecode"}}, "hello", false},
	} {
		r, err := budget(1<<20).Decode([]byte(c.raw), c.steps, false)
		if err != nil || c.name != "flate cut short" && string(r.Data) != c.want || r.Damaged != c.damaged {
			t.Errorf("%s: got %q, damaged %v, error %v; want %q, %v", c.name, r.Data, r.Damaged, err, c.want, c.damaged)
		}
	}
}

func TestBudget(t *testing.T) {
	bomb := deflated(string(make([]byte, 10<<20)))
	for name, raw := range map[string][]byte{
		"FlateDecode": bomb, "RunLengthDecode": bytes.Repeat([]byte{0x81, 0}, 1<<16), "LZWDecode": lzwBomb(),
	} {
		if _, err := budget(1<<20).Decode(raw, []Step{{Name: name}}, false); !errors.Is(err, errBudget) {
			t.Errorf("%s: got error %v, want the budget's", name, err)
		}
	}
}

// lzwBomb packs zeros: after each clear code, codes of nine bits that stand for one more zero each.
func lzwBomb() []byte {
	var out []byte
	acc, bits := 0, 0
	put := func(code int) {
		acc, bits = acc<<9|code, bits+9
		for bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
			acc &= 1<<bits - 1
		}
	}
	for range 100 {
		put(lzwClear)
		put(0)
		for code := lzwFirst; code < 500; code++ {
			put(code)
		}
	}
	return out
}

func TestExact(t *testing.T) {
	flateOnly := []Step{{Name: "FlateDecode"}}
	whole := deflated("hello hello hello")
	for name, c := range map[string]struct {
		raw  []byte
		want bool
	}{
		"whole": {whole, true}, "with a byte after it": {append(bytes.Clone(whole), 'x'), false},
		"with a wrong checksum": {append(bytes.Clone(whole[:len(whole)-1]), whole[len(whole)-1]^1), false},
		"cut short":             {whole[:len(whole)-1], false},
	} {
		r, err := budget(1000).Decode(c.raw, flateOnly, true)
		if err != nil || r.Exact != c.want {
			t.Errorf("%s: exact is %v (error %v), want %v", name, r.Exact, err, c.want)
		}
	}
}

func TestChain(t *testing.T) {
	for _, c := range []struct {
		filters, parms object.Object
		want           int
		err            error
	}{
		{nil, nil, 0, nil}, {object.Name("Fl"), nil, 1, nil},
		{object.Array{object.Name("AHx"), object.Name("DCT")}, nil, 2, nil},
		{object.Name("Crypt"), nil, 0, nil},
		{object.Name("Crypt"), object.Dict{{Key: "Name", Value: object.Name("Odd")}}, 0, ErrLocked},
		{object.String("x"), nil, 0, ErrUnknown},
		{make(object.Array, 100), nil, 0, ErrUnknown},
	} {
		steps, err := Chain(c.filters, c.parms)
		if !errors.Is(err, c.err) || len(steps) != c.want {
			t.Errorf("%v: got %v, error %v; want %d steps, %v", c.filters, steps, err, c.want, c.err)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, steps := range map[string][]Step{
		"unknown":                {{Name: "OddDecode"}},
		"picture before the end": {{Name: "DCTDecode"}, {Name: "FlateDecode"}},
		"absurd predictor":       {{"FlateDecode", object.Dict{{Key: "Columns", Value: int64(1 << 40)}, {Key: "Predictor", Value: int64(15)}}}},
		"no colours":             {{"FlateDecode", object.Dict{{Key: "Colors", Value: int64(0)}, {Key: "Predictor", Value: int64(15)}}}},
	} {
		if _, err := budget(1<<20).Decode(deflated("x"), steps, false); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestFax(t *testing.T) {
	white := []byte{0x4d, 0x9a, 0x80} // mixed garbage is as good as any: the size is what counts
	parms := object.Dict{{Key: "Columns", Value: int64(16)}, {Key: "K", Value: int64(-1)}}
	rows, width, _, err := budget(1<<20).Fax(white, parms, 4)
	if err != nil || width != 16 || len(rows) != 8 {
		t.Errorf("got %d bytes of width %d, error %v", len(rows), width, err)
	}
	if _, _, _, err := budget(10).Fax(white, parms, 1000); !errors.Is(err, errBudget) {
		t.Errorf("got error %v, want the budget's", err)
	}
	mixed := object.Dict{{Key: "K", Value: int64(4)}}
	if _, _, _, err := budget(1000).Fax(white, mixed, 1); !errors.Is(err, ErrCodec) {
		t.Errorf("got error %v, want ErrCodec", err)
	}
}

// FuzzDecode runs every filter over any bytes: it must end, and within its budget.
func FuzzDecode(f *testing.F) {
	names := []string{"FlateDecode", "LZWDecode", "RunLengthDecode", "ASCIIHexDecode", "ASCII85Decode"}
	f.Add(deflated("hello"), uint8(0), uint8(15), uint8(3))
	f.Add([]byte("\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"), uint8(1), uint8(2), uint8(1))
	f.Add([]byte("87cURDZ~>"), uint8(4), uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, raw []byte, which, predictor, columns uint8) {
		parms := object.Dict{{Key: "Columns", Value: int64(columns)}, {Key: "Predictor", Value: int64(predictor)}}
		steps := []Step{{names[int(which)%len(names)], parms}}
		r, err := budget(1<<20).Decode(raw, steps, which%2 == 0)
		if err == nil && len(r.Data) > 2<<20 {
			t.Fatalf("%d bytes came out of a budget of 1 MiB", len(r.Data))
		}
	})
}

// FuzzASCII85 decodes what was encoded.
func FuzzASCII85(f *testing.F) {
	f.Add([]byte("hello"))
	f.Add([]byte{0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ascii85(EncodeASCII85(data))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%x became %x, error %v", data, got, err)
		}
	})
}
