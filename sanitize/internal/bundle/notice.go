package bundle

import (
	"fmt"
	"strings"

	"sekisho/sanitize"
	"sekisho/sanitize/internal/zipfile"
	"sekisho/sanitize/name"
)

// hold leaves a file out and writes a notice in its place, or fails when the policy holds the whole archive. A folder
// that is left out needs no notice.
func (r *rebuild) hold(s *slot, thing string, why error) error {
	if r.pass.Policy.HoldWhole {
		return fmt.Errorf("%s: %w", s.where(), why)
	}
	r.find(thing, sanitize.Replaced, s.where())
	if s.dir {
		return nil
	}
	if r.first == nil {
		r.first = why
	}
	return r.out.Add(zipfile.Header{Name: r.noticeName(s), Modified: s.entry.Modified}, notice(s, sanitize.ReasonOf(why)))
}

// held is what the name of a notice says.
const held = "止めました"

// noticeName returns "<name>.止めました.txt" beside the place of the file, or a name with a number when the file's own
// name must not be repeated.
func (r *rebuild) noticeName(s *slot) string {
	if !s.plain {
		return r.free(fmt.Sprintf("%s-%d.txt", held, s.number))
	}
	folder := s.path[:len(s.path)-len(s.base())]
	base := s.base()
	suffix := "." + held + ".txt"
	if len(base)+len(suffix) > name.MaxBytes {
		base = strings.ToValidUTF8(base[:name.MaxBytes-len(suffix)], "")
	}
	return r.free(folder + base + suffix)
}

// notice returns the text that stands in the place of a file: what happened, what is now, what to do next.
func notice(s *slot, reason sanitize.Reason) []byte {
	ja, en := explain(reason)
	jaName, enName := fmt.Sprintf("この書庫の %d 番目のファイル", s.number), fmt.Sprintf("File number %d of this archive", s.number)
	if s.plain {
		jaName, enName = "「"+s.base()+"」", "\""+s.base()+"\""
	}
	text := "\ufeff" + jaName + "を止めました。\n" +
		"\n何が起きたか: " + ja +
		"\n今どうなっているか: このファイルは入っていません。ほかのファイルは無害化されて入っています。" +
		"\n次に何をするか: 必要なときは、送り主に PDF など別の形式で送り直してもらうか、情報システムの担当者に相談してください。\n" +
		"\n" + enName + " was held.\n" +
		"\nWhat happened: " + en +
		"\nNow: the file is not in this archive. The other files are, rebuilt without active content." +
		"\nNext: ask the sender for another format, such as PDF, or ask your system administrator." +
		"\nReason: " + string(reason) + "\n"
	return []byte(strings.ReplaceAll(text, "\n", "\r\n"))
}

// explain says in Japanese and English what a reason means for a reader.
func explain(reason sanitize.Reason) (ja, en string) {
	switch reason {
	case sanitize.ReasonUnsupported:
		return "無害化できない種類のファイルです。", "files of this type cannot be rebuilt."
	case sanitize.ReasonAmbiguous:
		return "二つの種類に読めるファイルです。", "the file can be read as two different types."
	case sanitize.ReasonMismatch:
		return "名前が示す種類と中身が違います。", "the name says another type than the content."
	case sanitize.ReasonPolicy:
		return "この種類や名前のファイルは受け取らない決まりです。", "files of this type or name are not let through."
	}
	return "ファイルが壊れているか、正しく読み取れません。", "the file is damaged or cannot be read."
}
