package pdf

import (
	"errors"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// pages counts the pages and judges their content (7.7.3).
func (f *file) pages() error {
	catalog, _ := f.resolve(f.trailer["Root"]).(dict)
	count, seen := 0, map[ref]bool{}
	todo := []any{catalog["Pages"]}
	for len(todo) > 0 {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		r, ok := todo[len(todo)-1].(ref)
		todo = todo[:len(todo)-1]
		d, _ := f.resolve(r).(dict)
		if !ok || d == nil || seen[r] && d["Type"] != name("Page") {
			return verify.Fail(RulePages, "", "a page tree that is none")
		}
		if count++; seen[r] { // a page may be shown twice
			continue
		}
		seen[r] = true
		switch d["Type"] {
		case name("Pages"):
			count--
			todo = append(todo, asList(f.resolve(d["Kids"]))...)
		case name("Page"):
			if err := f.page(d, place(int(r))); err != nil {
				return err
			}
		default:
			return verify.Fail(RulePages, place(int(r)), "neither a page nor a branch")
		}
	}
	if count == 0 || count > f.pass.Policy.Limits.Pages {
		return verify.Fail(RulePages, "", "%d pages", count)
	}
	return nil
}

// page judges the content of a page: its streams are one program.
func (f *file) page(d dict, where string) error {
	streams := list{d["Contents"]}
	if l, ok := f.resolve(d["Contents"]).(list); ok {
		streams = l
	} else if d["Contents"] == nil {
		return nil
	}
	var all []byte
	for _, v := range streams {
		s, ok := f.resolve(v).(*stream)
		if !ok {
			return verify.Fail(RuleContent, where, "content that is no stream")
		}
		data, err := f.decode(s)
		if errors.Is(err, sanitize.ErrLimit) {
			return err
		}
		if err != nil {
			return verify.Fail(RuleStream, where, "%v", err)
		}
		all = append(append(all, data...), '\n')
	}
	_, err := f.content(all, where)
	return err
}

// outlines goes over the outline (12.3.3): every item is reached once, so that a reader comes to its end.
func (f *file) outlines() error {
	catalog, _ := f.resolve(f.trailer["Root"]).(dict)
	root, _ := f.resolve(catalog["Outlines"]).(dict)
	seen := map[ref]bool{}
	for todo := []any{root["First"]}; len(todo) > 0; {
		r, ok := todo[len(todo)-1].(ref)
		todo = todo[:len(todo)-1]
		if !ok {
			continue
		}
		if seen[r] {
			return verify.Fail(RuleOutline, place(int(r)), "an item that is reached twice")
		}
		seen[r] = true
		d, _ := f.resolve(r).(dict)
		todo = append(todo, d["Next"], d["First"])
	}
	return nil
}
