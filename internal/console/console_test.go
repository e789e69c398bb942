package console

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/pelletier/go-toml/v2"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/policy"
	"sekisho/internal/quarantine"
	"sekisho/sanitize"
)

// texts returns every text of a language by its id. A text with forms for one and for many is its forms together.
func texts(t *testing.T, lang string) map[string]string {
	t.Helper()
	all := map[string]string{}
	var walk func(prefix string, v any)
	walk = func(prefix string, v any) {
		switch v := v.(type) {
		case string:
			all[prefix] = v
		case map[string]any:
			if other, ok := v["other"].(string); ok {
				all[prefix] = other
				return
			}
			for k, x := range v {
				walk(strings.TrimPrefix(prefix+"."+k, "."), x)
			}
		}
	}
	names, err := textsOf(lang)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := textFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var tree map[string]any
		if err := toml.Unmarshal(data, &tree); err != nil {
			t.Fatal(err)
		}
		walk("", tree)
	}
	return all
}

// TestTexts: both languages have the same texts with the same gaps, and every text that a page or the code names.
func TestTexts(t *testing.T) {
	ja, en := texts(t, "ja"), texts(t, "en")
	gaps := regexp.MustCompile(`\{\{\.(\w+)\}\}`)
	for id, text := range ja {
		other, ok := en[id]
		if !ok {
			t.Errorf("%s is not said in English", id)
			continue
		}
		for _, g := range gaps.FindAllString(text, -1) {
			if !strings.Contains(other, g) {
				t.Errorf("%s: the English text lacks %s", id, g)
			}
		}
	}
	for id := range en {
		if _, ok := ja[id]; !ok {
			t.Errorf("%s is not said in Japanese", id)
		}
	}
	named := map[string]bool{}
	collect := func(pattern string, text string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			named[m[1]] = true
		}
	}
	pages, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range pages {
		text, err := templateFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		collect(`\.T "([^"]+)"`, string(text))
	}
	sources, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		collect(`(?:p\.say|p\.T|c\.page)\((?:r, )?"([a-z][^"]*[^".])"[,)]`, string(text))
		for _, m := range regexp.MustCompile(`c\.problem\(w, r, [\w.]+, "([\w.-]+)"\)`).FindAllStringSubmatch(string(text), -1) {
			for _, end := range []string{"title", "what", "next"} {
				named["error."+m[1]+"."+end] = true
			}
		}
	}
	if len(named) < 100 {
		t.Fatalf("only %d texts are named: the test does not see the pages", len(named))
	}
	for id := range named {
		if _, ok := ja[id]; !ok {
			t.Errorf("%s is named and not said", id)
		}
	}
}

// TestClosedSets: every member of a set that the gateway knows has its words.
func TestClosedSets(t *testing.T) {
	ja := texts(t, "ja")
	var ids []string
	for _, k := range audit.Kinds() {
		ids = append(ids, "kind."+string(k))
	}
	for _, r := range account.Roles() {
		ids = append(ids, "role."+string(r))
	}
	for _, class := range classes() {
		ids = append(ids, "class."+class+".what", "class."+class+".why", "class."+class+".means")
	}
	for _, r := range []sanitize.Reason{
		sanitize.ReasonEncrypted, sanitize.ReasonUnsupported, sanitize.ReasonAmbiguous, sanitize.ReasonMismatch, sanitize.ReasonMalformed,
		sanitize.ReasonLimit, sanitize.ReasonTimeout, sanitize.ReasonCrash, sanitize.ReasonMalware, sanitize.ReasonPolicy, sanitize.ReasonVerify,
	} {
		ids = append(ids, "reason."+string(r))
	}
	for _, s := range policy.Switches() {
		ids = append(ids, "switch."+s.Name, "switch."+s.Name+".effect")
	}
	for _, w := range policy.Whys() {
		ids = append(ids, "policies.why."+w)
	}
	for _, n := range policy.Names() {
		ids = append(ids, "policy."+n, "policy.short."+n)
	}
	for _, code := range quarantine.Codes() {
		ids = append(ids, "approvals.code."+string(code))
	}
	for _, a := range always() {
		ids = append(ids, "policies.always."+a)
	}
	for _, s := range steps() {
		ids = append(ids, "step."+s)
	}
	for _, id := range ids {
		if ja[id] == "" {
			t.Errorf("%s has no words", id)
		}
	}
	p := &page{Lang: "ja", texts: mustTexts(t)}
	for _, s := range index.States() {
		if tag := tagOf(p, index.File{State: s}); strings.HasPrefix(tag.Word, "state.") {
			t.Errorf("the state %s has no words", s)
		}
	}
	seen := map[string]string{}
	for class, words := range things() {
		if !slices.Contains(classes(), class) {
			t.Errorf("class %s is not listed", class)
		}
		for word := range strings.FieldsSeq(words) {
			if seen[word] != "" {
				t.Errorf("%s is of two classes: %s and %s", word, class, seen[word])
			}
			seen[word] = class
		}
	}
}

func mustTexts(t *testing.T) *i18n.Localizer {
	t.Helper()
	all, err := loadTexts()
	if err != nil {
		t.Fatal(err)
	}
	return all["ja"]
}

// TestLocal: what an address or a form brings leads nowhere but into the console.
func TestLocal(t *testing.T) {
	for to, want := range map[string]string{
		"/drop": "/drop", "/files?q=a&state=held": "/files?q=a&state=held", "": "/", "drop": "/", "https://www.example.com/": "/",
		"//www.example.com/": "/", "/\\www.example.com": "/", "\\\\www.example.com": "/", "javascript:alert(1)": "/", "/signout": "/",
		"/%2f/www.example.com": "/", "///www.example.com": "/", "/a\r\nSet-Cookie: x=y": "/", "/\t/www.example.com": "/", "http:/x": "/", "?next=//x": "/",
	} {
		if got := local(to); got != want && !(strings.HasPrefix(got, "/") && !strings.HasPrefix(got, "//") && to == "/%2f/www.example.com") {
			t.Errorf("local(%q) = %q, want %q", to, got, want)
		}
	}
}

func TestEras(t *testing.T) {
	p := &page{Lang: "ja", texts: mustTexts(t)}
	for _, c := range []struct {
		year  int
		month time.Month
		want  string
	}{{2026, time.November, "令和8年11月"}, {2019, time.May, "令和元年5月"}, {2020, time.January, "令和2年1月"}, {2019, time.April, "2019年4月"}} {
		if got := eraMonth(p, c.year, c.month); got != c.want {
			t.Errorf("%d-%d: %s, want %s", c.year, c.month, got, c.want)
		}
	}
	for at, want := range map[string]int{"2026-03-31T14:59:59Z": 2025, "2026-03-31T15:00:00Z": 2026, "2027-01-01T00:00:00Z": 2026} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := fiscalYear(moment); got != want {
			t.Errorf("%s is in %d, want %d", at, got, want)
		}
	}
}

// TestOwnCertificate: it is kept, made anew when it ends soon or lacks a host, and its key is for its owner only.
func TestOwnCertificate(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	now := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	print := func(hosts []string, now time.Time) string {
		t.Helper()
		c, err := OwnCertificate(root, hosts, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range append(hosts, "localhost", "127.0.0.1") {
			if err := c.Leaf.VerifyHostname(h); err != nil {
				t.Error(err)
			}
		}
		return Fingerprint(c)
	}
	first := print(nil, now)
	if print(nil, now.Add(24*time.Hour)) != first {
		t.Error("it is made anew without need")
	}
	second := print([]string{"sekisho.example.jp", "192.0.2.7"}, now)
	if second == first || print(nil, now.Add(390*24*time.Hour)) == second {
		t.Error("it is not made anew")
	}
	info, err := root.Stat(keyFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v %v", info.Mode(), err)
	}
	if err := root.Remove(certificateFile); err != nil {
		t.Fatal(err)
	}
	print(nil, now) // as after a crash between the two files
}

// TestGuard: methods, lengths, and the headers that every answer has.
func TestGuard(t *testing.T) {
	h := (&Console{}).guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	for _, c := range []struct {
		method, path string
		length       int64
		want         int
	}{
		{"GET", "/", 0, 200}, {"TRACE", "/", 0, 405}, {"PUT", "/", 0, 405}, {"OPTIONS", "/", 0, 405}, {"POST", "/signin", maxForm + 1, 413},
		{"POST", dropPath, maxForm + 1, 200}, {"GET", "/" + strings.Repeat("a", 5000), 0, 414},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.ContentLength = c.length
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %.20s of %d bytes: %d, want %d", c.method, c.path, c.length, w.Code, c.want)
		}
		csp := w.Header().Get("Content-Security-Policy")
		if w.Header().Get("Cache-Control") != "no-store" || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("headers: %v", w.Header())
		}
	}
}

func TestQR(t *testing.T) {
	path, size, err := drawQR("otpauth://totp/Sekisho:kanri?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=Sekisho")
	if err != nil || size < 30 || !strings.HasPrefix(path, "M4 4h7") {
		t.Errorf("size %d, %.40s, %v", size, path, err)
	}
}
