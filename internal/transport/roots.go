package transport

import (
	"crypto/x509"
	"os"
	"runtime"
)

// Roots returns nil, the system's roots, except where the system ignores
// SSL_CERT_FILE (macOS and Windows, https://pkg.go.dev/crypto/x509#SystemCertPool):
// there the file's certificates are trusted beside the system's.
func Roots() *x509.CertPool {
	file := os.Getenv("SSL_CERT_FILE")
	if file == "" || (runtime.GOOS != "darwin" && runtime.GOOS != "windows") {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM(pem)
	return pool
}
