package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// defaultGapsAfter is longer than a package is overtaken by others when the link comes back.
const defaultGapsAfter = time.Hour

// Receiver configures the LGWAN zone: what may arrive, from whom, and where it is released.
type Receiver struct {
	Listen        string   `toml:"listen"`         // address:port for the gateways' SSH connections
	State         string   `toml:"state"`          // folder of spool, record and keys
	Child         string   `toml:"child"`          // path of sekisho-child; "": beside this program
	AcceptMissing []string `toml:"accept_missing"` // containment layers that may be missing, by name
	Workers       int      `toml:"workers"`        // packages judged and released at once; 0: 8
	Exceptions    bool     `toml:"exceptions"`     // whether originals that two people released may arrive (例外措置)
	MaxPackage    Size     `toml:"max_package"`    // of one package
	MaxSpool      Size     `toml:"max_spool"`      // of all packages that wait

	HostKey   string   `toml:"host_key"`   // file with our private SSH key; it also signs the record
	Clients   []string `toml:"clients"`    // files with the public keys of those who may connect
	Gateways  []string `toml:"gateways"`   // files with the public keys that sign packages
	GapsAfter Duration `toml:"gaps_after"` // a number that is missing for so long is an alarm

	CanaryLate Duration `toml:"canary_late"` // that no canary has been released for so long is an alarm; 0: none is expected
	Health     string   `toml:"health"`      // loopback address for probes, "127.0.0.1:9465"; "": none

	Routes []ReleaseRoute `toml:"route"`
}

// ReleaseRoute is the folder in which the files of a route appear.
type ReleaseRoute struct {
	Name    string `toml:"name"`
	Release string `toml:"release"`
}

// LoadReceiver reads and checks the file path.
func LoadReceiver(path string) (Receiver, error) {
	r := Receiver{State: "/var/lib/sekisho-receiver"}
	if err := decode(path, &r); err != nil {
		return Receiver{}, err
	}
	r.Defaults()
	if err := r.check(); err != nil {
		return Receiver{}, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Defaults fills what was left out.
func (r *Receiver) Defaults() {
	if r.HostKey == "" {
		r.HostKey = filepath.Join(r.State, "keys", "receiver-host")
	}
	if r.MaxPackage == 0 {
		r.MaxPackage = 4 << 30
	}
	if r.MaxSpool == 0 {
		r.MaxSpool = 64 << 30
	}
	if r.GapsAfter == 0 {
		r.GapsAfter = Duration(defaultGapsAfter)
	}
}

func (r *Receiver) check() error {
	switch {
	case r.State == "":
		return errors.New("state is empty: give the folder for spool, record and keys")
	case r.Listen == "":
		return errors.New("listen is empty: give address:port")
	case len(r.Clients) == 0:
		return errors.New("no clients: give the file with the gateway's public link key")
	case len(r.Gateways) == 0:
		return errors.New("no gateways: give the file with the gateway's public signing key")
	case len(r.Routes) == 0:
		return errors.New("no route: give at least one [[route]] with name and release")
	case r.Workers < 0:
		return errors.New("workers is negative")
	}
	seen := map[string]bool{}
	for _, route := range r.Routes {
		if route.Name == "" || route.Release == "" {
			return errors.New("a route needs a name and a release folder")
		}
		if route.Name == CanaryRoute {
			return fmt.Errorf("the route %q is that of the canary: set canary_late", route.Name)
		}
		if seen[route.Name] || seen[route.Release] {
			return fmt.Errorf("two routes share the name %q or the folder %q", route.Name, route.Release)
		}
		seen[route.Name], seen[route.Release] = true, true
	}
	return nil
}
