package audit_test

import (
	"context"
	"strings"
	"testing"

	"convox-travis/internal/audit"
	"convox-travis/internal/connect"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

// Who starts a build sends what is set to the host that is set.
func TestNoBuildIsStartedThatWouldProveNothingOrSendAPasswordElsewhere(t *testing.T) {
	const elsewhere = "rack.elsewhere.example.com"
	dev := []travistest.EnvVar{private("h", connect.HostName, rackHost, "dev"), private("p", connect.PasswordName, stored, "dev")}
	ofDev := func(r *audit.Request) { r.Branch = "dev" }
	encrypted := goodYML + global + "    # CONVOX_HOST, by convox-travis\n    - secure: \"abc=\"\n    # CONVOX_PASSWORD, by convox-travis\n    - secure: \"abc=\"\n"
	for name, c := range map[string]struct {
		audited
		why string // "" is a build
	}{
		"a good pair":                          {},
		"the variables are in the file":        {audited{vars: []travistest.EnvVar{}, yml: encrypted}, "the variables are in the file"},
		"no pair":                              {audited{vars: []travistest.EnvVar{}}, "the variables aren't set"},
		"no host":                              {audited{vars: goodPair[1:]}, "the variables aren't set"},
		"another branch has a pair":            {audited{vars: dev}, "the variables aren't set for branch main, which would be built"},
		"the branch has a pair":                {audited{vars: dev, request: ofDev}, ""},
		"the branch has a host of its own":     {audited{vars: with(private("d", connect.HostName, elsewhere, "dev")), request: ofDev}, "send that host the password of all branches"},
		"the branch has the same host, seen":   {audited{vars: []travistest.EnvVar{public("h", connect.HostName, rackHost, ""), goodPair[1], public("d", connect.HostName, rackHost, "dev")}, request: ofDev}, ""},
		"the branch has a password of its own": {audited{vars: with(private("d", connect.PasswordName, stored, "dev")), request: ofDev}, "aren't from the same place for branch dev"},
		"another branch has a host of its own": {audited{vars: with(private("d", connect.HostName, elsewhere, "dev"))}, ""},
		"the host is the account's":            {audited{vars: goodPair[1:], owner: []travistest.EnvVar{private("a", connect.HostName, elsewhere, "")}}, "aren't from the same place"},
		"RACK_URL is set":                      {audited{vars: with(private("r", "RACK_URL", "https://x", ""))}, "RACK_URL is set"},
		"RACK_URL is set for the branch":       {audited{vars: with(private("r", "RACK_URL", "https://x", "dev")), request: ofDev}, "RACK_URL is set"},
		"RACK_URL is set for another branch":   {audited{vars: with(private("r", "RACK_URL", "https://x", "dev"))}, ""},
		"RACK_URL is the account's":            {audited{owner: []travistest.EnvVar{private("a", "RACK_URL", "https://x", "")}}, "RACK_URL is set"},
		"RACK_URL is in the file":              {audited{yml: goodYML + global + "    - RACK_URL=https://x\n"}, "RACK_URL is set"},
		"Travis doesn't build it":              {audited{change: func(r *travistest.Repository) { r.Active = false }}, "Travis doesn't build"},
	} {
		t.Run(name, func(t *testing.T) {
			report := c.audit(t)
			travis := &builds{state: "passed"}
			if err := report.RunTestBuilds(running(t.Context()), audit.Request{}, audit.TestBuilder{Builder: travis}); err != nil || len(report.Errs()) > 0 {
				t.Fatal(err, report.Errs())
			}
			unbuilt := report.Repositories[0].Unbuilt
			if (c.why == "") != (len(travis.of) == 1) || (c.why == "") != (unbuilt == "") || !strings.Contains(unbuilt, c.why) {
				t.Errorf("%d builds: %s", len(travis.of), unbuilt)
			}
			if c.request != nil && len(travis.of) > 0 && travis.of[0] != "dev" {
				t.Errorf("a build of %s", travis.of[0])
			}
		})
	}
}

func TestABuildThatCannotLogInIsTheWorstAndNamesItsRepositoryOnce(t *testing.T) {
	report := audited{vars: with(private("d", connect.PasswordName, stored, "dev"))}.audit(t)
	other := connect.Target{Provider: travisapi.GitHub, Slug: "acme/web"}
	report.Repositories = append(report.Repositories, audit.RepositoryReport{Target: other})
	report.Findings = append(report.Findings, audit.Finding{Severity: audit.SeverityError, Code: audit.FoundUnknown, Message: "x", Target: other})
	if err := report.RunTestBuilds(running(t.Context()), audit.Request{}, audit.TestBuilder{Builder: &builds{state: "failed"}}); err != nil {
		t.Fatal(err)
	}
	if got := severities(report); got != "error proof_failed\nwarning mixed_pair\nerror unknown" {
		t.Errorf("found\n%s", got)
	}
	if message := report.Findings[0].Message; !strings.HasPrefix(message, "the test build is failed: ") {
		t.Error(message)
	}
}

// builds is a Travis whose builds end at once. It keeps their branches.
type builds struct {
	state string
	of    []string
}

func (b *builds) StartBuild(_ context.Context, _ travisapi.Ref, wish travisapi.BuildOptions) (travisapi.BuildRequest, error) {
	b.of = append(b.of, wish.Branch)
	return travisapi.BuildRequest{ID: 1}, nil
}

func (b *builds) BuildRequest(context.Context, travisapi.Ref, int) (travisapi.BuildRequest, error) {
	return travisapi.BuildRequest{ID: 1, Builds: []travisapi.Build{{ID: 2, State: b.state}}}, nil
}

func (b *builds) Build(context.Context, int) (travisapi.Build, error) {
	return travisapi.Build{ID: 2, State: b.state}, nil
}

func (*builds) Repository(context.Context, travisapi.Ref) (travisapi.Repository, error) {
	return travisapi.Repository{ID: 17, Slug: slug}, nil
}
