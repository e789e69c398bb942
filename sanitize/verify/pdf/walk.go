package pdf

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// walk goes from the trailer to every object, in every role in which it is reached.
type walk struct {
	f       *file
	policy  sanitize.Policy
	done    map[step]bool
	todo    []step
	reached map[int]bool
	known   map[int]bool // streams whose purpose was found
	images  map[int]bool
	beside  *pictures
	draws   map[int][]int // what the forms draw
}

// step is an object to visit.
type step struct {
	num  int
	role role
}

// resolve follows a reference. A reference to a reference does not exist.
func (f *file) resolve(v any) any {
	if r, ok := v.(ref); ok {
		return f.objects[int(r)]
	}
	return v
}

// check goes over the whole document.
func (f *file) check() error {
	w := &walk{
		f: f, policy: f.pass.Policy, done: map[step]bool{}, reached: map[int]bool{}, known: map[int]bool{}, images: map[int]bool{},
		beside: newPictures(), draws: map[int][]int{},
	}
	err, beside := w.all(), w.beside.wait()
	if err != nil {
		return err
	}
	return beside
}

// all does, but for what is judged beside it.
func (w *walk) all() error {
	f := w.f
	if err := w.value(f.trailer["Root"], plain, "trailer", 0); err != nil {
		return err
	}
	if info, ok := f.trailer["Info"]; ok {
		if err := w.value(info, information, "trailer", 0); err != nil {
			return err
		}
	}
	for len(w.todo) > 0 {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		s := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		if err := w.indirect(s); err != nil {
			return err
		}
	}
	if err := w.closed(); err != nil {
		return err
	}
	if err := f.pages(); err != nil {
		return err
	}
	if err := f.outlines(); err != nil {
		return err
	}
	return w.drawn()
}

// closed fails when an object was not reached, or a stream has no purpose.
func (w *walk) closed() error {
	for _, num := range slices.Sorted(maps.Keys(w.f.objects)) {
		where := place(num)
		_, isStream := w.f.objects[num].(*stream)
		switch {
		case w.f.objects[num] == nil && !w.reached[num] && w.isObjectStream(num):
		case !w.reached[num]:
			return verify.Fail(RuleReference, where, "nobody refers to it")
		case isStream && !w.known[num]:
			return verify.Fail(RuleStream, where, "a stream without a purpose")
		}
	}
	return nil
}

// isObjectStream reports whether num was an object stream: they are read and set to null, and nobody refers to them.
func (w *walk) isObjectStream(num int) bool {
	_, in := w.f.packed[num]
	return !in
}

func place(num int) string { return strconv.Itoa(num) + " 0 obj" }

func (w *walk) indirect(s step) error {
	where := place(s.num)
	switch v := w.f.objects[s.num].(type) {
	case *stream:
		return w.stream(s.num, v, s.role, where)
	default:
		return w.value(v, s.role, where, 0)
	}
}

// value judges one value in its role.
func (w *walk) value(v any, r role, where string, depth int) error {
	switch v := v.(type) {
	case ref:
		if _, ok := w.f.objects[int(v)]; !ok {
			return verify.Fail(RuleReference, where, "a reference to object %d, which is not there", v)
		}
		w.reached[int(v)] = true
		if s := (step{int(v), r}); !w.done[s] {
			w.done[s] = true
			w.todo = append(w.todo, s)
		}
	case dict:
		return w.dict(v, r, where, depth)
	case list:
		return w.list(v, r, where, depth)
	}
	return nil
}

// list judges the members of an array, which have its role unless it is a colour space that leads to data (8.6.3).
func (w *walk) list(l list, r role, where string, depth int) error {
	switch {
	case len(l) > 1 && l[0] == name("ICCBased"):
		r = profile
	case len(l) > 1 && l[0] == name("Indexed"):
		r = table
	case r == named || r == resources || r == appearances || r == states || r == glyphs:
		r = plain
	}
	for _, e := range l {
		if err := w.value(e, r, where, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// dict judges the keys and the values of a dictionary.
func (w *walk) dict(d dict, r role, where string, depth int) error {
	if r == fileSpec {
		return w.fileSpec(d, where)
	}
	if err := w.kind(d, r, where); err != nil {
		return err
	}
	for _, k := range slices.Sorted(maps.Keys(d)) {
		if rule := forbidden(k, w.policy); rule != "" && !(k == "FS" && w.attachment(d)) {
			return verify.Fail(rule, where, "the key %q", string(k))
		}
		if !known(k) && !freeKeys(d, r) && !(r == information && inert(d[k])) {
			return verify.Fail(RuleKey, where, "the key %q", string(k))
		}
		if t, ok := w.f.resolve(d[k]).(text); ok && r != named && labelled(k) && marked(readText(t)) {
			return verify.Fail(RuleMarkup, where, "the name %q", string(t))
		}
		if err := w.value(d[k], child(d, r, k), where, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// labelled reports whether the text under a key is shown as a name: of a field, of who wrote a comment, of what it is about.
func labelled(k name) bool { return k == "T" || k == "TU" || k == "TM" || k == "NM" || k == "Subj" }

// marked reports whether a name has an element of HTML in it, or an address.
func marked(s string) bool {
	s = strings.ToLower(s)
	for _, sign := range []string{"://", "javascript:", "vbscript:", "<!--"} {
		if strings.Contains(s, sign) {
			return true
		}
	}
	for _, piece := range strings.Split(s, "<")[1:] {
		element, _, closed := strings.Cut(piece, ">")
		if closed && isElement(element) {
			return true
		}
	}
	return false
}

// isElement reports whether s, which stands between angle brackets, begins as an element or its end does.
func isElement(s string) bool {
	if s != "" && (s[0] == '!' || s[0] == '/') {
		s = s[1:]
	}
	rest := strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyz0123456789:-")
	return s != "" && s[0] >= 'a' && s[0] <= 'z' && (rest == "" || strings.ContainsAny(rest[:1], " \t\n\f\r/"))
}

// kind judges what a dictionary says that it is.
func (w *walk) kind(d dict, r role, where string) error {
	s, hasS := w.f.resolve(d["S"]).(name)
	switch {
	case r == named || r == states || r == glyphs || r == resources:
		return nil
	case hasS && (isAction(s) || s == "URI" || s == "GoTo" || s == "Named"), d["Type"] == name("Action"), r == acting && acts(d):
		if err := w.checkAction(d, where); err != nil {
			return err
		}
	case r == catalogNames:
		for k := range d {
			if rule := forbidden(k, w.policy); rule != "" {
				return verify.Fail(rule, where, "the name tree %q", string(k))
			}
			if k != "AP" && k != "Dests" && k != "EmbeddedFiles" {
				return verify.Fail(RuleKey, where, "the name tree %q", string(k))
			}
		}
	case r == fileTree:
		if err := w.fileTree(d, where); err != nil {
			return err
		}
	case r == information && !w.policy.Metadata:
		return verify.Fail(RuleMetadata, where, "the policy keeps no metadata")
	}
	return w.labels(d, where)
}

// numbers reports whether v is a matrix.
func numbers(v any) bool {
	for _, e := range asList(v) {
		switch e.(type) {
		case int64, float64:
		default:
			return false
		}
	}
	return len(asList(v)) == 6
}

// acts reports whether a dictionary that stands where an action may stand is to be one: the same keys lead to the
// next outline item and to the attributes of an element.
func acts(d dict) bool { return d["O"] == nil && d["Title"] == nil }

// labels judges the Type and the Subtype of a dictionary, and the keys that only mean something beside them.
func (w *walk) labels(d dict, where string) error {
	t, typed := w.f.resolve(d["Type"]).(name)
	s, sub := w.f.resolve(d["Subtype"]).(name)
	switch {
	case t == "EmbeddedFile" || t == "Filespec" || t == "F" || s == "FileAttachment" && !w.attachment(d):
		return verify.Fail(RuleEmbedded, where, "%q %q", string(t), string(s))
	case typed && (t == "Sig" || t == "DocTimeStamp" || t == "SigRef"):
		return verify.Fail(RuleSignature, where, "the type %q", string(t))
	case typed && !slices.Contains(types[:], t):
		return verify.Fail(RuleSubtype, where, "the type %q", string(t))
	case sub && !slices.Contains(subtypes[:], s):
		return verify.Fail(RuleSubtype, where, "the subtype %q", string(s))
	case d["Subtype2"] == name("PS"):
		return verify.Fail(RuleSubtype, where, "PostScript")
	}
	if _, ok := w.f.resolve(d["URI"]).(dict); ok {
		return verify.Fail(RuleLink, where, "a base for links")
	}
	if m, ok := d["FontMatrix"]; ok && !numbers(w.f.resolve(m)) { // a reader once ran a text that stood there: CVE-2024-4367
		return verify.Fail(RuleFont, where, "a font matrix of other than numbers")
	}
	switch f := w.f.resolve(d["F"]).(type) {
	case text, dict, list:
		if d["V"] == nil { // beside a value, F is how the value is written (14.7.6.4)
			return verify.Fail(RuleExternal, where, "a file: %v", f)
		}
	}
	return w.opening(d, where)
}

// opening judges what happens when the document is opened: at most a page is shown.
func (w *walk) opening(d dict, where string) error {
	o, ok := d["OpenAction"]
	if !ok {
		return nil
	}
	switch v := w.f.resolve(o).(type) {
	case list, name, text:
		return nil
	case dict:
		if w.f.resolve(v["S"]) == name("GoTo") {
			return nil
		}
	}
	return verify.Fail(RuleTrigger, where, "an open action: %v", fmt.Sprint(o))
}
