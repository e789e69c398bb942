package inbox

import "strings"

// Bounds of what is remembered of files that wait, so that a folder of a million costs the memory of some thousands. A file is
// ready when it has stayed the same for Options.Settle: windowSize is more than are taken in during that time and a look.
const (
	windowSize = 4096 // files, shared evenly by the lanes
	leastShare = 16   // files of a lane, however many lanes there are
)

// lane is what has a share of the window: the files of one top folder, small or large, so that none of them keeps the others out.
type lane struct {
	top   string
	large bool
}

// topOf returns the top folder that p is in; "" is the inbox itself.
func topOf(p string) string {
	top, _, below := strings.Cut(p, "/")
	if !below {
		return ""
	}
	return top
}

// window counts the remembered files that may be taken. The others wait unseen until there is room.
type window struct {
	size   int
	used   map[lane]int
	beyond int // files of this round for which there was no room
}

// full reports whether the lane has used up its share.
func (w *window) full(l lane) bool {
	return w.used[l] >= max(leastShare, w.size/max(1, len(w.used)))
}

func (w *window) add(l lane) { w.used[l]++ }
