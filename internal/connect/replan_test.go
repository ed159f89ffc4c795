package connect_test

import (
	"fmt"
	"reflect"
	"testing"

	"convox-travis/internal/connect"
	"convox-travis/travisapi/travistest"
)

// What is decided anew is what a new plan would be, and costs no call.
func TestAPlanIsDecidedAnewFromWhatWasRead(t *testing.T) {
	w, targets := many(t, 3)
	w.travis.SetEnvVars(targets[0].Slug, []travistest.EnvVar{private("h", "CONVOX_HOST", "x", "old")})
	w.travis.SetEnvVars(targets[1].Slug, []travistest.EnvVar{private("h", "CONVOX_HOST", "x", ""), private("p", "CONVOX_PASSWORD", "x", "")})
	w.travis.AddRepository(travistest.Repository{ID: 200, Slug: "acme/off"})
	targets = append(targets, connect.Target{Slug: "acme/off"}, connect.Target{Slug: "acme/nowhere"})
	first := w.request(func(r *connect.Request) { r.Targets = targets })
	read := w.plan(first)
	if !connect.IsMixed(read.Repositories[0].Err) {
		t.Fatalf("%+v", read.Repositories[0])
	}
	for name, change := range map[string]func(*connect.Request){
		"nothing":      func(*connect.Request) {},
		"mixed":        func(r *connect.Request) { r.AllowMixed = true },
		"a branch":     func(r *connect.Request) { r.Branch = "main" },
		"what is left": func(r *connect.Request) { r.SkipExisting = true },
		"activated":    func(r *connect.Request) { r.Activate = true },
		"fewer":        func(r *connect.Request) { r.Targets = targets[1:3] },
	} {
		request := first
		change(&request)
		fresh := w.plan(request)
		w.travis.Faults.Forget()
		again := read.Again(request)
		if calls := w.travis.Faults.Requests(); len(calls) > 0 {
			t.Errorf("%s: %d calls", name, len(calls))
		}
		for i := range fresh.Repositories {
			a, b := &again.Repositories[i], &fresh.Repositories[i]
			if fmt.Sprint(a.Err) != fmt.Sprint(b.Err) {
				t.Errorf("%s: %v, not %v", name, a.Err, b.Err)
			}
			a.Err, b.Err = nil, nil // those of two calls are not the same
		}
		if !reflect.DeepEqual(again, fresh) {
			t.Errorf("%s:\n%+v\nis not\n%+v", name, again, fresh)
		}
	}
}
