package pdfium

import (
	"fmt"
	"runtime/debug"

	"sekisho/sanitize/pdf"
)

// maxAhead is the longest picture that is copied so that the next page can be drawn meanwhile, in bytes: A4 at 300 dpi.
// Longer ones are rare, and two of them would be too many.
const maxAhead = 40 << 20

// ahead gives sheets to page, one after the other, while the guest draws the next. Close waits until page has seen all.
type ahead struct {
	page   func(pdf.Sheet) error
	sheets chan pdf.Sheet
	free   chan []byte // the picture of a sheet that page is done with
	failed chan error  // what page said of the first sheet that it did not like
	done   chan struct{}
}

func newAhead(page func(pdf.Sheet) error) *ahead {
	a := &ahead{page: page, sheets: make(chan pdf.Sheet), free: make(chan []byte, 2), failed: make(chan error, 1), done: make(chan struct{})}
	a.free <- nil
	a.free <- nil
	go a.run()
	return a
}

// run calls page until there are no more sheets or page fails.
func (a *ahead) run() {
	defer close(a.done)
	for s := range a.sheets {
		err := a.call(s)
		a.free <- s.RGBA
		if err != nil {
			a.failed <- err
			for range a.sheets { // what is drawn from here on is of no use
				a.free <- nil
			}
			return
		}
	}
}

// call calls page. A panic there is an error here: in a goroutine of its own it would end the process, and with it the
// chance to say why.
func (a *ahead) call(s pdf.Sheet) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return a.page(s)
}

// put hands a sheet over whose picture is good until put returns. It returns what page said of an earlier one.
func (a *ahead) put(s pdf.Sheet) error {
	buffer := <-a.free
	select {
	case err := <-a.failed:
		a.failed <- err
		a.free <- buffer
		return err
	default:
	}
	size := len(s.RGBA)
	s.RGBA = append(buffer[:0], s.RGBA...)
	a.sheets <- s
	if size > maxAhead {
		other := <-a.free // wait: the second picture is back only when the first is
		own := <-a.free
		a.free <- other
		a.free <- own
	}
	return nil
}

// close waits until page has seen every sheet, and returns what it said of the first that it did not like.
func (a *ahead) close() error {
	close(a.sheets)
	<-a.done
	select {
	case err := <-a.failed:
		return err
	default:
		return nil
	}
}
