package travisapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

var quick = transport.Retry{Tries: 3, Deadline: time.Second, Pause: time.Millisecond}

func newClient(t testing.TB, url string, token string) *travisapi.Client {
	t.Helper()
	client, err := travisapi.New(travisapi.Config{Endpoint: url, Token: secret.New(token), Retry: quick, UserAgent: "convox-travis/test"})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// travis is a small Travis whose token is the canary, and a client of it.
func travis(t testing.TB, repositories ...travistest.Repository) (*travistest.Server, *travisapi.Client) {
	t.Helper()
	server := travistest.Start(t)
	server.AddAccount(travistest.Account{
		ID: 1, Login: "ann", Name: "Ann", Token: secrettest.Canary, Organizations: []string{"acme"},
		EnvVars: []travistest.EnvVar{{Name: "RACK_URL", Value: "hidden"}, {Name: "LEVEL", Value: "debug", Public: true}},
	})
	for _, r := range repositories {
		server.AddRepository(r)
	}
	return server, newClient(t, server.URL, secrettest.Canary)
}

func api(vars ...travistest.EnvVar) travistest.Repository {
	return travistest.Repository{ID: 17, Slug: "acme/api", Active: true, DefaultBranch: "trunk", EnvVars: vars}
}

var apiRef = travisapi.BySlug(travisapi.GitHub, "acme/api")

// answering is a server that gives one answer to everything.
func answering(t *testing.T, status int, body string, headers ...string) *travisapi.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return newClient(t, server.URL, secrettest.Canary)
}

// failure is what is known of a call that failed.
type failure struct {
	travisapi.Failure
	Code  string
	Hints []string
	text  string
}

func (f failure) Error() string { return f.text }

// failed returns the Error in err, and holds it against the rules for errors.
func failed(t *testing.T, err error) failure {
	t.Helper()
	e := problem.Of(err)
	if e == nil {
		t.Fatalf("the error is %v", err)
	}
	for _, text := range append(e.Hints, e.Error(), e.Code, fmt.Sprintf("%+v %#v", err, *e)) {
		secrettest.Absent(t, "an error", text)
	}
	f := failure{Code: e.Code, Hints: e.Hints, text: e.Error()}
	var is bool
	if f.Failure, is = e.Detail.(travisapi.Failure); !is || f.text == "" || strings.Contains(f.text, "\n") || e.Code == "" {
		t.Errorf("the error is %q", e)
	}
	return f
}

func TestTheRequestIsWhatTravisWants(t *testing.T) {
	var got *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		fmt.Fprint(w, `{"env_vars": []}`)
	}))
	t.Cleanup(server.Close)
	client := newClient(t, server.URL+"/api/", "the-token")
	if _, err := client.EnvVars(t.Context(), travisapi.BySlug(travisapi.GitLab, "group/sub/api")); err != nil {
		t.Fatal(err)
	}
	if got.Method != "GET" || got.RequestURI != "/api/repo/gitlab/group%2Fsub%2Fapi/env_vars" {
		t.Errorf("%s %s", got.Method, got.RequestURI)
	}
	for name, want := range map[string]string{
		"Travis-API-Version": "3", "Authorization": "token the-token", "User-Agent": "convox-travis/test", "Accept": "application/json",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is not %q", name, want)
		}
	}
}

func TestAVariableLivesItsLife(t *testing.T) {
	server, client := travis(t, api())
	ctx := t.Context()
	made, err := client.CreateEnvVar(transport.Until(ctx), apiRef, travisapi.EnvVar{Name: "CONVOX_PASSWORD", Value: secret.New("a<b&c")})
	if err != nil || made.ID == "" || made.Name != "CONVOX_PASSWORD" || made.Public || made.Branch != "" || !made.Value.IsEmpty() {
		t.Fatalf("%+v, %v", made, err)
	}
	if _, err := client.CreateEnvVar(transport.Until(ctx), apiRef, travisapi.EnvVar{Name: "CONVOX_PASSWORD", Value: secret.New("x"), Branch: "main"}); err != nil {
		t.Fatal(err)
	}
	stored := server.EnvVars("acme/api")
	stored[0].Public = true
	server.SetEnvVars("acme/api", stored)
	if vars, err := client.EnvVars(ctx, apiRef); err != nil || !vars[0].Public || vars[0].Value.Reveal() != "a<b&c" {
		t.Fatalf("made public: %+v, %v", vars, err)
	}
	changed, err := client.UpdateEnvVar(transport.Until(ctx), travisapi.ByID(17), travisapi.EnvVar{ID: made.ID, Name: "CONVOX_PASSWORD", Value: secret.New("y")})
	if err != nil || changed.Public || !changed.Value.IsEmpty() {
		t.Fatalf("%+v, %v", changed, err)
	}
	vars, err := client.EnvVars(ctx, apiRef)
	if err != nil || len(vars) != 2 || vars[0].Branch != "main" || !vars[0].Value.IsEmpty() || vars[1].ID != changed.ID {
		t.Fatalf("%+v, %v", vars, err)
	}
	for range 2 { // the second time it is gone already
		if err := client.DeleteEnvVar(transport.Until(ctx), apiRef, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	var bodies []string
	for _, r := range server.Writes() {
		bodies = append(bodies, r.Method+" "+r.Path+" "+r.Body)
	}
	want := []string{
		`POST /repo/acme%2Fapi/env_vars {"env_var.name":"CONVOX_PASSWORD","env_var.public":false,"env_var.value":"a<b&c"}`,
		`POST /repo/acme%2Fapi/env_vars {"env_var.branch":"main","env_var.name":"CONVOX_PASSWORD","env_var.public":false,"env_var.value":"x"}`,
		`PATCH /repo/17/env_var/` + made.ID + ` {"env_var.public":false,"env_var.value":"y"}`,
		`DELETE /repo/acme%2Fapi/env_var/` + made.ID + ` `,
		`DELETE /repo/acme%2Fapi/env_var/` + made.ID + ` `,
	}
	for i := range want {
		if i >= len(bodies) || bodies[i] != want[i] {
			t.Errorf("write %d:\n%s, not\n%s", i, bodies[i], want[i])
		}
	}
}

func TestARepositoryIsReadByNameAndNumber(t *testing.T) {
	gitlab := travistest.Repository{ID: 18, Slug: "acme/api", Provider: "gitlab", Private: true, Permissions: map[string]bool{"create_env_var": false}}
	_, client := travis(t, api(), gitlab)
	for id, ref := range map[int]travisapi.Ref{17: apiRef, 18: travisapi.BySlug(travisapi.GitLab, "acme/api")} {
		for _, ref := range []travisapi.Ref{ref, travisapi.ByID(id)} {
			r, err := client.Repository(t.Context(), ref)
			if err != nil || r.ID != id || r.Slug != "acme/api" || r.Ref().String() != "acme/api" {
				t.Errorf("%v: %+v, %v", ref, r, err)
			}
			if r.Denies("create_env_var") != (id == 18) || r.Denies("unheard_of") {
				t.Errorf("%d: denied %v", id, r.Denied)
			}
		}
	}
	r, err := client.Repository(t.Context(), apiRef)
	if err != nil || !r.Active || r.Private || r.Owner != "acme" || r.DefaultBranch != "trunk" || r.Provider != travisapi.GitHub {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAnActivationWaitsForTheKey(t *testing.T) {
	_, client := travis(t, travistest.Repository{ID: 19, Slug: "acme/new", NoKeyYet: 2})
	if r, err := client.Activate(transport.Until(t.Context()), travisapi.ByID(19)); err != nil || !r.Active {
		t.Errorf("%+v, %v", r, err)
	}
	_, client = travis(t, travistest.Repository{ID: 19, Slug: "acme/new", NoKeyYet: 99})
	_, err := client.Activate(transport.Until(t.Context()), travisapi.ByID(19))
	if e := failed(t, err); e.Code != travisapi.CodeNoKeyYet {
		t.Error(e)
	}
}

func TestTheAccountIsTold(t *testing.T) {
	server, client := travis(t)
	server.SetOrganizationEnvVars("acme", []travistest.EnvVar{{Name: "CONVOX_HOST", Value: "rack.example.com", Public: true}})
	user, err := client.User(t.Context())
	if err != nil || user.ID != 1 || user.Login != "ann" || user.Syncing || len(user.EnvVars) != 2 {
		t.Fatalf("%+v, %v", user, err)
	}
	if !user.EnvVars[0].Value.IsEmpty() || user.EnvVars[1].Value.Reveal() != "debug" {
		t.Errorf("variables of the account: %+v", user.EnvVars)
	}
	owner, err := client.Owner(t.Context(), travisapi.GitHub, "acme")
	if err != nil || owner.Login != "acme" || len(owner.EnvVars) != 1 || owner.EnvVars[0].Name != "CONVOX_HOST" {
		t.Errorf("%+v, %v", owner, err)
	}
}

func TestASyncFindsWhatIsNew(t *testing.T) {
	server, client := travis(t, travistest.Repository{ID: 20, Slug: "acme/new", Unsynced: true})
	server.SyncTime = 20 * time.Millisecond
	ref := travisapi.BySlug(travisapi.GitHub, "acme/new")
	_, err := client.Repository(t.Context(), ref)
	if e := failed(t, err); e.Code != travisapi.CodeNotFound {
		t.Fatal(e)
	}
	user, err := client.User(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Sync(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	for user.Syncing = true; user.Syncing; {
		if user, err = client.User(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := client.Repository(t.Context(), ref); err != nil || r.ID != 20 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestKeysAndSettingsAreRead(t *testing.T) {
	shared := api()
	shared.ShareWithForks, shared.KeyBits = true, 1024
	server, client := travis(t, shared)
	key, err := client.GeneratedKey(t.Context(), apiRef)
	if err != nil || !strings.HasPrefix(key.PEM, "-----BEGIN PUBLIC KEY-----") {
		t.Errorf("%+v, %v", key, err)
	}
	if private, err := server.PrivateKey("acme/api"); err != nil || private.N.BitLen() != 1024 {
		t.Errorf("the private half: %v", err)
	}
	if shares, err := client.SharesWithForks(t.Context(), apiRef); err != nil || !shares {
		t.Errorf("%v, %v", shares, err)
	}
	if pushes, err := client.BuildsPushes(t.Context(), apiRef); err != nil || !pushes {
		t.Errorf("%v, %v", pushes, err)
	}
}

func TestABuildIsStartedAndFollowed(t *testing.T) {
	server, client := travis(t, api())
	server.BuildTime = time.Hour
	request, err := client.StartBuild(t.Context(), apiRef, travisapi.BuildOptions{Branch: "main", Message: "from a test"})
	if err != nil || request.ID == 0 {
		t.Fatalf("%+v, %v", request, err)
	}
	if body := server.Writes()[0].Body; body != `{"request":{"branch":"main","message":"from a test"}}` {
		t.Errorf("it was asked for with %s", body)
	}
	if _, err := client.StartBuild(t.Context(), apiRef, travisapi.BuildOptions{Branch: "main", Config: map[string]any{"script": "true"}}); err != nil {
		t.Fatal(err)
	}
	if body := server.Writes()[1].Body; body != `{"request":{"branch":"main","config":{"script":"true"},"merge_mode":"replace","message":""}}` {
		t.Errorf("it was asked for with %s", body)
	}
	request, err = client.BuildRequest(t.Context(), apiRef, request.ID)
	if err != nil || request.Result != "approved" || len(request.Builds) != 1 || request.Builds[0].IsOver() {
		t.Fatalf("%+v, %v", request, err)
	}
	server.BuildTime = 0
	build, err := client.Build(t.Context(), request.Builds[0].ID)
	if err != nil || build.State != "passed" || !build.IsOver() {
		t.Errorf("%+v, %v", build, err)
	}
}

func TestEachPostWaitsForItsTurn(t *testing.T) {
	server, _ := travis(t, api())
	turns, answered := 0, 0
	client, err := travisapi.New(travisapi.Config{
		Endpoint: server.URL, Token: secret.New(secrettest.Canary), Retry: quick,
		Posts: func(context.Context) (func(), error) { turns++; return func() { answered++ }, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := client.CreateEnvVar(transport.Until(t.Context()), apiRef, travisapi.EnvVar{Name: "A", Value: secret.New("1")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.UpdateEnvVar(transport.Until(t.Context()), apiRef, travisapi.EnvVar{ID: v.ID, Value: secret.New("2")}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.EnvVars(t.Context(), apiRef); err != nil || turns != 1 || answered != 1 {
		t.Errorf("%d turns were asked for, %d given back, %v", turns, answered, err)
	}
}

func TestAnAddressThatWouldLeakIsRefused(t *testing.T) {
	for _, address := range []string{"http://travis.example.com", "https://ann:" + secrettest.Canary + "@api.travis-ci.com", "", "https://api.travis-ci.org", "https://API.travis-ci.org/v3/"} {
		_, err := travisapi.New(travisapi.Config{Endpoint: address})
		if !problem.Has(err, travisapi.CodeBadEndpoint, travisapi.CodeClosedEndpoint) {
			t.Errorf("%q: %v", address, err)
			continue
		}
		secrettest.Absent(t, "the error", fmt.Sprintf("%v %+v", err, *problem.Of(err)))
	}
}
