package svg

import (
	"fmt"

	"sekisho/sanitize"
)

// cost adds up what drawing a picture takes: an element that is used is drawn again at each place, with all that it uses.
type cost struct {
	open []*node
	byID map[string]*node
	root *node
}

// node is one element of the output.
type node struct {
	id    string
	parts []*node  // the elements in it
	uses  []string // ids that it refers to
	total int64    // elements to draw; 0 when it is not known yet
	busy  bool
}

// start notes an element that begins.
func (c *cost) start(id string) {
	n := &node{id: id}
	if c.root == nil {
		c.byID, c.root = map[string]*node{}, n
	} else {
		up := c.open[len(c.open)-1]
		up.parts = append(up.parts, n)
	}
	if id != "" && c.byID[id] == nil {
		c.byID[id] = n
	}
	c.open = append(c.open, n)
}

// use notes that the element that began last refers to another.
func (c *cost) use(id string) {
	n := c.open[len(c.open)-1]
	n.uses = append(n.uses, id)
}

// end notes that the innermost element ends, and forgets it when it turned out not to stay.
func (c *cost) end(stays bool) {
	n := c.open[len(c.open)-1]
	c.open = c.open[:len(c.open)-1]
	if stays {
		return
	}
	if up := c.open[len(c.open)-1]; len(up.parts) > 0 {
		up.parts = up.parts[:len(up.parts)-1]
	}
	if c.byID[n.id] == n {
		delete(c.byID, n.id)
	}
}

// check fails when a picture is more than limit elements to draw, or refers to itself.
func (c *cost) check(limit int64) error {
	if c.root == nil {
		return nil
	}
	_, err := c.total(c.root, limit, 0)
	return err
}

// maxChain bounds elements that use each other in a row, with what they stand in.
const maxChain = 4096

func (c *cost) total(n *node, limit int64, depth int) (int64, error) {
	switch {
	case n.total > 0:
		return n.total, nil
	case n.busy:
		return 0, fmt.Errorf("%w: an element that is drawn inside of itself", sanitize.ErrMalformed)
	case depth > maxChain:
		return 0, fmt.Errorf("%w: elements that use each other, more than %d in a row", sanitize.ErrLimit, maxChain)
	}
	n.busy = true
	sum := int64(1)
	add := func(m *node) error {
		t, err := c.total(m, limit, depth+1)
		if sum += t; err == nil && sum > limit {
			err = fmt.Errorf("%w: more than %d elements to draw", sanitize.ErrLimit, limit)
		}
		return err
	}
	for _, m := range n.parts {
		if err := add(m); err != nil {
			return 0, err
		}
	}
	for _, id := range n.uses {
		if m := c.byID[id]; m != nil {
			if err := add(m); err != nil {
				return 0, err
			}
		}
	}
	n.busy, n.total = false, sum
	return sum, nil
}
