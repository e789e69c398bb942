package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const good = `
state = "/srv/sekisho"
[[route]]
name = "総務課"
inbox = "/srv/inbox/soumu"
[link]
address = "192.0.2.7:2022"
[limits]
file_size = "200MiB"
time = "30s"
[render]
dpi = 200
`

func load(t *testing.T, text string) (Gateway, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gateway.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return LoadGateway(path)
}

func TestLoadGateway(t *testing.T) {
	g, err := load(t, good)
	if err != nil {
		t.Fatal(err)
	}
	p, err := g.PolicyNamed(g.Routes[0].Policy)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "standard" || p.Limits.FileSize != 200<<20 || p.Limits.Time != 30*time.Second || p.Limits.Depth != 5 || p.DPI != 200 {
		t.Errorf("policy %+v", p)
	}
	if g.Link.SignKey != "/srv/sekisho/keys/sign" || g.Exceptions {
		t.Errorf("defaults: %+v", g)
	}
}

func TestLoadGatewayRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"misspelt key":      {good + "\n[queue]\nulr = \"x\"\n", `unknown key "queue.ulr" (did you mean "url"?)`},
		"line is told":      {"sttae = \"/x\"\n" + good, "gateway.toml:1:"},
		"far from all":      {"zzzzzzzz = 1\n" + good, `unknown key "zzzzzzzz"`},
		"too fine":          {strings.Replace(good, "dpi = 200", "dpi = 5000", 1), "render.dpi: cannot draw pages at 5000 dpi"},
		"bad size":          {strings.Replace(good, "200MiB", "200Mb", 1), "is not a size"},
		"bad duration":      {strings.Replace(good, `"30s"`, `"-30s"`, 1), "is not a duration"},
		"no route":          {"[link]\naddress = \"x:1\"\n", "no route"},
		"no link":           {strings.Replace(good, "192.0.2.7:2022", "", 1), "link.address is empty"},
		"unknown policy":    {"policy = \"lax\"\n" + good, `cannot find policy "lax"`},
		"twice the route":   {good + "\n[[route]]\nname = \"総務課\"\ninbox = \"/b\"\n", "two routes share"},
		"unknown scanner":   {good + "\n[[scanner]]\ntype = \"clam\"\n", "is not known"},
		"syntax":            {"state = \n", "gateway.toml:1:"},
		"size out of range": {strings.Replace(good, "200MiB", "99999999999GiB", 1), "is not a size"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
