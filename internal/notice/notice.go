// Package notice tells staff what became of a file that did not cross, in plain Japanese and then in English: what
// happened, how things stand, what to do next.
//
// A notice is one HTML page with nothing outside itself: no script, no picture, no link, and a policy that forbids
// them. The name of the file is a stranger's text: it is quoted, isolated from the direction of our own sentences, and
// what cannot be seen in it is shown.
package notice

import (
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
	data := struct {
		Notice
		Message
		Shown, When string
	}{n, Lookup(n.Reason), Visible(n.Name), n.Time.In(japan()).Format("2006年1月2日 15時04分")}
	if err := page.Execute(w, data); err != nil {
		return fmt.Errorf("cannot write notice: %w", err)
	}
	return nil
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

var page = template.Must(template.New("notice").Parse(`<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>無害化結果</title>
<style>
body{font-family:"BIZ UDPGothic","Yu Gothic UI",Meiryo,"Hiragino Sans",sans-serif;line-height:1.75;color:#1a1a1c;max-width:44rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;border-left:.4rem solid #0017c1;padding-left:.8rem}
h2{font-size:1.05rem;margin:1.4rem 0 .2rem}
p{margin:.2rem 0}
.name{font-weight:bold;word-break:break-all}
.code,dd{font-family:"BIZ UDGothic",monospace;word-break:break-all}
dl{font-size:.9rem;border-top:1px solid #b3b3b3;padding-top:.8rem}
dt{float:left;clear:left;width:7rem}dd{margin-left:7rem}
section[lang=en]{border-top:1px solid #b3b3b3;margin-top:2rem;padding-top:.5rem;font-size:.92rem}
@media print{body{margin:0}}
</style>
</head>
<body>
<h1>ファイルを止めました</h1>
<p>ファイル名：<bdi class="name">「{{.Shown}}」</bdi></p>
<h2>何が起きたか</h2><p>{{.Ja.What}}</p>
<h2>今どうなっているか</h2><p>{{.Ja.Now}}</p>
<h2>次に何をするか</h2><p>{{.Ja.Next}}</p>
{{if .Found}}<h2>見つかったもの</h2><ul>{{range .Found}}<li><bdi>{{.}}</bdi></li>{{end}}</ul>{{end}}
<dl>
<dt>番号</dt><dd>{{.Code}}</dd>
<dt>日時</dt><dd>{{.When}}</dd>
{{if .Job}}<dt>受付番号</dt><dd>{{.Job}}</dd>{{end}}
{{if .SHA256}}<dt>SHA-256</dt><dd>{{.SHA256}}</dd>{{end}}
</dl>
<section lang="en">
<h2>This file was held</h2>
<p>{{.En.What}}</p><p>{{.En.Now}}</p><p>{{.En.Next}}</p>
</section>
</body>
</html>
`))
