package receiver

import (
	"cmp"
	"encoding/hex"
	"os"
	"slices"
	"sync"

	"sekisho/transfer/manifest"
)

// maxKnown is how many ended packages the ledger can tell apart by id. Older ones are known by their numbers only.
const maxKnown = 1 << 16

// state of a package that the ledger knows.
type state int

const (
	unknown  state = iota
	claimed        // being verified by this process; not in the journal
	intended       // the journal has an intent
	ended          // released
	rejected       // refused, authentic
)

// entry is what the ledger knows of a package.
type entry struct {
	state  state
	digest string
	place  line // the intent, when intended
	listed bool // in ledger.order
}

// ledger is the memory of what was received: which ids, which numbers. The journal holds it; claims are in memory only.
type ledger struct {
	mu      sync.Mutex
	journal *journal
	entries map[string]entry
	order   []string // ended and rejected ids, oldest first
	used    map[string]*numbers
	taken   map[string]map[uint64]string // claimed numbers of each gateway, and by whom
	folders map[string]string            // token of each route's release folder
}

// openLedger reads the journal below root.
func openLedger(root *os.Root) (*ledger, error) {
	l := &ledger{
		entries: map[string]entry{}, used: map[string]*numbers{},
		taken: map[string]map[uint64]string{}, folders: map[string]string{},
	}
	var err error
	l.journal, err = openJournal(root, l.apply, l.snapshot)
	return l, err
}

// apply takes one durable line of the journal into memory, and drops the claim it settles.
func (l *ledger) apply(ln line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken[ln.Gateway][ln.N] == ln.ID {
		delete(l.taken[ln.Gateway], ln.N)
	}
	switch ln.Kind {
	case lineUsed:
		l.numbers(ln.Gateway).add(ln.N, ln.To)
	case lineFolder:
		l.folders[ln.Route] = ln.ID
	case lineIntent:
		l.use(ln.Gateway, ln.N)
		l.set(ln.ID, entry{state: intended, digest: ln.Digest, place: ln})
	case lineDone:
		l.use(ln.Gateway, ln.N)
		l.end(ln.ID, entry{state: ended, digest: cmp.Or(ln.Digest, l.entries[ln.ID].digest)})
	case lineRefused:
		if ln.Digest != "" {
			l.use(ln.Gateway, ln.N)
			l.end(ln.ID, entry{state: rejected, digest: ln.Digest})
		}
	}
}

// snapshot returns lines that say the same as the journal.
func (l *ledger) snapshot() []line {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []line
	for gateway, set := range l.used {
		for _, s := range *set {
			out = append(out, line{Kind: lineUsed, Gateway: gateway, N: s.from, To: s.to})
		}
	}
	for route, token := range l.folders {
		out = append(out, line{Kind: lineFolder, Route: route, ID: token})
	}
	for _, e := range l.entries {
		if e.state == intended {
			out = append(out, e.place)
		}
	}
	slices.SortFunc(out, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.Gateway, b.Gateway), cmp.Compare(a.N, b.N), cmp.Compare(a.Route, b.Route))
	})
	slices.SortStableFunc(out, func(a, b line) int { return cmp.Compare(rank(a), rank(b)) })
	for _, id := range l.order {
		kind := lineDone
		if l.entries[id].state == rejected {
			kind = lineRefused
		}
		out = append(out, line{Kind: kind, ID: id, Digest: l.entries[id].digest})
	}
	return out
}

// rank puts the lines of used numbers first: the others take their number to be used then.
func rank(l line) int {
	if l.Kind == lineUsed {
		return 0
	}
	return 1
}

func (l *ledger) numbers(gateway string) *numbers {
	set := l.used[gateway]
	if set == nil {
		set = &numbers{}
		l.used[gateway] = set
	}
	return set
}

// use marks a number as used; once more changes nothing.
func (l *ledger) use(gateway string, n uint64) {
	if gateway == "" {
		return // a line of snapshot: its number has a line of its own
	}
	if set := l.numbers(gateway); !set.has(n) {
		set.add(n, n)
	}
}

// set replaces what is known of id.
func (l *ledger) set(id string, e entry) {
	e.listed = l.entries[id].listed
	l.entries[id] = e
}

// end notes that a package has ended, and forgets the oldest beyond maxKnown.
func (l *ledger) end(id string, e entry) {
	if !l.entries[id].listed {
		l.order = append(l.order, id)
	}
	e.listed = true
	l.entries[id] = e
	if len(l.order) > maxKnown {
		delete(l.entries, l.order[0])
		l.order = l.order[1:]
	}
}

// known reports whether the package id needs no sending again. A refused one may come again: what was wrong, a damaged
// body or a missing route, may be right now.
func (l *ledger) known(id string) bool {
	s := l.lookup(id).state
	return s != unknown && s != rejected
}

// lookup returns what is known of id.
func (l *ledger) lookup(id string) entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries[id]
}

// folder returns the token of the route's release folder, "" when it has none yet.
func (l *ledger) folder(route string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.folders[route]
}

// intents returns how many releases of the route are begun and not ended.
func (l *ledger) intents(route string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, e := range l.entries {
		if e.state == intended && e.place.Route == route {
			n++
		}
	}
	return n
}

// claim takes the number of the authentic package p for it, until the package ends or forfeits. The reason is "" when p is new.
func (l *ledger) claim(p manifest.Opened) Reason {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[p.ID]
	if e.state != unknown && e.digest != digest(p) {
		return ReasonReplay
	}
	owner, taken := l.taken[p.Gateway][p.Sequence]
	if taken && owner != p.ID || !taken && e.state == unknown && l.numbers(p.Gateway).has(p.Sequence) {
		return ReasonSequence
	}
	if l.taken[p.Gateway] == nil {
		l.taken[p.Gateway] = map[uint64]string{}
	}
	l.taken[p.Gateway][p.Sequence] = p.ID
	l.set(p.ID, entry{state: claimed, digest: digest(p)})
	return ""
}

// intend makes the intent to release p as path/name durable.
func (l *ledger) intend(p manifest.Opened, path, name string) (line, error) {
	ln := line{
		Kind: lineIntent, ID: p.ID, Gateway: p.Gateway, N: p.Sequence, Digest: digest(p),
		Route: p.Route, Path: path, Name: name,
	}
	return ln, l.journal.append(ln)
}

// amend makes an intent durable once more, with another place.
func (l *ledger) amend(ln line) error { return l.journal.append(ln) }

// done notes durably that the intent ln was carried out.
func (l *ledger) done(ln line) error {
	return l.journal.append(line{Kind: lineDone, ID: ln.ID, Gateway: ln.Gateway, N: ln.N, Digest: ln.Digest})
}

// refuse notes durably that the package id was refused. An authentic one (p not nil) has come, so its number is not missing,
// unless it is refused for using the id or the number of another.
func (l *ledger) refuse(id string, p *manifest.Opened, why Reason) error {
	ln := line{Kind: lineRefused, ID: id, Reason: why}
	if p != nil && why != ReasonReplay && why != ReasonSequence {
		ln.Gateway, ln.N, ln.Digest = p.Gateway, p.Sequence, digest(*p)
	}
	return l.journal.append(ln)
}

// missing returns the gaps of all gateways, in order.
func (l *ledger) missing() []Gap {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Gap
	for gateway, set := range l.used {
		for _, s := range set.gaps() {
			out = append(out, Gap{Gateway: gateway, From: s.from, To: s.to})
		}
	}
	slices.SortFunc(out, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.Gateway, b.Gateway), cmp.Compare(a.From, b.From))
	})
	return out
}

func digest(p manifest.Opened) string { return hex.EncodeToString(p.Digest[:]) }
