package console

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"sekisho/internal/durable"
)

// The files of the certificate that the console makes for itself, in the folder of its state.
const (
	certificateFile = "tls.crt"
	keyFile         = "tls.key"
)

// certificateLife is how long a certificate of our own lasts. Browsers take no longer one for a server.
const certificateLife = 397 * 24 * time.Hour

// certificateRest is the rest of its life at which it is made anew.
const certificateRest = 30 * 24 * time.Hour

// OwnCertificate returns the console's own certificate, for hosts and for this machine's loopback names. It is made at
// the first start, kept in root, and made anew when it ends soon or lacks a host: the console never speaks without TLS.
func OwnCertificate(root *os.Root, hosts []string, now time.Time) (tls.Certificate, error) {
	hosts = append(slices.Clone(hosts), "localhost", "127.0.0.1", "::1")
	certificate, err := loadCertificate(root)
	if err == nil && fits(certificate.Leaf, hosts, now) {
		return certificate, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tls.Certificate{}, err
	}
	if err := makeCertificate(root, hosts, now); err != nil {
		return tls.Certificate{}, err
	}
	return loadCertificate(root)
}

// FileCertificate returns the certificate of two PEM files, as an administrator got it from elsewhere.
func FileCertificate(certificate, key string) (tls.Certificate, error) {
	c, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cannot load the console's certificate: %w", err)
	}
	return c, nil
}

// Fingerprint is the SHA-256 of a certificate, as browsers show it: "AB:CD:…".
func Fingerprint(c tls.Certificate) string {
	if len(c.Certificate) == 0 {
		return ""
	}
	sum := sha256.Sum256(c.Certificate[0])
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return strings.Join(pairs, ":")
}

func loadCertificate(root *os.Root) (tls.Certificate, error) {
	var pair [2][]byte
	for i, name := range []string{certificateFile, keyFile} {
		f, err := root.Open(name)
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("cannot load the console's certificate: %w", err)
		}
		pair[i], err = io.ReadAll(io.LimitReader(f, 1<<20))
		f.Close()
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("cannot load the console's certificate: %w", err)
		}
	}
	c, err := tls.X509KeyPair(pair[0], pair[1])
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cannot load the console's certificate: %w", err)
	}
	return c, nil
}

// fits reports whether a certificate of our own lasts and names every host.
func fits(leaf *x509.Certificate, hosts []string, now time.Time) bool {
	if leaf == nil || now.Before(leaf.NotBefore) || now.Add(certificateRest).After(leaf.NotAfter) {
		return false
	}
	return !slices.ContainsFunc(hosts, func(h string) bool { return leaf.VerifyHostname(h) != nil })
}

func makeCertificate(root *os.Root, hosts []string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("cannot make a certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return fmt.Errorf("cannot make a certificate: %w", err)
	}
	template := x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Sekisho console"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("cannot make a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("cannot make a certificate: %w", err)
	}
	// The certificate goes last: without it, what a crash left is made anew.
	if err := durable.WriteFile(root, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return err
	}
	return durable.WriteFile(root, certificateFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}
