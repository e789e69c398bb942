package png

import (
	"encoding/binary"

	"sekisho/sanitize"
)

// frame is one picture of an animation, PNG 11.3.6.
type frame struct {
	control []byte   // body of fcTL without its sequence number
	data    [][]byte // nil for the main picture
}

func (f frame) size() (w, h uint32) {
	return binary.BigEndian.Uint32(f.control), binary.BigEndian.Uint32(f.control[4:])
}

// animationParser gathers the chunks of an animation. Whatever is wrong with it only marks it as broken: the main
// picture stands for itself.
type animationParser struct {
	seen     bool
	broken   bool
	declared uint32 // frames
	plays    uint32
	sequence uint32
	list     []frame
	pixels   int64
}

const controlLen = 22 // fcTL without its sequence number

// take reads acTL, fcTL or fdAT.
func (a *animationParser) take(p *picture, c chunk, afterPixels bool) {
	first := !a.seen
	a.seen = true
	switch {
	case first != (c.kind == "acTL"), c.kind == "acTL" && (len(c.body) != 8 || afterPixels):
		a.broken = true
	case c.kind == "acTL":
		a.declared, a.plays = binary.BigEndian.Uint32(c.body), binary.BigEndian.Uint32(c.body[4:])
		a.broken = a.broken || a.plays > 1<<31-1
	case len(c.body) < 4 || binary.BigEndian.Uint32(c.body) != a.sequence:
		a.broken = true
	case c.kind == "fcTL":
		a.sequence++
		a.takeControl(p, c.body[4:], afterPixels)
	default:
		a.sequence++
		a.takeData(c.body[4:], afterPixels)
	}
}

// takeControl reads fcTL. The frame lies inside of the picture, and the main picture, as a frame, is all of it.
func (a *animationParser) takeControl(p *picture, b []byte, afterPixels bool) {
	if len(b) != controlLen || !afterPixels && len(a.list) > 0 {
		a.broken = true
		return
	}
	f := frame{control: b}
	w, h := f.size()
	x, y := binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
	inside := w > 0 && h > 0 && uint64(x)+uint64(w) <= uint64(p.width) && uint64(y)+uint64(h) <= uint64(p.height)
	whole := x == 0 && y == 0 && int(w) == p.width && int(h) == p.height
	if !inside || b[20] > 2 || b[21] > 1 || !afterPixels && !whole {
		a.broken = true
		return
	}
	if afterPixels {
		f.data = [][]byte{}
		a.pixels += int64(w) * int64(h)
	}
	a.list = append(a.list, f)
}

func (a *animationParser) takeData(b []byte, afterPixels bool) {
	if !afterPixels || len(a.list) == 0 || a.list[len(a.list)-1].data == nil {
		a.broken = true
		return
	}
	last := &a.list[len(a.list)-1]
	last.data = append(last.data, b)
}

// frames returns the frames to write, or nil when there is no animation, or it is broken, or the policy keeps none.
func (a *animationParser) frames(p *picture, policy sanitize.Policy) []frame {
	pixels := a.pixels + int64(p.width)*int64(p.height)
	if !a.seen || a.broken || !policy.Animation || int64(len(a.list)) != int64(a.declared) || len(a.list) == 0 ||
		len(a.list) > policy.Limits.Entries || pixels > policy.Limits.Pixels {
		return nil
	}
	for _, f := range a.list {
		if f.data != nil && len(f.data) == 0 {
			return nil
		}
	}
	p.plays = a.plays
	return a.list
}
