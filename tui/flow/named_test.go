package flow

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/setup"
)

func TestTheReviewSaysWhichRacksAKeySees(t *testing.T) {
	rack := func(name, status string) convox.Rack {
		return convox.Rack{Organization: "acme", Name: name, Status: status}
	}
	for want, racks := range map[string][]convox.Rack{
		"It sees no Rack.":                           nil,
		"It sees acme/production.":                   {rack("production", "running")},
		"It sees acme/production, acme/staging.":     {rack("production", ""), rack("staging", "updating")},
		"It sees acme/production (unreachable).":     {rack("production", "unreachable")},
		"It sees acme/a, acme/production (unknown).": {rack("a", "running"), rack("production", "unknown")},
	} {
		f := New(Outside{}, Given{})
		f.answers.way, f.result.plan = ByConsole, &setup.Plan{Login: convox.Login{Racks: racks}}
		if line := f.checkedLine(); !strings.HasSuffix(line.Text, " "+want) {
			t.Errorf("%q, not %q", line.Text, want)
		}
	}
}

func TestAPasswordIsNamedByWhereItWasFound(t *testing.T) {
	for name, c := range map[string]struct {
		way    Way
		source source
		want   convox.Source
	}{
		"typed":    {ByRack, sourceTyped, ""},
		"in AWS":   {ByRack, sourceAWS, convox.FromAWS},
		"of a key": {ByConsole, sourceAWS, ""},
	} {
		f := New(Outside{}, Given{})
		f.answers.way, f.answers.source = c.way, c.source
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
	f.answers.instead = useDeployKey
	if next := fmt.Sprint(f.ResetNext()); !strings.Contains(next, "convox-travis --console ") || !strings.Contains(next, "--console=HOST") {
		t.Error(next)
	}
}
