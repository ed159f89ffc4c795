package convox_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

func TestARackTakesItsPassword(t *testing.T) {
	rack := startRack(t)
	rack.Faults.SetLatency(200 * time.Millisecond)
	login, err := checker(t).Rack(t.Context(), host(t, rack.Host), canary)
	if err != nil {
		t.Fatal(err)
	}
	if login.Host.String() != rack.Host || login.PersonalKey || len(login.Racks) != 1 {
		t.Errorf("%+v", login)
	}
	if who := login.Racks[0]; who.String() != "production" || who.Version == "" || who.Region != "us-east-1" {
		t.Errorf("%+v", who)
	}
	secrettest.Absent(t, "the login", printed(login))
	if got := asked(t, &rack.Faults); len(rack.Faults.Requests()) != 2 || rack.Faults.MostTogether() != 2 {
		t.Errorf("asked %s, %d at a time: that is more than one round trip", got, rack.Faults.MostTogether())
	}
}

func TestAWrongPasswordIsRefused(t *testing.T) {
	rack := startRack(t)
	rack.SetPassword("another")
	login, err := checker(t).Rack(t.Context(), host(t, rack.Host), canary)
	failed(t, login, err, convox.CodeRefused)
	if got := strings.Count(asked(t, &rack.Faults), "/auth"); got != 1 {
		t.Errorf("the wrong password was tried %d times", got)
	}
}

func TestATokenOfRackAccessIsCalledThat(t *testing.T) {
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoid3JpdGUifQ.c2lnbmVk-_0"
	rack, console := startRack(t), startConsole(t)
	rack.SetAccessToken(token)
	for value, isToken := range map[string]bool{
		token: true,
		"RACK_URL=https://jwt:" + token + "@" + rack.Host: true,
		"https://jwt:" + token + "@rack.example.com":      true,
		"eyJhbGciOiJIUzI1NiJ9":                            false,
		"eyJhbGciOiJIUzI1NiJ9.eyJyb2xl":                   false,
		"x" + token:                                       false,
		token + "!x":                                      false,
		"my.own.password":                                 false,
	} {
		_, err := checker(t).Rack(t.Context(), host(t, rack.Host), secret.New(value))
		failure := failed(t, convox.Login{}, err, convox.CodeRefused)
		if got := strings.Contains(failure.Error(), "token of `convox rack access`"); got != isToken || detail(err).Token != isToken || strings.Contains(failure.Error(), "eyJ") {
			t.Errorf("%q on a Rack: %v", value, failure)
		}
		_, err = checker(t, trusting(console.Authority())).Console(t.Context(), host(t, console.Host), secret.New(value))
		failure = failed(t, convox.Login{}, err, convox.CodeRefused)
		if got := strings.Contains(failure.Error(), "token of `convox rack access`"); got != isToken || !strings.Contains(failure.Hints[0], "make a deploy key") {
			t.Errorf("%q on a Console: %v %q", value, failure, failure.Hints)
		}
	}
}

func TestARefusedPasswordIsNamedByWhereItWasFound(t *testing.T) {
	refused := func(d convox.Detail) error {
		return &problem.Error{Code: convox.CodeRefused, Reason: "no", Detail: d}
	}
	file := convox.SavedIn("/home/ann/.config/convox2/auth")
	for name, c := range map[string]struct {
		err    error
		source convox.Source
		want   string
	}{
		"given":           {refused(convox.Detail{Status: 401}), "", "no"},
		"saved":           {refused(convox.Detail{Status: 401}), file, "the Rack doesn't accept the password saved in /home/ann/.config/convox2/auth"},
		"in AWS":          {refused(convox.Detail{Status: 401}), convox.FromAWS, "the Rack doesn't accept the password that AWS has; most likely its web service wasn't restarted after a change"},
		"forbidden":       {refused(convox.Detail{Status: 403}), file, "no"},
		"a token":         {refused(convox.Detail{Status: 401, Token: true}), file, "no"},
		"a Console's":     {refused(convox.Detail{Status: 401, Console: true}), file, "no"},
		"another failure": {&problem.Error{Code: convox.CodeUnreachable, Reason: "no"}, file, "no"},
	} {
		err := convox.NameOrigin(c.err, c.source, convox.Rack{})
		if err.Error() != c.want || (detail(err).Source != "") != (c.want != "no") {
			t.Errorf("%s: %v", name, err)
		}
		var hints []string
		if c.source == file && c.want != "no" { // else the commands and the wizard say more
			hints = []string{"ask whoever changed the Rack's password for the new one"}
		}
		if got := problem.Of(err).Hints; !slices.Equal(got, hints) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if err := convox.NameOrigin(nil, file, convox.Rack{}); err != nil {
		t.Errorf("a login that succeeded: %v", err)
	}
}

func TestALoginsErrorNamesTheRackInCloudFormation(t *testing.T) {
	rack := convox.Rack{Name: "production", Region: "us-east-1"}
	other := &problem.Error{Code: "usage", Detail: 7}
	err := convox.NameOrigin(&problem.Error{Code: convox.CodeRefused, Detail: convox.Detail{Status: 401}}, "", rack)
	if got := detail(err); got.Rack != rack || got.Status != 401 {
		t.Errorf("%+v", got)
	}
	if convox.NameOrigin(nil, "", rack) != nil || convox.NameOrigin(other, "", rack) != error(other) {
		t.Error("another error was changed")
	}
}

func TestAPasswordThatTheClientCannotSendIsNeverGood(t *testing.T) {
	for _, character := range []string{"@", "/", ":", "%", "?", "#", " ", `"`, "'", "é", "(", "\\"} {
		value := secrettest.Canary + character + "z"
		rack := startRack(t)
		rack.SetPassword(value)
		login, err := checker(t).Rack(t.Context(), host(t, rack.Host), secret.New(value))
		failure := failed(t, login, err, convox.CodeOnlyRawForm)
		if !strings.Contains(failure.Error(), "the convox CLI") {
			t.Errorf("%v", failure)
		}
		secrettest.Absent(t, "the error", printed(err), value)
		rack.SetPassword("another")
		login, err = checker(t).Rack(t.Context(), host(t, rack.Host), secret.New(value))
		failed(t, login, err, convox.CodeRefused)
	}
}

// A Rack whose password is the escaped form of what was given is logged in to
// by the client.
func TestTheClientsFormComesFirst(t *testing.T) {
	rack := startRack(t)
	rack.SetPassword("a%40b")
	if _, err := checker(t).Rack(t.Context(), host(t, rack.Host), secret.New("a@b")); err != nil {
		t.Error(err)
	}
}

func TestRacksOfAllAgesPass(t *testing.T) {
	const system = `{"count":3,"name":"prod","status":"running","version":"20160101000000","outputs":{"a":1}}`
	proof := say(200, "application/json", system)
	for name, paths := range map[string]map[string]handler{
		"an empty answer":              {"/auth": say(200, "", ""), "/system": proof},
		"a word":                       {"/auth": say(200, "text/plain; charset=utf-8", "ok\n"), "/system": proof},
		"JSON":                         {"/auth": say(200, "application/json", `{"success":true}`), "/system": proof},
		"an id":                        {"/auth": say(200, "application/json", `{"id":"1"}`), "/system": proof},
		"no content type of /system":   {"/auth": say(200, "", "ok"), "/system": say(200, "", system)},
		"a redirect within the origin": {"/auth": send(301, "/login"), "/login": say(200, "", "ok"), "/system": proof},
		"no /system":                   {"/auth": say(200, "", "ok")},
		"/system out of order":         {"/auth": say(200, "", "ok"), "/system": say(500, "text/html", "<html>")},
		"/system without an end":       {"/auth": say(200, "", "ok"), "/system": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		"/system broken":               {"/auth": say(200, "", "ok"), "/system": say(200, "application/json", `{"name":`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			paths["/auth"] = guarded(paths["/auth"])
			server := answering(t, paths)
			c := checker(t)
			if strings.Contains(name, "without an end") {
				c = checker(t, hasty)
			}
			login, err := c.Rack(t.Context(), host(t, server.URL), canary)
			if err != nil || login.Host.IsZero() {
				t.Errorf("%+v, %v", login, err)
			}
		})
	}
}

// guarded says no to a caller without a password.
func guarded(answer handler) handler {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, _, given := r.BasicAuth(); !given {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer(w, r)
	}
}

func TestWhatIsNoRackIsNotTakenForOne(t *testing.T) {
	page := say(200, "text/html", "<html><body>Welcome")
	other := answering(t, map[string]handler{"*": func(http.ResponseWriter, *http.Request) { t.Error("the password went elsewhere") }})
	for name, paths := range map[string]map[string]handler{
		"a page for everything":      {"*": page},
		"an undeclared page":         {"*": say(200, "text/plain", "\n <!doctype html>")},
		"a word for everything":      {"*": say(200, "text/plain", "ok")},
		"nothing for everything":     {"*": say(200, "", "")},
		"JSON for everything":        {"*": say(200, "application/json", `{}`)},
		"a list for everything":      {"*": say(200, "application/json", `[]`)},
		"a name that is no text":     {"*": say(200, "application/json", `{"name":1}`)},
		"404 for everything":         {},
		"an open door":               {"/auth": say(200, "", "ok")},
		"an open door, in trouble":   {"/auth": say(200, "", "ok"), "/system": say(500, "", "")},
		"405 for everything":         {"*": say(405, "", "")},
		"204 for everything":         {"*": say(204, "", "")},
		"a redirect elsewhere":       {"*": send(302, other.URL+"/login")},
		"a redirect to plain HTTP":   {"*": send(307, "http://127.0.0.1:1/")},
		"a redirect of /system":      {"/auth": say(200, "", "ok"), "/system": send(302, other.URL)},
		"an endless answer":          {"*": say(200, "", strings.Repeat(" ", 9<<20))},
		"a Console for its own keys": {"/auth": say(200, "application/json", `{"id":"1"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			server := answering(t, paths)
			login, err := checker(t).Rack(t.Context(), host(t, server.URL), canary)
			failed(t, login, err, convox.CodeNotARack)
		})
	}
}

func TestAServerThatOnlyChecksPasswordsIsBelieved(t *testing.T) {
	server := answering(t, map[string]handler{"*": func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != secrettest.Canary {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}})
	login, err := checker(t).Rack(t.Context(), host(t, server.URL), canary)
	if err != nil || login.Host.IsZero() || len(login.Racks) != 0 {
		t.Errorf("%+v, %v", login, err)
	}
	login, err = checker(t).Rack(t.Context(), host(t, server.URL), secret.New("wrong"))
	failed(t, login, err, convox.CodeRefused)
}

func TestALoginThatLetsEveryoneInIsNotBelieved(t *testing.T) {
	server := answering(t, map[string]handler{"/auth": say(200, "", "ok"), "/system": say(401, "text/plain", "invalid authentication")})
	login, err := checker(t).Rack(t.Context(), host(t, server.URL), canary)
	failed(t, login, err, convox.CodeRefused)
}

func TestForbiddenIsRefused(t *testing.T) {
	server := answering(t, map[string]handler{"*": say(403, "text/plain", secrettest.Canary)})
	for _, password := range []secret.String{canary, secret.New("eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoid3JpdGUifQ.c2lnbmVk")} {
		login, err := checker(t).Rack(t.Context(), host(t, server.URL), password)
		failed(t, login, err, convox.CodeRefused)
		if detail(err).Token || !strings.Contains(err.Error(), "it denies the login (HTTP 403)") {
			t.Errorf("%v", err)
		}
	}
}

func TestARackGetsWhatTheClientSends(t *testing.T) {
	got := make(chan http.Header, 8)
	server := answering(t, map[string]handler{"*": func(w http.ResponseWriter, r *http.Request) {
		name, password, _ := r.BasicAuth()
		if name != "convox" || password != "a+b" || r.URL.User != nil {
			t.Errorf("%q logged in", name)
		}
		got <- r.Header
		_, _ = w.Write([]byte(`{"name":"prod"}`))
	}})
	if _, err := checker(t).Rack(t.Context(), host(t, server.URL), secret.New("a b")); err != nil {
		t.Fatal(err)
	}
	if h := <-got; h.Get("User-Agent") != "test" || h.Get("Version") == "" {
		t.Errorf("the headers are %v", h)
	}
}

func TestAFaultThatPassesIsOutlived(t *testing.T) {
	// These are answers like any other, and tell that it is no Rack.
	final := map[faults.Kind]bool{faults.WrongContentType: true, faults.RedirectAway: true, faults.RedirectPlain: true, faults.EndlessBody: true, faults.ThrottledForLong: true}
	for _, kind := range faults.Kinds() {
		if final[kind] {
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			rack := startRack(t)
			for _, path := range []string{"/auth", "/system"} {
				rack.Faults.Add(faults.Rule{Kind: kind, Match: func(r faults.Request) bool { return r.Path == path }})
			}
			c := checker(t)
			if kind == faults.Hang {
				c = checker(t, func(o *convox.CheckerOptions) { o.Retry.Deadline = 1500 * time.Millisecond })
			}
			login, err := c.Rack(t.Context(), host(t, rack.Host), canary)
			if err != nil || len(login.Racks) != 1 {
				t.Errorf("%+v, %v", login, err)
			}
		})
	}
}

func TestAFaultThatStaysIsTold(t *testing.T) {
	for kind, want := range map[faults.Kind]string{
		faults.ResetBefore:      convox.CodeUnreachable,
		faults.ResetInAnswer:    convox.CodeUnreachable,
		faults.Hang:             convox.CodeUnreachable,
		faults.Status500:        convox.CodeServerError,
		faults.Status502HTML:    convox.CodeServerError,
		faults.Status503:        convox.CodeServerError,
		faults.MalformedJSON:    convox.CodeServerError,
		faults.Throttled:        convox.CodeThrottled,
		faults.ThrottledForLong: convox.CodeThrottled,
		faults.WrongContentType: convox.CodeNotARack,
		faults.EndlessBody:      convox.CodeNotARack,
		faults.RedirectAway:     convox.CodeNotARack,
		faults.RedirectPlain:    convox.CodeNotARack,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			rack := startRack(t)
			rack.Faults.Add(faults.Rule{Kind: kind, Times: -1})
			c := checker(t)
			if kind == faults.Hang {
				c = checker(t, hasty)
			}
			login, err := c.Rack(t.Context(), host(t, rack.Host), canary)
			failed(t, login, err, want)
		})
	}
}

func TestALongPauseIsNotWaitedFor(t *testing.T) {
	server := answering(t, map[string]handler{"*": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	}})
	login, err := checker(t).Rack(t.Context(), host(t, server.URL), canary)
	failed(t, login, err, convox.CodeThrottled)
}

// A login is checked with two calls side by side, and a server throttles both.
func TestAPauseOfACheckIsAnnouncedOnce(t *testing.T) {
	t.Parallel()
	var asked sync.Map
	server := answering(t, map[string]handler{"*": func(w http.ResponseWriter, r *http.Request) {
		if _, again := asked.LoadOrStore(r.URL.Path, true); !again {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}})
	var announced atomic.Int32
	_, _ = checker(t, func(o *convox.CheckerOptions) {
		o.Retry.Tell = func(transport.RetryNotice) { announced.Add(1) }
	}).Rack(t.Context(), host(t, server.URL), canary)
	if n := announced.Load(); n != 1 {
		t.Errorf("it is announced %d times", n)
	}
}

// A stop is no fault of the Rack: it must not become a reason to write a
// password unchecked.
func TestAStoppedCheckSaysNothingAboutTheRack(t *testing.T) {
	stop := errors.New("interrupted")
	for _, path := range []string{"/auth", "/system"} {
		rack := convoxtest.StartRack(t, secrettest.Canary)
		rack.Faults.Add(faults.Rule{Kind: faults.Hang, Times: -1, Match: func(r faults.Request) bool { return r.Path == path }})
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(100*time.Millisecond, func() { cancel(stop) })
		_, err := checker(t).Rack(ctx, host(t, rack.Host), canary)
		if _, is := errors.AsType[*problem.Error](err); is || !errors.Is(err, stop) {
			t.Errorf("%v", err)
		}
		secrettest.Absent(t, "the error", printed(err))
	}
}

func TestWithoutAHostNothingIsAsked(t *testing.T) {
	for _, check := range []func(context.Context, convox.Host, secret.String) (convox.Login, error){checker(t).Rack, checker(t).Console} {
		if _, err := check(t.Context(), convox.Host{}, canary); err == nil {
			t.Error("it was accepted")
		}
	}
}
