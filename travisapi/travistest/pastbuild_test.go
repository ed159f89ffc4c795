package travistest_test

import (
	"fmt"
	"strings"
	"testing"

	"convox-travis/travisapi/travistest"
)

func TestBuildsAreListedAsTravisListsThem(t *testing.T) {
	c := start(t, one())
	c.AddBuild("acme/api", travistest.PastBuild{Commit: "aaa", Jobs: []travistest.PastJob{{Stage: "test", Log: "a log"}, {LogStatus: 403}, {LogStatus: 404}}})
	c.AddBuild("acme/api", travistest.PastBuild{State: "failed", Event: "pull_request", Commit: "bbb"})
	c.AddBuild("acme/api", travistest.PastBuild{Branch: "v1.0", Tag: "v1.0", Commit: "ccc"})
	const builds = "/repo/acme%2Fapi/builds"
	for query, want := range map[string]string{
		"":                                    "ccc bbb aaa",
		"?sort_by=id:asc":                     "aaa bbb ccc",
		"?sort_by=finished_at:desc&limit=1":   "ccc",
		"?branch.name=main":                   "bbb aaa",
		"?build.state=passed,errored":         "ccc aaa",
		"?state=failed":                       "bbb",
		"?event_type=push&branch.name=main":   "aaa",
		"?build.event_type=push,pull_request": "ccc bbb aaa",
		"?offset=2":                           "aaa",
	} {
		found := c.want(200, `"@type":"builds"`, "GET", builds+query, "")["builds"].([]any)
		var got []string
		for _, b := range found {
			got = append(got, b.(map[string]any)["commit"].(map[string]any)["sha"].(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, not %s", query, got, want)
		}
	}
	for _, query := range []string{"?branch=main", "?sort_by=number:desc", "?sort_by=id:up", "?include=job.log", "?limit=x"} {
		c.want(400, "wrong_params", "GET", builds+query, "")
	}
	c.want(404, "not_found", "GET", "/repo/acme%2Fother/builds", "")

	// Without includes a job is only its ID, and there is no request.
	first := c.want(200, "", "GET", builds+"?sort_by=id:asc", "")["builds"].([]any)[0].(map[string]any)
	job := first["jobs"].([]any)[0].(map[string]any)
	if first["request"] != nil || job["state"] != nil {
		t.Errorf("it is %v", first)
	}
	first = c.want(200, "", "GET", builds+"?sort_by=id:asc&include=build.jobs,build.request", "")["builds"].([]any)[0].(map[string]any)
	jobs := first["jobs"].([]any)
	if job = jobs[0].(map[string]any); first["request"] == nil || job["state"] != "passed" || job["number"] != "1.1" || job["stage"].(map[string]any)["name"] != "test" {
		t.Errorf("it is %v", first)
	}
	log := func(i int) string { return fmt.Sprintf("/job/%v/log", jobs[i].(map[string]any)["id"]) }
	c.want(200, `"content":"a log"`, "GET", log(0), "")
	for _, r := range [][]string{{log(0) + ".txt"}, {log(0), "Accept", "text/plain"}} {
		if status, text := c.do("GET", r[0], "", r[1:]...); status != 200 || text != "a log" {
			t.Errorf("%v: %d %q", r, status, text)
		}
	}
	c.want(403, "log_access_denied", "GET", log(1)+".txt", "")
	c.want(404, "log not found", "GET", log(2), "")
	c.want(404, "log not found", "GET", "/job/1/log", "")
}
