package pdfium_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/pdf"
	"sekisho/sanitize/sanitizetest"
)

// TestResolution draws a page of 300 × 200 points as finely as the policy says.
func TestResolution(t *testing.T) {
	data := sheet(latin, "BT /F 24 Tf 20 100 Td (KEEPTHIS) Tj ET", "", helvetica)
	for dpi, width := range map[int]int{0: 625, 72: 300, 300: 1250} {
		policy := sanitize.Render()
		policy.DPI = dpi
		out, _, err := rebuild(t, engine(t), data, policy)
		if err != nil || !bytes.Contains(out, fmt.Appendf(nil, "/Width %d", width)) {
			t.Errorf("%d dpi: error %v, no picture %d pixels wide", dpi, err, width)
		}
	}
	policy := sanitize.Render()
	policy.DPI = 5000
	if _, _, err := rebuild(t, engine(t), data, policy); err == nil {
		t.Error("5000 dpi: no error")
	}
}

// TestTwoGuests: a document of many pages, which two guests draw, has the pages that one draws, in their order; and when pages
// cannot be drawn any more, the error is that of the first one.
func TestTwoGuests(t *testing.T) {
	data := textPages(21)
	d := pdf.Drawing{DPI: 60, Pixels: 1 << 24, Pages: 100}
	draw := func(first int) (sums [][32]byte) {
		t.Helper()
		d := d
		d.First = first
		err := engine(t).Draw(t.Context(), data, d, func(s pdf.Sheet) error {
			if s.Number != len(sums) {
				t.Errorf("page %d comes after %d others", s.Number, len(sums))
			}
			sums = append(sums, sha256.Sum256(fmt.Appendf(s.RGBA, "%v", s.Chars)))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return sums
	}
	all, few := draw(0), draw(5)
	if len(all) != 21 || len(few) != 5 || !slices.Equal(all[:5], few) || !slices.Equal(all, draw(0)) {
		t.Error("the same page is drawn in different ways")
	}
	for _, bad := range []int{3, 6, 20} {
		err := engine(t).Draw(t.Context(), data, d, func(s pdf.Sheet) error {
			if s.Number >= bad {
				return fmt.Errorf("page %d", s.Number)
			}
			return nil
		})
		if err == nil || err.Error() != fmt.Sprintf("page %d", bad) {
			t.Errorf("error %v, want that of page %d", err, bad)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	err := engine(t).Draw(ctx, data, d, func(s pdf.Sheet) error {
		if s.Number == 7 {
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// TestTextAgrees has pdftotext read drawn pages: it must see the words that it sees in the original, parted alike.
func TestTextAgrees(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"lines":         {"BT /F 12 Tf 14 TL 20 150 Td (The quick brown fox) Tj T* (jumps over it.) Tj ET", "The quick brown fox jumps over it."},
		"leading dots":  {"BT /F 12 Tf 20 100 Td [(Scope)-300(.)-300(.)-300(.)-300(.)-300(7)] TJ ET", "Scope . . . . 7"},
		"spaced out":    {"BT /F 12 Tf 1 Tc 20 100 Td (Scope) Tj ET", "Scope"},
		"accents":       {"BT /F 24 Tf 20 100 Td (PLAN\\311TAIRE) Tj ET", "PLANÉTAIRE"},
		"cut off":       {"BT /F 12 Tf 20 100 Td (seen) Tj -400 0 Td (hidden) Tj ET", "seen"},
		"small and big": {"BT /F 6 Tf 20 100 Td (small) Tj /F 20 Tf 40 0 Td (big) Tj ET", "small big"},
	} {
		font := "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
		out, _, err := rebuild(t, engine(t), sheet(latin, c.content, "", font), sanitize.Render())
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "drawn.pdf")
		if err := os.WriteFile(path, out, 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := exec.Command("pdftotext", "-enc", "UTF-8", path, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(strings.Fields(string(text)), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		for _, part := range sanitizetest.Explode(out) {
			if name == "cut off" && bytes.Contains(part, []byte("<0068>")) { // the h of hidden, in ToUnicode
				t.Errorf("%s: a text that is not on the page is in the file", name)
			}
		}
	}
}
