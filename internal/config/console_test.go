package config

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const goodConsole = good + `
[console]
enabled = true
url = "https://sekisho.example.lg.jp"
[console.ldap]
url = "ldaps://dc.example.lg.jp"
bind_dn = "cn=sekisho"
password_file = "/etc/sekisho/ldap"
base = "dc=example"
[[console.ldap.group]]
group = "cn=soumu,dc=example"
roles = ["staff", "approver"]
office = "総務課"
[console.oidc]
issuer = "https://idp.example.lg.jp"
client_id = "sekisho"
client_secret_file = "/etc/sekisho/oidc"
[[console.oidc.group]]
group = "admins"
roles = ["admin"]
[console.mail]
server = "mail.example.lg.jp:587"
from = "sekisho@example.lg.jp"
[[console.webhook]]
url = "https://chat.example.lg.jp/hook"
secret_file = "/etc/sekisho/hook"
`

func TestConsole(t *testing.T) {
	g, err := load(t, goodConsole)
	if err != nil {
		t.Fatal(err)
	}
	c := g.Console
	if c.Listen != "127.0.0.1:8443" || c.State != "/srv/sekisho/console" || time.Duration(c.Idle) != 30*time.Minute ||
		c.LDAP.Filter != "(sAMAccountName=%s)" || !slices.Equal(c.LDAP.Groups[0].Roles, []string{"staff", "approver"}) {
		t.Errorf("%+v", c)
	}
	off, err := load(t, good)
	if err != nil || off.Console.Enabled {
		t.Errorf("on by default: %v", err)
	}
}

func TestConsoleRefuses(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"misspelt":         {"client_id", "clientid", "client_id"},
		"no port":          {"enabled = true", `listen = "0.0.0.0"`, "host:port"},
		"half a pair":      {"enabled = true", `certificate = "x"`, "go together"},
		"plain address":    {`url = "https://sekisho`, `url = "http://sekisho`, "https://"},
		"plain directory":  {"ldaps://", "ldap://", "never go unencrypted"},
		"open filter":      {`base = "dc=example"`, "base = \"dc=example\"\nfilter = \"(uid=*)\"", "%s once"},
		"unknown role":     {`["admin"]`, `["root"]`, `"root" is not known`},
		"group of nothing": {`["admin"]`, `[]`, "roles"},
		"plain issuer":     {"https://idp", "http://idp", "https://"},
		"plain mail":       {`from = "sekisho`, "tls = \"none\"\nfrom = \"sekisho", "on this machine"},
		"no secret":        {`secret_file = "/etc/sekisho/hook"`, "", "secret_file"},
		"plain hook":       {"https://chat", "http://chat", "https://"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(goodConsole, c.old) {
				t.Fatalf("%q is not in the good one", c.old)
			}
			_, err := load(t, strings.Replace(goodConsole, c.old, c.new, 1))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestOfficeOf(t *testing.T) {
	g := Gateway{Routes: []Route{{Name: "soumu", Office: "総務課"}, {Name: "shared"}}}
	for _, c := range []struct{ route, path, want string }{
		{"soumu", "税務課/月次", "総務課"}, {"shared", "税務課/月次", "税務課"}, {"shared", "税務課", "税務課"}, {"shared", "", "shared"}, {"gone", "", "gone"},
	} {
		if got := g.OfficeOf(c.route, c.path); got != c.want {
			t.Errorf("%q %q: %q, want %q", c.route, c.path, got, c.want)
		}
	}
}
