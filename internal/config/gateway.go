package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"sekisho/sanitize"
)

// Gateway configures the Internet zone: intake, sanitising, quarantine and the link.
type Gateway struct {
	State         string   `toml:"state"`          // folder of spool, quarantine, queue, record and keys
	Policy        string   `toml:"policy"`         // of routes that name none: standard, strict, render or attachments
	Workers       int      `toml:"workers"`        // files sanitised at the same time; 0: two per CPU
	Remote        bool     `toml:"remote"`         // files are treated by `sekisho worker` processes on the same queue
	Child         string   `toml:"child"`          // path of sekisho-child; "": beside this program
	AcceptMissing []string `toml:"accept_missing"` // containment layers that may be missing, by name
	Exceptions    bool     `toml:"exceptions"`     // whether two people may release an original (例外措置)
	DiskReserve   Size     `toml:"disk_reserve"`   // free space below which intake pauses
	Intake        Size     `toml:"intake_limit"`   // files longer than this stay in the inbox
	Health        string   `toml:"health"`         // loopback address for probes and figures, "127.0.0.1:9464"; "": none

	Routes   []Route    `toml:"route"`
	Scanners []Scanner  `toml:"scanner"`
	Approval []Approval `toml:"approval"`
	Link     Link       `toml:"link"`
	Queue    Queue      `toml:"queue"`
	Limits   Limits     `toml:"limits"`
	Render   Render     `toml:"render"`

	Quarantine Quarantine `toml:"quarantine"`
	Rescan     Rescan     `toml:"rescan"`
	Canary     Canary     `toml:"canary"`

	LibreOffice LibreOffice `toml:"libreoffice"`
	Console     Console     `toml:"console"`
}

// Route is one inbox folder and the folder of the same route in the LGWAN zone.
type Route struct {
	Name   string   `toml:"name"`
	Inbox  string   `toml:"inbox"`
	Office string   `toml:"office"` // whose files these are, in the console; "": the first folder below, or else the route's name
	Folder string   `toml:"folder"` // where these files come out in the LGWAN zone, as people there call it; shown, not used
	Policy string   `toml:"policy"`
	Poll   Duration `toml:"poll"`   // time between two looks at the folder
	Settle Duration `toml:"settle"` // how long a file must be still before it is taken in
}

// Scanner is one virus scanner. Every configured one must answer for each file.
type Scanner struct {
	Type    string   `toml:"type"`    // clamd, icap, command or hashes
	Name    string   `toml:"name"`    // in the record; "": the type
	Address string   `toml:"address"` // clamd: unix:/run/clamav/clamd.ctl or tcp:127.0.0.1:3310; icap: icap://host:1344/respmod
	Command []string `toml:"command"` // command: the program by its full path, and its arguments
	Deny    []string `toml:"deny"`    // hashes: files with the SHA-256 of malware, as sha256sum prints them
	Allow   []string `toml:"allow"`   // hashes: of known files; on record only, no file is spared anything
	Timeout Duration `toml:"timeout"`
	MaxSize Size     `toml:"max_size"` // clamd: StreamMaxLength of the daemon; 0: unknown
	MaxAge  Duration `toml:"max_age"`  // clamd: older signatures are no answer; 0: any age
}

// Link is the way to the receiver in the LGWAN zone.
type Link struct {
	Address   string   `toml:"address"`    // host:port of the receiver
	HostKey   string   `toml:"host_key"`   // file with the receiver's public host key
	ClientKey string   `toml:"client_key"` // file with our private key
	SignKey   string   `toml:"sign_key"`   // file with the private key that signs manifests
	Timeout   Duration `toml:"timeout"`    // of one package
}

// Quarantine says who can open what is held, and for how long it is kept.
type Quarantine struct {
	Review     string   `toml:"review"`      // file with the age recipients that held files are encrypted to
	ReviewKey  string   `toml:"review_key"`  // file with the age identity of whoever reviews; the gateway does not read it
	GatewayKey string   `toml:"gateway_key"` // file with the gateway's own age identity, for instructions
	Keep       Duration `toml:"keep"`        // after which held files are deleted; 0: never
}

// CanaryRoute is the name of the canary's route. No other may have it.
const CanaryRoute = "sekisho-canary"

// Canary says how often a known file is sent along the whole road, to see that the road works.
type Canary struct {
	Every Duration `toml:"every"` // 0: none is sent
	Late  Duration `toml:"late"`  // after which one that has not arrived is an alarm; 0: three times every
}

// LibreOffice says which types of old documents it turns into today's before the rebuild. It runs contained, and what it writes is
// trusted no more than what it read.
type LibreOffice struct {
	Types   []string `toml:"types"`   // doc, ppt, rtf, xls; none: nothing is converted
	Timeout Duration `toml:"timeout"` // of one file
	Memory  Size     `toml:"memory"`  // address space of each of its processes
}

// Rescan says which originals are scanned again when the signatures of a scanner change.
type Rescan struct {
	// Held has what is held from now on encrypted to the gateway's key too, beside those of the reviewers, and scanned again. It
	// costs nothing else; whoever takes the gateway over can then read what is held, also where the review key is elsewhere.
	Held bool `toml:"held"`

	// KeepOriginals is for how many days the original of a released file is kept, encrypted to the gateway's key, and scanned
	// again. 0 keeps none. It costs the encryption of every file, and includes Held.
	KeepOriginals int      `toml:"keep_originals"`
	Every         Duration `toml:"every"` // time between two looks at the signatures
}

// OpensHeld reports whether the gateway can open what it holds, to scan it again.
func (r Rescan) OpensHeld() bool { return r.Held || r.KeepOriginals > 0 }

// Queue says where jobs are scheduled. An empty URL means the embedded server.
type Queue struct {
	URL         string `toml:"url"`
	Credentials string `toml:"credentials"` // file with NATS credentials
	CA          string `toml:"ca"`          // file with the certificate authority
	Insecure    bool   `toml:"insecure"`    // allows a connection without TLS
}

// Limits are the limits of one file: sanitize.Limits, each with its explanation in limits.go and docs/limits.ja.md.
type Limits struct {
	FileSize Size     `toml:"file_size"`
	Expanded Size     `toml:"expanded"`
	Ratio    int64    `toml:"ratio"`
	Depth    int      `toml:"depth"`
	Entries  int      `toml:"entries"`
	Objects  int      `toml:"objects"`
	Pages    int      `toml:"pages"`
	Pixels   int64    `toml:"pixels"`
	Nesting  int      `toml:"nesting"`
	XMLPart  Size     `toml:"xml_part"`
	Time     Duration `toml:"time"`
	Memory   Size     `toml:"memory"`
}

// Render says how pages are drawn by the policy of that name.
type Render struct {
	DPI int `toml:"dpi"` // pixels to the inch, from sanitize.LeastDPI to sanitize.MostDPI
}

// DefaultGateway returns the configuration of a gateway whose state is in the folder state.
func DefaultGateway(state string) Gateway {
	d := sanitize.DefaultLimits()
	return Gateway{
		State:       state,
		Policy:      "standard",
		DiskReserve: 1 << 30,
		Intake:      Size(d.FileSize),
		Link:        Link{Timeout: Duration(10 * time.Minute)},
		LibreOffice: LibreOffice{Timeout: Duration(2 * time.Minute), Memory: 4 << 30},
		Rescan:      Rescan{Every: Duration(10 * time.Minute)},
		Limits: Limits{
			FileSize: Size(d.FileSize), Expanded: Size(d.Expanded), Ratio: d.Ratio, Depth: d.Depth, Entries: d.Entries,
			Objects: d.Objects, Pages: d.Pages, Pixels: d.Pixels, Nesting: d.Nesting, XMLPart: Size(d.XMLPart),
			Time: Duration(d.Time), Memory: Size(d.Memory),
		},
		Render: Render{DPI: sanitize.DefaultDPI},
	}
}

// LoadGateway reads and checks the file path.
func LoadGateway(path string) (Gateway, error) {
	g := DefaultGateway("/var/lib/sekisho")
	if err := decode(path, &g); err != nil {
		return Gateway{}, err
	}
	g.Defaults()
	if err := g.check(); err != nil {
		return Gateway{}, fmt.Errorf("%s: %w", path, err)
	}
	return g, nil
}

// LoadWorker reads the file path for a worker, which needs the queue and the scanners but no route and no link. The
// gateway's own file will do.
func LoadWorker(path string) (Gateway, error) {
	g := DefaultGateway("")
	if err := decode(path, &g); err != nil {
		return Gateway{}, err
	}
	g.Defaults()
	err := g.checkScanners()
	if err == nil && g.Queue.URL == "" {
		err = errors.New("queue.url is empty: a worker needs the queue that its gateway uses")
	}
	if err != nil {
		return Gateway{}, fmt.Errorf("%s: %w", path, err)
	}
	return g, nil
}

// Defaults fills what a route or scanner left out. A share that is mounted from elsewhere needs longer to settle than
// a local folder, so the defaults are those of a share.
func (g *Gateway) Defaults() {
	for i := range g.Routes {
		r := &g.Routes[i]
		if r.Policy == "" {
			r.Policy = g.Policy
		}
		if r.Poll == 0 {
			r.Poll = Duration(2 * time.Second)
		}
		if r.Settle == 0 {
			r.Settle = Duration(10 * time.Second)
		}
	}
	if g.Canary.Late == 0 {
		g.Canary.Late = 3 * g.Canary.Every
	}
	for i := range g.Scanners {
		if s := &g.Scanners[i]; s.Timeout == 0 {
			s.Timeout = Duration(60 * time.Second)
		}
	}
	g.Console.defaults(g.State)
	keys := filepath.Join(g.State, "keys")
	for _, k := range []struct {
		path *string
		name string
	}{
		{&g.Link.ClientKey, "link"}, {&g.Link.SignKey, "sign"}, {&g.Link.HostKey, "receiver-host.pub"},
		{&g.Quarantine.Review, "review.pub"}, {&g.Quarantine.ReviewKey, "review"}, {&g.Quarantine.GatewayKey, "gateway"},
	} {
		if *k.path == "" {
			*k.path = filepath.Join(keys, k.name)
		}
	}
}

func (g *Gateway) check() error {
	if g.State == "" {
		return errors.New("state is empty: give the folder for spool, quarantine and record")
	}
	if len(g.Routes) == 0 {
		return errors.New("no route: give at least one [[route]] with name and inbox")
	}
	if g.Link.Address == "" {
		return errors.New("link.address is empty: give host:port of the receiver")
	}
	seen := map[string]bool{}
	for _, r := range g.Routes {
		if r.Name == "" || r.Inbox == "" {
			return errors.New("a route needs a name and an inbox")
		}
		if r.Name == CanaryRoute {
			return fmt.Errorf("the route %q is that of the canary: set canary.every", r.Name)
		}
		if seen[r.Name] || seen[r.Inbox] {
			return fmt.Errorf("two routes share the name %q or the inbox %q", r.Name, r.Inbox)
		}
		seen[r.Name], seen[r.Inbox] = true, true
		if _, err := sanitize.PolicyNamed(r.Policy); err != nil {
			return fmt.Errorf("route %q: %w", r.Name, err)
		}
	}
	if g.Rescan.KeepOriginals < 0 || g.Rescan.KeepOriginals > maxKeepDays {
		return fmt.Errorf("rescan.keep_originals is %d: want days, at most %d", g.Rescan.KeepOriginals, maxKeepDays)
	}
	if err := sanitize.CheckDPI(g.Render.DPI); err != nil {
		return fmt.Errorf("render.dpi: %w", err)
	}
	if err := g.checkApprovals(); err != nil {
		return err
	}
	if g.Remote && g.Queue.URL == "" {
		return errors.New("remote needs queue.url: workers on other machines cannot reach the embedded queue")
	}
	if err := g.Console.check(); err != nil {
		return err
	}
	return g.checkScanners()
}

func (g *Gateway) checkScanners() error {
	for _, s := range g.Scanners {
		switch {
		case !slices.Contains([]string{"clamd", "icap", "command", "hashes"}, s.Type):
			return fmt.Errorf("scanner type %q is not known: have clamd, icap, command, hashes", s.Type)
		case s.Type == "command" && len(s.Command) == 0, s.Type == "hashes" && len(s.Deny)+len(s.Allow) == 0,
			(s.Type == "clamd" || s.Type == "icap") && s.Address == "":
			return fmt.Errorf("scanner %q needs an address, a command or a list", s.Type)
		}
	}
	return nil
}

// maxKeepDays bounds Rescan.KeepOriginals.
const maxKeepDays = 3650

// PolicyNamed returns the shipped policy of that name with the configured limits.
func (g *Gateway) PolicyNamed(name string) (sanitize.Policy, error) {
	p, err := sanitize.PolicyNamed(name)
	if err != nil {
		return p, err
	}
	p.DPI = g.Render.DPI
	c := g.Limits
	l := &p.Limits
	l.FileSize, l.Expanded, l.Ratio, l.Depth, l.Entries = int64(c.FileSize), int64(c.Expanded), c.Ratio, c.Depth, c.Entries
	l.Objects, l.Pages, l.Pixels, l.Nesting, l.XMLPart = c.Objects, c.Pages, c.Pixels, c.Nesting, int64(c.XMLPart)
	l.Time, l.Memory = time.Duration(c.Time), int64(c.Memory)
	return p, nil
}
