package flow

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

func TestTheReviewSaysWhichRacksAKeySees(t *testing.T) {
	rack := func(name, status string) convox.Rack {
		return convox.Rack{Organization: "acme", Name: name, Status: status}
	}
	for want, racks := range map[string][]convox.Rack{
		"":                                       nil,
		"  The deploy key sees acme/production.": {rack("production", "running")},
		"  The deploy key sees acme/production, acme/staging.":     {rack("production", ""), rack("staging", "updating")},
		"  The deploy key sees acme/production (unreachable).":     {rack("production", "unreachable")},
		"  The deploy key sees acme/a, acme/production (unknown).": {rack("a", "running"), rack("production", "unknown")},
	} {
		f := New(Outside{}, Given{})
		f.answers.signIn, f.result.plan = ByConsole, &connect.Plan{Login: convox.Login{Racks: racks}}
		got := ""
		for _, line := range f.keyLines() {
			got += line.Text
		}
		if got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestAPasswordIsNamedByWhereItWasFound(t *testing.T) {
	for name, c := range map[string]struct {
		signIn SignIn
		source source
		want   convox.Source
	}{
		"typed":    {ByRack, sourceTyped, ""},
		"in AWS":   {ByRack, sourceAWS, convox.FromAWS},
		"of a key": {ByConsole, sourceAWS, ""},
	} {
		f := New(Outside{}, Given{})
		f.answers.signIn, f.answers.source = c.signIn, c.source
		if got := f.credential().Source; got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestThePasswordOfAWSIsOfferedWhereItOnlyRestarts(t *testing.T) {
	for name, c := range map[string]struct {
		recovered string
		refused   bool
		want      bool
	}{
		"refused":            {secrettest.Canary, true, true},
		"not tried":          {secrettest.Canary, false, false},
		"that can't be sent": {"a@" + secrettest.Canary, true, false},
		"none":               {"", true, false},
	} {
		f := New(Outside{}, Given{})
		f.answers.recovered, f.result.refused = secret.New(c.recovered), map[source]bool{sourceAWS: c.refused}
		if slices.Contains(f.newSources(), newInAWS) != c.want {
			t.Errorf("%s: it offers %v", name, f.newSources())
		}
	}
}

func TestACompanysOwnConsoleIsNamedAfterAReset(t *testing.T) {
	f := New(Outside{}, Given{})
	f.answers.signIn = ByConsole
	if next := fmt.Sprint(f.ResetNext()); !strings.Contains(next, "convox-travis --console ") || !strings.Contains(next, "--console=HOST") {
		t.Error(next)
	}
}

func TestTheTableBeginsWithWhatCannotBeWritten(t *testing.T) {
	plan := func(slug string, host, password connect.Action) connect.RepositoryPlan {
		return connect.RepositoryPlan{Target: connect.Target{Slug: slug}, Host: connect.Change{Action: host}, Password: connect.Change{Action: password}}
	}
	failed := plan("acme/x", connect.None, connect.None)
	failed.Err = &problem.Error{Object: "acme/x", Reason: "no access"}
	activated := plan("acme/longer", connect.Create, connect.Replace)
	activated.Activate = true
	for name, c := range map[string]struct {
		plans []connect.RepositoryPlan
		want  string
	}{
		"one that fails": {[]connect.RepositoryPlan{plan("acme/web", connect.Create, connect.Create), failed}, "acme/x: no access\n    REPOSITORY  CHANGE\nacme/web    new"},
		"columns":        {[]connect.RepositoryPlan{plan("acme/web", connect.None, connect.None), activated}, "    REPOSITORY   CHANGE\n    acme/web     unchanged\nacme/longer  activated, host new, password replaced"},
	} {
		var lines []string
		for _, line := range tableOf(c.plans) {
			lines = append(lines, line.Text)
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%s: it is\n%s\nand not\n%s", name, got, c.want)
		}
	}
}

func TestWhoAcceptedThePasswordIsNamed(t *testing.T) {
	host := func(text string) convox.Host {
		host, err := convox.ParseHost(text)
		if err != nil {
			t.Fatal(err)
		}
		return host
	}
	const rackHost = "rack.example-1.us-east-1.convox.site"
	found := cfn.Rack{Name: "production", Region: "us-east-1", Host: rackHost}
	for name, c := range map[string]struct {
		way       SignIn
		login     convox.Login
		picked    string
		unchecked bool
		want      string
	}{
		"a Rack that was found":     {ByRack, convox.Login{Host: host(rackHost)}, rackKey(found), false, "private, accepted by production"},
		"one that says its name":    {ByRack, convox.Login{Host: host(rackHost), Racks: []convox.Rack{{Name: "staging"}}}, typeRow, false, "private, accepted by staging"},
		"one that doesn't":          {ByRack, convox.Login{Host: host(rackHost)}, typeRow, false, "private, accepted by " + rackHost},
		"Convox's Console":          {ByConsole, convox.Login{Host: host(convox.HostedConsole)}, "", false, "private deploy key, accepted by Console"},
		"a company's Console":       {ByConsole, convox.Login{Host: host("console.example.com")}, rackKey(found), false, "private deploy key, accepted by console.example.com"},
		"one that can't be reached": {ByRack, convox.Login{}, rackKey(found), true, "private, not verified"},
	} {
		f := New(Outside{}, Given{})
		f.answers.signIn, f.answers.rack, f.found.racks = c.way, c.picked, []cfn.Rack{found}
		f.result.plan = &connect.Plan{Login: c.login, Unchecked: c.unchecked, Credential: connect.Credential{Console: c.way == ByConsole}}
		if got := f.passwordWords(); got != "•••••••• "+c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
