package audit_test

import (
	"context"
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

const (
	token    = "t0k3n-for-tests"
	slug     = "acme/api"
	rackHost = "rack.acme-1234.us-east-1.convox.site"
	stored   = "'" + secrettest.Canary + "'" // the canary as a build's export needs it
)

// hurried is a clock whose pauses are short.
type hurried struct{ clock.System }

func (h hurried) Sleep(ctx context.Context, d time.Duration) error {
	return h.System.Sleep(ctx, min(d, time.Millisecond))
}

// world is a small Travis with one repository.
type world struct {
	*testing.T
	travis *travistest.Server
	client *travisapi.Client
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
	retry := transport.Retry{Clock: hurried{}, Tries: 3, Deadline: 300 * time.Millisecond, Pause: time.Millisecond}
	client, err := travisapi.New(travisapi.Config{Endpoint: url, Token: secret.New(token), Retry: retry})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func private(id, name, value, branch string) travistest.EnvVar {
	v := travistest.EnvVar{ID: id, Name: name, Value: value}
	if branch != "" {
		v.Branch = &branch
	}
	return v
}

func public(id, name, value, branch string) travistest.EnvVar {
	v := private(id, name, value, branch)
	v.Public = true
	return v
}

// accepts is a Rack and a Console that accept everything.
type accepts struct{ login convox.Login }

func (a accepts) Rack(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return a.login, nil
}

func (a accepts) Console(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return a.login, nil
}

func (accepts) LacksApp(context.Context, convox.Host, secret.String, string, string) bool {
	return false
}

// answers is a Rack and a Console that answer with an error.
type answers struct{ err error }

func (a answers) Rack(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return convox.Login{}, a.err
}

func (a answers) Console(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return convox.Login{}, a.err
}

func (answers) LacksApp(context.Context, convox.Host, secret.String, string, string) bool {
	return false
}

func running(ctx context.Context) connect.Stop { return connect.Stop{Soft: ctx, Hard: ctx} }

func hintsOf(err error) []string { return problem.Hints(nil).Of(err) }
