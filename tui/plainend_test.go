package tui

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/travisapi"
	"convox-travis/tui/flow"
)

// stubborn goes on for a while after it was asked to stop.
type stubborn struct{ full }

func (stubborn) EnvVars(ctx context.Context, _ travisapi.Ref) ([]travisapi.EnvVar, error) {
	<-ctx.Done()
	time.Sleep(time.Second)
	return nil, nil
}

func (stubborn) Repository(context.Context, travisapi.Ref) (travisapi.Repository, error) {
	return travisapi.Repository{ID: 1, Slug: "acme/web"}, nil
}

// The bubble does not end while a goroutine in it is blocked.
func TestNoGoroutineOutlivesThePlainQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		interrupted := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		f := flow.New(flow.Outside{
			Token:   func(context.Context) (secret.String, error) { return secret.New("t"), nil },
			Travis:  func(secret.String) (flow.Travis, error) { return stubborn{}, nil },
			Checker: func(string) (flow.Checker, error) { return good{}, nil },
		}, flow.Given{
			SignIn: flow.ByConsole, Console: convox.Host{}, Password: secret.New("key"),
			Targets: []connect.Target{{Provider: travisapi.GitHub, Slug: "acme/api"}, {Provider: travisapi.GitHub, Slug: "acme/web"}},
		})
		time.AfterFunc(10*time.Second, func() { cancel(interrupted) })
		if err := Plain(connect.Stop{Soft: ctx, Hard: t.Context()}, Input{Reader: strings.NewReader("")}, io.Discard, f); !errors.Is(err, interrupted) {
			t.Errorf("it ended with %v, at %q", err, f.Busy())
		}
		time.Sleep(time.Minute)
	})
}
