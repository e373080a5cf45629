package slack

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// trust takes the certificates of REQUESTS_CA_BUNDLE (a file or a folder) when it is set, else the system's.
func trust() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	bundle := os.Getenv("REQUESTS_CA_BUNDLE")
	if bundle == "" {
		return config
	}
	config.RootCAs = x509.NewCertPool()
	files := []string{bundle}
	if inside, _ := filepath.Glob(filepath.Join(bundle, "*")); len(inside) > 0 {
		files = inside
	}
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil {
			config.RootCAs.AppendCertsFromPEM(content)
		}
	}
	return config
}

// kind names a failure without any address.
func kind(err error) string {
	var (
		number      syscall.Errno
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		waited      net.Error
	)
	switch {
	case errors.As(err, &certificate):
		return "its certificate is not trusted"
	case errors.As(err, &name):
		return "name not found"
	case errors.As(err, &waited) && waited.Timeout():
		return "timeout"
	case errors.As(err, &number):
		return number.Error()
	}
	return "no answer"
}
