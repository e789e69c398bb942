package odf

import (
	stdzip "archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"strings"
	"testing"

	"sekisho/sanitize"
	"sekisho/sanitize/verify"
	pngjudge "sekisho/sanitize/verify/png"
)

type file struct{ name, data string }

// build writes a package as our writer does; entries are stored.
func build(t testing.TB, files []file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := stdzip.NewWriter(&b)
	for _, f := range files {
		e, err := w.CreateRaw(&stdzip.FileHeader{
			Name: f.name, CRC32: crc32.ChecksumIEEE([]byte(f.data)), CompressedSize64: uint64(len(f.data)), UncompressedSize64: uint64(len(f.data)),
		})
		if err != nil {
			t.Fatal(err)
		}
		e.Write([]byte(f.data))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const content = `<office:document-content xmlns:office="` + oasis + `office:1.0" xmlns:text="` + oasis + `text:1.0" xmlns:draw="` + oasis + `drawing:1.0" xmlns:table="` + oasis +
	`table:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"><office:body><text:p>住所<text:a xlink:href="https://example.jp/">x</text:a><draw:image xlink:href="Pictures/image1.png"/>` +
	`<table:table-cell table:formula="of:=SUM([.A1:.A2])&amp;&quot;DDE(&quot;"/></text:p></office:body></office:document-content>`

// good returns a text with a link, a picture and a formula.
func good() []file {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	manifest := `<manifest:manifest xmlns:manifest="` + nsManifest + `">`
	for _, name := range []string{"/", "content.xml", "Pictures/image1.png"} {
		manifest += `<manifest:file-entry manifest:full-path="` + name + `" manifest:media-type=""/>`
	}
	return []file{
		{"mimetype", Odt().mime}, {"content.xml", content}, {"Pictures/image1.png", picture.String()}, {manifestName, manifest + `</manifest:manifest>`},
	}
}

func judge(t testing.TB, files []file, policy sanitize.Policy) string {
	t.Helper()
	set, err := verify.New(Odg(), Odp(), Ods(), Odt(), Otg(), Otp(), Ots(), Ott(), pngjudge.Judge{})
	if err != nil {
		t.Fatal(err)
	}
	b := build(t, files)
	if id := set.Identify(sanitize.BytesInput(b)); files[0] == good()[0] && id != "odt" {
		t.Errorf("identified as %q", id)
	}
	err = set.Check(context.Background(), "odt", sanitize.BytesInput(b), policy)
	var v verify.Violation
	if err != nil && !errors.As(err, &v) {
		t.Fatalf("no violation: %v", err)
	}
	return v.Rule
}

func TestGood(t *testing.T) {
	if rule := judge(t, good(), sanitize.Standard()); rule != "" {
		t.Errorf("violates %s", rule)
	}
	if rule := judge(t, good(), sanitize.Strict()); rule != RuleLink {
		t.Errorf("a link under strict: violates %q", rule)
	}
}

// TestViolations changes one thing in the content of a good document.
func TestViolations(t *testing.T) {
	const p = "<text:p>"
	const listeners = `<office:event-listeners xmlns:presentation="` + oasis + `presentation:1.0" xmlns:script="` + oasis + `script:1.0">`
	for name, c := range map[string]struct{ rule, old, new string }{
		"document type":    {RuleXML, "<office:document-content", "<!DOCTYPE x><office:document-content"},
		"root":             {RuleName, "office:document-content", "office:document"},
		"namespace":        {RuleName, p, p + `<x xmlns="urn:x"/>`},
		"script":           {RuleName, p, p + `<s:event-listener xmlns:s="` + oasis + `script:1.0"/>`},
		"move":             {"", p, p + listeners + `<presentation:event-listener script:event-name="dom:click" presentation:action="next-page"/></office:event-listeners>`},
		"move to a slide":  {"", p, p + listeners + `<presentation:event-listener script:event-name="dom:click" presentation:action="show" xlink:href="#p2"/></office:event-listeners>`},
		"move elsewhere":   {RuleActive, p, p + listeners + `<presentation:event-listener presentation:action="show" xlink:href="http://a/"/></office:event-listeners>`},
		"program":          {RuleActive, p, p + listeners + `<presentation:event-listener presentation:action="execute" xlink:href="#p"/></office:event-listeners>`},
		"listener":         {RuleActive, p, p + listeners + `<presentation:event-listener/></office:event-listeners>`},
		"event by name":    {RuleName, p, `<text:p xmlns:script="` + oasis + `script:1.0" script:event-name="dom:click">`},
		"chart":            {"", p, p + `<chart:chart xmlns:chart="` + oasis + `chart:1.0" xlink:href=".."/>`},
		"chart elsewhere":  {RuleLink, p, p + `<chart:chart xmlns:chart="` + oasis + `chart:1.0" xlink:href="../.."/>`},
		"scripts":          {RuleActive, p, p + "<office:scripts/>"},
		"macro":            {RuleActive, p, p + "<text:execute-macro/>"},
		"dde":              {RuleActive, p, p + "<text:dde-connection/>"},
		"dde source":       {RuleActive, p, p + "<office:dde-source/>"},
		"section":          {RuleActive, p, p + `<text:section-source xlink:href="http://a"/>`},
		"table":            {RuleActive, p, p + `<table:table-source xlink:href="http://a"/>`},
		"plugin":           {RuleActive, p, p + "<draw:plugin/>"},
		"ole":              {RuleActive, p, p + "<draw:object-ole/>"},
		"frame":            {RuleActive, p, p + "<draw:floating-frame/>"},
		"data":             {RuleActive, p, p + "<office:binary-data/>"},
		"remote picture":   {RuleLink, "Pictures/image1.png", "http://example.jp/a.png"},
		"missing picture":  {RuleLink, "Pictures/image1.png", "Pictures/image2.png"},
		"outside":          {RuleLink, "Pictures/image1.png", "../a.png"},
		"file":             {RuleLink, "https://example.jp/", "file:///c:/a.exe"},
		"macro link":       {RuleLink, "https://example.jp/", "vnd.sun.star.script:a.b?language=Basic"},
		"dde formula":      {RuleFormula, "SUM(", "DDE ("},
		"service":          {RuleFormula, "SUM(", "COM.MICROSOFT.WEBSERVICE("},
		"other file":       {RuleFormula, "[.A1:.A2]", "['file:///a.ods'#$Sheet1.A1]"},
		"unused picture":   {RulePackage, `<draw:image xlink:href="Pictures/image1.png"/>`, ""},
		"event with macro": {RuleActive, p, `<text:p text:macro-name="x">`},
		"place":            {"", "https://example.jp/", "#a"},
		"no function":      {RuleFormula, "SUM(", "MYSUM("},
		"of a program":     {"", "SUM(", "ORG.LIBREOFFICE.ROUNDSIG("},
		"brackets":         {"", "[.A1:.A2]", "['年度 (令和)'.A1]"},
		"web link":         {"", "SUM([.A1:.A2])", "HYPERLINK(&quot;https://example.jp/&quot;;[.A1])"},
		"local link":       {RuleFormula, "SUM([.A1:.A2])", "HYPERLINK(&quot;file:///c:/a&quot;)"},
		"computed link":    {RuleFormula, "SUM([.A1:.A2])", "HYPERLINK(&quot;https://example.jp/&quot;&amp;[.A1])"},
	} {
		files := good()
		if !strings.Contains(content, c.old) {
			t.Fatalf("%s: %q is not there", name, c.old)
		}
		files[1].data = strings.ReplaceAll(content, c.old, c.new)
		if rule := judge(t, files, sanitize.Standard()); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

func TestPackage(t *testing.T) {
	for name, c := range map[string]struct {
		rule   string
		change func([]file) []file
	}{
		"not listed":      {RulePackage, func(f []file) []file { return append(f, file{"styles.xml", "<x/>"}) }},
		"basic":           {RulePackage, func(f []file) []file { return append(f, file{"Basic/a.xml", "<x/>"}) }},
		"case":            {RulePackage, func(f []file) []file { return append(f, file{"Content.xml", "<x/>"}) }},
		"traversal":       {RulePackage, func(f []file) []file { return append(f, file{"../content.xml", "<x/>"}) }},
		"no manifest":     {RulePackage, func(f []file) []file { return f[:3] }},
		"mimetype":        {RulePackage, func(f []file) []file { f[0].data = Odp().mime; return f }},
		"mimetype later":  {RulePackage, func(f []file) []file { f[0], f[1] = f[1], f[0]; return f }},
		"listed, missing": {RulePackage, func(f []file) []file { return append(f[:2:2], f[3]) }},
		"encrypted": {RuleName, func(f []file) []file {
			f[3].data = strings.Replace(f[3].data, "</manifest:manifest>", "<manifest:encryption-data/></manifest:manifest>", 1)
			return f
		}},
		"formula": {"", func(f []file) []file {
			f[3].data = strings.Replace(f[3].data, "</manifest:manifest>", `<manifest:file-entry manifest:full-path="Object 1/content.xml"/></manifest:manifest>`, 1)
			return append(f, file{"Object 1/content.xml", `<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi></math>`})
		}},
		"formula alone": {RuleName, func(f []file) []file {
			f[1].data = `<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi></math>`
			return f
		}},
		"picture of an object": {"", func(f []file) []file {
			for i := range f {
				f[i].name = strings.Replace(f[i].name, "Pictures/image1.png", "ObjectReplacements/Object 1", 1)
				f[i].data = strings.Replace(f[i].data, "Pictures/image1.png", "ObjectReplacements/Object 1", 1)
			}
			return f
		}},
		"picture is none": {verify.RuleUnknown, func(f []file) []file { f[2].data = "MZ"; return f }},
	} {
		if rule := judge(t, c.change(good()), sanitize.Standard()); rule != c.rule {
			t.Errorf("%s: violates %q, want %q", name, rule, c.rule)
		}
	}
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(content))
	f.Fuzz(func(t *testing.T, b []byte) {
		files := good()
		files[1].data = string(b)
		if rule := judge(t, files, sanitize.Standard()); rule == verify.RulePanic {
			t.Fatal("panic")
		} else if rule == "" && bytes.Contains(b, []byte("<!")) {
			t.Fatal("markup that is no element")
		}
	})
}

// flat returns a flat document with a body of text.
func flat(mime, body string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<office:document xmlns:office="` + oasis + `office:1.0" xmlns:text="` + oasis +
		`text:1.0" xmlns:draw="` + oasis + `drawing:1.0" xmlns:script="` + oasis + `script:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" office:mimetype="` + mime +
		`"><office:body><office:text><text:p>住所` + body + `</text:p></office:text></office:body></office:document>`)
}

func TestFlat(t *testing.T) {
	set, err := verify.New(Fodg(), Fodp(), Fods(), Fodt(), Odt(), pngjudge.Judge{})
	if err != nil {
		t.Fatal(err)
	}
	picture := base64.StdEncoding.EncodeToString([]byte(good()[2].data))
	const data = "<office:binary-data>"
	for name, c := range map[string]struct{ rule, body string }{
		"text":           {"", ""},
		"picture":        {"", "<draw:image>" + data + picture + "</office:binary-data></draw:image>"},
		"no picture":     {RuleActive, "<draw:image>" + data + "TVo=</office:binary-data></draw:image>"},
		"no base64":      {RuleXML, "<draw:image>" + data + "*</office:binary-data></draw:image>"},
		"elsewhere":      {RuleActive, data + picture + "</office:binary-data>"},
		"object":         {RuleActive, "<draw:object-ole>" + data + picture + "</office:binary-data></draw:object-ole>"},
		"in picture":     {RuleXML, "<draw:image>" + data + "<text:p/></office:binary-data></draw:image>"},
		"script":         {RuleName, "<script:event-listener/>"},
		"remote picture": {RuleLink, `<draw:image xlink:href="http://example.jp/a.png"/>`},
		"entry":          {RuleLink, `<draw:image xlink:href="Pictures/a.png"/>`},
		"broken":         {RuleXML, "<text:p>"},
	} {
		in := sanitize.BytesInput(flat(Fodt().mime, c.body))
		if id := set.Identify(in); id != "fodt" {
			t.Errorf("%s: it is taken for %q", name, id)
		}
		var v verify.Violation
		if err := set.Check(context.Background(), "fodt", in, sanitize.Standard()); !errors.As(err, &v) && err != nil || v.Rule != c.rule {
			t.Errorf("%s: %v, want %q", name, err, c.rule)
		}
	}
	if err := set.Check(context.Background(), "fods", sanitize.BytesInput(flat(Fodt().mime, "")), sanitize.Standard()); err == nil {
		t.Error("a text is taken for a sheet")
	}
}
