package pdf

import (
	"runtime"
	"sync"
)

// pictures are judged beside the walk, on as many processors as there are: they are most of a scan, and know nothing of the
// document.
type pictures struct {
	room  chan struct{} // as many places as processors
	group sync.WaitGroup
	errs  []*error // in the order of the walk; to be read when all have ended
}

func newPictures() *pictures { return &pictures{room: make(chan struct{}, runtime.GOMAXPROCS(0))} }

// begin has judge called, as soon as there is room. It may be called at the same time as others.
func (p *pictures) begin(judge func() error) {
	err := new(error)
	p.errs = append(p.errs, err)
	p.room <- struct{}{}
	p.group.Go(func() {
		*err = judge()
		<-p.room
	})
}

// wait waits until all have ended, and returns the error of the first that has one.
func (p *pictures) wait() error {
	p.group.Wait()
	for _, err := range p.errs {
		if *err != nil {
			return *err
		}
	}
	return nil
}
