package cfn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

// Each way to fail is met twice: once, where a read is tried again, and for
// good, where it ends in an error within the deadline.
func TestEachFault(t *testing.T) {
	final := []faults.Kind{
		faults.Hang, faults.MalformedJSON, faults.TruncatedBody, faults.WrongContentType, faults.EndlessBody,
		faults.RedirectAway, faults.RedirectPlain,
	}
	kinds := map[faults.Kind]string{
		faults.ResetBefore: cfn.CodeUnreachable, faults.AnswerLost: cfn.CodeUnreachable, faults.ResetInAnswer: cfn.CodeUnreachable,
		faults.Hang: cfn.CodeNoAnswer, faults.Throttled: cfn.CodeThrottled, faults.ThrottledUntil: cfn.CodeThrottled, faults.ThrottledForLong: cfn.CodeThrottled,
		faults.Status500: cfn.CodeFailed, faults.Status500After: cfn.CodeFailed, faults.Status502HTML: cfn.CodeFailed, faults.Status503: cfn.CodeFailed,
		faults.MalformedJSON: cfn.CodeUnreadable, faults.TruncatedBody: cfn.CodeUnreadable, faults.WrongContentType: cfn.CodeUnreadable,
		faults.EndlessBody: cfn.CodeUnreadable, faults.RedirectAway: cfn.CodeUnreadable, faults.RedirectPlain: cfn.CodeUnreadable,
	}
	for _, kind := range faults.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t)
			w.addRack("us-east-1", "production")
			deadline := 10 * time.Second
			if kind == faults.Hang {
				deadline = 200 * time.Millisecond
			}
			finder := w.finder(func(o *cfn.Options) { o.Retry.Deadline = deadline })
			w.aws.Faults.Add(faults.Rule{Kind: kind})
			found, err := finder.Search(t.Context(), []string{"us-east-1"}, nil)
			if again := err == nil && names(found) == "production@us-east-1"; again == slices.Contains(final, kind) {
				t.Errorf("once: found %q, %v", names(found), err)
			}
			w.aws.Faults.Add(faults.Rule{Kind: kind, Times: -1})
			begun := time.Now()
			_, err = finder.Search(t.Context(), []string{"us-east-1"}, nil)
			e := w.failed(err)
			w.wantCode(e, kinds[kind], "look for Racks in us-east-1: ")
			for _, word := range []string{"<", "{", "elsewhere", "127.0.0.1", "something broke"} {
				if strings.Contains(e.Error(), word) {
					t.Errorf("the error holds %q: %v", word, e)
				}
			}
			if took := time.Since(begun); took > deadline+time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// scripted is an AWS that gives the same answer to everything.
func (w *world) scripted(status int, body string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("Content-Type", "text/xml")
		answer.WriteHeader(status)
		_, _ = answer.Write([]byte(body))
	}))
	w.Cleanup(server.Close)
	w.set("AWS_ENDPOINT_URL", server.URL)
	return server
}

func TestAForeignAnswerIsNotAnEmptyList(t *testing.T) {
	for _, body := range []string{
		"", " ", "<", "<html></html>", "{}", "<DescribeStacksResponse>", "<DescribeStacksResponse></DescribeStacksResponse>",
		"<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>x</StackName>",
	} {
		w := newWorld(t)
		w.scripted(http.StatusOK, body)
		w.wantCode(w.searchError("us-east-1"), cfn.CodeUnreadable)
	}
}

func TestAListThatDoesNotEndIsAnError(t *testing.T) {
	w := newWorld(t)
	pages := 0
	next := func() string { return "again" }
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		pages++
		fmt.Fprintf(answer, "<DescribeStacksResponse><DescribeStacksResult><Stacks/><NextToken>%s</NextToken></DescribeStacksResult></DescribeStacksResponse>", next())
	}))
	t.Cleanup(server.Close)
	w.set("AWS_ENDPOINT_URL", server.URL)
	w.wantCode(w.searchError("us-east-1"), cfn.CodeUnreadable, "doesn't end")
	if pages != 2 {
		t.Errorf("a token that stays was followed over %d pages", pages)
	}
	next = func() string { return fmt.Sprint(pages) }
	w.wantCode(w.searchError("us-east-1"), cfn.CodeUnreadable, "doesn't end")
}

func TestAnUnreadableErrorIsReportedByItsStatus(t *testing.T) {
	w := newWorld(t)
	w.scripted(http.StatusForbidden, "<Error>&"+secrettest.Canary)
	w.wantCode(w.searchError("us-east-1"), cfn.CodeFailed, "AWS failed (HTTP 403)")
}

func TestTextsOfAStackAreTruncated(t *testing.T) {
	w := newWorld(t)
	w.scripted(http.StatusOK, "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>x</StackName><StackStatus>CREATE_COMPLETE</StackStatus>"+
		"<Tags><member><Key>System</Key><Value>convox</Value></member><member><Key>Type</Key><Value>rack</Value></member></Tags>"+
		"<Outputs><member><OutputKey>Dashboard</OutputKey><OutputValue>"+strings.Repeat("é", 1<<20)+"</OutputValue></member></Outputs>"+
		"</member></Stacks></DescribeStacksResult></DescribeStacksResponse>")
	found := w.search("us-east-1")
	if len(found.Racks) != 1 || len(found.Racks[0].Host) > 4096 {
		t.Errorf("%d Racks, a host of %d bytes", len(found.Racks), len(found.Racks[0].Host))
	}
}

func TestAnEndpointThatCantWorkNamesItsSetting(t *testing.T) {
	const plain, url = "http://aws.example.com/" + secrettest.Canary, "AWS_ENDPOINT_URL"
	sso := strings.Replace(ssoConfig, "[profile old]\n", "[profile old]\n%", 1)
	for name, c := range map[string]struct {
		env         map[string]string
		config      string // of profile old, or more
		setting, is string
	}{
		"all services":                 {map[string]string{url: plain}, "", url, "plain HTTP is for this machine only"},
		"one service":                  {map[string]string{url + "_STS": plain}, "", url + "_STS", "plain HTTP is for this machine only"},
		"one, before all":              {map[string]string{url + "_CLOUDFORMATION": plain, url: plain}, "", url + "_CLOUDFORMATION", "plain HTTP is for this machine only"},
		"a password":                   {map[string]string{url: "https://ann:" + secrettest.Canary + "@aws.example.com"}, "", url, "the address contains a user name or password"},
		"no address":                   {map[string]string{url: "aws.example.com"}, "", url, "not an address"},
		"of a profile":                 {map[string]string{url: ""}, "endpoint_url = " + plain + "\n", "endpoint_url of profile old", "plain HTTP is for this machine only"},
		"of one service and a profile": {map[string]string{url: ""}, "services = here\n", "endpoint_url of services here", "plain HTTP is for this machine only"},
		"of the portal of SSO":         {map[string]string{url + "_SSO": plain}, "", url + "_SSO", "plain HTTP is for this machine only"},
		"of the tokens of SSO":         {map[string]string{url + "_SSO_OIDC": plain}, "", url + "_SSO_OIDC", "plain HTTP is for this machine only"},
	} {
		w := newWorld(t)
		w.files("[services here]\nssm =\n  endpoint_url = "+plain+"\n"+strings.Replace(sso, "%", c.config, 1), "")
		for variable, value := range c.env {
			w.set(variable, value)
		}
		used := "role" // with what profile old signs in to
		if c.config != "" {
			used = "old"
		}
		_, err := w.tryFinder(profile(used))
		e := w.failed(err)
		if isPlain := strings.HasPrefix(c.is, "plain"); isPlain != errors.Is(err, transport.ErrPlainHTTP) {
			t.Errorf("%s: %v does not wrap its cause", name, err)
		}
		undo := "unset"
		if !strings.HasPrefix(c.setting, "AWS_") {
			undo = "remove"
		}
		want := []string{"set " + c.setting + " to an address that begins with https://, or " + undo + " it"}
		if e.Code != cfn.CodeEndpoint || !strings.HasPrefix(e.Error(), "use "+c.setting+": "+c.is) || !slices.Equal(e.Hints, want) {
			t.Errorf("%s: %s %v %q", name, e.Code, e, e.Hints)
		}
	}
	w := newWorld(t)
	w.set("AWS_ENDPOINT_URL", plain)
	w.set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
	w.finder()
	w.set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "")
	w.set("AWS_ENDPOINT_URL", w.aws.URL)
	w.set("AWS_ENDPOINT_URL_SSO", plain) // nobody signs in there
	w.finder()
}

// What fails names the setting that led there, and none where AWS itself was called.
func TestAFailedCallNamesTheEndpointThatWasUsed(t *testing.T) {
	for setting, address := range map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_CLOUDFORMATION": "http://127.0.0.1:1"} {
		w := newWorld(t)
		w.set("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:2")
		w.set(setting, address)
		e := w.searchError("us-east-1")
		if want := []string{"check " + setting + ": calls go there instead of to AWS"}; e.Code != cfn.CodeUnreachable || !slices.Equal(e.Hints, want) {
			t.Errorf("%s %q", e.Code, e.Hints)
		}
	}
	w := newWorld(t)
	w.set("AWS_ENDPOINT_URL", "")
	_, err := w.finder(func(o *cfn.Options) {
		o.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED }
	}).Search(t.Context(), []string{"us-east-1"}, nil)
	e := w.failed(err)
	w.wantCode(e, cfn.CodeUnreachable, "check the network", "HTTPS_PROXY")
	if strings.Contains(strings.Join(e.Hints, ""), "AWS_ENDPOINT_URL") {
		t.Errorf("%q", e.Hints)
	}
}

// A machine in AWS gets its role's credentials in plain HTTP: there is no other
// way. Nothing else is called so.
func TestPlainHTTPGoesOnlyToMetadataServices(t *testing.T) {
	for host, goes := range map[string]bool{
		"169.254.169.254": true, "169.254.170.2": true, "[fe80::1]": true, "[fd00:ec2::254]": true, "[fd00:ec2:ffff::1]": true, "127.0.0.1": true,
		"169.253.255.255": false, "169.255.0.1": false, "10.0.0.1": false, "192.168.1.1": false, "[fec0::1]": false, "[fd00:ec1::254]": false,
		"[fd00:ec3::254]": false, "[fd00::1]": false, "metadata.example.com": false, "169.254.169.254.example.com": false,
	} {
		w := newWorld(t)
		w.files("", "")
		w.set("AWS_EC2_METADATA_DISABLED", "false")
		w.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://"+host+":9")
		ctx, enough := context.WithCancel(t.Context())
		var called []string
		_, err := w.finder(func(o *cfn.Options) {
			o.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
				called = append(called, address)
				enough()
				return nil, errors.New("nobody is there")
			}
		}).Search(ctx, []string{"us-east-1"}, nil)
		enough()
		if err == nil || slices.Contains(called, host+":9") != goes || !goes && len(called) > 0 {
			t.Errorf("%s: called %v, %v", host, called, err)
		}
	}
}

func TestAnAddressWhereNothingListensIsAnError(t *testing.T) {
	w := newWorld(t)
	w.scripted(http.StatusOK, "").Close()
	begun := time.Now()
	w.wantCode(w.searchError("us-east-1"), cfn.CodeUnreachable, "refused")
	if took := time.Since(begun); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestACertificateThatIsNotTrustedIsRefused(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	w.set("AWS_ENDPOINT_URL", server.URL)
	w.wantCode(w.searchError("us-east-1"), cfn.CodeUnreachable, "certificate", "AWS_CA_BUNDLE")
}

func TestTheProgramNamesItself(t *testing.T) {
	w := newWorld(t)
	var agent string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { agent = r.UserAgent() }))
	t.Cleanup(server.Close)
	w.set("AWS_ENDPOINT_URL", server.URL)
	w.searchError("us-east-1")
	if !strings.Contains(agent, "convox-travis/v1.2.3") {
		t.Errorf("as %q", agent)
	}
}
