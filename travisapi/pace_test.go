package travisapi_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/clock"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/internal/ratelimit"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

// played is a small Travis without a connection, and a client of it; to be
// called in a bubble.
func played(t *testing.T, config travisapi.Config, repositories ...travistest.Repository) (*travistest.Server, *travisapi.Client) {
	t.Helper()
	server := travistest.New()
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: secrettest.Canary, Organizations: []string{"acme"}})
	for _, r := range repositories {
		server.AddRepository(r)
	}
	config.Endpoint, config.Token, config.HTTP = "http://127.0.0.1", secret.New(secrettest.Canary), server.Direct()
	client, err := travisapi.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

// sideBySide calls f n times, eight at a time, and returns the errors.
func sideBySide(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := worker; i < n; i += 8 {
				errs[i] = f(i)
			}
		})
	}
	all.Wait()
	return errs
}

func TestNoMinuteHasMoreCallsThanTravisAllows(t *testing.T) {
	for name, paced := range map[string]bool{"with its pace": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := travisapi.Config{Retry: transport.Retry{Tries: 1}}
				if paced {
					config.Calls = ratelimit.NewWindow(ratelimit.Limit{Calls: ratelimit.TravisCalls, Per: ratelimit.TravisMinute}, clock.System{}).Wait
				}
				server, client := played(t, config, api())
				server.Faults.SetLatency(100 * time.Millisecond)
				begun := time.Now()
				throttled := 0
				const calls = 6000
				for _, err := range sideBySide(calls, func(int) error {
					_, err := client.EnvVars(t.Context(), apiRef)
					return err
				}) {
					if travisapi.Failed(err, travisapi.CodeThrottled) {
						throttled++
					} else if err != nil {
						t.Fatal(err)
					}
				}
				if (throttled == 0) != paced {
					t.Errorf("%d calls were refused", throttled)
				}
				if took := time.Since(begun); paced && took > 4*time.Minute {
					t.Errorf("%d calls took %v", calls, took)
				}
			})
		})
	}
}

func TestACallThatWasTooManyIsTriedInTheNextMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := played(t, travisapi.Config{}, api())
		for i := range 2001 { // the first of which need not wait
			if _, err := client.EnvVars(t.Context(), apiRef); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
		}
		if n := len(server.Faults.Requests()); n == 2001 {
			t.Error("Travis refused none")
		}
	})
}

// One client bans itself, and whoever waits or comes later is told so at once.
func TestNothingIsSentAfterABan(t *testing.T) {
	for kind, shut := range map[string]func(*travistest.Server){
		travisapi.CodeBanned:       func(s *travistest.Server) { s.Ban(secrettest.Canary) },
		travisapi.CodeUnknownToken: func(s *travistest.Server) { s.Forget(secrettest.Canary) },
	} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				posts := ratelimit.NewWindow(ratelimit.Limit{Calls: 2, Per: 10 * time.Minute}, clock.System{})
				server, client := played(t, travisapi.Config{Posts: posts.Begin}, api())
				server.Faults.SetLatency(time.Second)
				for i := range 2 {
					if _, err := client.CreateEnvVar(transport.Until(t.Context()), apiRef, travisapi.EnvVar{Name: fmt.Sprint("A", i), Value: secret.New(secrettest.Canary)}); err != nil {
						t.Fatal(err)
					}
				}
				var waiting sync.WaitGroup
				for range 20 {
					waiting.Go(func() {
						_, err := client.CreateEnvVar(transport.Until(t.Context()), apiRef, travisapi.EnvVar{Name: "B", Value: secret.New(secrettest.Canary)})
						if e := failed(t, err); e.Code != kind || e.FateUnknown || e.Status != 0 || kind == travisapi.CodeBanned && (len(e.Hints) == 0 || e.Until.IsZero()) {
							t.Errorf("one that waited for its turn: %s, %v", e.Code, e)
						}
					})
				}
				synctest.Wait()
				shut(server)
				server.Faults.Forget()
				begun := time.Now()
				together := sideBySide(8, func(int) error { _, err := client.EnvVars(t.Context(), apiRef); return err })
				waiting.Wait()
				if took := time.Since(begun); took > 2*time.Second {
					t.Errorf("those that waited for their turn went on for %v", took)
				}
				later := sideBySide(40, func(i int) error {
					if i%2 == 0 {
						return client.DeleteEnvVar(transport.Until(t.Context()), apiRef, "v1")
					}
					_, err := client.Repository(t.Context(), apiRef)
					return err
				})
				for _, err := range append(together, later...) {
					if e := failed(t, err); e.Code != kind {
						t.Errorf("%s: %v", e.Code, e)
					}
				}
				if n := len(server.Faults.Requests()); n != 8 { // those that were under way together
					t.Errorf("%d requests", n)
				}
				if !problem.Has(client.Refused(), kind) {
					t.Errorf("the client was refused with %v", client.Refused())
				}
			})
		})
	}
}

func TestABanThatIsOverIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := played(t, travisapi.Config{}, api())
		server.Ban(secrettest.Canary)
		if _, err := client.User(t.Context()); !travisapi.Failed(err, travisapi.CodeBanned) {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if _, err := client.User(t.Context()); err != nil || client.Refused() != nil {
			t.Errorf("%v, %v", err, client.Refused())
		}
	})
}

func TestAShortHiccupOfTravisIsOutlasted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := played(t, travisapi.Config{}, api())
		begun := time.Now()
		isHiccup := func(faults.Request) bool { return time.Since(begun) < 800*time.Millisecond } // the shortest pauses together
		server.Faults.Add(faults.Rule{Kind: faults.Status503, Match: isHiccup, Times: -1})
		var all sync.WaitGroup
		for range 16 { // two calls for each of eight repositories
			all.Go(func() {
				if _, err := client.EnvVars(t.Context(), apiRef); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func TestAServerThatDiesIsNotHammered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := played(t, travisapi.Config{}, api())
		server.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1})
		const repositories = 200
		gaveUp := 0
		for _, err := range sideBySide(repositories, func(int) error { _, err := client.EnvVars(t.Context(), apiRef); return err }) {
			if e := failed(t, err); e.GaveUp {
				gaveUp++
				if _, worth := e.Retryable(); worth || e.Code != travisapi.CodeServer {
					t.Fatalf("%v is worth another try", e)
				}
			}
		}
		if n := len(server.Faults.Requests()); n > repositories+50 || gaveUp < repositories-50 {
			t.Errorf("%d requests for %d repositories, %d were given up", n, repositories, gaveUp)
		}
		// Ten answers are one more try.
		server.Faults.Clear()
		server.Faults.Forget()
		for range 10 {
			if _, err := client.EnvVars(t.Context(), apiRef); err != nil {
				t.Fatal(err)
			}
		}
		server.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1})
		_, err := client.EnvVars(t.Context(), apiRef)
		if n := len(server.Faults.Requests()); !failed(t, err).GaveUp || n != 12 {
			t.Errorf("%d requests, %v", n, err)
		}
	})
}

func TestARefusalIsNoFailureOfTravis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := played(t, travisapi.Config{}, api())
		for range 100 {
			_, err := client.EnvVars(t.Context(), travisapi.BySlug(travisapi.GitHub, "acme/nothing"))
			if e := failed(t, err); e.Code != travisapi.CodeNotFound || e.GaveUp {
				t.Fatal(e)
			}
		}
	})
}

func TestWhatIsTriedAgainIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		retry := transport.Retry{Tell: func(a transport.RetryNotice) { told = append(told, a.String()) }}
		server, client := played(t, travisapi.Config{Retry: retry}, api())
		server.Faults.Add(faults.Rule{Kind: faults.Status503}) // after a pause that is too short to be told
		server.Faults.Add(faults.Rule{Kind: faults.ThrottledUntil})
		server.Faults.Add(faults.Rule{Kind: faults.Throttled})
		if _, err := client.EnvVars(context.Background(), apiRef); err != nil {
			t.Fatal(err)
		}
		want := "[retrying in 1 s (attempt 3): read the variables of acme/api retrying in 20 s (attempt 4): read the variables of acme/api]"
		if got := fmt.Sprint(told); got != want {
			t.Errorf("told %s", got)
		}
	})
}
