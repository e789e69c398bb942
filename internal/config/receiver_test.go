package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const goodReceiver = `
listen = "0.0.0.0:8022"
clients = ["link.pub"]
gateways = ["sign.pub"]
max_package = "100MiB"

[[route]]
name = "main"
release = "/srv/lgwan"
`

func loadReceiver(t *testing.T, text string) (Receiver, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "receiver.toml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return LoadReceiver(file)
}

func TestReceiverDefaultsAreSafe(t *testing.T) {
	r, err := loadReceiver(t, goodReceiver)
	if err != nil {
		t.Fatal(err)
	}
	if r.Exceptions || len(r.AcceptMissing) != 0 {
		t.Error("a left-out key has an unsafe value")
	}
	if r.HostKey != "/var/lib/sekisho-receiver/keys/receiver-host" || r.MaxPackage != 100<<20 || r.MaxSpool != 64<<30 ||
		time.Duration(r.GapsAfter) != time.Hour {
		t.Errorf("%+v", r)
	}
}

func TestReceiverFaults(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":    {`clients`, `clientz`, `unknown key "clientz" (did you mean "clients"?)`},
		"no listen":      {`listen = "0.0.0.0:8022"`, ``, "listen is empty"},
		"no clients":     {`["link.pub"]`, `[]`, "no clients"},
		"no gateways":    {`["sign.pub"]`, `[]`, "no gateways"},
		"no release":     {`release = "/srv/lgwan"`, ``, "a name and a release folder"},
		"no state":       {`listen`, "state = \"\"\nlisten", "state is empty"},
		"less than none": {`listen`, "workers = -1\nlisten", "workers is negative"},
		"same twice":     {`[[route]]`, "[[route]]\nname = \"a\"\nrelease = \"/srv/lgwan\"\n[[route]]", "share"},
		"no size":        {`"100MiB"`, `"many"`, "is not a size"},
	} {
		text := strings.Replace(goodReceiver, c.old, c.new, 1)
		if _, err := loadReceiver(t, text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := loadReceiver(t, strings.Split(goodReceiver, "[[route]]")[0]); err == nil || !strings.Contains(err.Error(), "no route") {
		t.Errorf("no route: %v", err)
	}
}
