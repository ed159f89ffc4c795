package convox_test

import (
	"regexp"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
)

func TestAHostIsReadInEveryFormThatPeoplePaste(t *testing.T) {
	const site = "rack.production-1234.us-east-1.convox.site"
	for text, want := range map[string]string{
		site:                                     site,
		"https://" + site:                        site,
		"https://" + site + "/":                  site,
		"https://" + site + "/apps?a=b/c#d":      site,
		"https://" + site + "?a":                 site,
		"HTTPS://" + strings.ToUpper(site):       site,
		"  " + site + "/ \n":                     site,
		site + ".":                               site,
		site + ":443":                            site,
		"https://" + site + ":443/x":             site,
		site + ":8443":                           site + ":8443",
		"console.convox.com":                     convox.HostedConsole,
		"Console.Convox.com":                     convox.HostedConsole,
		"xn--bcher-kva.example.com":              "xn--bcher-kva.example.com",
		"1password.com":                          "1password.com",
		"localhost":                              "localhost",
		"LocalHost:5443":                         "localhost:5443",
		"127.0.0.1":                              "127.0.0.1",
		"127.0.0.1:8443":                         "127.0.0.1:8443",
		"https://127.0.0.1:8443/":                "127.0.0.1:8443",
		"[::1]":                                  "[::1]",
		"::1":                                    "[::1]",
		"[0:0:0:0:0:0:0:1]:8443":                 "[::1]:8443",
		"https://[2001:DB8::1]:443":              "[2001:db8::1]",
		"name-1.cn-north-1.elb.amazonaws.com.cn": "name-1.cn-north-1.elb.amazonaws.com.cn",
	} {
		got, err := convox.ParseHost(text)
		if err != nil || got.String() != want || got.IsZero() {
			t.Errorf("%q became %s, %v", text, got, err)
		}
		if again, err := convox.ParseHost(got.String()); err != nil || again != got {
			t.Errorf("%s became %s, %v", got, again, err)
		}
	}
}

func TestWhatIsNoHostIsRefusedWithTheReason(t *testing.T) {
	for text, words := range map[string]string{
		"":                                     "it is empty",
		" \n":                                  "it is empty",
		"https://":                             "it is empty",
		"https:///apps":                        "it is empty",
		"/":                                    "it is empty",
		"convox:pass@rack.example.com":         "user name or password",
		"https://convox:pass@rack.example.com": "user name or password",
		"https://@rack.example.com":            "user name or password",
		"http://rack.example.com":              "plain HTTP",
		"HTTP://127.0.0.1:8080":                "plain HTTP",
		"ftp://rack.example.com":               "not an https:// one",
		"rack.example.com /x":                  "white space",
		"rack example.com":                     "white space",
		"rack.example\x1b[31m.com":             "can't be shown",
		"rack.example.com\x00":                 "can't be shown",
		"rack.ex\xffample.com":                 "can't be shown",
		"bücher.example.com":                   "outside ASCII",
		"acme/production":                      "path",
		"/etc/passwd":                          "path",
		"rack.example.com/apps":                "path",
		`C:\convox`:                            "path",
		"//rack.example.com":                   "path",
		"rack.example.com?x":                   "path",
		"rack.example.com:":                    "port",
		"rack.example.com:0":                   "port",
		"rack.example.com:65536":               "port",
		"rack.example.com:https":               "port",
		"rack.example.com:+443":                "port",
		"rack.example.com:1:2":                 "port",
		"[::1]8443":                            "port",
		"my_rack.example.com":                  "underscore",
		"-rack.example.com":                    "neither a DNS name",
		"rack-.example.com":                    "neither a DNS name",
		"rack..example.com":                    "neither a DNS name",
		".example.com":                         "neither a DNS name",
		"rack.example.com..":                   "neither a DNS name",
		"rack!.example.com":                    "neither a DNS name",
		"[::1":                                 "neither a DNS name",
		"[127.0.0.1]":                          "neither a DNS name",
		"[fe80::1%eth0]":                       "neither a DNS name",
		"fe80::1%eth0":                         "neither a DNS name",
		"300.1.1.1":                            "neither a DNS name",
		"127.1":                                "neither a DNS name",
		"12345":                                "neither a DNS name",
		strings.Repeat("a", 64) + ".com":       "neither a DNS name",
		strings.Repeat("a.", 127) + "com":      "too long",
		"https://a.com/" + strings.Repeat("a", 3000): "too long",
		"production": "single word",
	} {
		got, err := convox.ParseHost(text)
		if err == nil || !strings.Contains(err.Error(), words) || !got.IsZero() {
			t.Errorf("%q became %s, %v", text, got, err)
			continue
		}
		refused := err.(*problem.Error)
		if refused.Code != "bad_host" || len(refused.Hints) == 0 {
			t.Errorf("%q: %s %q", text, refused.Code, refused.Hints)
		}
	}
	_, err := convox.ParseHost("production")
	if detail(err).Meant != convox.MeantRack {
		t.Errorf("it is taken for %q", detail(err).Meant)
	}
}

func TestARefusedHostIsNotQuoted(t *testing.T) {
	for _, text := range []string{
		secrettest.Canary, "convox:" + secrettest.Canary + "@rack.example.com", "https://x.com:" + secrettest.Canary,
		secrettest.Canary + "/x", "http://" + secrettest.Canary, secrettest.Canary + "://x", secrettest.Canary + " x", "é" + secrettest.Canary,
	} {
		got, err := convox.ParseHost(text)
		if err == nil {
			t.Fatal("it was accepted")
		}
		secrettest.Absent(t, "the error", printed(got)+printed(err))
	}
}

func TestTheShapesOfHostsAreKnown(t *testing.T) {
	shape := func(h convox.Host) string {
		var all []string
		for name, is := range map[string]bool{"console": h.IsHostedConsole(), "site": h.IsConvoxSite(), "balancer": h.IsLoadBalancer(), "loopback": h.IsLoopback()} {
			if is {
				all = append(all, name)
			}
		}
		return strings.Join(all, " ")
	}
	for text, want := range map[string]string{
		"console.convox.com":                      "console",
		"console.convox.com:443":                  "console",
		"console.convox.com:8443":                 "",
		"console.convox.com.example.com":          "",
		"rack.a-1.us-east-1.convox.site":          "site",
		"rack.a-1.us-east-1.convox.site:8443":     "site",
		"convox.site.example.com":                 "",
		"notconvox.site":                          "",
		"a-1.us-east-1.elb.amazonaws.com":         "balancer",
		"a-1.cn-north-1.elb.amazonaws.com.cn":     "balancer",
		"a-1.elb.us-east-1.amazonaws.com":         "balancer",
		"s3.amazonaws.com":                        "",
		"a-1.us-east-1.elb.amazonaws.com.example": "",
		"127.0.0.1:1":                             "loopback",
		"localhost":                               "loopback",
		"::1":                                     "loopback",
		"127.0.0.1.example.com":                   "",
	} {
		if got := shape(host(t, text)); got != want {
			t.Errorf("%s is %q, not %q", text, got, want)
		}
	}
}

func FuzzParseHost(f *testing.F) {
	plain := regexp.MustCompile(`^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?$`)
	for _, seed := range [][2]string{{"", ""}, {"https://", ".example.com/"}, {"", "@x.com"}, {"[", "]:1"}, {"http://127.0.0.1:", ""}, {"x.com:", ""}, {"\x1b", ".com"}, {"::", ""}, {"::ffff:", "1.2.3.4"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, text := range []string{before + after, before + secrettest.Canary + after} {
			got, err := convox.ParseHost(text)
			if err != nil {
				secrettest.Absent(t, "the error", printed(err))
				if !got.IsZero() {
					t.Errorf("%q: %s with %v", text, got, err)
				}
				continue
			}
			again, err := convox.ParseHost(got.String())
			if err != nil || again != got || !plain.MatchString(got.String()) {
				t.Errorf("%q became %q, and that %q, %v", text, got, again, err)
			}
		}
	})
}
