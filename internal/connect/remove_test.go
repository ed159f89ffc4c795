package connect_test

import (
	"net/http"
	"testing"

	"convox-travis/internal/connect"
	"convox-travis/internal/faults"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

var pairs = []travistest.EnvVar{
	private("h", connect.HostName, "x", ""), private("p", connect.PasswordName, "x", ""), private("o", "OTHER", "kept", ""),
	private("hb", connect.HostName, "x", "main"), private("pb", connect.PasswordName, "x", "main"),
	{ID: "h2", Name: connect.HostName, Value: "x", Branch: new("")},
}

func (w *world) removal(request connect.RemoveRequest) connect.Removal {
	request.Targets = []connect.Target{{Provider: travisapi.GitHub, Slug: slug}}
	return connect.MakeRemoval(w.Context(), w.client, request)
}

func (w *world) remove(stop connect.Stop, removal connect.Removal) connect.RepositoryReport {
	w.Helper()
	runner := connect.Runner{Travis: w.client, Retry: quick, Tell: w.tell}
	return only(w, runner.Remove(stop, removal))
}

func TestAPairIsRemovedFromItsScopeAlone(t *testing.T) {
	for name, c := range map[string]struct {
		request connect.RemoveRequest
		left    []string
	}{
		"all branches' pair": {left: []string{"OTHER=kept", "CONVOX_HOST=x @main", "CONVOX_PASSWORD=x @main"}},
		"a branch's pair":    {request: connect.RemoveRequest{Branch: "main"}, left: []string{"CONVOX_HOST=x", "CONVOX_PASSWORD=x", "OTHER=kept", "CONVOX_HOST=x @"}},
		"every pair":         {request: connect.RemoveRequest{AllBranches: true}, left: []string{"OTHER=kept"}},
		"no such branch":     {request: connect.RemoveRequest{Branch: "none"}, left: []string{"CONVOX_HOST=x", "CONVOX_PASSWORD=x", "OTHER=kept", "CONVOX_HOST=x @main", "CONVOX_PASSWORD=x @main", "CONVOX_HOST=x @"}},
	} {
		w := newWorld(t, pairs...)
		removal := w.removal(c.request)
		if removal.IsEmpty() != (name == "no such branch") || len(w.travis.Writes()) != 0 {
			t.Errorf("%s: empty %t, %d writes", name, removal.IsEmpty(), len(w.travis.Writes()))
		}
		if r := w.remove(w.stop(), removal); r.Err != nil {
			t.Errorf("%s: %v", name, r.Err)
		}
		w.wantSettings(c.left...)
	}
}

func TestPasswordsGoBeforeHosts(t *testing.T) {
	w := newWorld(t, pairs...)
	r := w.remove(w.stop(), w.removal(connect.RemoveRequest{AllBranches: true}))
	if got := story(r); got != "PASSWORD remove done, PASSWORD remove done, HOST remove done, HOST remove done, HOST remove done" {
		t.Error(got)
	}
}

func TestADeleteThatFailsIsNamed(t *testing.T) {
	w := newWorld(t, pairs...)
	removal := w.removal(connect.RemoveRequest{})
	w.travis.Faults.Add(faults.Rule{Kind: faults.Status500, Skip: 1, Times: -1, Match: method(http.MethodDelete)})
	r := w.remove(w.stop(), removal)
	if r.Err == nil || story(r) != "PASSWORD remove done, HOST remove unknown, HOST remove failed" || !r.HasChanges() {
		t.Errorf("%s, %v", story(r), r.Err)
	}
}

func TestALostAnswerToADeleteIsNoFailure(t *testing.T) {
	w := newWorld(t, pairs...)
	removal := w.removal(connect.RemoveRequest{})
	w.travis.Faults.Add(faults.Rule{Kind: faults.AnswerLost, Times: 2, Match: method(http.MethodDelete)})
	if r := w.remove(w.stop(), removal); r.Err != nil {
		t.Error(r.Err)
	}
}

func TestWhatComesBackAfterADeleteIsTold(t *testing.T) {
	w := newWorld(t, pairs...)
	removal := w.removal(connect.RemoveRequest{})
	w.tell = func(e connect.Event) {
		if e.Step == connect.StepVerify {
			w.travis.SetEnvVars(slug, pairs)
		}
	}
	if r := w.remove(w.stop(), removal); codeOf(r.Err) != "overwritten" {
		t.Errorf("%s, %v", story(r), r.Err)
	}
}
