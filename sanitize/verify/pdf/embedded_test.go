package pdf

import (
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
)

// attached returns a document with one file by all ways to one: the name tree, associated files, an annotation. Changes
// are pairs of what stands in it and what is to stand there.
func attached(t *testing.T, changes ...string) []string {
	t.Helper()
	objects := append(replace(t, "/Names<</Dests", "/AF[18 0 R]/Names<</EmbeddedFiles<</Names[(000000)18 0 R]>>/Dests"),
		"<</Type/Filespec/F(a.txt)/UF(a.txt)/EF<</F 19 0 R/UF 19 0 R>>/Desc(what it is)/AFRelationship/Data>>",
		raw("/Type/EmbeddedFile/Subtype/text#2Fplain/Params<</Size 5/ModDate(D:20260401083000+09'00')>>", "words"),
		"<</Type/Annot/Subtype/FileAttachment/Rect[0 0 1 1]/Name/PushPin/FS 18 0 R>>")
	objects[2] = strings.Replace(objects[2], "/Annots[", "/Annots[20 0 R ", 1)
	for i := 0; i < len(changes); i += 2 {
		n := 0
		for k := range objects {
			n += strings.Count(objects[k], changes[i])
			objects[k] = strings.ReplaceAll(objects[k], changes[i], changes[i+1])
		}
		if n == 0 {
			t.Fatalf("%q is not in the document", changes[i])
		}
	}
	return objects
}

// TestAttachments lets a file pass under the one policy that keeps it, and only as it is written.
func TestAttachments(t *testing.T) {
	if rule := judge(t, build(attached(t)...), sanitize.Attachments()); rule != "" {
		t.Errorf("as it is written: violates %q", rule)
	}
	for _, policy := range []sanitize.Policy{sanitize.Standard(), sanitize.Strict(), sanitize.Render()} {
		if rule := judge(t, build(attached(t)...), policy); rule == "" {
			t.Errorf("%s: passes", policy.Name)
		}
	}
	for name, c := range map[string]struct {
		rule    string
		changes []string
	}{
		"a program's name":         {verify.RuleHazard, []string{"(a.txt)", "(a.exe)"}},
		"a path":                   {verify.RuleName, []string{"(a.txt)", "(../a.txt)"}},
		"another type's name":      {verify.RuleMismatch, []string{"(a.txt)", "(a.pdf)"}},
		"content of no type":       {verify.RuleMismatch, []string{"words", "MZ\x00\x01\x02"}},
		"two names":                {RuleEmbedded, []string{"/UF(a.txt)", "/UF(b.txt)"}},
		"a file elsewhere":         {RuleEmbedded, []string{"/EF<</F 19 0 R/UF 19 0 R>>", "/FS/URL"}},
		"two files":                {RuleEmbedded, []string{"/F 19 0 R/UF 19 0 R", "/F 19 0 R/UF 4 0 R"}},
		"another key":              {RuleEmbedded, []string{"/Desc(what it is)", "/RF<<>>"}},
		"a key that is a file":     {RuleEmbedded, []string{"/F(a.txt)/UF(a.txt)", "/F<<>>/UF<<>>"}},
		"a relationship":           {RuleEmbedded, []string{"/AFRelationship/Data", "/AFRelationship/Run"}},
		"a media type":             {RuleEmbedded, []string{"text#2Fplain", "application#2Fx-msdownload"}},
		"a length":                 {RuleEmbedded, []string{"/Size 5", "/Size 6"}},
		"a date":                   {RuleEmbedded, []string{"(D:20260401083000+09'00')", "(http://h)"}},
		"a parameter":              {RuleEmbedded, []string{"/ModDate", "/CheckSum"}},
		"no type":                  {RuleEmbedded, []string{"/Type/EmbeddedFile", "/Type/XObject"}},
		"keys of the tree":         {RuleEmbedded, []string{"(000000)", "(a.js)"}},
		"a tree with branches":     {RuleEmbedded, []string{"/EmbeddedFiles<</Names[(000000)18 0 R]>>", "/EmbeddedFiles<</Kids[18 0 R]>>"}},
		"an action to it":          {RuleAction, []string{"/S/URI/URI(https://example.jp/)", "/S/GoToE/T<</N(000000)>>"}},
		"a portfolio":              {RuleEmbedded, []string{"/AF[18 0 R]", "/AF[18 0 R]/Collection<<>>"}},
		"beside another form":      {RuleExternal, []string{"/Subtype/FileAttachment", "/Subtype/Stamp"}},
		"a specification as other": {RuleEmbedded, []string{"/Outlines 9 0 R", "/Outlines 18 0 R"}},
		"a stream by another way":  {RuleEmbedded, []string{"/Im0 10 0 R", "/Im0 19 0 R"}},
	} {
		if rule := judge(t, build(attached(t, c.changes...)...), sanitize.Attachments()); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}
