package pdf

import "sekisho/sanitize"

// findings counts what was not copied, by rule, action and place. A hostile file can hold millions.
type findings map[sanitize.Finding]int

func (f findings) add(rule string, action sanitize.Action, where string) {
	f[sanitize.Finding{Rule: rule, Action: action, Where: where}]++
}

// report returns the findings, unsorted.
func (f findings) report() (list []sanitize.Finding) {
	for finding, n := range f {
		finding.Count = n
		list = append(list, finding)
	}
	return list
}
