package json

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/sanitizetest"
	"sekisho/sanitize/text"
)

func TestConformance(t *testing.T) {
	plain := "\ufeff{\n\t\"氏名\": \"山田\\n\\u65e5\\/\\ud83d\\ude00\",\r\n \"n\": [1, -0.50e+10, 12345678901234567890, true,false , null, [], {}]\n}\n"
	sanitizetest.Run(t, sanitizetest.Suite{
		Format: Format{},
		Others: []sanitize.Format{text.Format{}},
		Cases: []sanitizetest.Case{
			{Name: "as it was", Input: []byte(plain), FileName: "a.json", Keep: []string{plain}, Exact: true},
			{Name: "list", Input: []byte(" [ ] "), FileName: "a.json", Exact: true},
			{Name: "controls", Input: []byte("{\"a\u202e\":\"\\u202E\\u001b[0m\\u0000\\b\x7f\"}"), FileName: "a.json", Gone: []string{"\u202e", "202E", "001b", "\x7f"},
				Keep: []string{`{"a":"[0m"}`}, Rules: []string{RuleBidi, RuleControl}, Exact: true},
			{Name: "hidden", Input: []byte("[\"a\\ufeff\u2066\\udb40\\udc41b\"]"), FileName: "a.json", Keep: []string{`["ab"]`}, Rules: []string{RuleHidden, RuleBidi}, Exact: true},
			{Name: "half pair", Input: []byte(`["a\ud83dx\udc00\ud83d\u0041"]`), FileName: "a.json", Keep: []string{`["ax\u0041"]`}, Rules: []string{RuleInvalid}, Exact: true},
			{Name: "markup in a string", Input: []byte(`{"a":"<html><script>"}`), FileName: "a.json", Exact: true},
			{Name: "text by its name", Input: []byte("[重要] お知らせ"), FileName: "a.txt", Type: "txt", Exact: true},
			{Name: "key twice", Input: []byte(`{"a":1,"\u0061":2}`), FileName: "a.json", Err: sanitize.ErrMalformed},
			{Name: "data after", Input: []byte(`{} <hta>`), FileName: "a.json", Err: sanitize.ErrMalformed},
			{Name: "deep", Input: []byte(strings.Repeat("[", 100000)), FileName: "a.json", Err: sanitize.ErrLimit},
			{Name: "text", Input: []byte("[重要] お知らせ"), FileName: "a.json", Err: sanitize.ErrMalformed},
		},
		Foreign: [][]byte{nil, []byte("a"), []byte("\"a\""), []byte("\xff\xfe{\x00}\x00"), []byte("<a>")},
	})
}

func run(b []byte) ([]byte, error) {
	engine, err := sanitize.NewEngine([]sanitize.Format{Format{}, text.Format{}}, sanitize.Naming{})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	job := sanitize.Job{Input: sanitize.BytesInput(b), Name: "a.json", Policy: sanitize.Standard()}
	_, err = engine.Rebuild(context.Background(), job, &out)
	return out.Bytes(), err
}

func TestGrammar(t *testing.T) {
	for _, s := range []string{
		`[01]`, `[1.]`, `[.5]`, `[+1]`, `[-]`, `[1e]`, `[tru]`, `[1,]`, `[,1]`, `[1 2]`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1,}`, `[1}`,
		`{"a":1]`, `["a]`, `["\x"]`, `["\u12"]`, `["\u+123"]`, "[\"\n\"]", `['a']`, `[1]]`, `[NaN]`, `[1]//x`, `["`, `["\`, `[`, `{`,
	} {
		if out, err := run([]byte(s)); sanitize.ReasonOf(err) != sanitize.ReasonMalformed || err == nil {
			t.Errorf("%s: got %s, %v", s, out, err)
		}
	}
}

// FuzzRebuild holds the grammar against another reader: what passes is valid JSON that says the same.
func FuzzRebuild(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"b\u00e9",null]}`, `[[],{}]`, `["\ud83d\ude00"]`, "{\"\u202e\":0}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := run(b)
		if err != nil {
			return
		}
		if again, err := run(out); err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%q gave %q, then %q, %v", b, out, again, err)
		}
		if !stdjson.Valid(bytes.TrimPrefix(out, []byte("\ufeff"))) {
			t.Fatalf("%q gave %q, which is no JSON", b, out)
		}
	})
}
