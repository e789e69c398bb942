package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"

	"sekisho/sanitize"
	"sekisho/sanitize/name"
	"sekisho/sanitize/pdf/internal/filter"
	"sekisho/sanitize/pdf/internal/grammar"
	"sekisho/sanitize/pdf/internal/object"
)

// attached is an embedded file under one name.
type attached struct {
	ref  object.Ref // the stream
	name string     // as it was cleaned
}

// attaches reports whether embedded files go back in. Pages that are drawn have nothing but pictures and text.
func (w *walk) attaches() bool { return w.pass.Policy.Attachments && !w.pass.Policy.Render }

// files copies what a key holds of embedded files when the policy puts them back in, or tells of each that goes.
func (w *walk) files(k *grammar.Key, value object.Object) (object.Object, error) {
	v, ref, err := w.doc.Load(value)
	switch {
	case err != nil || v == nil:
		return nil, err
	case !w.attaches():
	case k.Name == "FS":
		return w.attachment(value)
	case k.Name == "AF":
		return w.associated(v, value)
	case k.Name == "EmbeddedFiles":
		if tree, ok := v.(object.Dict); ok {
			return w.fileTree(tree, ref)
		}
	}
	return nil, w.dropFiles(value)
}

// associated copies a list of file specifications, or one that stands where a list should (ISO 32000-2 14.13).
func (w *walk) associated(v, value object.Object) (object.Object, error) {
	list, ok := v.(object.Array)
	if !ok {
		list = object.Array{value}
	}
	var out object.Array
	for _, o := range list {
		spec, err := w.attachment(o)
		if err != nil {
			return nil, err
		}
		if spec != nil {
			out = append(out, spec)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// fileTree copies the name tree of embedded files (ISO 32000-2 7.7.4) in its order. The keys are numbers: what readers
// show is the name in the specification.
func (w *walk) fileTree(src object.Dict, ref object.Ref) (object.Object, error) {
	leaves, err := w.leaves(src, ref, grammar.NameTree)
	if err != nil {
		return nil, err
	}
	var pairs object.Array
	for _, l := range leaves {
		spec, err := w.attachment(l.value)
		if err != nil {
			return nil, err
		}
		if spec != nil {
			pairs = append(pairs, object.String(fmt.Sprintf("%06d", len(pairs)/2)), spec)
		}
	}
	if len(pairs) == 0 {
		return nil, nil
	}
	to, err := w.number()
	if err != nil {
		return nil, err
	}
	return to, w.out.Object(to, object.Dict{{Key: "Names", Value: pairs}})
}

// attachment has the file of a specification rebuilt by the engine and refers to a new specification of it, the same
// for the same file under the same name. What does not come back as a document, a table or a picture is told by its
// name, with the reason for which it would be held, and nil is returned.
func (w *walk) attachment(value object.Object) (object.Object, error) {
	v, _, err := w.doc.Load(value)
	spec, ok := v.(object.Dict)
	if err != nil || !ok {
		w.drop(ruleEmbeddedFile)
		return nil, err
	}
	src, ref, err := w.embeddedStream(spec)
	if err != nil {
		return nil, err
	}
	if src == nil {
		return nil, w.dropFiles(value)
	}
	untrusted, err := w.specName(spec)
	if err != nil {
		return nil, err
	}
	clean, _ := name.Clean([]byte(untrusted))
	to, known := w.attached[attached{ref, clean}]
	if !known {
		if to, err = w.attach(spec, src, untrusted, clean); err != nil {
			return nil, err
		}
		w.attached[attached{ref, clean}] = to
	}
	if to == 0 {
		return nil, nil
	}
	return to, nil
}

// embeddedStream returns the stream of a file specification (ISO 32000-2 7.11.4), or nil when the file is elsewhere.
func (w *walk) embeddedStream(spec object.Dict) (*object.Stream, object.Ref, error) {
	v, _, err := w.doc.Load(spec.Get("EF"))
	if err != nil {
		return nil, 0, err
	}
	d, _ := v.(object.Dict)
	for _, key := range specKeys {
		v, ref, err := w.doc.Load(d.Get(key))
		if err != nil {
			return nil, 0, err
		}
		if s, ok := v.(*object.Stream); ok && ref != 0 && !s.Dict.Has("F") {
			return s, ref, nil
		}
	}
	return nil, 0, nil
}

// attach writes a rebuilt file and its specification, and returns the number of that, or 0 when the file cannot go back
// in.
func (w *walk) attach(spec object.Dict, src *object.Stream, untrusted, clean string) (object.Ref, error) {
	if err := w.pass.Entry(); err != nil {
		return 0, err
	}
	data, err := w.decode(src)
	if errors.Is(err, filter.ErrUnknown) || errors.Is(err, filter.ErrLocked) {
		w.heldFile(clean, sanitize.ReasonMalformed)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var out bytes.Buffer
	report, err := w.pass.Member(w.ctx, clean, sanitize.BytesInput(data), &out)
	media := mediaType(report.Output)
	switch {
	case fatal(err) || errors.Is(err, sanitize.ErrMalware) || w.ctx.Err() != nil:
		return 0, errors.Join(err, w.ctx.Err())
	case err != nil:
		w.heldFile(clean, sanitize.ReasonOf(err))
		return 0, nil
	case media == "" || untrusted != "" && name.Suspicious(untrusted) != "":
		w.heldFile(clean, sanitize.ReasonPolicy)
		return 0, nil
	}
	for _, f := range report.Findings {
		f.Where = strings.TrimSuffix(w.where+": "+clean+": "+f.Where, ": ")
		w.found[sanitize.Finding{Rule: f.Rule, Action: f.Action, Where: f.Where}] += f.Count
	}
	file, err := w.writeFile(src, media, out.Bytes())
	if err != nil {
		return 0, err
	}
	to, err := w.number()
	if err != nil {
		return 0, err
	}
	if w.pass.OutputName != nil {
		clean = w.pass.OutputName(clean, report.Output)
	}
	shown := textString(clean)
	d := []object.Entry{
		{Key: "Type", Value: object.Name("Filespec")}, {Key: "F", Value: shown}, {Key: "UF", Value: shown},
		{Key: "EF", Value: object.Dict{{Key: "F", Value: file}, {Key: "UF", Value: file}}},
	}
	for _, key := range []object.Name{"AFRelationship", "Desc"} {
		v, _, err := w.doc.Load(spec.Get(key))
		if err != nil {
			return 0, err
		}
		if _, text := v.(object.String); text && key == "Desc" || isRelationship(v) && key == "AFRelationship" {
			d = append(d, object.Entry{Key: key, Value: v})
		}
	}
	return to, w.out.Object(to, object.NewDict(d))
}

// writeFile writes the stream of an embedded file (ISO 32000-2 7.11.4.2).
func (w *walk) writeFile(src *object.Stream, media object.Name, data []byte) (object.Ref, error) {
	to, err := w.number()
	if err != nil {
		return 0, err
	}
	params := []object.Entry{{Key: "Size", Value: int64(len(data))}}
	v, _, err := w.doc.Load(src.Dict.Get("Params"))
	if err != nil {
		return 0, err
	}
	old, _ := v.(object.Dict)
	for _, key := range []object.Name{"CreationDate", "ModDate"} {
		v, _, err := w.doc.Load(old.Get(key))
		if err != nil {
			return 0, err
		}
		if s, ok := v.(object.String); ok && dateForm.MatchString(string(s)) {
			params = append(params, object.Entry{Key: key, Value: s})
		}
	}
	return to, w.store(to, object.NewDict([]object.Entry{
		{Key: "Type", Value: object.Name("EmbeddedFile")}, {Key: "Subtype", Value: media}, {Key: "Params", Value: object.NewDict(params)},
	}), data)
}

// dateForm is a date (ISO 32000-2 7.9.4).
var dateForm = regexp.MustCompile(`^D:[0-9]{4,14}([Z+-][0-9']{0,6})?$`)

// heldFile tells of an embedded file that does not go back in, and why it would be held if it came by itself.
func (w *walk) heldFile(clean string, why sanitize.Reason) {
	if w.named++; w.named > maxNamed {
		w.drop(ruleEmbeddedFile)
		return
	}
	w.found.add(ruleEmbeddedFile, sanitize.Removed, w.where+": "+clean+" ("+string(why)+")")
}

// isRelationship reports whether o says what a file is to the document (ISO 32000-2 Table 43).
func isRelationship(o object.Object) bool {
	switch o {
	case object.Name("Source"), object.Name("Data"), object.Name("Alternative"), object.Name("Supplement"), object.Name("FormData"),
		object.Name("Schema"), object.Name("Unspecified"):
		return true
	}
	return false
}

// textString writes text as a text string (ISO 32000-2 7.9.2.2).
func textString(s string) object.String {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0 {
		return object.String(s)
	}
	out := []byte("\xfe\xff")
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return object.String(out)
}

// mediaType returns the media type of what may be embedded, by the ID of its format: documents, tables, data and pictures,
// which a reader shows. What a browser runs, and archives, may not.
func mediaType(id string) object.Name {
	const openXML, openDocument = "application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument."
	switch id {
	case "pdf", "json", "xml":
		return object.Name("application/" + id)
	case "bmp", "gif", "jpeg", "png", "tiff":
		return object.Name("image/" + id)
	case "txt":
		return "text/plain"
	case "csv":
		return "text/csv"
	case "docx":
		return openXML + "wordprocessingml.document"
	case "xlsx":
		return openXML + "spreadsheetml.sheet"
	case "pptx":
		return openXML + "presentationml.presentation"
	case "odt":
		return openDocument + "text"
	case "ods":
		return openDocument + "spreadsheet"
	case "odp":
		return openDocument + "presentation"
	case "odg":
		return openDocument + "graphics"
	}
	return ""
}
