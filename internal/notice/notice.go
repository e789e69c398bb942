// Package notice tells staff what became of a file that did not cross, in plain Japanese and then in English: what
// happened, how things stand, what to do next.
//
// A notice is one HTML page with nothing outside itself: no script, no picture, no link, and a policy that forbids
// them. The name of the file is a stranger's text: it is quoted, isolated from the direction of our own sentences, and
// what cannot be seen in it is shown.
package notice

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Suffix is what the name of a notice has after the name of its file.
const Suffix = ".無害化結果.html"

// Folder is the folder of an inbox that notices are put into.
const Folder = "_止めたファイル"

// Notice is one file's.
type Notice struct {
	Name   string // of the file; untrusted
	Reason string
	Time   time.Time
	Job    string   // "" for a file that was not taken in
	SHA256 string   // of the original
	Found  []string // findings in words, may be empty
	Said   string   // what the person who decided wrote to the sender, or ""
}

// FileName returns the name of the notice for a file called name, in at most 255 bytes.
func FileName(name string) string {
	keep := 255 - len(Suffix)
	if len(name) > keep {
		for keep > 0 && !utf8.RuneStart(name[keep]) {
			keep--
		}
		name = name[:keep]
	}
	return name + Suffix
}

// Render writes the page.
func Render(w io.Writer, n Notice) error {
	found := make([]string, len(n.Found))
	for i, f := range n.Found {
		found[i] = Visible(f)
	}
	n.Found, n.Said = found, Visible(n.Said)
	data := struct {
		Notice
		Message
		Shown, When string
		Style       template.CSS
		StyleHash   string
	}{
		n, Lookup(n.Reason), Visible(n.Name), n.Time.In(japan()).Format("2006年1月2日 15時04分"), style, styleHash(),
	}
	if err := page.Execute(w, data); err != nil {
		return fmt.Errorf("cannot write notice: %w", err)
	}
	return nil
}

// styleHash names the style of the page, so that its policy lets in this one and no other (CSP Level 3, 8.2).
func styleHash() string {
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// japan is Japan's time, which knows no summer time and so needs no table.
func japan() *time.Location { return time.FixedZone("JST", 9*60*60) }

// Visible returns untrusted text with every character that cannot be seen, or that turns the direction of reading,
// replaced by its number: ‹U+202E›.
func Visible(untrusted string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(untrusted, "\ufffd") {
		if unicode.IsPrint(r) || r == '\u3000' || unicode.Is(unicode.Co, r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "‹U+%04X›", r)
		}
	}
	return b.String()
}

// style is the whole style of the page. Colours keep a contrast of 7 to 1 on white.
const style template.CSS = `
body{font-family:"BIZ UDPGothic","Yu Gothic UI",Meiryo,"Hiragino Sans",sans-serif;line-height:1.75;color:#1a1a1c;background:#fff;max-width:44rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;border-left:.4rem solid #0017c1;padding-left:.8rem}
h2{font-size:1.05rem;margin:1.4rem 0 .2rem}
p,ul{margin:.2rem 0}
.name{font-weight:bold;word-break:break-all}
dl{font-size:.9rem;border-top:1px solid #767676;margin-top:1.6rem;padding-top:.8rem}
dt{font-weight:bold}
dd{margin:0 0 .4rem 0;font-family:"BIZ UDGothic",monospace;word-break:break-all}
section,footer{border-top:1px solid #767676;margin-top:2rem;padding-top:.5rem;font-size:.92rem}
@media print{body{margin:0}}
`

// page is made once: a template does not change after it is parsed.
var page = template.Must(template.New("notice").Parse(`<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '{{.StyleHash}}'; form-action 'none'; base-uri 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Ja.Title}}</title>
<style>{{.Style}}</style>
</head>
<body>
<main>
<h1>{{.Ja.Title}}</h1>
<p>ファイル名：<bdi class="name">「{{.Shown}}」</bdi></p>
<h2>何が起きたか</h2>
<p>{{.Ja.What}}</p>
{{- if .Said}}
<p>担当者からの伝言：<bdi>「{{.Said}}」</bdi></p>
{{- end}}
<h2>今どうなっているか</h2>
<p>{{.Ja.Now}}</p>
<h2>次に何をするか</h2>
<p>{{.Ja.Next}}</p>
{{- if .Found}}
<h2>くわしい内容（担当者向け）</h2>
<ul>{{range .Found}}<li><bdi>{{.}}</bdi></li>{{end}}</ul>
{{- end}}
<dl>
<dt>番号（お問い合わせのときに伝えてください）</dt><dd>{{.Code}}</dd>
<dt>日時</dt><dd>{{.When}}</dd>
{{- if .Job}}
<dt>受付番号</dt><dd>{{.Job}}</dd>
{{- end}}
{{- if .SHA256}}
<dt>元のファイルの照合値（SHA-256）</dt><dd>{{.SHA256}}</dd>
{{- end}}
</dl>
</main>
<section lang="en">
<h1>{{.En.Title}}</h1>
<h2>What happened</h2>
<p>{{.En.What}}</p>
<h2>How things stand</h2>
<p>{{.En.Now}}</p>
<h2>What to do next</h2>
<p>{{.En.Next}}</p>
</section>
<footer>
<p>インターネットから来たファイルは、危険なものを含まない形に作り直してから、LGWAN側に届けています（これを「無害化」と呼びます）。このページは、その仕組みが自動で作りました。</p>
</footer>
</body>
</html>
`))
