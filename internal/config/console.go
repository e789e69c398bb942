package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Console configures the pages that people see.
type Console struct {
	Enabled     bool     `toml:"enabled"`
	Listen      string   `toml:"listen"`      // host:port; default 127.0.0.1:8443
	State       string   `toml:"state"`       // folder of accounts and index; "": console in the gateway's state
	Certificate string   `toml:"certificate"` // file with the certificate and its chain; "": an own one, made at the first start
	Key         string   `toml:"key"`         // file with its private key
	URL         string   `toml:"url"`         // address by which people reach the console, for links, passkeys and OpenID Connect
	Session     Duration `toml:"session"`     // after which a person signs in again; default 10h
	Idle        Duration `toml:"idle"`        // without a request, after which a person signs in again; default 30m

	OIDC    OIDC      `toml:"oidc"`
	LDAP    LDAP      `toml:"ldap"`
	Mail    Mail      `toml:"mail"`
	Webhook []Webhook `toml:"webhook"`
}

// Group says what the members of a group of LDAP or OpenID Connect are here. Who is in several has the roles of all.
type Group struct {
	Group    string   `toml:"group"` // distinguished name, or value of the claim
	Roles    []string `toml:"roles"` // staff, counter, approver, operator, admin, auditor
	Office   string   `toml:"office"`
	Approves []string `toml:"approves"` // offices that an approver approves for; empty: the own one
	Preview  bool     `toml:"preview"`
	Download bool     `toml:"download"`
}

// OIDC is a provider of OpenID Connect. An empty issuer means none.
type OIDC struct {
	Issuer      string   `toml:"issuer"` // https://…
	ClientID    string   `toml:"client_id"`
	SecretFile  string   `toml:"client_secret_file"`
	CA          string   `toml:"ca"`           // file with the authority of the provider's certificate; "": the system's
	NameClaim   string   `toml:"name_claim"`   // default preferred_username
	GroupsClaim string   `toml:"groups_claim"` // default groups
	OfficeClaim string   `toml:"office_claim"` // "": the office is that of the group
	Groups      []Group  `toml:"group"`
	Timeout     Duration `toml:"timeout"` // default 10s
}

// LDAP is a directory, Active Directory or another. An empty URL means none.
type LDAP struct {
	URL          string   `toml:"url"`      // ldaps://host, or ldap://host with starttls
	StartTLS     bool     `toml:"starttls"` // needed for ldap://
	CA           string   `toml:"ca"`       // file with the authority of the directory's certificate; "": the system's
	BindDN       string   `toml:"bind_dn"`  // account that looks people up
	PasswordFile string   `toml:"password_file"`
	Base         string   `toml:"base"`         // below which people are
	Filter       string   `toml:"filter"`       // default (sAMAccountName=%s); %s is the name, escaped
	Display      string   `toml:"display"`      // attribute with the name that is shown; default displayName
	Office       string   `toml:"office"`       // attribute with the office; "": the office is that of the group
	GroupsAttr   string   `toml:"groups"`       // attribute with a person's groups; default memberOf
	GroupBase    string   `toml:"group_base"`   // below which groups are, where people have no such attribute
	GroupFilter  string   `toml:"group_filter"` // default (member=%s); %s is the person's distinguished name, escaped
	Groups       []Group  `toml:"group"`        //
	Timeout      Duration `toml:"timeout"`      // default 10s
}

// Mail is where notices to administrators are sent from. An empty server means none.
type Mail struct {
	Server       string   `toml:"server"` // host:port
	TLS          string   `toml:"tls"`    // starttls (default), tls, or none, which only a server on this machine may have
	CA           string   `toml:"ca"`
	User         string   `toml:"user"`
	PasswordFile string   `toml:"password_file"`
	From         string   `toml:"from"`
	To           []string `toml:"to"`     // besides the accounts that have an address and may decide
	Every        Duration `toml:"every"`  // time that one digest is about; default 1h
	Urgent       bool     `toml:"urgent"` // malware is told at once
}

// Webhook is an address that is told of events as JSON, signed with the secret.
type Webhook struct {
	URL        string   `toml:"url"`
	SecretFile string   `toml:"secret_file"`
	CA         string   `toml:"ca"`
	Kinds      []string `toml:"kinds"` // kinds of the record; empty: held, blocked, exception-requested, alarm
}

// RoleNames are the roles that a group may have.
func RoleNames() []string {
	return []string{"staff", "counter", "approver", "operator", "admin", "auditor"}
}

// OfficeOf returns the office that a file belongs to: the one of its route, or the first folder below it, or the route's name.
func (g Gateway) OfficeOf(route, path string) string {
	for _, r := range g.Routes {
		if r.Name == route && r.Office != "" {
			return r.Office
		}
	}
	if first, _, _ := strings.Cut(path, "/"); first != "" {
		return first
	}
	return route
}

// defaults fills what was left out.
func (c *Console) defaults(state string) {
	for _, d := range []struct {
		value *string
		text  string
	}{
		{&c.Listen, "127.0.0.1:8443"}, {&c.State, filepath.Join(state, "console")},
		{&c.OIDC.NameClaim, "preferred_username"}, {&c.OIDC.GroupsClaim, "groups"},
		{&c.LDAP.Filter, "(sAMAccountName=%s)"}, {&c.LDAP.Display, "displayName"}, {&c.LDAP.GroupsAttr, "memberOf"},
		{&c.LDAP.GroupFilter, "(member=%s)"}, {&c.Mail.TLS, "starttls"},
	} {
		if *d.value == "" {
			*d.value = d.text
		}
	}
	for _, d := range []struct {
		value *Duration
		time  time.Duration
	}{
		{&c.Session, 10 * time.Hour}, {&c.Idle, 30 * time.Minute}, {&c.OIDC.Timeout, 10 * time.Second},
		{&c.LDAP.Timeout, 10 * time.Second}, {&c.Mail.Every, time.Hour},
	} {
		if *d.value == 0 {
			*d.value = Duration(d.time)
		}
	}
}

// check fails when the console cannot be run safely as configured.
func (c *Console) check() error {
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		return fmt.Errorf("console.listen %q is not host:port", c.Listen)
	}
	if (c.Certificate == "") != (c.Key == "") {
		return errors.New("console.certificate and console.key go together")
	}
	if c.URL != "" {
		if err := secure("console.url", c.URL); err != nil {
			return err
		}
	}
	for _, check := range []func() error{c.checkOIDC, c.checkLDAP, c.checkMail, c.checkWebhooks} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// secure fails unless text is the address of a server that is reached by TLS.
func secure(what, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%s %q is not an address that begins with https://", what, text)
	}
	return nil
}

func (c *Console) checkOIDC() error {
	o := c.OIDC
	if o.Issuer == "" {
		return nil
	}
	if err := secure("console.oidc.issuer", o.Issuer); err != nil {
		return err
	}
	if o.ClientID == "" || o.SecretFile == "" || c.URL == "" {
		return errors.New("console.oidc needs client_id and client_secret_file, and console.url to come back to")
	}
	return checkGroups("console.oidc", o.Groups)
}

func (c *Console) checkLDAP() error {
	l := c.LDAP
	if l.URL == "" {
		return nil
	}
	u, err := url.Parse(l.URL)
	if err != nil || u.Host == "" || u.Scheme != "ldaps" && (u.Scheme != "ldap" || !l.StartTLS) {
		return fmt.Errorf("console.ldap.url %q: give ldaps://host, or ldap://host with starttls = true; passwords never go unencrypted", l.URL)
	}
	if l.Base == "" || l.BindDN == "" || l.PasswordFile == "" {
		return errors.New("console.ldap needs base, bind_dn and password_file")
	}
	for name, filter := range map[string]string{"filter": l.Filter, "group_filter": l.GroupFilter} {
		if strings.Count(filter, "%s") != 1 || strings.Count(filter, "%") != 1 {
			return fmt.Errorf("console.ldap.%s %q must hold %%s once", name, filter)
		}
	}
	return checkGroups("console.ldap", l.Groups)
}

func checkGroups(what string, groups []Group) error {
	if len(groups) == 0 {
		return fmt.Errorf("%s gives nobody a role: give at least one [[%s.group]]", what, what)
	}
	for _, g := range groups {
		if g.Group == "" || len(g.Roles) == 0 {
			return fmt.Errorf("%s: a group needs its name and roles", what)
		}
		for _, r := range g.Roles {
			if !slices.Contains(RoleNames(), r) {
				return fmt.Errorf("%s: group %q: role %q is not known: have %s", what, g.Group, r, strings.Join(RoleNames(), ", "))
			}
		}
	}
	return nil
}

func (c *Console) checkMail() error {
	m := c.Mail
	if m.Server == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(m.Server)
	if err != nil {
		return fmt.Errorf("console.mail.server %q is not host:port", m.Server)
	}
	addr, err := netip.ParseAddr(host)
	here := err == nil && addr.IsLoopback() || host == "localhost"
	if !slices.Contains([]string{"starttls", "tls", "none"}, m.TLS) || m.TLS == "none" && !here {
		return fmt.Errorf("console.mail.tls %q: have starttls, tls; and none for a server on this machine", m.TLS)
	}
	if m.From == "" || (m.User == "") != (m.PasswordFile == "") {
		return errors.New("console.mail needs from; user and password_file go together")
	}
	return nil
}

func (c *Console) checkWebhooks() error {
	for _, w := range c.Webhook {
		if err := secure("console.webhook.url", w.URL); err != nil {
			return err
		}
		if w.SecretFile == "" {
			return fmt.Errorf("console.webhook %q needs secret_file, so that the other side knows who sends", w.URL)
		}
	}
	return nil
}
