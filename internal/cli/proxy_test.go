package cli

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"convox-travis/internal/convox/convoxtest"
)

// through starts a proxy that leads every host to one address, and returns its
// own: so a Rack on loopback gets a name of the outside.
func through(t *testing.T, address string) string {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			t.Errorf("the proxy was asked to %s", r.Method)
			return
		}
		to, err := net.Dial("tcp", address)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer to.Close()
		from, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer from.Close()
		if _, err := io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
			return
		}
		go func() { _, _ = io.Copy(to, buffer) }()
		_, _ = io.Copy(from, to)
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}

func TestARacksOwnCertificateIsApprovedByItsFingerprint(t *testing.T) {
	t.Parallel()
	const host = "old-1234.us-east-1.elb.amazonaws.com"
	w := newWorld(t)
	if err := w.Rack.SetCertificate(convoxtest.SelfSigned); err != nil {
		t.Fatal(err)
	}
	w.env["HTTPS_PROXY"] = through(t, w.setting("DEMO_RACK_HOST"))
	args := []string{"apply", "--host", host, "--repo", w.setting("DEMO_REPO"), "--password-stdin"}
	w.want(w.run(w.password(), args...), 2, "--fingerprint", "wasn't sent")
	if n := len(w.Rack.Faults.Requests()); n != 0 {
		t.Errorf("%d requests were sent before the certificate was approved", n)
	}
	seen := w.Rack.Fingerprint()
	w.want(w.run(w.password(), append(args, "--fingerprint", seen)...), 0, "created")
	w.wantPair(w.setting("DEMO_REPO"), "CONVOX_HOST="+host, "CONVOX_PASSWORD="+quotedCanary)
	if err := w.Rack.SetCertificate(convoxtest.SelfSigned); err != nil {
		t.Fatal(err)
	}
	w.Rack.Faults.Forget()
	w.want(w.run(w.password(), append(args, "--fingerprint", seen)...), 2, "isn't the one")
	w.want(w.run(w.password(), "apply", "--host", "rack.new-1234.us-east-1.convox.site", "--repo", w.setting("DEMO_REPO"), "--password-stdin", "--fingerprint", w.Rack.Fingerprint()), 1)
	if n := len(w.Rack.Faults.Requests()); n != 0 {
		t.Errorf("%d requests were sent to a certificate that nobody approved", n)
	}
}

func TestARackOutOfReachIsWrittenUncheckedWhenToldSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["HTTPS_PROXY"] = through(t, "127.0.0.1:1")
	args := []string{"apply", "--rack", "backoffice", "--repo", w.setting("DEMO_REPO"), "--password-stdin"}
	w.want(w.run(w.password(), args...), 1, "private API", "--no-verify")
	w.wantNoWrite()
	document := w.document(w.run(w.password(), append(args, "--json")...))
	if len(document.Warnings) != 1 || document.Warnings[0].Code != "private_api" {
		t.Errorf("%+v", document.Warnings)
	}
	w.want(w.run(w.password(), "apply", "--rack", "payments", "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 1, "IP allowlist")
	w.want(w.run("with space@\n", append(args, "--no-verify")...), 4, "convox CLI")
	w.wantNoWrite()
	w.want(w.run(w.password(), append(args, "--no-verify")...), 0, "without being verified", "created")
	w.want(w.run("wrong\n", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin", "--no-verify"), 4)
}
