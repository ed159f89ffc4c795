package connect_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

// changes tells a repository's plan in a line.
func changes(p connect.RepositoryPlan) string {
	var doubles []string
	for _, v := range p.Doubles {
		doubles = append(doubles, v.ID)
	}
	return strings.Join(append([]string{string(p.Host.Action) + p.Host.ID, string(p.Password.Action) + p.Password.ID}, doubles...), " ")
}

func TestAPlanSaysWhatWouldChange(t *testing.T) {
	host, password := connect.HostName, connect.PasswordName
	branch := func(r *connect.Request) { r.Branch = "main" }
	skip := func(r *connect.Request) { r.SkipExisting = true }
	only := func(r *connect.Request) { r.OnlyExisting, r.Activate = true, true }
	mixed := func(r *connect.Request) { r.AllowMixed = true }
	for name, c := range map[string]struct {
		vars   []travistest.EnvVar
		change func(*connect.Request)
		want   string
		warns  string
		code   string
	}{
		"nothing there":           {want: "create create"},
		"another variable":        {vars: []travistest.EnvVar{private("o", "OTHER", "x", "")}, want: "create create"},
		"a whole pair":            {vars: []travistest.EnvVar{private("h", host, "x", ""), private("p", password, "x", "")}, want: "replaceh replacep", warns: "replaces"},
		"a whole pair, skipped":   {vars: []travistest.EnvVar{private("h0", host, "x", ""), private("h", host, "x", ""), private("p", password, "x", "")}, change: skip, want: "noneh nonep"},
		"half a pair, skipped":    {vars: []travistest.EnvVar{private("h", host, "x", "")}, change: skip, want: "replaceh create", warns: "replaces"},
		"a whole pair, only":      {vars: []travistest.EnvVar{private("h", host, "x", ""), private("p", password, "x", "")}, change: only, want: "replaceh replacep", warns: "replaces"},
		"nothing there, only":     {vars: []travistest.EnvVar{private("r", "RACK_URL", "x", "")}, change: only, want: "none none"},
		"half a pair, only":       {vars: []travistest.EnvVar{private("h0", host, "x", ""), private("h", host, "x", "")}, change: only, want: "noneh none"},
		"a mixed pair, only":      {vars: []travistest.EnvVar{private("h", host, "x", "old"), private("p", password, "x", "")}, change: only, want: "none nonep"},
		"doubles":                 {vars: []travistest.EnvVar{private("h1", host, "x", ""), {ID: "h2", Name: host, Branch: new("")}, private("p", password, "x", "")}, want: "replaceh2 replacep h1", warns: "replaces doubles"},
		"another branch's pair":   {vars: []travistest.EnvVar{private("h", host, "x", "old"), private("p", password, "x", "old")}, want: "create create"},
		"this branch's pair":      {vars: []travistest.EnvVar{private("h", host, "x", "main"), private("p", password, "x", "main")}, change: branch, want: "replaceh replacep", warns: "replaces"},
		"a public host":           {vars: []travistest.EnvVar{public("h", host, "x", "")}, want: "replaceh create", warns: "replaces public"},
		"a public password":       {vars: []travistest.EnvVar{public("p", password, "x", "")}, want: "create replacep", warns: "replaces public"},
		"this password, public":   {vars: []travistest.EnvVar{public("p", password, stored, "")}, want: "create replacep", warns: "replaces public_same"},
		"public on a branch":      {vars: []travistest.EnvVar{public("h", host, "x", "old"), private("p", password, "x", "old")}, want: "create create", warns: "public_elsewhere"},
		"a branch's password":     {vars: []travistest.EnvVar{private("p", password, "x", "old")}, want: "create create", warns: "branch_password_only"},
		"a branch's host":         {vars: []travistest.EnvVar{private("h", host, "x", "old")}, want: "create create", code: connect.CodeMixedPair},
		"a branch's host, agreed": {vars: []travistest.EnvVar{private("h", host, "x", "old")}, change: mixed, want: "create create", warns: "mixed"},
		"a branch's same host":    {vars: []travistest.EnvVar{public("h", host, rackHost, "old")}, want: "create create", warns: "public_elsewhere"},
		"a branch of its own":     {vars: []travistest.EnvVar{private("h", host, "x", "old")}, change: branch, want: "create create"},
		"RACK_URL":                {vars: []travistest.EnvVar{private("r", "RACK_URL", "x", "")}, want: "create create", warns: "rack_url"},
		"RACK_URL elsewhere":      {vars: []travistest.EnvVar{private("r", "RACK_URL", "x", "old")}, change: branch, want: "create create"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.vars...)
			change := c.change
			if change == nil {
				change = func(*connect.Request) {}
			}
			plan := w.plan(w.request(change))
			p := plan.Repositories[0]
			if got := changes(p); got != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
			if got := codes(plan.AllWarnings()); got != c.warns {
				t.Errorf("warnings %q, not %q", got, c.warns)
			}
			if (p.Err != nil || c.code != "") && codeOf(p.Err) != c.code {
				t.Errorf("error %v, not %s", p.Err, c.code)
			}
			if n := len(w.travis.Writes()); n != 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

// A branch that neither the clone nor Travis knows is probably misspelled.
func TestAnUnknownBranchIsAWarning(t *testing.T) {
	for name, c := range map[string]struct {
		branch string
		lost   bool // the answer
		warns  string
	}{
		"the default branch":       {branch: "main"},
		"a branch of the clone":    {branch: "new"},
		"a branch that was built":  {branch: "built"},
		"a branch with variables":  {branch: "set", warns: "replaces"},
		"a misspelled branch":      {branch: "biult", warns: "unknown_branch"},
		"an answer that is absent": {branch: "biult", lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, private("h", connect.HostName, "x", "set"))
			w.travis.AddBuild("acme/api", travistest.PastBuild{Branch: "built"})
			if c.lost {
				w.travis.Faults.Add(faults.Rule{Kind: faults.RedirectAway, Times: -1, Match: func(r faults.Request) bool { return strings.HasSuffix(r.Path, "/builds") }})
			}
			plan := w.plan(w.request(func(r *connect.Request) { r.Branch, r.Branches = c.branch, []string{"new"} }))
			if got := codes(plan.AllWarnings()); got != c.warns || plan.Repositories[0].Err != nil {
				t.Errorf("warnings %q, not %q; %v", got, c.warns, plan.Repositories[0].Err)
			}
		})
	}
}

func TestARepositoryThatCannotBeWrittenIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		repository travistest.Repository
		slug       string
		code, says string
	}{
		"unknown":      {slug: "acme/none", code: "not_found", says: "acme/none"},
		"read-only":    {repository: travistest.Repository{Slug: "acme/docs", Permissions: map[string]bool{"create_env_var": false}}, slug: "acme/docs", code: "no_permission", says: "acme/docs"},
		"moved":        {repository: travistest.Repository{Slug: "acme/old", Migrated: true}, slug: "acme/old", code: "repo_migrated", says: "acme/old"},
		"not synced":   {repository: travistest.Repository{Slug: "acme/new", Unsynced: true}, slug: "acme/new", code: "not_found", says: "acme/new"},
		"on GitLab":    {repository: travistest.Repository{Slug: "acme/lab", Provider: "gitlab"}, slug: "acme/lab", code: "not_found", says: "acme/lab"},
		"a stranger's": {repository: travistest.Repository{Slug: "stranger/open"}, slug: "stranger/open", code: "no_permission", says: "stranger/open"},
	} {
		w := newWorld(t)
		if c.repository.Slug != "" {
			w.travis.AddRepository(c.repository)
		}
		plan := w.plan(w.request(func(r *connect.Request) { r.Targets = []connect.Target{{Slug: c.slug}} }))
		err := plan.Repositories[0].Err
		if err == nil || codeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		report := w.apply(w.stop(), plan)
		if len(w.travis.Writes()) != 0 || report.HasChanges() {
			t.Errorf("%s: it was written", name)
		}
	}
}

func TestAnswersAboutAnotherRepositoryAreNotTrusted(t *testing.T) {
	w := newWorld(t)
	// A number in place of a slug names some other repository.
	plan := w.plan(w.request(func(r *connect.Request) { r.Targets = []connect.Target{{Slug: "17"}} }))
	if err := plan.Repositories[0].Err; codeOf(err) != "another_repository" {
		t.Errorf("%v", err)
	}
}

func TestAnInactiveRepositoryIsToldAndWritten(t *testing.T) {
	w := newWorld(t)
	w.travis.AddRepository(travistest.Repository{Slug: "acme/off"})
	plan := w.plan(w.request(func(r *connect.Request) { r.Targets = []connect.Target{{Slug: "acme/off"}} }))
	if got := codes(plan.AllWarnings()); got != "inactive" || plan.Repositories[0].Err != nil {
		t.Errorf("%s, %v", got, plan.Repositories[0].Err)
	}
}

func TestEachRepositoryIsPlannedOnce(t *testing.T) {
	w := newWorld(t)
	plan := w.plan(w.request(func(r *connect.Request) {
		r.Targets = []connect.Target{{Slug: slug}, {Provider: travisapi.GitHub, Slug: "ACME/API"}, {Provider: travisapi.GitLab, Slug: slug}}
	}))
	if len(plan.Repositories) != 2 {
		t.Errorf("%d repositories", len(plan.Repositories))
	}
}

func TestARefusedCredentialEndsThePlan(t *testing.T) {
	w := newWorld(t)
	for _, code := range []string{convox.CodeRefused, convox.CodeOnlyRawForm, convox.CodeUntrusted} {
		_, err := connect.MakePlan(t.Context(), w.client, answers{&problem.Error{Code: code}}, w.request(func(r *connect.Request) { r.Unchecked = true }))
		if problem.Code(err) != code {
			t.Errorf("%s: %v", code, err)
		}
	}
	if n := len(w.travis.Writes()); n != 0 {
		t.Errorf("%d writes", n)
	}
}

// fails is a Travis that has failed too often.
type fails struct{ connect.Travis }

var errGaveUp = &problem.Error{Code: travisapi.CodeUnreachable, Reason: "the connection was refused", Detail: travisapi.Failure{GaveUp: true}}

func (fails) Repository(context.Context, travisapi.Ref) (travisapi.Repository, error) {
	return travisapi.Repository{}, errGaveUp
}

// hangs is a Rack that doesn't answer before the run ends.
type hangs struct{ accepts }

func (hangs) Rack(ctx context.Context, _ convox.Host, _ secret.String) (convox.Login, error) {
	<-ctx.Done()
	return convox.Login{}, fmt.Errorf("log in: %w", context.Cause(ctx))
}

// Travis and Racks share the code "unreachable".
func TestAnUnreachableTravisIsNoUnreachableRack(t *testing.T) {
	w := newWorld(t)
	plan, err := connect.MakePlan(t.Context(), fails{w.client}, hangs{}, w.request(func(r *connect.Request) { r.Unchecked = true }))
	if err != errGaveUp || plan.Unchecked || len(plan.Warnings) > 0 {
		t.Errorf("%v, unchecked %t: %v", err, plan.Unchecked, plan.Warnings)
	}
}

func TestARackOutOfReachMayBeWrittenUnchecked(t *testing.T) {
	w := newWorld(t)
	away := answers{&problem.Error{Code: convox.CodeUnreachable}}
	unchecked := func(r *connect.Request) { r.Unchecked = true }
	if _, err := connect.MakePlan(t.Context(), w.client, away, w.request()); err == nil {
		t.Error("it was planned without being asked for")
	}
	plan, err := connect.MakePlan(t.Context(), w.client, away, w.request(unchecked))
	if err != nil || !plan.Unchecked || codes(plan.AllWarnings()) != "unchecked" {
		t.Errorf("%v, unchecked %t, %v", codes(plan.AllWarnings()), plan.Unchecked, err)
	}
	_, err = connect.MakePlan(t.Context(), w.client, away, w.request(unchecked, func(r *connect.Request) { r.Credential.Console = true }))
	if err == nil {
		t.Error("a Console was written unchecked")
	}
	unsendable := func(r *connect.Request) { r.Credential.Password = secret.New("a@" + secrettest.Canary) }
	_, err = connect.MakePlan(t.Context(), w.client, away, w.request(unchecked, unsendable))
	if codeOf(err) != connect.CodeUnsendable {
		t.Errorf("a password that the client cannot send: %v", err)
	} else {
		secrettest.Absent(t, "the error", err.Error())
	}
}

func TestAPersonsOwnKeyIsWarnedOf(t *testing.T) {
	w := newWorld(t)
	plan, err := connect.MakePlan(t.Context(), w.client, accepts{convox.Login{PersonalKey: true, Racks: []convox.Rack{{Organization: "acme", Name: "production"}}}}, w.request(func(r *connect.Request) { r.Credential.Console = true }))
	if err != nil || codes(plan.AllWarnings()) != "personal_key" {
		t.Errorf("%s, %v", codes(plan.AllWarnings()), err)
	}
}

func TestAKeyWithWhichNoBuildCanDeployIsWarnedOf(t *testing.T) {
	w := newWorld(t)
	rack := func(name, status string) convox.Rack {
		return convox.Rack{Organization: "acme", Name: name, Status: status}
	}
	for name, c := range map[string]struct {
		racks      []convox.Rack
		rack       string
		want, says string
	}{
		"it sees none":              {want: "no_racks", says: "can't see any Rack"},
		"they run":                  {racks: []convox.Rack{rack("production", "running"), rack("staging", "updating")}},
		"no status":                 {racks: []convox.Rack{rack("production", "")}},
		"the only one is lost":      {racks: []convox.Rack{rack("production", "unreachable")}, want: "rack_status", says: "acme/production is unreachable"},
		"all are lost":              {racks: []convox.Rack{rack("production", "unreachable"), rack("staging", "unknown")}, want: "rack_status", says: "acme/staging is unknown"},
		"another one is lost":       {racks: []convox.Rack{rack("production", "running"), rack("staging", "unreachable")}},
		"the named one is lost":     {racks: []convox.Rack{rack("production", "running"), rack("staging", "unknown")}, rack: "acme/staging", want: "rack_status", says: "acme/staging is unknown"},
		"the named one is not lost": {racks: []convox.Rack{rack("production", "running"), rack("staging", "unknown")}, rack: "acme/production"},
	} {
		login := convox.Login{Racks: c.racks}
		plan, err := connect.MakePlan(t.Context(), w.client, accepts{login}, w.request(func(r *connect.Request) { r.Credential.Console, r.Rack = true, c.rack }))
		if warnings := plan.AllWarnings(); err != nil || codes(warnings) != c.want || c.want != "" && !strings.Contains(warnings[0].Message, c.says) {
			t.Errorf("%s: %v, %v", name, warnings, err)
		}
	}
}

func TestARackNeedsNoListOfRacks(t *testing.T) {
	w := newWorld(t)
	plan, err := connect.MakePlan(t.Context(), w.client, accepts{convox.Login{}}, w.request())
	if err != nil || codes(plan.AllWarnings()) != "" {
		t.Errorf("%v, %v", plan.AllWarnings(), err)
	}
}

func TestTheCheckAndTheReadsRunSideBySide(t *testing.T) {
	w := newWorld(t)
	w.travis.Faults.SetLatency(50 * time.Millisecond)
	w.plan(w.request())
	if n := w.travis.Faults.MostTogether(); n != 2 || len(w.travis.Faults.Requests()) != 2 {
		t.Errorf("%d of %d requests side by side", n, len(w.travis.Faults.Requests()))
	}
}

// Only the very credential that its host accepted is written without being checked
// again.
func TestWhatWasAcceptedIsNotCheckedAgain(t *testing.T) {
	w := newWorld(t)
	request := w.request()
	accepted := connect.Accepted{Credential: request.Credential, Login: convox.Login{Host: request.Credential.Host, PersonalKey: true}}
	other, err := convox.ParseHost("other.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*connect.Credential)
		again  bool
	}{
		"the same":         {func(*connect.Credential) {}, false},
		"another password": {func(c *connect.Credential) { c.Password = secret.New("another") }, true},
		"another host":     {func(c *connect.Credential) { c.Host = other }, true},
		"Console's host":   {func(c *connect.Credential) { c.Console = true }, true},
	} {
		request := request
		request.Accepted = accepted
		c.change(&request.Credential)
		plan, err := connect.MakePlan(t.Context(), w.client, answers{&problem.Error{Code: convox.CodeRefused}}, request)
		if (err != nil) != c.again {
			t.Errorf("%s: %v", name, err)
		}
		if !c.again && codes(plan.Warnings) != "personal_key" {
			t.Errorf("%s: warned of %q", name, codes(plan.Warnings))
		}
	}
}

// What is decided again is what a new plan would be, and costs no call.
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
