package gif

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/gif"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
)

// made returns an animation of n frames, each with another disposal and delay. With local it has a table for each.
func made(t testing.TB, n int, local bool) []byte {
	t.Helper()
	palette := color.Palette{color.RGBA{1, 2, 3, 255}, color.RGBA{200, 0, 0, 255}, color.RGBA{0, 200, 0, 255}, color.RGBA{0, 0, 99, 255}, color.RGBA{}}
	g := &gif.GIF{LoopCount: 3, Config: image.Config{Width: 20, Height: 15, ColorModel: palette}}
	for i := range n {
		own := palette
		if local && i > 0 {
			own = append(color.Palette{color.RGBA{9, 9, byte(i), 255}}, palette...)
		}
		r := image.Rect(i, i, 20, 15)
		img := image.NewPaletted(r, own)
		for j := range img.Pix {
			img.Pix[j] = byte((j + i*j/7) % len(own))
		}
		g.Image, g.Delay, g.Disposal = append(g.Image, img), append(g.Delay, 7*i), append(g.Disposal, byte(i%4))
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decoded(t *testing.T, b []byte) *gif.GIF {
	t.Helper()
	g, err := gif.DecodeAll(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// sameFrames compares the first n frames.
func sameFrames(t *testing.T, in, out []byte, n int) {
	t.Helper()
	a, b := decoded(t, in), decoded(t, out)
	if len(b.Image) != n || n > 1 && a.LoopCount != b.LoopCount {
		t.Fatalf("%d frames, %d loops; want %d and %d", len(b.Image), b.LoopCount, n, a.LoopCount)
	}
	for i := range n {
		x, y := a.Image[i], b.Image[i]
		if x.Bounds() != y.Bounds() || a.Delay[i] != b.Delay[i] || a.Disposal[i] != b.Disposal[i] {
			t.Fatalf("frame %d is at %v, %d, %d; was at %v, %d, %d", i, y.Bounds(), b.Delay[i], b.Disposal[i], x.Bounds(), a.Delay[i], a.Disposal[i])
		}
		for j := range x.Pix {
			if got, want := y.Palette[y.Pix[j]], x.Palette[x.Pix[j]]; got != want {
				t.Fatalf("frame %d, pixel %d: %v, want %v", i, j, got, want)
			}
		}
	}
}

// tiny is a picture of two by two pixels: a table of four colours, of which 0 and 1 are used, and 1 is not seen.
const (
	tinyHead = "GIF89a\x02\x00\x02\x00\xf1\x00\x00<?=NEEDLE-1!"
	tinyData = "\x02\x03\x44\x02\x05\x00"
	tinyBody = "\x2c\x00\x00\x00\x00\x02\x00\x02\x00\x00" + tinyData
)

func TestSuite(t *testing.T) {
	one, three, local := made(t, 1, false), made(t, 3, false), made(t, 3, true)
	strict, few := sanitize.Strict(), sanitize.Standard()
	few.Limits.Pixels = 20*15 + 19*14
	insert := func(b []byte, what string) []byte { // behind the global table, which has eight entries
		return bytes.Join([][]byte{b[:13+24], []byte(what), b[13+24:]}, nil)
	}
	var cases []sanitizetest.Case
	same := func(name string, input []byte, n int, rules ...string) {
		cases = append(cases, sanitizetest.Case{Name: name, Input: input, Gone: []string{"NEEDLE"}, Rules: rules, Exact: true,
			Check: func(t *testing.T, out []byte) { sameFrames(t, input, out, n) }})
	}
	refuse := func(name string, kind error, input string) {
		cases = append(cases, sanitizetest.Case{Name: name, Input: []byte(input), Err: kind})
	}
	same("one frame", one, 1)
	same("animation", three, 3)
	same("own tables", local, 3)
	same("comment", insert(one, "\x21\xfe\x06NEEDLE\x00"), 1, ruleComment)
	same("plain text", insert(one, "\x21\x01\x0c\x00\x00\x00\x00\x01\x00\x01\x00\x01\x01\x00\x01\x06NEEDLE\x00"), 1, ruleText)
	same("xmp", insert(one, "\x21\xff\x0bXMP DataXMP\x06NEEDLE\x00"), 1, ruleXMP)
	same("application data", insert(one, "\x21\xff\x0bNEEDLE12345\x06NEEDLE\x00"), 1, ruleApp)
	same("second repeat", insert(three, "\x21\xff\x0bNETSCAPE2.0\x03\x01\x03\x00\x00"), 3, ruleApp)
	cases = append(cases, sanitizetest.Case{Name: "empty frame", Gone: []string{"NEEDLE"}, Rules: []string{ruleSurplus}, Exact: true,
		Input: insert(one, "\x2c\x00\x00\x00\x00\x00\x00\x05\x00\x00\x02\x06NEEDLE\x00"),
		Check: func(t *testing.T, out []byte) { sameFrames(t, one, out, 1) }})
	same("trailing", append(bytes.Clone(one), "NEEDLE"...), 1, ruleTrailing)
	cases = append(cases,
		sanitizetest.Case{Name: "palette", Input: []byte(tinyHead + tinyBody + ";"), Gone: []string{"NEEDLE", "-1!"}, Rules: []string{rulePalette}, Exact: true,
			Check: func(t *testing.T, out []byte) { sameFrames(t, []byte(tinyHead+tinyBody+";"), out, 1) }},
		sanitizetest.Case{Name: "surplus", Input: []byte(tinyHead + strings.Replace(tinyBody, tinyData, "\x02\x03\x44\x02\x05\x06NEEDLE\x00", 1) + ";"),
			Gone: []string{"NEEDLE"}, Rules: []string{rulePalette, ruleSurplus}, Exact: true},
		sanitizetest.Case{Name: "no end", Input: one[:len(one)-1], Rules: []string{ruleNoEnd}, Exact: true},
		sanitizetest.Case{Name: "small screen", Input: append([]byte("GIF89a\x01\x00\x01\x00"), one[10:]...), Rules: []string{ruleScreen}, Exact: true,
			Check: func(t *testing.T, out []byte) { sameFrames(t, one, out, 1) }},
		sanitizetest.Case{Name: "no animation", Input: three, Policy: &strict, Rules: []string{ruleAnimation}, Exact: true,
			Check: func(t *testing.T, out []byte) { sameFrames(t, three, out, 1) }},
		sanitizetest.Case{Name: "pixels of all frames", Input: three, Policy: &few, Err: sanitize.ErrLimit},
		sanitizetest.Case{Name: "cut in a frame", Input: one[:len(one)-20], Err: sanitize.ErrMalformed},
	)
	refuse("no frames", sanitize.ErrMalformed, tinyHead+";")
	refuse("no table", sanitize.ErrMalformed, "GIF89a\x02\x00\x02\x00\x00\x00\x00"+tinyBody+";")
	refuse("unknown block", sanitize.ErrMalformed, tinyHead+"\x99"+tinyBody+";")
	refuse("too few pixels", sanitize.ErrMalformed, tinyHead+strings.Replace(tinyBody, "\x02\x00\x02\x00\x00", "\x02\x00\x03\x00\x00", 1)+";")
	refuse("codes of one bit", sanitize.ErrMalformed, tinyHead+strings.Replace(tinyBody, tinyData, "\x01"+tinyData[1:], 1)+";")
	refuse("screen of 65535 square", sanitize.ErrLimit, "GIF89a\xff\xff\xff\xff"+tinyHead[10:]+tinyBody+";")
	refuse("colour outside", sanitize.ErrMalformed, "GIF89a\x02\x00\x02\x00\xf0\x00\x00abcdef\x2c\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02\x03\x9c\x12\x05\x00;")
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{}, Cases: cases, Foreign: [][]byte{nil, []byte("GIF88a"), []byte("GIF8"), []byte("\x89PNG\r\n\x1a\n"), []byte(" GIF89a")},
	})
}

func FuzzRebuild(f *testing.F) {
	f.Add(made(f, 1, false))
	f.Add(made(f, 3, false))
	f.Add(made(f, 3, true))
	f.Add([]byte(tinyHead + "\x21\xfe\x06NEEDLE\x00" + tinyBody + ";"))
	e, err := sanitize.NewEngine([]sanitize.Format{Format{}}, sanitize.Naming{})
	if err != nil {
		f.Fatal(err)
	}
	policy := sanitize.Standard()
	policy.Limits.Pixels = 1 << 16
	rebuild := func(b []byte) ([]byte, sanitize.Report, error) {
		var out bytes.Buffer
		report, err := e.Rebuild(context.Background(), sanitize.Job{Input: sanitize.BytesInput(b), Policy: policy}, &out)
		return out.Bytes(), report, err
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, _, err := rebuild(b)
		if err != nil {
			if strings.Contains(err.Error(), "panic:") {
				t.Fatal(err)
			}
			return
		}
		again, report, err := rebuild(out)
		if err != nil || !bytes.Equal(out, again) || len(report.Findings) > 0 {
			t.Fatalf("not stable: %v, %v", err, report.Findings)
		}
	})
}
