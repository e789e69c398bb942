package directory_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/config"
	"sekisho/internal/console/account"
	"sekisho/internal/console/account/directory"
)

// server is a real slapd on this machine.
type server struct {
	tls, plain string // addresses, host:port
	ca         string // file
	password   string // file with the password of the service account
}

const people = `dn: dc=town
objectClass: dcObject
objectClass: organization
o: town
dc: town

dn: cn=sekisho,dc=town
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: sekisho
userPassword: service-secret

dn: ou=people,dc=town
objectClass: organizationalUnit
ou: people

dn: uid=sato,ou=people,dc=town
objectClass: inetOrgPerson
uid: sato
cn: 佐藤
sn: 佐藤
displayName: 佐藤 花子
departmentNumber: 総務課
mail: sato@example.lg.jp
userPassword: hanako-no-himitsu

dn: uid=two,ou=people,dc=town
objectClass: inetOrgPerson
uid: two
uid: deux
cn: two
sn: two
displayName: two names
departmentNumber: 税務課
userPassword: two-secret-words

dn: uid=nogroup,ou=people,dc=town
objectClass: inetOrgPerson
uid: nogroup
cn: n
sn: n
departmentNumber: 税務課
userPassword: nogroup-secret

dn: ou=groups,dc=town
objectClass: organizationalUnit
ou: groups

dn: cn=staff,ou=groups,dc=town
objectClass: groupOfNames
cn: staff
member: uid=sato,ou=people,dc=town
member: uid=two,ou=people,dc=town

dn: cn=approvers,ou=groups,dc=town
objectClass: groupOfNames
cn: approvers
member: uid=sato,ou=people,dc=town
`

// start starts slapd (Debian: slapd) with the people above.
func start(t *testing.T) server {
	t.Helper()
	program, err := exec.LookPath("slapd")
	if err != nil {
		program = "/usr/sbin/slapd"
	}
	dir := t.TempDir()
	s := server{ca: filepath.Join(dir, "ca.pem"), password: filepath.Join(dir, "password")}
	key := certificate(t, s.ca, dir)
	write(t, s.password, "service-secret\n")
	write(t, filepath.Join(dir, "people.ldif"), people)
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "slapd.conf")
	write(t, conf, fmt.Sprintf(`
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %[1]s/pid
TLSCertificateFile %[2]s
TLSCertificateKeyFile %[3]s
sizelimit 500
database mdb
maxsize 10485760
suffix "dc=town"
rootdn "cn=root,dc=town"
directory %[1]s/db
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=sekisho,dc=town" read by * none
`, dir, s.ca, key))
	add := exec.Command(program, "-T", "add", "-f", conf, "-l", filepath.Join(dir, "people.ldif"))
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("this test needs slapd (Debian: apt-get install slapd): %v\n%s", err, out)
	}
	for range 5 { // a port that was free may be taken a moment later
		s.tls, s.plain = free(t), free(t)
		if run(t, program, conf, s) {
			return s
		}
	}
	t.Fatal("slapd does not start")
	return s
}

// run starts slapd and reports whether it answers; the test ends it.
func run(t *testing.T, program, conf string, s server) bool {
	t.Helper()
	var log bytes.Buffer
	cmd := exec.Command(program, "-f", conf, "-h", "ldaps://"+s.tls+" ldap://"+s.plain, "-d", "0")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); cmd.Wait() }() // it ends by the kill, or because its port is taken
	stop := func() { cmd.Process.Kill(); <-ended }
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended:
			t.Logf("slapd has ended: %s", &log)
			return false
		default:
		}
		if answers(s.tls) && answers(s.plain) {
			t.Cleanup(stop)
			return true
		}
	}
	stop()
	return false
}

func answers(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// certificate writes a certificate for this machine to file, and returns the file of its key.
func certificate(t *testing.T, file, dir string) (key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "directory"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key = filepath.Join(dir, "key.pem")
	write(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b})))
	return key
}

func (s server) config() config.LDAP {
	return config.LDAP{
		URL: "ldaps://" + s.tls, CA: s.ca, BindDN: "cn=sekisho,dc=town", PasswordFile: s.password, Base: "ou=people,dc=town",
		Filter: "(&(objectClass=inetOrgPerson)(uid=%s))", Display: "displayName", Office: "departmentNumber", GroupsAttr: "memberOf",
		GroupBase: "ou=groups,dc=town", GroupFilter: "(member=%s)", Timeout: config.Duration(30 * time.Second),
		Groups: []config.Group{
			{Group: "cn=staff, OU=Groups, dc=town", Roles: []string{"staff"}},
			{Group: "cn=approvers,ou=groups,dc=town", Roles: []string{"approver"}, Approves: []string{"税務課"}, Preview: true},
		},
	}
}

func open(t *testing.T, cfg config.LDAP) *directory.Directory {
	t.Helper()
	d, err := directory.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDirectory(t *testing.T) {
	s := start(t)
	startTLS := s.config()
	startTLS.URL, startTLS.StartTLS = "ldap://"+s.plain, true
	for name, cfg := range map[string]config.LDAP{"ldaps": s.config(), "starttls": startTLS} {
		t.Run(name, func(t *testing.T) {
			d := open(t, cfg)
			p, err := d.Authenticate(t.Context(), "sato", "hanako-no-himitsu")
			if err != nil || p.Name != "sato" || p.Display != "佐藤 花子" || p.Office != "総務課" || p.Mail != "sato@example.lg.jp" || len(p.Groups) != 2 {
				t.Fatalf("%+v, %v", p, err)
			}
			for _, c := range [][2]string{
				{"sato", "wrong"}, {"sato", ""}, {"nobody", "hanako-no-himitsu"}, {"*", "hanako-no-himitsu"}, {"s*", "hanako-no-himitsu"},
				{"sato)(uid=*", "hanako-no-himitsu"}, {"sato\x00", "hanako-no-himitsu"}, {"", "x"},
			} {
				if p, err := d.Authenticate(t.Context(), c[0], c[1]); !errors.Is(err, account.ErrDenied) {
					t.Errorf("%q %q: %+v, %v", c[0], c[1], p, err)
				}
			}
			one, err := d.Authenticate(t.Context(), "two", "two-secret-words")
			two, err2 := d.Authenticate(t.Context(), "deux", "two-secret-words")
			if errors.Join(err, err2) != nil || one.Name != two.Name {
				t.Errorf("one person is two: %q, %q, %v", one.Name, two.Name, errors.Join(err, err2))
			}
			if p, err := d.Look(t.Context(), "sato"); err != nil || p.Name != "sato" {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
	t.Run("no trust", func(t *testing.T) {
		cfg := s.config()
		cfg.CA = filepath.Join(t.TempDir(), "other.pem")
		certificate(t, cfg.CA, filepath.Dir(cfg.CA))
		if _, err := open(t, cfg).Authenticate(t.Context(), "sato", "hanako-no-himitsu"); err == nil || errors.Is(err, account.ErrDenied) {
			t.Errorf("a server with any certificate: %v", err)
		}
		cfg = s.config()
		cfg.URL = "ldap://" + s.plain
		if _, err := directory.Open(cfg); err == nil {
			t.Error("a directory without TLS")
		}
	})
	t.Run("ended", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := open(t, s.config()).Authenticate(ctx, "sato", "hanako-no-himitsu"); err == nil || errors.Is(err, account.ErrDenied) {
			t.Errorf("%v", err)
		}
	})
	t.Run("sign in", func(t *testing.T) { signIn(t, s) })
}

// signIn is the whole way: directory, groups, roles, account.
func signIn(t *testing.T, s server) {
	cfg := s.config()
	var told []audit.Event
	store, err := account.Open(t.Context(), t.TempDir(), account.Options{
		Record: func(_ context.Context, e audit.Event) error { told = append(told, e); return nil }, Cost: account.Cost{Memory: 64, Passes: 1},
		Directory: open(t, cfg), Rules: directory.Rules(cfg.Groups), SameGroup: directory.SameGroup,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	try := func(name, password string) (account.Account, account.Result) {
		t.Helper()
		a, r, err := store.SignIn(t.Context(), account.Attempt{Name: name, Password: password, From: netip.MustParseAddr("127.0.0.1")})
		if err != nil {
			t.Fatal(name, err)
		}
		return a, r
	}
	a, r := try("ＳＡＴＯ", "hanako-no-himitsu")
	if r != account.MustEnrol || a.Name != "sato" || a.Source != "ldap" || !slices.Equal(a.Roles, []account.Role{account.Approver, account.Staff}) ||
		!a.Can(account.Approve, "税務課") || !a.Can(account.Drop, "総務課") || !a.Preview {
		t.Errorf("%v %+v", r, a)
	}
	if _, r := try("two", "two-secret-words"); r != account.Signed {
		t.Errorf("staff: %v", r)
	}
	if _, r := try("sato", "wrong"); r != account.Wrong {
		t.Errorf("a wrong password: %v", r)
	}
	if _, r := try("nogroup", "nogroup-secret"); r != account.Wrong || !strings.Contains(told[len(told)-1].Detail, "kept out") {
		t.Errorf("who is in no group: %v, %+v", r, told[len(told)-1])
	}
	if err := store.SetPassword(t.Context(), "admin", "sato", "another long password"); !errors.Is(err, account.ErrForeign) {
		t.Errorf("a password of its own: %v", err)
	}
	before := len(told)
	if _, r := try("two", "two-secret-words"); r != account.Signed || len(told) != before {
		t.Errorf("unchanged, and on record again: %v", told[before:])
	}
	if err := store.Disable(t.Context(), "admin", "deux"); err != nil {
		t.Fatal(err)
	}
	if _, r := try("two", "two-secret-words"); r != account.Wrong {
		t.Errorf("disabled here: %v", r)
	}
	local := account.Account{Name: "nogroup", Office: "x", Roles: []account.Role{account.Staff}}
	if err := store.Create(t.Context(), "admin", local, "the local password is this"); err != nil {
		t.Fatal(err)
	}
	if _, r := try("nogroup", "nogroup-secret"); r != account.Wrong {
		t.Errorf("a directory opens a local account: %v", r)
	}
}
