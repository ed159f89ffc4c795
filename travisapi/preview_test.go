package travisapi_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/clock"
	"convox-travis/internal/faults"
	"convox-travis/internal/ratelimit"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

const previewed = "language: go\nscirpt: make\ndeploy:\n  provider: script\n  script: convox deploy\n  on:\n    branch: main\n"

var pushToMain = travisapi.PreviewOptions{Text: previewed, Event: "push", Branch: "main"}

func TestTravisExpandsAFile(t *testing.T) {
	server, client := travis(t, api())
	server.ReadAs("acme/api", travistest.Reading{Sources: []string{"acme/shared:deploy.yml@main"}})
	preview, err := client.Preview(t.Context(), apiRef, pushToMain)
	if err != nil {
		t.Fatal(err)
	}

	if len(preview.Jobs) != 1 || !strings.Contains(string(preview.Jobs[0]), `"script":["make"]`) || !strings.HasPrefix(string(preview.Config), "{") {
		t.Errorf("the jobs are %s of %s", preview.Jobs, preview.Config)
	}
	messages := []travisapi.PreviewMessage{{Section: "root", Code: "find_key", Key: "script", Original: "scirpt", Source: "api", Line: 2}}
	if !reflect.DeepEqual(preview.Messages, messages) {
		t.Errorf("the messages are %+v", preview.Messages)
	}
	sources := []string{"api", "acme/shared:deploy.yml@main"}
	if !reflect.DeepEqual(preview.Sources, sources) {
		t.Errorf("the sources are %+v", preview.Sources)
	}
	sent := travistest.PreviewRequest{Slug: "acme/api", Ref: "main", Text: previewed, Data: map[string]string{"type": "push", "branch": "main"}}
	if got := server.Previews(); !reflect.DeepEqual(got, []travistest.PreviewRequest{sent}) {
		t.Errorf("it was sent as %+v", got)
	}
	if writes := server.Writes(); len(writes) > 0 {
		t.Errorf("it counts as a write: %+v", writes)
	}
}

func TestAPreviewThatIsRefusedSaysHow(t *testing.T) {
	deny := func(server *travistest.Server) {
		r := api()
		r.ID, r.Slug, r.Permissions = 18, "acme/denied", map[string]bool{"create_request": false}
		server.AddRepository(r)
	}
	for name, c := range map[string]struct {
		slug, text string
		prepare    func(*travistest.Server)
		kind       string
	}{
		"no permission":         {"acme/denied", previewed, deny, travisapi.CodeDenied},
		"an unknown repository": {"acme/other", previewed, nil, travisapi.CodeNotFound},
		"an unreadable file":    {"acme/api", "a: [", nil, travisapi.CodeInvalid},
		"an unknown path":       {"acme/api", previewed, func(s *travistest.Server) { s.ReadAs("acme/api", travistest.Reading{Status: 404, Body: "<html>"}) }, travisapi.CodeNotFound},
		"too many requests":     {"acme/api", previewed, func(s *travistest.Server) { s.ReadAs("acme/api", travistest.Reading{Status: 429, Body: "Retry later"}) }, travisapi.CodeThrottled},
		"a failure":             {"acme/api", previewed, func(s *travistest.Server) { s.ReadAs("acme/api", travistest.Reading{Status: 500}) }, travisapi.CodeServer},
		"a ban":                 {"acme/api", previewed, func(s *travistest.Server) { s.Ban(secrettest.Canary) }, travisapi.CodeBanned},
		"an unknown token":      {"acme/api", previewed, func(s *travistest.Server) { s.Forget(secrettest.Canary) }, travisapi.CodeUnknownToken},
	} {
		t.Run(name, func(t *testing.T) {
			server, client := travis(t, api())
			if c.prepare != nil {
				c.prepare(server)
			}
			wish := pushToMain
			wish.Text = c.text
			_, err := client.Preview(t.Context(), travisapi.BySlug(travisapi.GitHub, c.slug), wish)
			if e := failed(t, err); e.Code != c.kind || e.FateUnknown || !strings.HasPrefix(e.Error(), "preview a build of "+c.slug+": ") {
				t.Errorf("it is %s, fate unknown %t: %v", e.Code, e.FateUnknown, e)
			}
			if n := len(server.Faults.Requests()); n != 1 {
				t.Errorf("it was asked %d times", n)
			}
		})
	}
}

func TestAPreviewOfAnotherShapeIsMalformed(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":            "",
		"a page":             "<html>" + secrettest.Canary,
		"null":               "null",
		"a list":             "[]",
		"another object":     `{"@type": "repository", "id": 17}`,
		"an error with 200":  `{"error_type": "invalid_config_format", "error_message": "` + secrettest.Canary + `"}`,
		"no jobs":            `{"request_config": {"config": {}}}`,
		"jobs are null":      `{"request_config": {"config": {}}, "job_configs": null}`,
		"jobs are an object": `{"request_config": {"config": {}}, "job_configs": {}}`,
		"a job is null":      `{"request_config": {"config": {}}, "job_configs": [null]}`,
		"a job is a list":    `{"request_config": {"config": {}}, "job_configs": [{"config": []}]}`,
		"no config":          `{"request_config": null, "job_configs": []}`,
		"the config is text": `{"request_config": {"config": "` + secrettest.Canary + `"}, "job_configs": []}`,
		"messages are text":  `{"request_config": {"config": {}}, "job_configs": [], "messages": "x"}`,
		"a line is text":     `{"request_config": {"config": {}}, "job_configs": [], "messages": [{"line": "x"}]}`,
		"it breaks off":      `{"request_config": {"config": {}}, "job_configs": [`,
		"huge":               `{"request_config": {"config": {"script": "` + strings.Repeat(secrettest.Canary, 1<<17) + `"}}, "job_configs": []}`,
	} {
		t.Run(name, func(t *testing.T) {
			server, client := travis(t, api())
			server.ReadAs("acme/api", travistest.Reading{Status: 200, Body: body})
			_, err := client.Preview(t.Context(), apiRef, pushToMain)
			if e := failed(t, err); e.Code != travisapi.CodeMalformed {
				t.Errorf("it is %s: %v", e.Code, e)
			}
			if n := len(server.Faults.Requests()); n != 1 {
				t.Errorf("it was asked %d times", n)
			}
		})
	}
}

func TestArgumentsOfMessagesCanBeAnything(t *testing.T) {
	server, client := travis(t, api())
	server.ReadAs("acme/api", travistest.Reading{Status: 200, Body: `{"request_config": {"config": {}}, "job_configs": [],
		"messages": [{"code": "unknown_key", "args": {"key": 3, "value": {"a": []}}, "line": null}, {"code": "alert", "line": -7}]}`})
	preview, err := client.Preview(t.Context(), apiRef, pushToMain)
	if want := []travisapi.PreviewMessage{{Code: "unknown_key"}, {Code: "alert"}}; err != nil || !reflect.DeepEqual(preview.Messages, want) {
		t.Errorf("%+v, %v", preview.Messages, err)
	}
}

func TestAPreviewThatHangsEndsAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := played(t, travisapi.Config{}, api())
		server.Faults.Add(faults.Rule{Kind: faults.Hang})
		begun := time.Now()
		_, err := client.Preview(t.Context(), apiRef, pushToMain)
		if e := failed(t, err); e.Code != travisapi.CodeTimeout || time.Since(begun) != travisapi.PreviewDeadline {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
		if n := len(server.Faults.Requests()); n != 1 {
			t.Errorf("it was asked %d times", n)
		}
	})
}

func TestAPreviewEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := played(t, travisapi.Config{OnWrite: func() { t.Error("it counts as a write") }}, api())
		server.Faults.Add(faults.Rule{Kind: faults.Hang})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		_, err := client.Preview(ctx, apiRef, pushToMain)
		if err == nil || time.Since(begun) != time.Second {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
	})
}

func TestAPreviewCountsTowardTheLimitOfPOSTsAndDoesNotWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := ratelimit.Limit{Calls: ratelimit.TravisPosts, Per: ratelimit.TravisWindow}
		server, client := played(t, travisapi.Config{Posts: ratelimit.NewWindow(limit, clock.System{}).Begin}, api())
		for range limit.Calls {
			if _, err := client.Preview(t.Context(), apiRef, pushToMain); err != nil {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		_, err := client.Preview(t.Context(), apiRef, pushToMain)
		if e := failed(t, err); e.Code != travisapi.CodeTimeout || time.Since(begun) != travisapi.PreviewDeadline {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
		if sent := len(server.Faults.Requests()); sent != limit.Calls || server.Banned(secrettest.Canary) {
			t.Errorf("%d were sent", sent)
		}
	})
}

func TestPreviewsThatFailAreNotHeldAgainstTravis(t *testing.T) {
	server, client := travis(t, api())
	server.ReadAs("acme/api", travistest.Reading{Status: 502})
	server.LimitPosts(1000, time.Second)
	for range 60 {
		if _, err := client.Preview(t.Context(), apiRef, pushToMain); err == nil {
			t.Fatal("it succeeded")
		}
	}
	server.Faults.Add(faults.Rule{Kind: faults.Status500})
	if _, err := client.EnvVars(t.Context(), apiRef); err != nil {
		t.Errorf("a read isn't tried again: %v", err)
	}
}
