package connect_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/clock"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
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

const (
	token    = "t0k3n-for-tests"
	slug     = "acme/api"
	rackHost = "rack.acme-1234.us-east-1.convox.site"
	stored   = "'" + secrettest.Canary + "'" // the canary as a build's export needs it
)

var quick = transport.Retry{Clock: hurried{}, Tries: 3, Deadline: 300 * time.Millisecond, Pause: time.Millisecond}

// hurried is a clock whose pauses are short.
type hurried struct{ clock.System }

func (h hurried) Sleep(ctx context.Context, d time.Duration) error {
	return h.System.Sleep(ctx, min(d, time.Millisecond))
}

// world is a small Travis with one repository, and what came out of a run.
type world struct {
	*testing.T
	travis *travistest.Server
	client *travisapi.Client
	said   strings.Builder // every event and error, to be searched for the canary
	tell   func(connect.Event)
}

func newWorld(t *testing.T, vars ...travistest.EnvVar) *world {
	t.Helper()
	server := travistest.Start(t)
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: token, Organizations: []string{"acme"}})
	server.AddRepository(travistest.Repository{ID: 17, Slug: slug, Active: true, DefaultBranch: "main", EnvVars: vars})
	return &world{T: t, travis: server, client: newClient(t, server.URL)}
}

func newClient(t *testing.T, url string) *travisapi.Client {
	t.Helper()
	return newClientWith(t, url, quick)
}

func newClientWith(t *testing.T, url string, retry transport.Retry) *travisapi.Client {
	t.Helper()
	client, err := travisapi.New(travisapi.Config{Endpoint: url, Token: secret.New(token), Retry: retry})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func at(branch string) *string {
	if branch == "" {
		return nil
	}
	return &branch
}

func private(id, name, value, branch string) travistest.EnvVar {
	return travistest.EnvVar{ID: id, Name: name, Value: value, Branch: at(branch)}
}

func public(id, name, value, branch string) travistest.EnvVar {
	return travistest.EnvVar{ID: id, Name: name, Value: value, Branch: at(branch), Public: true}
}

// accepts is a Rack and a Console that accept everything.
type accepts struct{ login convox.Login }

func (a accepts) Rack(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return a.login, nil
}

func (a accepts) Console(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return a.login, nil
}

// answers is a Rack and a Console that answer with an error.
type answers struct{ err error }

func (a answers) Rack(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return convox.Login{}, a.err
}

func (a answers) Console(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return convox.Login{}, a.err
}

func (w *world) request(change ...func(*connect.Request)) connect.Request {
	w.Helper()
	host, err := convox.ParseHost(rackHost)
	if err != nil {
		w.Fatal(err)
	}
	request := connect.Request{
		Targets:    []connect.Target{{Provider: travisapi.GitHub, Slug: slug}},
		Credential: connect.Credential{Host: host, Password: secret.New(secrettest.Canary)},
	}
	for _, c := range change {
		c(&request)
	}
	return request
}

func (w *world) plan(request connect.Request) connect.Plan {
	w.Helper()
	plan, err := connect.MakePlan(w.Context(), w.client, accepts{}, request)
	if err != nil {
		w.Fatal(err)
	}
	w.hear(fmt.Sprintf("%v %+v %#v", plan, plan, plan))
	return plan
}

func (w *world) stop() connect.Stop { return connect.Stop{Soft: w.Context(), Hard: w.Context()} }

func (w *world) apply(stop connect.Stop, plan connect.Plan) connect.Report {
	w.Helper()
	runner := connect.Runner{Travis: w.client, Retry: quick, Tell: func(e connect.Event) {
		w.hear(fmt.Sprintf("%+v", e))
		if w.tell != nil {
			w.tell(e)
		}
	}}
	report := runner.Apply(stop, plan)
	w.hear(fmt.Sprintf("%+v", report))
	for _, err := range report.Errs() {
		w.hear(err.Error())
		for e := range problem.Chain(err) {
			w.hear(strings.Join(e.Hints, "\n"))
		}
	}
	return report
}

func (w *world) hear(text string) {
	w.Helper()
	w.said.WriteString(text)
	secrettest.Absent(w, "what was said", text)
}

// settings shows the stored variables, in the order that Travis keeps.
func (w *world) settings() string {
	var lines []string
	for _, v := range w.travis.EnvVars(slug) {
		line := v.Name + "=" + v.Value
		if v.Branch != nil {
			line += " @" + *v.Branch
		}
		if v.Public {
			line += " public"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func (w *world) wantSettings(want ...string) {
	w.Helper()
	if got := w.settings(); got != strings.Join(want, "\n") {
		w.Errorf("Travis has\n%s\nnot\n%s", got, strings.Join(want, "\n"))
	}
}

func only(w *world, report connect.Report) connect.RepositoryReport {
	w.Helper()
	if len(report.Repositories) != 1 {
		w.Fatalf("%d repositories were reported", len(report.Repositories))
	}
	return report.Repositories[0]
}

// story tells a repository's end in a line: names, actions and results.
func story(r connect.RepositoryReport) string {
	var words []string
	for _, v := range r.Variables {
		words = append(words, fmt.Sprintf("%s %s %s", strings.TrimPrefix(v.Name, "CONVOX_"), v.Action, v.Result))
	}
	return strings.Join(words, ", ")
}

func codes(warnings []connect.Warning) string {
	var all []string
	for _, w := range warnings {
		all = append(all, w.Code)
	}
	return strings.Join(all, " ")
}

func codeOf(err error) string {
	if code := problem.Code(err); code != "" {
		return code
	}
	return fmt.Sprint(err)
}
