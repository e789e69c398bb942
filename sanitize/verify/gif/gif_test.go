package gif

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	stdgif "image/gif"
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
	err = set.Check(context.Background(), "gif", sanitize.BytesInput(b), policy)
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatalf("no violation: %v", err)
	}
	return v.Rule
}

// picture returns an animation of n frames of 5 by 4 pixels in 4 colours.
func picture(t testing.TB, n int) []byte {
	t.Helper()
	palette := color.Palette{color.Gray{0}, color.Gray{80}, color.Gray{160}, color.Gray{255}}
	g := &stdgif.GIF{Config: image.Config{ColorModel: palette, Width: 5, Height: 4}}
	for i := range n {
		img := image.NewPaletted(image.Rect(0, 0, 5, 4), palette)
		for k := range img.Pix {
			img.Pix[k] = byte(k*(i+1)) & 3
		}
		g.Image, g.Delay = append(g.Image, img), append(g.Delay, 10)
	}
	var b bytes.Buffer
	if err := stdgif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGood(t *testing.T) {
	for n := 1; n < 4; n++ {
		b := picture(t, n)
		if rule := judge(t, b, sanitize.Standard()); rule != "" {
			t.Errorf("%d frames: violates %s", n, rule)
		}
		if !(Judge{}).Claims(sanitize.BytesInput(b)) {
			t.Errorf("%d frames: not claimed", n)
		}
	}
	if rule := judge(t, picture(t, 2), sanitize.Strict()); rule != RuleAnimation {
		t.Errorf("two frames under strict: violates %q", rule)
	}
}

// TestViolations spoils a good picture in one way each. The frame begins at 33: header and screen are 13 bytes, the table is 12, the
// control 8.
func TestViolations(t *testing.T) {
	good := picture(t, 1)
	const control, frame = 25, 33
	if good[control] != 0x21 || good[frame] != 0x2C {
		t.Fatalf("the picture is laid out otherwise: % x", good[:40])
	}
	set := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] = v
		return b
	}
	insert := func(at int, s string) []byte {
		return append(append(bytes.Clone(good[:at]), s...), good[at:]...)
	}
	end := len(good) - 2 // the terminator of the data
	for name, c := range map[string]struct {
		rule string
		b    []byte
	}{
		"leading":        {RuleStructure, append([]byte("x"), good...)},
		"trailing":       {RuleTrailing, append(bytes.Clone(good), "<script>"...)},
		"no trailer":     {RuleStructure, good[:len(good)-1]},
		"comment":        {RuleBlock, insert(control, "\x21\xFE\x03abc\x00")},
		"text":           {RuleBlock, insert(control, "\x21\x01\x0c0123456789ab\x00")},
		"xmp":            {RuleBlock, insert(control, "\x21\xFF\x0BXMP DataXMP\x00")},
		"repeat surplus": {RuleBlock, insert(control, "\x21\xFF\x0BNETSCAPE2.0\x03\x01\x00\x00\x01x\x00")},
		"two controls":   {RuleBlock, insert(control, string(good[control:frame]))},
		"unknown block":  {RuleBlock, insert(control, "\x00")},
		"huge":           {verify.RuleLimit, set(7, 0xFF)},
		"no width":       {verify.RuleLimit, set(6, 0)},
		"outside":        {RuleBlock, set(frame+1, 1)},
		"fewer pixels":   {RulePixels, set(frame+7, 3)},
		"code size":      {RulePixels, set(frame+10, 9)},
		"surplus data":   {RulePixels, insert(end, "\x02MZ")},
		"table cut":      {RuleStructure, good[:20]},
		"no frame":       {RuleStructure, append(bytes.Clone(good[:control]), 0x3B)},
		"control alone":  {RuleStructure, append(bytes.Clone(good[:frame]), 0x3B)},
	} {
		policy := sanitize.Standard()
		policy.Limits.Pixels = 10_000
		if rule := judge(t, c.b, policy); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
	few := bytes.Clone(good)
	few = append(append(few[:13:13], few[13:19]...), few[25:]...) // two colours where the pixels have four
	few[10] &^= 7
	if rule := judge(t, few, sanitize.Standard()); rule != RulePixels {
		t.Errorf("colours that are not there: violates %q", rule)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(picture(f, 1))
	f.Add(picture(f, 3))
	policy := sanitize.Standard()
	policy.Limits.Pixels = 1 << 16
	f.Fuzz(func(t *testing.T, b []byte) {
		if judge(t, b, policy) == verify.RulePanic {
			t.Fatal("panic")
		}
	})
}
