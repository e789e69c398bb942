// Package directory asks an LDAP directory (Active Directory, OpenLDAP) who a person is. The connection is TLS from its first
// byte, or StartTLS before anything is said (RFC 4513); one without is not made.
//
//	service account binds ─► look the name up: exactly one entry ─► groups ─► bind as that entry with the password
//
// What the directory says is not trusted beyond that: names and texts are checked by package account.
package directory

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"sekisho/internal/config"
	"sekisho/internal/console/account"
)

// Directory is one LDAP directory.
type Directory struct {
	cfg      config.LDAP
	password string // of the service account
	tls      *tls.Config
	name     string // attribute that the filter compares the name with
}

var _ account.Directory = &Directory{}

// nameAttribute finds the attribute that a filter compares with the name.
var nameAttribute = regexp.MustCompile(`([A-Za-z][A-Za-z0-9.;-]*)=%s`)

// maxGroups bounds the groups of one person that are looked at.
const maxGroups = 2000

// Open reads what the configuration names. Nothing is asked yet.
func Open(cfg config.LDAP) (*Directory, error) {
	d := &Directory{cfg: cfg, tls: &tls.Config{MinVersion: tls.VersionTLS12}}
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Scheme != "ldaps" && !cfg.StartTLS {
		return nil, fmt.Errorf("cannot use directory %q: it has no TLS", cfg.URL)
	}
	d.tls.ServerName = u.Hostname()
	m := nameAttribute.FindStringSubmatch(cfg.Filter)
	if m == nil {
		return nil, fmt.Errorf("cannot use directory: the filter %q compares the name with nothing", cfg.Filter)
	}
	d.name = m[1]
	password, err := os.ReadFile(cfg.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read password of the directory's account: %w", err)
	}
	if d.password = strings.TrimRight(string(password), "\r\n"); d.password == "" {
		return nil, errors.New("cannot use directory: the password of its account is empty")
	}
	if cfg.CA != "" {
		if d.tls.RootCAs, err = authority(cfg.CA); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// authority reads certificates that others are signed with.
func authority(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("cannot read certificate: %s holds none", file)
	}
	return pool, nil
}

// Rules returns the configured groups as package account knows them.
func Rules(groups []config.Group) []account.Rule {
	var rules []account.Rule
	for _, g := range groups {
		r := account.Rule{Group: g.Group, Office: g.Office, Approves: g.Approves, Preview: g.Preview, Download: g.Download}
		for _, role := range g.Roles {
			r.Roles = append(r.Roles, account.Role(role))
		}
		rules = append(rules, r)
	}
	return rules
}

// SameGroup reports whether two distinguished names are one, whatever their spelling (RFC 4514).
func SameGroup(a, b string) bool {
	x, err := ldap.ParseDN(a)
	if err != nil {
		return false
	}
	y, err := ldap.ParseDN(b)
	return err == nil && x.EqualFold(y)
}

// Authenticate implements account.Directory.
func (d *Directory) Authenticate(ctx context.Context, name, password string) (account.Person, error) {
	if password == "" { // would be an unauthenticated bind, which succeeds for anybody (RFC 4513, 5.1.2)
		return account.Person{}, account.ErrDenied
	}
	conn, stop, err := d.dial(ctx)
	if err != nil {
		return account.Person{}, err
	}
	defer stop()
	p, dn, err := d.find(conn, name)
	if err != nil {
		return account.Person{}, err
	}
	if err := conn.Bind(dn, password); ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInsufficientAccessRights,
		ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultInappropriateAuthentication) {
		return account.Person{}, account.ErrDenied
	} else if err != nil {
		return account.Person{}, fmt.Errorf("cannot ask directory: %w", err)
	}
	return p, nil
}

// Look returns what the directory says about a name, without a password: for the page that shows what a person would see. The
// error wraps account.ErrDenied when there is no such person.
func (d *Directory) Look(ctx context.Context, name string) (account.Person, error) {
	conn, stop, err := d.dial(ctx)
	if err != nil {
		return account.Person{}, err
	}
	defer stop()
	p, _, err := d.find(conn, name)
	return p, err
}

// dial connects and binds as the service account. The connection ends with stop, or with ctx.
func (d *Directory) dial(ctx context.Context) (*ldap.Conn, func(), error) {
	timeout := time.Duration(d.cfg.Timeout)
	conn, err := ldap.DialURL(d.cfg.URL, ldap.DialWithDialer(&net.Dialer{Timeout: timeout}), ldap.DialWithTLSConfig(d.tls))
	if err != nil {
		return nil, nil, fmt.Errorf("cannot reach directory: %w", err)
	}
	conn.SetTimeout(timeout)
	end := context.AfterFunc(ctx, func() { conn.Close() })
	stop := func() { end(); conn.Close() }
	if strings.HasPrefix(d.cfg.URL, "ldap://") {
		err = conn.StartTLS(d.tls)
	}
	if err == nil {
		err = conn.Bind(d.cfg.BindDN, d.password)
	}
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("cannot sign in at the directory: %w", err)
	}
	return conn, stop, nil
}

// find looks a name up. It must be the name of exactly one entry.
func (d *Directory) find(conn *ldap.Conn, name string) (p account.Person, dn string, err error) {
	c := d.cfg
	attributes := []string{d.name, c.Display, "mail"}
	for _, a := range []string{c.Office, c.GroupsAttr} {
		if a != "" {
			attributes = append(attributes, a)
		}
	}
	filter := strings.Replace(c.Filter, "%s", ldap.EscapeFilter(name), 1)
	found, err := conn.Search(ldap.NewSearchRequest(c.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2,
		int(time.Duration(c.Timeout).Seconds()), false, filter, attributes, nil))
	if err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
		return p, "", fmt.Errorf("cannot search directory: %w", err)
	}
	if found == nil || len(found.Entries) != 1 || err != nil {
		return p, "", account.ErrDenied
	}
	e := found.Entries[0]
	p = account.Person{
		Source: "ldap", Name: canonical(e.GetEqualFoldAttributeValues(d.name)), Display: e.GetEqualFoldAttributeValue(c.Display),
		Mail: e.GetEqualFoldAttributeValue("mail"), Groups: e.GetEqualFoldAttributeValues(c.GroupsAttr),
	}
	if c.Office != "" {
		p.Office = e.GetEqualFoldAttributeValue(c.Office)
	}
	if p.Name == "" {
		return p, "", account.ErrDenied
	}
	if c.GroupBase != "" {
		p.Groups, err = d.groups(conn, e.DN, p.Groups)
	}
	p.Groups = p.Groups[:min(len(p.Groups), maxGroups)]
	return p, e.DN, err
}

// canonical returns the one name of a person who may have several in the attribute, and however it was typed: two names of one
// person would be two persons here, who could approve for each other.
func canonical(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return slices.Min(values)
}

// groups adds the groups that list the person as a member.
func (d *Directory) groups(conn *ldap.Conn, dn string, groups []string) ([]string, error) {
	filter := strings.Replace(d.cfg.GroupFilter, "%s", ldap.EscapeFilter(dn), 1)
	found, err := conn.Search(ldap.NewSearchRequest(d.cfg.GroupBase, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, maxGroups,
		int(time.Duration(d.cfg.Timeout).Seconds()), false, filter, []string{"1.1"}, nil))
	if err != nil {
		return nil, fmt.Errorf("cannot search directory for groups: %w", err)
	}
	for _, e := range found.Entries {
		groups = append(groups, e.DN)
	}
	return groups, nil
}
