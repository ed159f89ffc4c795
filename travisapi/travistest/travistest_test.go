package travistest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"convox-travis/travisapi/travistest"
)

const token = "a-token"

// client speaks the protocol by hand, as any other client would.
type client struct {
	*testing.T
	*travistest.Server
}

func start(t *testing.T, repositories ...travistest.Repository) client {
	t.Helper()
	server := travistest.Start(t)
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: token, Organizations: []string{"acme"}})
	for _, r := range repositories {
		server.AddRepository(r)
	}
	return client{t, server}
}

func (c client) do(method, path, body string, headers ...string) (int, string) {
	c.Helper()
	request, err := http.NewRequestWithContext(c.Context(), method, c.URL+path, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	request.Header.Set("Travis-API-Version", "3")
	request.Header.Set("Authorization", "token "+token)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		c.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func (c client) want(status int, words string, method, path, body string, headers ...string) map[string]any {
	c.Helper()
	got, text := c.do(method, path, body, headers...)
	if got != status || !strings.Contains(text, words) {
		c.Errorf("%s %s: %d %s, not %d %s", method, path, got, text, status, words)
	}
	var document map[string]any
	_ = json.Unmarshal([]byte(text), &document) // some answers are text
	return document
}

const vars = "/repo/acme%2Fapi/env_vars"

func one(vars ...travistest.EnvVar) travistest.Repository {
	return travistest.Repository{ID: 17, Slug: "acme/api", Active: true, EnvVars: vars}
}

func TestAVariableLivesItsLife(t *testing.T) {
	c := start(t, one())
	made := c.want(201, `"name":"A"`, "POST", vars, `{"env_var.name":"A","env_var.value":"v","env_var.public":false}`)
	if _, shown := made["value"]; shown || made["branch"] != nil {
		t.Errorf("a private variable came back as %v", made)
	}
	path := "/repo/17/env_var/" + made["id"].(string)
	c.want(200, `"value":"w"`, "PATCH", path, `{"env_var.value":"w","env_var.public":true}`)
	c.want(204, "", "DELETE", path, "")
	c.want(404, "not_found", "DELETE", path, "")
	c.want(404, "not_found", "PATCH", path, `{"env_var.value":"x"}`)
	c.want(200, `"env_vars":[]`, "GET", vars, "")
}

func TestNullAndEmptyBranchesAreTwoScopes(t *testing.T) {
	c := start(t, one())
	c.want(201, "", "POST", vars, `{"env_var.name":"A","env_var.value":"1"}`)
	c.want(409, "duplicate_resource", "POST", vars, `{"env_var.name":"A","env_var.value":"2","env_var.branch":null}`)
	c.want(201, "", "POST", vars, `{"env_var.name":"A","env_var.value":"3","env_var.branch":""}`)
	c.want(201, "", "POST", vars, `{"env_var.name":"A","env_var.value":"4","env_var.branch":"main"}`)
	c.want(409, "duplicate_resource", "POST", vars, `{"env_var.name":"A","env_var.value":"5","env_var.branch":"main"}`)
	if n := len(c.EnvVars("acme/api")); n != 3 {
		t.Errorf("%d variables", n)
	}
}

func TestWhatCannotBeStoredIsRefused(t *testing.T) {
	c := start(t, one())
	c.want(422, "unprocessable_entity", "POST", vars, `{"env_var.name":"","env_var.value":"1"}`)
	c.want(400, "wrong_params", "POST", vars, `{`)
	c.want(400, "wrong_params", "POST", vars, `{"env_var.name":"A","env_var.value":"1","env_var.branch":7}`)
	c.want(400, "wrong_params", "POST", vars, "env_var.name=A", "Content-Type", "application/x-www-form-urlencoded")
}

func TestTwoWritesAtTheSameTimeLoseOne(t *testing.T) {
	c := start(t, one())
	c.SettingsTime = 50 * time.Millisecond
	var both sync.WaitGroup
	for _, name := range []string{"A", "B"} {
		both.Go(func() {
			c.want(201, "", "POST", vars, fmt.Sprintf(`{"env_var.name":%q,"env_var.value":"1"}`, name))
		})
	}
	both.Wait()
	if left := c.EnvVars("acme/api"); len(left) != 1 {
		t.Errorf("%d variables are left", len(left))
	}
}

func TestABrokenPatchLosesTheVariable(t *testing.T) {
	c := start(t, one(travistest.EnvVar{ID: "v1", Name: "A", Value: "1"}))
	c.BreakNextPatch(1)
	c.want(500, "", "PATCH", "/repo/17/env_var/v1", `{"env_var.value":"2"}`)
	c.want(404, "not_found", "PATCH", "/repo/17/env_var/v1", `{"env_var.value":"2"}`)
}

func TestTheFiftiethPostBans(t *testing.T) {
	c := start(t, one(travistest.EnvVar{ID: "v1", Name: "X", Value: "1"}))
	now := time.Now()
	c.Now = func() time.Time { return now }
	for i := range 49 {
		c.want(201, "", "POST", vars, fmt.Sprintf(`{"env_var.name":"A%d","env_var.value":"1"}`, i))
	}
	c.want(200, "", "PATCH", "/repo/17/env_var/v1", `{"env_var.value":"2"}`) // does not count
	c.want(403, "Forbidden", "POST", vars, `{"env_var.name":"B","env_var.value":"1"}`)
	c.want(403, "Forbidden", "GET", vars, "")
	if !c.Banned(token) {
		t.Error("the token is not banned")
	}
	now = now.Add(time.Hour)
	c.want(200, "", "GET", vars, "")
}

func TestPostsThatAreSpreadDoNotBan(t *testing.T) {
	c := start(t, one())
	now := time.Now()
	c.Now = func() time.Time { return now }
	for i := range 100 {
		c.want(201, "", "POST", vars, fmt.Sprintf(`{"env_var.name":"A%d","env_var.value":"1"}`, i))
		now = now.Add(30 * time.Second / 48)
	}
}

func TestTooManyRequestsInAMinuteAreThrottled(t *testing.T) {
	c := start(t, one())
	now := time.Now().Truncate(time.Minute)
	c.Now = func() time.Time { return now }
	for range 2000 {
		c.want(200, "", "GET", "/user", "")
	}
	c.want(429, "Retry later", "GET", "/user", "")
	now = now.Add(time.Minute)
	c.want(200, "", "GET", "/user", "")
}

func TestTokensAreTold(t *testing.T) {
	c := start(t, one())
	c.want(403, "access denied", "GET", "/user", "", "Authorization", "token wrong")
	c.want(403, "login_required", "GET", "/user", "", "Authorization", "")
	c.SetToken("ann", "another")
	c.want(403, "access denied", "GET", "/user", "")
	c.want(200, `"login":"ann"`, "GET", "/user", "", "Authorization", "token another")
}

func TestASlugAloneIsGitHubs(t *testing.T) {
	c := start(t, one(), travistest.Repository{ID: 18, Slug: "acme/api", Provider: "gitlab"}, travistest.Repository{ID: 19, Slug: "acme/deep/api", Provider: "gitlab"})
	c.want(200, `"id":17`, "GET", "/repo/acme%2Fapi", "")
	c.want(200, `"id":18`, "GET", "/repo/gitlab/acme%2Fapi", "")
	c.want(200, `"id":19`, "GET", "/repo/gitlab/acme%2Fdeep%2Fapi", "")
	c.want(200, `"env_vars"`, "GET", "/repo/gitlab/acme%2Fapi/env_vars", "")
	c.want(404, "not_found", "GET", "/repo/bitbucket/acme%2Fapi", "")
	c.want(404, "not_found", "GET", "/repo/acme%2Fdeep%2Fapi", "")
}

func TestPermissionsHold(t *testing.T) {
	readOnly := map[string]bool{"create_env_var": false, "activate": false, "create_request": false}
	c := start(t,
		travistest.Repository{ID: 20, Slug: "acme/docs", Permissions: readOnly, EnvVars: []travistest.EnvVar{{ID: "v1", Name: "A", Value: "1"}}},
		travistest.Repository{ID: 21, Slug: "stranger/hidden", Private: true}, travistest.Repository{ID: 22, Slug: "stranger/open"},
		travistest.Repository{ID: 23, Slug: "acme/old", Migrated: true})
	c.want(200, `"create_env_var":false`, "GET", "/repo/20", "")
	c.want(403, `"permission":"create_env_var"`, "POST", "/repo/20/env_vars", `{"env_var.name":"A","env_var.value":"1"}`)
	c.want(403, `"permission":"write"`, "PATCH", "/repo/20/env_var/v1", `{"env_var.value":"1"}`)
	c.want(403, `"permission":"write"`, "DELETE", "/repo/20/env_var/v1", "")
	c.want(403, `"permission":"activate"`, "POST", "/repo/20/activate", "")
	c.want(404, "repository not found (or insufficient access)", "GET", "/repo/21", "")
	c.want(403, "insufficient_access", "POST", "/repo/22/env_vars", `{"env_var.name":"A","env_var.value":"1"}`)
	c.want(403, "repo_migrated", "GET", "/repo/23", "")
}

func TestAListHasPages(t *testing.T) {
	c := start(t)
	for i := range 250 {
		c.AddRepository(travistest.Repository{Slug: fmt.Sprintf("acme/r%03d", i), Active: i%2 == 0, LastBuild: time.Unix(int64(i), 0)})
	}
	c.AddRepository(travistest.Repository{Slug: "ann/own"})
	page := c.want(200, "", "GET", "/repos?limit=1000&offset=200", "")
	pagination := page["@pagination"].(map[string]any)
	if n := len(page["repositories"].([]any)); n != 51 || pagination["count"] != 251.0 || pagination["limit"] != 100.0 || pagination["is_last"] != true || pagination["next"] != nil {
		t.Errorf("%d repositories, %v", n, pagination)
	}
	next := c.want(200, "", "GET", "/repos?limit=100", "")["@pagination"].(map[string]any)["next"].(map[string]any)
	c.want(200, `"slug":"acme/r100"`, "GET", next["@href"].(string), "")
	c.want(200, `"count":250`, "GET", "/owner/acme/repos?limit=1", "")
	c.want(200, `"count":125`, "GET", "/owner/acme/repos?limit=1&repository.active=true", "")
	c.want(200, `"count":1,`, "GET", "/repos?repository.slug_filter=nown", "")
	c.want(200, `"repositories":[{"@href":"/repo/1250"`, "GET", "/owner/acme/repos?limit=1&sort_by=default_branch.last_build:desc", "")
	c.want(400, "wrong_params", "GET", "/repos?sort_by=nonsense", "")
	c.want(404, "not_found", "GET", "/owner/nobody/repos", "")
}

func TestASyncTakesItsTime(t *testing.T) {
	c := start(t, travistest.Repository{ID: 30, Slug: "acme/new", Unsynced: true})
	now := time.Now()
	c.Now = func() time.Time { return now }
	c.want(404, "not_found", "GET", "/repo/30", "")
	c.want(403, "insufficient_access", "POST", "/user/2/sync", "")
	c.want(200, `"is_syncing":true`, "POST", "/user/1/sync", "")
	c.want(409, "already_syncing", "POST", "/user/1/sync", "")
	c.want(404, "not_found", "GET", "/repo/30", "")
	now = now.Add(c.SyncTime)
	c.want(200, `"acme/new"`, "GET", "/repo/30", "")
	c.want(200, `"is_syncing":false`, "GET", "/user", "")
}

func TestAnActivationMayComeTooEarly(t *testing.T) {
	c := start(t, travistest.Repository{ID: 31, Slug: "acme/new", NoKeyYet: 1})
	c.want(409, "repo_ssh_key_missing", "POST", "/repo/31/activate", "")
	c.want(200, `"active":true`, "POST", "/repo/31/activate", "")
}

func TestBuildsAreLimited(t *testing.T) {
	c := start(t, one(), travistest.Repository{ID: 32, Slug: "acme/off"})
	now := time.Now()
	c.Now = func() time.Time { return now }
	made := c.want(202, `"remaining_requests":9`, "POST", "/repo/17/requests", `{"request":{"branch":"main"}}`)
	id := made["request"].(map[string]any)["id"].(float64)
	request := fmt.Sprintf("/repo/17/request/%.0f", id)
	c.want(200, `"state":"started"`, "GET", request, "")
	now = now.Add(c.BuildTime)
	c.want(200, `"state":"passed"`, "GET", request, "")
	for range 9 {
		c.want(202, "", "POST", "/repo/17/requests", `{}`)
	}
	c.want(429, "request_limit_reached", "POST", "/repo/17/requests", `{}`)
	c.want(406, "repository_inactive", "POST", "/repo/32/requests", `{}`)
}

// recorder is a test that is watched.
type recorder struct {
	testing.TB
	said    []string
	cleanup []func()
}

func (r *recorder) Helper()                      {}
func (r *recorder) Cleanup(f func())             { r.cleanup = append(r.cleanup, f) }
func (r *recorder) Errorf(f string, args ...any) { r.said = append(r.said, fmt.Sprintf(f, args...)) }

func TestAnUnknownRequestFailsTheTest(t *testing.T) {
	watched := &recorder{}
	server := travistest.Start(watched)
	c := client{t, server}
	c.do("GET", "/nonsense?secret=1", "")
	c.do("GET", "/user", "", "Travis-API-Version", "")
	for _, f := range watched.cleanup {
		f()
	}
	if len(watched.said) != 2 || !strings.HasSuffix(watched.said[0], "GET /nonsense") || !strings.HasSuffix(watched.said[1], "GET /user") {
		t.Errorf("it said %q", watched.said)
	}
}
