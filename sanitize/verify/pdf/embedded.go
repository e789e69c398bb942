package pdf

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// attachment reports whether d is an annotation with a file, which the policy keeps (12.5.6.15).
func (w *walk) attachment(d dict) bool {
	_, ok := d["FS"].(ref)
	return ok && w.policy.Attachments && d["Subtype"] == name("FileAttachment") && d["Type"] != name("Action")
}

// fileTree judges the name tree of embedded files (7.7.4): one node, keys that are numbers, specifications.
func (w *walk) fileTree(d dict, where string) error {
	pairs, ok := w.f.resolve(d["Names"]).(list)
	if !ok || len(d) != 1 || len(pairs)%2 != 0 {
		return verify.Fail(RuleEmbedded, where, "a tree of files that is none")
	}
	for i := 0; i < len(pairs); i += 2 {
		key, _ := pairs[i].(text)
		n, err := strconv.Atoi(string(key))
		if _, isRef := pairs[i+1].(ref); err != nil || n != i/2 || !isRef {
			return verify.Fail(RuleEmbedded, where, "an entry %q in a tree of files", string(key))
		}
	}
	return nil
}

// specKeys are the keys of a file specification that our writer writes (7.11.3).
var specKeys = [...]name{"AFRelationship", "Desc", "EF", "F", "Type", "UF"}

// fileSpec judges a file specification: an embedded file under one name, that of a type that may be embedded, and
// nothing that is elsewhere.
func (w *walk) fileSpec(d dict, where string) error {
	if !w.policy.Attachments {
		return verify.Fail(RuleEmbedded, where, "a file")
	}
	for k := range d {
		if !slices.Contains(specKeys[:], k) {
			return verify.Fail(RuleEmbedded, where, "the key %q", string(k))
		}
	}
	shown, ok1 := d["UF"].(text)
	files, ok2 := d["EF"].(dict)
	file, ok3 := files["F"].(ref)
	if !ok1 || !ok2 || !ok3 || d["Type"] != name("Filespec") || d["F"] != shown || len(files) != 2 || files["UF"] != file {
		return verify.Fail(RuleEmbedded, where, "a file specification that is none")
	}
	if _, ok := d["Desc"].(text); d["Desc"] != nil && !ok {
		return verify.Fail(RuleEmbedded, where, "a description that is no text")
	}
	if r, ok := d["AFRelationship"].(name); d["AFRelationship"] != nil && (!ok || !slices.Contains(relationships[:], r)) {
		return verify.Fail(RuleEmbedded, where, "the relationship %q", string(r))
	}
	s, ok := w.f.resolve(file).(*stream)
	if !ok {
		return verify.Fail(RuleEmbedded, where, "no file")
	}
	w.known[int(file)] = true
	if err := w.file(s, readText(shown), where); err != nil {
		return err
	}
	return w.value(file, fileStream, where, 0)
}

// relationships say what a file is to the document (Table 43).
var relationships = [...]name{"Source", "Data", "Alternative", "Supplement", "FormData", "Schema", "Unspecified"}

// file judges an embedded file (7.11.4.2) under one of its names.
func (w *walk) file(s *stream, untrusted, where string) error {
	for k := range s.dict {
		if !slices.Contains([]name{"Filter", "Length", "Params", "Subtype", "Type"}, k) {
			return verify.Fail(RuleEmbedded, where, "the key %q", string(k))
		}
	}
	data, err := w.f.decode(s)
	if err != nil {
		return err
	}
	params, _ := s.dict["Params"].(dict)
	for k, v := range params {
		switch t, _ := v.(text); {
		case k == "Size" && v == int64(len(data)):
		case (k == "CreationDate" || k == "ModDate") && isDate(string(t)):
		default:
			return verify.Fail(RuleEmbedded, where, "the parameter %q", string(k))
		}
	}
	if s.dict["Type"] != name("EmbeddedFile") || params["Size"] == nil {
		return verify.Fail(RuleEmbedded, where, "a file that does not say that it is one")
	}
	if err := verify.CheckName(untrusted); err != nil {
		return err
	}
	in := sanitize.BytesInput(data)
	id := w.f.pass.Identify(in)
	if err := verify.Agree(untrusted, id); err != nil {
		return err
	}
	if !embeddable(id, s.dict["Subtype"]) {
		return verify.Fail(RuleEmbedded, where, "a file of the type %q as %v", id, s.dict["Subtype"])
	}
	if err := w.f.pass.Entry(); err != nil {
		return err
	}
	return w.f.pass.Member(w.f.ctx, untrusted, in)
}

// isDate reports whether s is made as a date is (7.9.4).
func isDate(s string) bool {
	if len(s) < len("D:2026") || len(s) > len("D:20260401083000+09'00'") || s[:2] != "D:" {
		return false
	}
	for _, c := range s[2:] {
		if (c < '0' || c > '9') && c != '+' && c != '-' && c != '\'' && c != 'Z' {
			return false
		}
	}
	return true
}

// readText returns a text string (7.9.2.2) that is UTF-16, in whichever order, as text, and any other as it is.
func readText(t text) string {
	order := binary.ByteOrder(binary.BigEndian)
	switch {
	case strings.HasPrefix(string(t), "\xff\xfe"):
		order = binary.LittleEndian
	case !strings.HasPrefix(string(t), "\xfe\xff"):
		return string(t)
	}
	var units []uint16
	for b := []byte(t[2:]); len(b) > 1; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// embeddable reports whether a file of a type may be embedded, under the media type that stands with it: what a reader
// shows, nothing that a browser runs, no archive. All texts look alike by their content.
func embeddable(id string, subtype any) bool {
	media, _ := subtype.(name)
	switch id {
	case "pdf", "xml":
		return media == name("application/"+id)
	case "bmp", "gif", "jpeg", "png", "tiff":
		return media == name("image/"+id)
	case "txt":
		return media == "text/plain" || media == "text/csv" || media == "application/json"
	}
	const openXML, openDocument = "application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument."
	return media == map[string]name{
		"docx": openXML + "wordprocessingml.document", "xlsx": openXML + "spreadsheetml.sheet",
		"pptx": openXML + "presentationml.presentation",
		"odt":  openDocument + "text", "ods": openDocument + "spreadsheet", "odp": openDocument + "presentation", "odg": openDocument + "graphics",
	}[id] && media != ""
}
