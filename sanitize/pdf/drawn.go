package pdf

import (
	"bytes"
	"slices"

	"sekisho/sanitize/pdf/internal/font"
	"sekisho/sanitize/pdf/internal/layer"
	"sekisho/sanitize/pdf/internal/object"
)

// drawn reports whether every page of the document is one that render has made: a picture, our invisible text, links.
// It also returns the pages.
func (w *walk) drawn() (bool, []page, error) {
	catalog, _, err := w.doc.Load(w.doc.Root)
	if err != nil {
		return false, nil, err
	}
	d, _ := catalog.(object.Dict)
	pages, err := w.collect(d)
	if err != nil {
		return false, nil, err
	}
	for _, p := range pages {
		ours, err := w.drawnPage(p)
		if err != nil || !ours {
			return false, pages, err
		}
	}
	return len(pages) > 0, pages, nil
}

func (w *walk) drawnPage(p page) (bool, error) {
	for _, check := range []func(page) (bool, error){w.drawnResources, w.onlyLinks} {
		if ours, err := check(p); err != nil || !ours {
			return false, err
		}
	}
	contents, err := w.pageEntry(p, "Contents")
	if err != nil {
		return false, err
	}
	stream, ok := contents.(*object.Stream)
	if !ok {
		return false, nil
	}
	data, err := w.decode(stream)
	return err == nil && drawnContent(data), err
}

// drawnResources reports whether a page has one picture and our fonts, and nothing else.
func (w *walk) drawnResources(p page) (bool, error) {
	resources, err := w.pageEntry(p, "Resources")
	if err != nil {
		return false, err
	}
	d, _ := resources.(object.Dict)
	names := map[object.Name][]object.Name{"Font": {wordsName, columnsName}, "XObject": {pictureName}}
	for _, e := range d {
		v, _, err := w.doc.Load(e.Value)
		list, ok := v.(object.Dict)
		if err != nil || !ok {
			return false, err
		}
		for _, named := range list {
			if !slices.Contains(names[e.Key], named.Key) {
				return false, nil
			}
		}
	}
	for _, name := range names["Font"] {
		if ours, err := w.ourFont(d, name); err != nil || !ours {
			return false, err
		}
	}
	return true, nil
}

// onlyLinks reports whether a page has no annotations but links.
func (w *walk) onlyLinks(p page) (bool, error) {
	links, err := w.links(p)
	if err != nil {
		return false, err
	}
	annots, err := w.pageEntry(p, "Annots")
	list, _ := annots.(object.Array)
	return len(list) == len(links), err
}

// ourFont reports whether the font of a name, if there is one, is that of the invisible text.
func (w *walk) ourFont(resources object.Dict, name object.Name) (bool, error) {
	var o object.Object = resources
	for _, key := range []object.Name{"Font", name, "DescendantFonts", "", "FontDescriptor", "FontFile2"} {
		v, _, err := w.doc.Load(o)
		if err != nil {
			return false, err
		}
		switch v := v.(type) {
		case object.Dict:
			if o = v.Get(key); o == nil {
				return key == "Font" || key == name, nil
			}
		case object.Array:
			if len(v) != 1 {
				return false, nil
			}
			o = v[0]
		default:
			return false, nil
		}
	}
	v, _, err := w.doc.Load(o)
	stream, ok := v.(*object.Stream)
	if err != nil || !ok {
		return false, err
	}
	data, err := w.decode(stream)
	if err != nil {
		return false, err
	}
	want, _, err := font.SFNT(layer.Program())
	return err == nil && bytes.Equal(data, want), err
}

// drawnContent reports whether content shows one picture and after it nothing but invisible text.
func drawnContent(data []byte) bool {
	p := object.Parser{Buf: data, Depth: 4}
	picture := []object.Keyword{"q", "cm", "Do", "Q"}
	var before object.Object
	for object.SkipSpace(data, p.Pos) < len(data) {
		o, err := p.Next()
		if err != nil {
			return false
		}
		word, ok := o.(object.Keyword)
		switch {
		case !ok:
		case len(picture) > 0:
			if word != picture[0] {
				return false
			}
			picture = picture[1:]
		case word == "Tr" && before != int64(3) || !slices.Contains(textOperators(), word):
			return false
		}
		before = o
	}
	text := bytes.Index(data, []byte("BT"))
	return len(picture) == 0 && (text < 0 || bytes.HasPrefix(data[text:], []byte("BT\n3 Tr\n")))
}

// textOperators are those of the invisible text.
func textOperators() []object.Keyword {
	return []object.Keyword{"BT", "Tr", "Tf", "Tm", "TJ", "Tj", "ET"}
}
