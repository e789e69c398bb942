package metafile

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
	pngformat "sekisho/sanitize/image/png"
	"sekisho/sanitize/sanitizetest"
)

const plusVersion = 0xdbc01002

// plusRec returns an EMF record that holds one record of EMF+.
func plusRec(kind, flags uint16, data []byte) []byte {
	data = pad(bytes.Clone(data), 4)
	body := append(append(words(kind, flags), numbers(uint32(12+len(data)), uint32(len(data)))...), data...)
	return emfRec(emrComment, append(append(numbers(uint32(4+len(body))), plusMark...), body...))
}

// plusPieces returns the records that hold an object in pieces of n bytes.
func plusPieces(flags uint16, data []byte, n int) []byte {
	var out []byte
	for total := uint32(len(data)); len(data) > n; data = data[n:] {
		body := append(append(words(plusObject, flags|plusObjectGoes), numbers(uint32(16+n), total, uint32(n))...), data[:n]...)
		out = append(out, emfRec(emrComment, append(append(numbers(uint32(4+len(body))), plusMark...), body...))...)
	}
	return append(out, plusRec(plusObject, flags, data)...)
}

// plusFile returns a metafile that has nothing but EMF+: these records between its header and its end.
func plusFile(records ...[]byte) []byte {
	return emf(slices.Concat(append(append([][]byte{plusRec(plusHeader, 0, numbers(plusVersion, 0, 96, 96))}, records...), plusRec(plusEnd, 0, nil))...))
}

func floats(values ...float32) []byte {
	var b []byte
	for _, v := range values {
		b = le.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// pictureWithText returns a PNG picture with a chunk of text.
func pictureWithText(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	head, rest := b.Bytes()[:33], b.Bytes()[33:]
	return slices.Concat(head, []byte("\x00\x00\x00\x06tEXta\x00evil\x42\x76\x96\xbf"), rest)
}

func TestPlus(t *testing.T) {
	fill := plusRec(0x400a, 0xc000, slices.Concat(numbers(0xff00ff00, 1), words(1, 2, 3, 4)))
	gradient := numbers(plusVersion, 4, 0, 0, 0, 0, 0, 0, 1, 2, 0x6c697665, 0x6c697665)
	path := slices.Concat(numbers(plusVersion, 3, 0x4000), words(1, 2, 3, 4, 5, 6), []byte{0, 1, 0x81})
	turned := slices.Concat(numbers(plusVersion, 2, 0x1800), []byte{1, 2, 0x81, 0x02, 3, 0, 0, 0}[:6], []byte{0, 0}, []byte{1, 0, 1, 1})
	pen := slices.Concat(numbers(plusVersion, 0, 0x124), numbers(0), floats(2), numbers(1, 1, 2), floats(3, 1), numbers(plusVersion, 0, 0xff000000))
	region := slices.Concat(numbers(plusVersion, 2, 1, 0x10000000), floats(0, 0, 5, 5), numbers(0x10000001, uint32(len(pad(bytes.Clone(path), 4)))), pad(bytes.Clone(path), 4))
	font := slices.Concat(numbers(plusVersion), floats(12), numbers(2, 0, 0x6c697665, 2), []byte("M\x00S\x00"))
	format := append(numbers(plusVersion, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1), make([]byte, 12)...)
	text := plusRec(0x401c, 0x8000, slices.Concat(numbers(0, 1, 2), floats(0, 0, 9, 9), []byte("O\x00K\x00")))
	file := slices.Concat(numbers(plusVersion, 1, 0, 0, 0, 0, 1), pictureWithText(t))
	pixels := append(numbers(plusVersion, 1, 2, 2, 8, 0x26200a, 0), "BGRABGRABGRABGRA"...)
	large := append(numbers(plusVersion, 1, 200, 200, 800, 0x26200a, 0), bytes.Repeat([]byte("BGRA"), 200*200)...)
	inner := wmf(wmfRec(0x0626, []byte("\x09\x00evil")), wmfRec(0x0213, words(3, 4)))
	metafile := append(numbers(plusVersion, 2, 2, uint32(len(inner))), inner...)
	object := func(kind uint16, data []byte) []byte { return plusRec(plusObject, kind<<8|1, data) }
	stay := func(name string, objects ...[]byte) sanitizetest.Case {
		return sanitizetest.Case{Name: name, Input: plusFile(append(objects, fill)...), Keep: []string{plusMark, "\x01\x00\x02\x00\x03\x00\x04\x00"}, Gone: []string{"evil"}, Rules: []string{ruleDescription}}
	}
	broken := func(name string, records ...[]byte) sanitizetest.Case {
		return sanitizetest.Case{Name: name, Input: plusFile(append(records, fill)...), Err: sanitize.ErrUnsupported}
	}
	dual := emf(plusRec(plusHeader, 1, numbers(plusVersion, 1, 96, 96)), plusRec(0x4038, 0, []byte("evil")), line())
	var kept []sanitizetest.Case
	for name, c := range map[string][]byte{"gradient": object(plusBrush, gradient), "path": object(plusPath, path), "path of small steps": object(plusPath, turned), "pen": object(plusPen, pen),
		"region": object(plusRegion, region), "font": object(plusFont, font), "format": object(plusFormat, format), "text": text, "pixels": object(plusImage, pixels),
		"pieces": plusPieces(plusImage<<8|1, large, 40000), "metafile inside": object(plusImage, metafile), "picture inside": object(plusImage, file),
		"brush of a picture":   object(plusBrush, append(numbers(plusVersion, 2, 0, 0), file...)),
		"cap":                  object(plusCap, append(numbers(plusVersion, 1), make([]byte, 52)...)),
		"attributes":           object(plusAttributes, numbers(plusVersion, 0x6c697665, 0, 0, 0, 0x6c697665)),
		"glyphs":               plusRec(0x4036, 0x8001, slices.Concat(numbers(0, 0, 0, 1), words(65, 0), floats(1, 2))),
		"gradient in a circle": object(plusBrush, slices.Concat(numbers(plusVersion, 3, 0, 0, 0, 0, 0, 1, 7, 1), floats(1, 2))),
	} {
		kept = append(kept, stay(name, c))
	}
	slices.SortFunc(kept, func(a, b sanitizetest.Case) int { return strings.Compare(a.Name, b.Name) })
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: EMF{}, Others: []sanitize.Format{WMF{}, pngformat.Format{}},
		Cases: append(kept,
			sanitizetest.Case{Name: "a comment in it", Input: plusFile(plusRec(plusComment, 0, []byte("evil")), fill), Keep: []string{plusMark}, Gone: []string{"evil"},
				Rules: []string{ruleDescription, ruleRecord}},
			sanitizetest.Case{Name: "dual, with what is not known", Input: dual, Gone: []string{plusMark, "evil"}, Rules: []string{ruleRecord}},
			broken("effect", plusRec(0x4038, 0, []byte("evil"))), broken("reserved", plusRec(0x4005, 0, nil)), broken("terminal server", plusRec(0x403a, 0, nil)),
			broken("no picture", object(plusImage, append(numbers(plusVersion, 1, 0, 0, 0, 0, 1), "MZ evil"...))),
			broken("pixels that are not there", object(plusImage, numbers(plusVersion, 1, 9999, 9999, 40000, 0x26200a, 0))),
			broken("too many points", object(plusPath, numbers(plusVersion, 0xffffffff, 0))), broken("a kind of object that is none", object(10, gradient)),
			broken("a number that is none", plusRec(plusObject, plusBrush<<8|64, gradient)), broken("pieces of two objects", plusPieces(plusImage<<8|1, large, 40000)[:40032], fill),
			broken("a region without an end", object(plusRegion, append(numbers(plusVersion, 1), bytes.Repeat(numbers(1), 1000)...))),
			broken("two headers", plusRec(plusHeader, 0, numbers(plusVersion, 0, 96, 96))),
		),
	})
}
