package travisapi_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/faults"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

// Tests wait for servers most of their time.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil { // -parallel on the command line still wins
		panic(err)
	}
	os.Exit(m.Run())
}

func TestEveryRefusalIsToldApart(t *testing.T) {
	typed := func(kind, more string) string {
		return `{"@type":"error","error_type":"` + kind + `","error_message":"` + secrettest.Canary + `"` + more + `}`
	}
	for name, c := range map[string]struct {
		status int
		body   string
		kind   string
		says   string
	}{
		"an unknown token":        {403, "access denied", travisapi.CodeUnknownToken, "token"},
		"a ban":                   {403, "Forbidden\n", travisapi.CodeBanned, "an hour"},
		"too many requests":       {429, "Retry later\n", travisapi.CodeThrottled, "too many"},
		"no token":                {403, typed("login_required", ""), travisapi.CodeLoginRequired, "token"},
		"no permission":           {403, typed("insufficient_access", `,"permission":"create_env_var","resource_type":"repository"`), travisapi.CodeDenied, "denied create_env_var (HTTP 403)"},
		"a permission of no kind": {403, typed("insufficient_access", `,"permission":"\u001b[2J"`), travisapi.CodeDenied, "denied this"},
		"a moved repository":      {403, typed("repo_migrated", ""), travisapi.CodeMigrated, "travis-ci.org"},
		"an unknown repository":   {404, typed("not_found", ""), travisapi.CodeNotFound, "acme/api"},
		"a double":                {409, typed("duplicate_resource", ""), travisapi.CodeDuplicate, "exists"},
		"no key yet":              {409, typed("repo_ssh_key_missing", ""), travisapi.CodeNoKeyYet, "key"},
		"a wrong value":           {422, typed("unprocessable_entity", ""), travisapi.CodeInvalid, "values"},
		"wrong parameters":        {400, typed("wrong_params", ""), travisapi.CodeInvalid, "values"},
		"too many builds":         {429, typed("request_limit_reached", ""), travisapi.CodeRequestLimit, "hour"},
		"an inactive repository":  {406, typed("repository_inactive", ""), travisapi.CodeInactive, "active"},
		"a failure":               {500, typed("server_error", ""), travisapi.CodeServer, "failed"},
		"a page of a proxy":       {502, "<html>" + secrettest.Canary, travisapi.CodeServer, "failed"},
		"another status":          {418, secrettest.Canary, travisapi.CodeUnexpected, "unexpected"},
		"a redirect":              {307, secrettest.Canary, travisapi.CodeUnexpected, "redirect"},
	} {
		t.Run(name, func(t *testing.T) {
			client := answering(t, c.status, c.body, "Location", "https://elsewhere.invalid/")
			_, err := client.CreateEnvVar(transport.Until(t.Context()), apiRef, travisapi.EnvVar{Name: "CONVOX_PASSWORD", Value: secret.New(secrettest.Canary)})
			e := failed(t, err)
			if e.Code != c.kind || e.Status != c.status || !strings.Contains(e.Error(), c.says) {
				t.Errorf("it is %s, %d: %v", e.Code, e.Status, e)
			}
			if !strings.HasPrefix(e.Error(), "set CONVOX_PASSWORD on acme/api: ") {
				t.Errorf("it does not say what failed: %v", e)
			}
			wantsToken := c.kind == travisapi.CodeUnknownToken || c.kind == travisapi.CodeLoginRequired
			if (e.TokenPage == travisapi.TokenPage(travisapi.HostedEndpoint)) != wantsToken {
				t.Errorf("the page of the token is %q", e.TokenPage)
			}
			open := c.kind == travisapi.CodeServer || c.status == 418
			if e.FateUnknown != open {
				t.Errorf("the write's fate is unknown: %t", e.FateUnknown)
			}
		})
	}
}

func TestAnEnterpriseHasItsAPIAndItsPagesElsewhere(t *testing.T) {
	server := travistest.Start(t)
	server.Enterprise = true
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: secrettest.Canary})
	_, err := newClient(t, server.URL, secrettest.Canary).User(t.Context())
	if e := failed(t, err); e.Code != travisapi.CodeMalformed || e.API != server.URL+"/api" || !strings.Contains(e.Error(), "a web page answers") {
		t.Errorf("without /api: %v, %q", e, e.API)
	}
	if user, err := newClient(t, server.URL+"/api", secrettest.Canary).User(t.Context()); err != nil || user.Login != "ann" {
		t.Errorf("with /api: %+v, %v", user, err)
	}
	_, err = newClient(t, server.URL+"/api", "another").User(t.Context())
	if e := failed(t, err); e.Code != travisapi.CodeUnknownToken || e.TokenPage != server.URL+"/account/preferences" {
		t.Errorf("another token: %v, %q", e, e.TokenPage)
	}
	if page := travisapi.TokenPage(travisapi.HostedEndpoint); page != "https://app.travis-ci.com/account/preferences" {
		t.Errorf("travis-ci.com: %s", page)
	}
}

// page answers everything with a web page.
type page string

func (p page) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(p))), Request: r}, nil
}

func TestAWebPageIsNoAnswerOfTravis(t *testing.T) {
	for name, c := range map[string]struct{ endpoint, page, api string }{
		"an Enterprise's page":        {"https://travis.acme.com", "<!DOCTYPE html><html>", "https://travis.acme.com/api"},
		"one after an empty line":     {"https://travis.acme.com", "\n  <html lang=\"en\">", "https://travis.acme.com/api"},
		"where the API should be":     {"https://travis.acme.com/api", "<html>", ""},
		"at travis-ci.com, as a gate": {travisapi.HostedEndpoint, "<html>", ""},
	} {
		client, err := travisapi.New(travisapi.Config{Endpoint: c.endpoint, Token: secret.New(secrettest.Canary), HTTP: &http.Client{Transport: page(c.page)}, Retry: quick, UserAgent: "convox-travis/test"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.User(t.Context())
		if e := failed(t, err); e.Code != travisapi.CodeMalformed || !strings.Contains(e.Error(), "a web page answers") || e.API != c.api {
			t.Errorf("%s: %v, %q", name, e, e.API)
		}
	}
}

func TestAnUnknownRepositoryIsTracedToWhatTravisMaySee(t *testing.T) {
	const app, sync = "give Travis CI's GitHub App access to acme/gone: https://github.com/apps/travis-ci/installations/new", "sync Travis if the repository was made today: "
	_, hosted := travis(t, api())
	for name, c := range map[string]struct {
		client *travisapi.Client
		ref    travisapi.Ref
		want   []string
	}{
		"of GitHub":        {hosted, travisapi.BySlug(travisapi.GitHub, "acme/gone"), []string{app, sync + "https://app.travis-ci.com/account/repositories"}},
		"of GitLab":        {hosted, travisapi.BySlug(travisapi.GitLab, "acme/gone"), []string{sync + "https://app.travis-ci.com/account/repositories"}},
		"found before":     {hosted, travisapi.ByID(99), []string{sync + "https://app.travis-ci.com/account/repositories"}},
		"on an Enterprise": {startEnterprise(t), travisapi.BySlug(travisapi.GitHub, "acme/gone"), []string{sync + "ENTERPRISE/account/repositories"}},
	} {
		_, err := c.client.Repository(t.Context(), c.ref)
		e := failed(t, err)
		for i, hint := range e.Hints {
			e.Hints[i] = strings.Replace(hint, strings.TrimSuffix(c.client.Endpoint(), "/api")+"/", "ENTERPRISE/", 1)
		}
		if e.Code != travisapi.CodeNotFound || !slices.Equal(e.Hints, c.want) {
			t.Errorf("%s: %v %q", name, e, e.Hints)
		}
	}
}

// startEnterprise returns a client of an Enterprise.
func startEnterprise(t *testing.T) *travisapi.Client {
	t.Helper()
	server := travistest.Start(t)
	server.Enterprise = true
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: secrettest.Canary})
	return newClient(t, server.URL+"/api", secrettest.Canary)
}

func TestABanSaysWhenToGoOn(t *testing.T) {
	now := time.Date(2026, 11, 24, 14, 5, 0, 0, time.Local)
	server, _ := travis(t)
	server.Ban("t")
	retry := quick
	retry.Clock = still{now}
	client, err := travisapi.New(travisapi.Config{Endpoint: server.URL, Token: secret.New("t"), Retry: retry})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.User(t.Context())
	if e := failed(t, err); !e.Until.Equal(now.Add(time.Hour)) || !strings.Contains(e.Hints[0], "15:05") {
		t.Errorf("until %v, %v", e.Until, e.Hints)
	}
}

// still is a clock that stands still and waits for nothing.
type still struct{ now time.Time }

func (s still) Now() time.Time                                 { return s.now }
func (still) Sleep(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }

func TestReadsAreTriedAgainWhereThatHelps(t *testing.T) {
	t.Parallel()
	for _, kind := range faults.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server, client := travis(t, api())
			server.Faults.Add(faults.Rule{Kind: kind, Times: 2})
			_, err := client.EnvVars(t.Context(), apiRef)
			final := kind == faults.RedirectAway || kind == faults.RedirectPlain || kind == faults.ThrottledForLong
			if (err != nil) != final {
				t.Errorf("%s: %v", kind, err)
			}
			if n := len(server.Faults.Requests()); (n != 1) == final {
				t.Errorf("%s: %d requests", kind, n)
			}
		})
	}
}

func TestWritesAreSentOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range faults.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server, client := travis(t, api(travistest.EnvVar{ID: "v1", Name: "OLD", Value: "1"}))
			server.Faults.Add(faults.Rule{Kind: kind, Times: -1})
			_, created := client.CreateEnvVar(transport.Until(t.Context()), apiRef, travisapi.EnvVar{Name: "A", Value: secret.New(secrettest.Canary)})
			_, updated := client.UpdateEnvVar(transport.Until(t.Context()), apiRef, travisapi.EnvVar{ID: "v1", Name: "OLD", Value: secret.New(secrettest.Canary)})
			deleted := client.DeleteEnvVar(transport.Until(t.Context()), apiRef, "v1")
			if n := len(server.Faults.Requests()); n != 3 {
				t.Errorf("%s: %d requests for three writes", kind, n)
			}
			for _, err := range []error{created, updated, deleted} {
				if err == nil { // a DELETE whose answer has a body nobody reads
					continue
				}
				e := failed(t, err)
				known := kind == faults.Throttled || kind == faults.ThrottledUntil || kind == faults.ThrottledForLong || kind == faults.RedirectAway || kind == faults.RedirectPlain
				if e.FateUnknown == known {
					t.Errorf("%s: the fate of %v is unknown: %t", kind, e, e.FateUnknown)
				}
			}
			if created == nil || updated == nil {
				t.Errorf("%s passed for a success", kind)
			}
		})
	}
}

func TestWhatNeverLeftHasAKnownFate(t *testing.T) {
	server, client := travis(t, api())
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := client.CreateEnvVar(transport.Until(t.Context()), apiRef, travisapi.EnvVar{Name: "A", Value: secret.New("1")})
	if e := failed(t, err); e.Code != travisapi.CodeUnreachable || e.FateUnknown || !strings.Contains(e.Error(), "refused") {
		t.Errorf("%s, unknown %t: %v", e.Code, e.FateUnknown, e)
	}
}

func TestAnEmptyListIsToldFromNoList(t *testing.T) {
	for _, body := range []string{`{}`, `{"@type":"env_vars"}`, `{"env_vars":null}`, `{"env_vars":[{}]}`, `{"env_vars":{}}`, `[]`, ``, `{"env_vars":[`} {
		_, err := answering(t, http.StatusOK, body).EnvVars(t.Context(), apiRef)
		if e := failed(t, err); e.Code != travisapi.CodeMalformed {
			t.Errorf("%q: %v", body, e)
		}
	}
	vars, err := answering(t, http.StatusOK, `{"env_vars":[]}`).EnvVars(t.Context(), apiRef)
	if err != nil || len(vars) != 0 {
		t.Errorf("%v, %v", vars, err)
	}
}

func TestTheServersPauseIsKeptUpToAMinute(t *testing.T) {
	unsaid := 80 * quick.Pause // three of them outlast a minute, where the first pause is the usual one
	for header, want := range map[string]time.Duration{
		"": unsaid, "7": 7 * time.Second, "-5": unsaid, "nonsense": unsaid, "999999999999": 24 * time.Hour, "7200": 2 * time.Hour,
	} {
		_, err := answering(t, 429, "Retry later\n", "Retry-After", header).StartBuild(t.Context(), apiRef, travisapi.BuildOptions{Branch: "main"})
		e := failed(t, err)
		wait, worth := e.Retryable()
		if worth != (want <= time.Minute) || worth && wait != want || want != unsaid && e.RetryAfter != want {
			t.Errorf("%q: %v, %t; Travis asked for %v", header, wait, worth, e.RetryAfter)
		}
	}
}

func TestAStoppedCallSaysWhy(t *testing.T) {
	t.Parallel()
	server, client := travis(t, api())
	server.Faults.Add(faults.Rule{Kind: faults.Hang, Times: -1})
	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(reason) })
	_, err := client.EnvVars(ctx, apiRef)
	if e := failed(t, err); e.Code != travisapi.CodeCanceled || !errors.Is(err, reason) {
		t.Errorf("%s: %v", e.Code, e)
	}
	_, err = client.EnvVars(t.Context(), apiRef)
	if e := failed(t, err); e.Code != travisapi.CodeTimeout || !strings.Contains(e.Error(), quick.Deadline.String()) {
		t.Errorf("%s: %v", e.Code, e)
	}
	_, err = client.CreateEnvVar(transport.Until(ctx), apiRef, travisapi.EnvVar{Name: "A", Value: secret.New("1")})
	if e := failed(t, err); e.Code != travisapi.CodeCanceled {
		t.Errorf("%s: %v", e.Code, e)
	}
}

func TestACertificateOfAnUnknownIssuerIsNotAccepted(t *testing.T) {
	server := newTLSServer(t)
	client := newClient(t, server.URL, secrettest.Canary)
	_, err := client.CreateEnvVar(transport.Until(t.Context()), apiRef, travisapi.EnvVar{Name: "A", Value: secret.New(secrettest.Canary)})
	if e := failed(t, err); e.Code != travisapi.CodeUntrusted || e.FateUnknown {
		t.Errorf("%s, unknown %t: %v", e.Code, e.FateUnknown, e)
	}
}

var _ transport.Retryable = travisapi.Failure{}
