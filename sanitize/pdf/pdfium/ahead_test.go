package pdfium

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"sekisho/sanitize/pdf"
)

// TestAhead hands over pictures that are spoilt as soon as put returns, long and short: each must arrive whole and in
// order.
func TestAhead(t *testing.T) {
	next := 0
	a := newAhead(func(s pdf.Sheet) error {
		if s.Number != next || len(s.RGBA) == 0 || !bytes.Equal(s.RGBA, bytes.Repeat([]byte{byte(s.Number)}, len(s.RGBA))) {
			t.Errorf("sheet %d of %d bytes, want sheet %d", s.Number, len(s.RGBA), next)
		}
		next++
		return nil
	})
	for i := range 40 {
		size := 1000 + i
		if i%7 == 3 {
			size = maxAhead + 1
		}
		b := bytes.Repeat([]byte{byte(i)}, size)
		if err := a.put(pdf.Sheet{Number: i, RGBA: b}); err != nil {
			t.Fatal(err)
		}
		clear(b)
	}
	if err := a.close(); err != nil || next != 40 {
		t.Errorf("%d sheets arrived, error %v", next, err)
	}
}

// TestAheadFails fails or panics at a sheet: no other is given after it, and the reason comes out, from put or at the end.
func TestAheadFails(t *testing.T) {
	reason := errors.New("no more")
	for _, panics := range []bool{false, true} {
		for _, more := range []int{0, 1, 2, 30} {
			seen := 0
			a := newAhead(func(s pdf.Sheet) error {
				if seen++; s.Number < 3 {
					return nil
				}
				if panics {
					panic("no more")
				}
				return reason
			})
			var err error
			for i := 0; i < 4+more && err == nil; i++ {
				err = a.put(pdf.Sheet{Number: i, RGBA: []byte{1}})
			}
			last := a.close()
			if seen != 4 || last == nil || !strings.Contains(last.Error(), "no more") || err != nil && err.Error() != last.Error() {
				t.Errorf("panic %v, %d more: %d seen, put says %v, close says %v", panics, more, seen, err, last)
			}
		}
	}
}
