package cloud

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// certificateLife is longer than any cloud in memory runs.
const certificateLife = 365 * 24 * time.Hour

// authority is what --tls serves with: a certificate for this cloud, and the
// authority that signed it, made anew every time. Keys never leave the memory;
// whoever trusts the file trusts this one process and nothing after it.
type authority struct {
	leaf      tls.Certificate
	file      string // the authority's certificate, PEM
	temporary bool   // file goes when the cloud does
}

// newAuthority signs a certificate for the names by which host can be reached
// and writes the authority's to file, "" for a temporary one.
func newAuthority(now time.Time, host, file string) (*authority, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	caSpec := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "weir local authority"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, caSpec, caSpec, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	ca, err := x509.ParseCertificate(caDER)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	spec := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano() + 1),
		Subject:      pkix.Name{CommonName: "localhost"},
		NotBefore:    caSpec.NotBefore, NotAfter: caSpec.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "*.localhost"}, // queue and bucket names may come in front
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if ip := net.ParseIP(host); ip != nil && !ip.IsUnspecified() {
		spec.IPAddresses = append(spec.IPAddresses, ip)
	} else if ip == nil && host != "" && host != "localhost" {
		spec.DNSNames = append(spec.DNSNames, host)
	}
	if own, err := os.Hostname(); err == nil && own != host {
		spec.DNSNames = append(spec.DNSNames, own) // of a container, as others call it
	}
	der, err := x509.CreateCertificate(rand.Reader, spec, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, err
	}
	a := &authority{leaf: tls.Certificate{Certificate: [][]byte{der, caDER}, PrivateKey: key}}
	a.file, a.temporary, err = writeCertificate(file, caDER)
	return a, err
}

// writeCertificate writes a certificate where everyone may read it.
func writeCertificate(file string, der []byte) (path string, temporary bool, err error) {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if file != "" {
		if err := os.WriteFile(file, text, 0o644); err != nil { //nolint:gosec // certificates are public
			return "", false, fmt.Errorf("write the authority's certificate: %w", err)
		}
		return file, false, nil
	}
	f, err := os.CreateTemp("", "weir-ca-*.pem")
	if err != nil {
		return "", false, fmt.Errorf("write the authority's certificate: %w", err)
	}
	_, err = f.Write(text)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", false, fmt.Errorf("write the authority's certificate: %w", err)
	}
	return f.Name(), true, nil
}

func (a *authority) config() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{a.leaf}, MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
	}
}

// remove deletes a temporary file; it is nothing to fail for.
func (a *authority) remove() {
	if a != nil && a.temporary {
		_ = os.Remove(a.file)
	}
}

// CAFile is the file with the certificate of the authority that clients have to
// trust, e.g. by AWS_CA_BUNDLE; "" without TLS.
func (c *Cloud) CAFile() string {
	if c.authority == nil {
		return ""
	}
	return c.authority.file
}
