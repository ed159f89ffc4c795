package travisapi_test

import (
	"cmp"
	"reflect"
	"strings"
	"testing"

	"convox-travis/internal/faults"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

// history are builds of acme/api: the newest that is over, with its files and logs, is
// the second to last.
func history(server *travistest.Server) {
	for _, b := range []travistest.PastBuild{
		{State: "passed", Commit: "aaaaaaa"},
		{State: "failed", Commit: "bbbbbbb", File: "language: go\n", Import: map[string]string{"acme/shared:x.yml@main": "a: b\n"}, Jobs: []travistest.PastJob{
			{Stage: "test", Log: "a log\r\n"},
			{Stage: "test", State: "passed", AllowFailure: true, LogStatus: 403},
			{Stage: "deploy", State: "created", LogStatus: 404},
		}},
		{State: "passed", Event: "cron", Commit: "ccccccc"},
		{State: "passed", Branch: "dev", Commit: "ddddddd"},
		{State: "passed", Branch: "odd", Commit: "a/../b\x1b[2J"},
		{State: "started", Commit: "eeeeeee"},
	} {
		b.Branch = cmp.Or(b.Branch, "main")
		server.AddBuild("acme/api", b)
	}
}

func TestTheLastBuildOfABranch(t *testing.T) {
	server, client := travis(t, api())
	history(server)
	build, err := client.LastBuild(t.Context(), apiRef, "main", "push")
	if err != nil {
		t.Fatal(err)
	}
	if build.Number != "2" || build.State != "failed" || build.Event != "push" || build.Branch != "main" || build.Commit != "bbbbbbb" || build.Tag != "" {
		t.Errorf("it is %+v", build)
	}
	for i := range build.Jobs {
		build.Jobs[i].ID = 0
	}
	jobs := []travisapi.Job{
		{Number: "2.1", State: "failed", Stage: travisapi.Stage{Number: 1, Name: "test"}},
		{Number: "2.2", State: "passed", Stage: travisapi.Stage{Number: 1, Name: "test"}, AllowFailure: true},
		{Number: "2.3", State: "created", Stage: travisapi.Stage{Number: 2, Name: "deploy"}},
	}
	if !reflect.DeepEqual(build.Jobs, jobs) {
		t.Errorf("its jobs are %+v", build.Jobs)
	}
	files, err := client.Files(t.Context(), apiRef, build)
	want := []travisapi.BuildFile{{Source: "acme/api:.travis.yml@bbbbbbb", Text: "language: go\n"}, {Source: "acme/shared:x.yml@main", Text: "a: b\n"}}
	if err != nil || !reflect.DeepEqual(files, want) {
		t.Errorf("its files are %+v, %v", files, err)
	}
	for name, c := range map[string]struct {
		branch, commit string
		events         []string
	}{
		"of any event":      {"main", "ccccccc", nil},
		"of several events": {"main", "ccccccc", []string{"push", "cron"}},
		"of another branch": {"dev", "ddddddd", nil},
		"of none":           {"main", "", []string{"api"}},
		"of an odd branch":  {"a/b&c=d,e", "", nil},
		"of an odd commit":  {"odd", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if build, err := client.LastBuild(t.Context(), apiRef, c.branch, c.events...); err != nil || build.Commit != c.commit || (build.ID == 0) != (c.commit == "" && c.branch != "odd") {
				t.Errorf("it is %+v, %v", build, err)
			}
		})
	}
}

func TestTheLogOfAJob(t *testing.T) {
	server, client := travis(t, api())
	history(server)
	build, err := client.LastBuild(t.Context(), apiRef, "main", "push")
	if err != nil {
		t.Fatal(err)
	}
	if log, err := client.Log(t.Context(), build.Jobs[0]); err != nil || string(log) != "a log\r\n" {
		t.Errorf("it is %q, %v", log, err)
	}
	for i, code := range map[int]string{1: travisapi.CodeDenied, 2: travisapi.CodeNotFound} {
		if _, err := client.Log(t.Context(), build.Jobs[i]); failed(t, err).Code != code {
			t.Errorf("job %d: %v", i, err)
		}
	}
	if _, err := client.Log(t.Context(), travisapi.Job{ID: 1}); failed(t, err).Code != travisapi.CodeNotFound {
		t.Errorf("an unknown job: %v", err)
	}
}

// A log is longer than any other answer, and bounded.
func TestALongLog(t *testing.T) {
	server, client := travis(t, api())
	server.AddBuild("acme/api", travistest.PastBuild{Branch: "main", Jobs: []travistest.PastJob{{Log: strings.Repeat("x", 4<<20)}, {Log: strings.Repeat("x", 8<<20+1)}}})
	build, err := client.LastBuild(t.Context(), apiRef, "main")
	if err != nil {
		t.Fatal(err)
	}
	if log, err := client.Log(t.Context(), build.Jobs[0]); err != nil || len(log) != 4<<20 {
		t.Errorf("%d bytes, %v", len(log), err)
	}
	if _, err := client.Log(t.Context(), build.Jobs[1]); failed(t, err).Code != travisapi.CodeMalformed {
		t.Errorf("a log that is too long: %v", err)
	}
}

func TestAnAnswerThatIsntOneOfTravissIsNoBuild(t *testing.T) {
	for _, path := range []string{"/builds", "/request/"} {
		server, client := travis(t, api())
		history(server)
		build, err := client.LastBuild(t.Context(), apiRef, "main")
		if err != nil {
			t.Fatal(err)
		}
		server.Faults.Add(faults.Rule{Kind: faults.WrongContentType, Match: func(r faults.Request) bool { return strings.Contains(r.Path, path) }, Times: -1})
		_, err = client.LastBuild(t.Context(), apiRef, "main")
		if path != "/builds" {
			_, err = client.Files(t.Context(), apiRef, build)
		}
		if failed(t, err).Code != travisapi.CodeMalformed {
			t.Errorf("%s: %v", path, err)
		}
	}
}
