package convox_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

const oldCanary = "0ld-c4n4ry-Vb&3Lw"

var old = secret.New(oldCanary)

// settled asks once, and searches all that came out. turns are shown as what
// was taken: "new", "old", "new+old", "none", or the kind of an error.
func settled(t *testing.T, c *convox.Checker, where string, before secret.String) (yes bool, turns string, err error) {
	t.Helper()
	var all []string
	yes, err = c.TryLogins(t.Context(), host(t, where), before, canary, 5, func(turn convox.LoginAttempt) {
		secrettest.Absent(t, "a turn", printed(turn)+printed(turn.Err), oldCanary)
		failure, failed := errors.AsType[*problem.Error](turn.Err)
		switch {
		case failed:
			all = append(all, failure.Code)
		case turn.Err != nil:
			t.Errorf("not an error of a login: %v", turn.Err)
		case turn.New && turn.Old:
			all = append(all, "new+old")
		case turn.New:
			all = append(all, "new")
		case turn.Old:
			all = append(all, "old")
		default:
			all = append(all, "none")
		}
	})
	secrettest.Absent(t, "the error", printed(err), oldCanary)
	return yes, strings.Join(all, " "), err
}

func TestItIsSettledWhenOnlyTheNewPasswordLogsIn(t *testing.T) {
	rack := startRack(t)
	for _, tasks := range [][]string{{secrettest.Canary}, {secrettest.Canary, secrettest.Canary}, {secrettest.Canary, secrettest.Canary, secrettest.Canary}} {
		rack.SetTasks(tasks...)
		rack.Faults.Forget()
		yes, turns, err := settled(t, checker(t), rack.Host, old)
		if !yes || err != nil || turns != "new new new new new" {
			t.Errorf("%d tasks: %t, %s, %v", len(tasks), yes, turns, err)
		}
		if got := len(rack.Faults.Requests()); got != 10 || rack.Faults.MostTogether() != 1 {
			t.Errorf("%d calls, %d at a time", got, rack.Faults.MostTogether())
		}
	}
}

// Wherever the turns begin: a task that was not started anew is never missed.
func TestItIsNotSettledWhileATaskTakesTheOldPassword(t *testing.T) {
	rack := startRack(t)
	const anew, third = secrettest.Canary, "of-a-reset-before"
	for _, tasks := range [][]string{
		{oldCanary},
		{anew, oldCanary}, {oldCanary, anew}, {oldCanary, oldCanary},
		{anew, anew, oldCanary}, {oldCanary, anew, anew},
		{anew, third}, {third, anew}, {third},
		{anew, anew, anew, oldCanary}, {anew, anew, third},
	} {
		for range 4 {
			rack.SetTasks(tasks...)
			for poll := range 3 {
				yes, turns, err := settled(t, checker(t), rack.Host, old)
				if yes || err != nil || turns == "" {
					t.Errorf("%q, poll %d: %t, %s, %v", tasks, poll, yes, turns, err)
				}
			}
			tasks = append(tasks[1:], tasks[0])
		}
	}
	rack.SetTasks(oldCanary, oldCanary)
	if _, turns, _ := settled(t, checker(t), rack.Host, old); turns != "old" {
		t.Errorf("before anything was started anew: %s", turns)
	}
	rack.SetTasks(anew, anew)
	if yes, turns, _ := settled(t, checker(t), rack.Host, old); !yes {
		t.Errorf("in the end: %s", turns)
	}
}

// An independent server, so that the connections are counted where they arrive.
func TestEveryPasswordGoesOverAConnectionOfItsOwn(t *testing.T) {
	var (
		mu          sync.Mutex
		connections = make(map[string]bool)
		presented   []string
	)
	server := answering(t, map[string]handler{"/auth": func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		user, password, _ := r.BasicAuth()
		name := map[string]string{secrettest.Canary: "new", oldCanary: "old"}[password]
		presented = append(presented, name)
		if user != "convox" || connections[r.RemoteAddr] || r.TLS.DidResume {
			t.Errorf("the %s password of %q came over a used connection, or a resumed one: %t", name, user, r.TLS.DidResume)
		}
		connections[r.RemoteAddr] = true
		if name != "new" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}})
	yes, turns, err := settled(t, checker(t), server.URL, old)
	if !yes || err != nil {
		t.Errorf("%s, %v", turns, err)
	}
	if got := strings.Join(presented, " "); got != "new old old new new old old new new old" || len(connections) != 10 {
		t.Errorf("%d connections: %s", len(connections), got)
	}
}

func TestTheNumberOfTurnsCanBeChosen(t *testing.T) {
	rack := startRack(t)
	for in, want := range map[int]int{1: 2, 3: 6} {
		rack.Faults.Forget()
		yes, err := checker(t).TryLogins(t.Context(), host(t, rack.Host), old, canary, in, nil)
		if got := len(rack.Faults.Requests()); !yes || err != nil || got != want {
			t.Errorf("%d turns: %t, %v, %d calls", in, yes, err, got)
		}
	}
}

func TestWithoutTheOldPasswordTheNewOneMustBeTakenByAll(t *testing.T) {
	rack := startRack(t)
	if yes, turns, err := settled(t, checker(t), rack.Host, secret.String{}); !yes || err != nil || turns != "new new new new new" {
		t.Errorf("%t, %s, %v", yes, turns, err)
	}
	if asked(t, &rack.Faults); len(rack.Faults.Requests()) != 5 {
		t.Errorf("%d calls", len(rack.Faults.Requests()))
	}
	for _, tasks := range [][]string{{secrettest.Canary, oldCanary}, {oldCanary, secrettest.Canary}} {
		rack.SetTasks(tasks...)
		if yes, turns, err := settled(t, checker(t), rack.Host, secret.String{}); yes || err != nil {
			t.Errorf("%s, %v", turns, err)
		}
	}
}

// A Rack whose old password the client cannot send still takes it from others;
// and one whose old password is what the client makes of another text takes that.
func TestAnOldPasswordIsPresentedInEveryForm(t *testing.T) {
	given := secret.New("a@" + oldCanary)
	for stored, want := range map[string]string{
		"a@" + oldCanary:   "new+old",
		"a%40" + oldCanary: "new+old",
		"another":          "new new new new new",
	} {
		server := answering(t, map[string]handler{"/auth": func(w http.ResponseWriter, r *http.Request) {
			if _, password, _ := r.BasicAuth(); password != secrettest.Canary && password != stored {
				w.WriteHeader(http.StatusUnauthorized)
			}
		}})
		if yes, turns, err := settled(t, checker(t), server.URL, given); yes != (stored == "another") || err != nil || turns != want {
			t.Errorf("%t, %s, %v", yes, turns, err)
		}
	}
}

func TestWhatIsAwayForAMomentIsNotSettledAndNoError(t *testing.T) {
	for kind, want := range map[faults.Kind]string{
		faults.ResetBefore:      convox.CodeUnreachable,
		faults.AnswerLost:       convox.CodeUnreachable,
		faults.Hang:             convox.CodeUnreachable,
		faults.Status502HTML:    convox.CodeServerError,
		faults.Throttled:        convox.CodeThrottled,
		faults.WrongContentType: convox.CodeNotARack,
		faults.RedirectAway:     convox.CodeNotARack,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			rack := startRack(t)
			rack.Faults.Add(faults.Rule{Kind: kind, Skip: 5})
			yes, turns, err := settled(t, checker(t, hasty), rack.Host, old)
			if yes || err != nil || turns != "new new "+string(want) {
				t.Errorf("%t, %s, %v", yes, turns, err)
			}
			if got := len(rack.Faults.Requests()); got != 6 {
				t.Errorf("%d calls: a try again meets another task", got)
			}
		})
	}
	rack := startRack(t)
	rack.SetTasks()
	if yes, turns, err := settled(t, checker(t), rack.Host, old); yes || err != nil || turns != "server_error" {
		t.Errorf("without tasks: %t, %s, %v", yes, turns, err)
	}
}

func TestWhatSaysTheSameToEveryPasswordIsNeverSettled(t *testing.T) {
	for name, answer := range map[string]handler{
		"yes":                 say(200, "text/plain", "ok"),
		"no":                  say(401, "text/plain", secrettest.Canary),
		"forbidden":           say(403, "text/plain", oldCanary),
		"a page":              say(200, "text/html", "<html>"),
		"not found":           say(404, "", ""),
		"forbidden, when old": forbidding(oldCanary),
	} {
		server := answering(t, map[string]handler{"*": answer})
		if yes, turns, err := settled(t, checker(t), server.URL, old); yes || err != nil || turns == "" {
			t.Errorf("%s: %t, %s, %v", name, yes, turns, err)
		}
	}
}

// forbidding is a firewall that takes offence at one password.
func forbidding(password string) handler {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, given, _ := r.BasicAuth(); given == password {
			w.WriteHeader(http.StatusForbidden)
		}
	}
}

// The certificate is held on every one of the connections, before anything is
// sent on it.
func TestAnotherCertificateEndsTheWait(t *testing.T) {
	first, second := startRack(t), startRack(t)
	for _, rack := range []*convoxtest.Rack{first, second} {
		if err := rack.SetCertificate(convoxtest.SelfSigned); err != nil {
			t.Fatal(err)
		}
	}
	c := checker(t, approving(first.Fingerprint()), changing(first.Host, second.Host))
	yes, turns, err := settled(t, c, loadBalancer, old)
	if yes || turns != "" {
		t.Errorf("%t, %s", yes, turns)
	}
	failed(t, convox.Login{}, err, convox.CodeUntrusted)
	if got := asked(t, &second.Faults); got != "" {
		t.Errorf("it was asked %s", got)
	}
	yes, _, err = settled(t, checker(t, leadTo(first.Host)), convoxSite, old)
	if failed(t, convox.Login{}, err, convox.CodeTLS); yes {
		t.Error("settled")
	}
}

func TestAStopEndsTheWait(t *testing.T) {
	stop := errors.New("interrupted")
	rack := startRack(t)
	rack.Faults.Add(faults.Rule{Kind: faults.Hang, Times: -1, Skip: 3})
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(100*time.Millisecond, func() { cancel(stop) })
	yes, err := checker(t).TryLogins(ctx, host(t, rack.Host), old, canary, 5, nil)
	if _, is := errors.AsType[*problem.Error](err); yes || is || !errors.Is(err, stop) {
		t.Errorf("%t, %v", yes, err)
	}
	secrettest.Absent(t, "the error", printed(err), oldCanary)
}
