package demo_test

import (
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/demo"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/travisapi"
)

// start makes a world and sets its settings for the test.
func start(t *testing.T, options demo.Options) (*demo.World, map[string]string) {
	t.Helper()
	w, err := demo.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(settings["SSL_CERT_FILE"]); !os.IsNotExist(err) {
			t.Errorf("the certificates are left behind: %v", err)
		}
	})
	for _, s := range w.Settings() {
		settings[s.Name] = s.Value
		t.Setenv(s.Name, s.Value)
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	return w, settings
}

func travis(t *testing.T, settings map[string]string) *travisapi.Client {
	t.Helper()
	client, err := travisapi.New(travisapi.Config{Endpoint: settings["TRAVIS_ENDPOINT"], Token: secret.New(settings["TRAVIS_TOKEN"])})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestTheAccountHasRepositoriesOfEveryKind(t *testing.T) {
	_, settings := start(t, demo.Options{})
	client := travis(t, settings)
	all, err := client.Repositories(t.Context(), travisapi.ListOptions{})
	if err != nil || len(all) != 30 {
		t.Fatalf("%d repositories, %v", len(all), err)
	}
	var inactive, readOnly, gitlab int
	for _, r := range all {
		if !r.Active {
			inactive++
		}
		if r.Denies("create_env_var") {
			readOnly++
			if r.Slug != settings["DEMO_REPO_READ_ONLY"] {
				t.Errorf("%s is read-only", r.Slug)
			}
		}
		if r.Provider == travisapi.GitLab {
			gitlab++
		}
	}
	if inactive == 0 || readOnly != 1 || gitlab != 1 {
		t.Errorf("%d inactive, %d read-only, %d of GitLab", inactive, readOnly, gitlab)
	}
}

func TestRacksOfEveryKindAreFound(t *testing.T) {
	_, settings := start(t, demo.Options{Stacks: 150})
	finder, err := cfn.NewFinder(cfn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := finder.Search(t.Context(), nil, nil)
	if err != nil || len(found.Skipped) == 0 || found.Stacks < 150 {
		t.Fatalf("%d stacks, passed over %v, %v", found.Stacks, found.Skipped, err)
	}
	regions, shapes := map[string]bool{}, map[string]int{}
	for _, rack := range found.Racks {
		regions[rack.Region] = true
		switch {
		case strings.HasSuffix(rack.Host, ".elb.amazonaws.com"):
			shapes["load balancer"]++
		case strings.HasSuffix(rack.Host, ".convox.site"):
			shapes["convox.site"]++
		case rack.Name == settings["DEMO_RACK"] && rack.Host == settings["DEMO_RACK_HOST"]:
			shapes["here"]++
		}
		if rack.Private {
			shapes["private"]++
		}
		if rack.Failed() {
			shapes["failed"]++
		}
		if len(rack.WhiteList) > 0 {
			shapes["white list"]++
		}
	}
	if len(regions) < 3 || len(shapes) != 6 {
		t.Errorf("regions %v, kinds %v", regions, shapes)
	}
}

func TestTheCredentialsAreGood(t *testing.T) {
	_, settings := start(t, demo.Options{})
	checker, err := convox.NewChecker(convox.CheckerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	host := func(name string) convox.Host {
		h, err := convox.ParseHost(settings[name])
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	rack, err := checker.Rack(t.Context(), host("DEMO_RACK_HOST"), secret.New(settings["DEMO_RACK_PASSWORD"]))
	if err != nil || len(rack.Racks) != 1 || rack.Racks[0].Name != settings["DEMO_RACK"] {
		t.Errorf("%+v, %v", rack, err)
	}
	console, err := checker.Console(t.Context(), host("DEMO_CONSOLE_HOST"), secret.New(settings["DEMO_DEPLOY_KEY"]))
	if err != nil || console.PersonalKey || len(console.Racks) != 3 {
		t.Errorf("%+v, %v", console, err)
	}
}

// Real hosts lead into the world by its Dial alone, and their certificates are verified
// as those of real ones.
func TestRealHostsLeadIntoTheWorldAlone(t *testing.T) {
	w, settings := start(t, demo.Options{RealHosts: true})
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for address, reached := range map[string]bool{
		"rack.production-1700000000.us-east-1.convox.site:443":      true,
		"rack.reports-1690001234.eu-west-1.convox.site:443":         true,
		"console.convox.com:443":                                    true,
		strings.TrimPrefix(settings["TRAVIS_ENDPOINT"], "http://"):  true,
		strings.TrimPrefix(settings["AWS_ENDPOINT_URL"], "http://"): true,

		"rack.production-1700000000.us-east-1.convox.site:80": false,
		"rack.sandbox-1709629200.us-east-1.convox.site:443":   false,
		"api.travis-ci.com:443":                               false,
		other.Addr().String():                                 false,
	} {
		connection, err := w.Dial(t.Context(), "tcp", address)
		if (err == nil) != reached {
			t.Errorf("%s: %v", address, err)
		}
		if err == nil {
			connection.Close()
		}
	}
	authorities, err := os.ReadFile(settings["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authorities)
	host, err := convox.ParseHost(settings["DEMO_RACK_HOST"])
	if err != nil {
		t.Fatal(err)
	}
	for name, roots := range map[string]*x509.CertPool{"": trusted, convox.CodeTLS: x509.NewCertPool()} {
		checker, err := convox.NewChecker(convox.CheckerOptions{DialContext: w.Dial, Roots: roots})
		if err != nil {
			t.Fatal(err)
		}
		_, err = checker.Rack(t.Context(), host, secret.New(settings["DEMO_RACK_PASSWORD"]))
		if name == "" && err != nil || name != "" && !problem.Has(err, name) {
			t.Errorf("%v", err)
		}
	}
}

func TestTwoWorldsHaveFoldersOfTheirOwn(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("TEMP", temporary)
	t.Setenv("TMP", temporary)
	_, first := start(t, demo.Options{})
	_, second := start(t, demo.Options{})
	usual := filepath.Join(temporary, "convox-travis-demo", "certificates.pem")
	if first["SSL_CERT_FILE"] != usual || second["SSL_CERT_FILE"] == usual {
		t.Errorf("%s, %s", first["SSL_CERT_FILE"], second["SSL_CERT_FILE"])
	}
}

func TestTheWorldCanBeSlowAndLarge(t *testing.T) {
	w, settings := start(t, demo.Options{Repositories: 500, Latency: 30 * time.Millisecond})
	begun := time.Now()
	all, err := travis(t, settings).Repositories(t.Context(), travisapi.ListOptions{})
	if err != nil || len(all) != 500 || time.Since(begun) < 60*time.Millisecond {
		t.Errorf("%d repositories in %v, %v", len(all), time.Since(begun), err)
	}
	for _, s := range w.Settings() {
		for _, open := range []string{"0.0.0.0", "[::]"} {
			if strings.Contains(s.Value, open) {
				t.Errorf("%s is open to the network", s.Name)
			}
		}
	}
}
