package pdf

import (
	"maps"
	"slices"

	"sekisho/sanitize/verify"
)

// note remembers which objects the content of a form draws: its names, looked up in its own resources (8.10.1).
func (w *walk) note(num int, s *stream, draws []name) {
	resources, _ := w.f.resolve(s.dict["Resources"]).(dict)
	objects, _ := w.f.resolve(resources["XObject"]).(dict)
	slices.Sort(draws)
	for _, n := range slices.Compact(draws) {
		if r, ok := objects[n].(ref); ok {
			w.draws[num] = append(w.draws[num], int(r))
		}
	}
}

// drawn fails when a form draws itself, at once or by way of others: a reader would not come to an end. Forms may
// name themselves in resources that they share with a page; only what is drawn counts.
func (w *walk) drawn() error {
	const open, closed = 1, 2
	state := map[int]int{}
	for _, start := range slices.Sorted(maps.Keys(w.draws)) {
		for todo := []int{start}; len(todo) > 0; {
			num := todo[len(todo)-1]
			if state[num] != 0 { // all that it draws is done
				state[num] = closed
				todo = todo[:len(todo)-1]
				continue
			}
			state[num] = open
			for _, next := range w.draws[num] {
				switch state[next] {
				case open:
					return verify.Fail(RuleRecursion, place(next), "it draws itself")
				case closed:
				default:
					todo = append(todo, next)
				}
			}
		}
	}
	return nil
}
