package flow_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
	"convox-travis/tui/flow"
)

func TestAYesIsForOneRepositoryAndOneBranch(t *testing.T) {
	branch := "old"
	mixed := []travistest.EnvVar{{ID: "h", Name: "CONVOX_HOST", Value: "x", Branch: &branch}}
	w := newWorld(t)
	w.travis.SetEnvVars(slug, mixed)
	w.travis.AddRepository(travistest.Repository{ID: 11, Slug: "acme/second", Active: true, EnvVars: mixed})
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepMixed).answer(flow.Value{Index: 1}).step(flow.StepReview)
	if lines := fmt.Sprint(w.flow.Question().Lines); !strings.Contains(lines, "sent there too") {
		t.Errorf("the review does not say it: %s", lines)
	}
	w.backTo(flow.StepRepository)
	w.answer(flow.Value{Key: "github acme/second"}).step(flow.StepMixed)
	w.answer(flow.Value{Index: 1}).step(flow.StepReview)
	w.backTo(flow.StepBranch)
	w.accept().step(flow.StepMixed)
}

func TestARetryIsReviewedWithWhatTravisHasNow(t *testing.T) {
	w := newWorld(t).begin(flow.Given{})
	w.accept().accept().accept().step(flow.StepReview).failWrites(true)
	w.accept().step(flow.StepRetry).failWrites(false)
	w.travis.SetEnvVars(slug, []travistest.EnvVar{{ID: "h", Name: "CONVOX_HOST", Value: "theirs"}, {ID: "p", Name: "CONVOX_PASSWORD", Value: "theirs"}})
	w.accept().step(flow.StepReview)
	if lines := fmt.Sprint(w.flow.Question().Lines); !strings.Contains(lines, "replace") {
		t.Errorf("the review says %s", lines)
	}
	if got := w.settings(); got != "CONVOX_HOST=theirs CONVOX_PASSWORD=theirs" {
		t.Errorf("Travis has %s", got)
	}
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	w.wantWritten()
}

// untrusted is a Rack whose certificate is its own, until it is approved.
type untrusted struct{ approved bool }

func (u untrusted) Rack(context.Context, convox.Host, secret.String) (convox.Login, error) {
	if u.approved {
		return convox.Login{}, nil
	}
	return convox.Login{}, &problem.Error{Code: convox.CodeUntrusted, Detail: convox.Detail{Fingerprint: "AA:BB"}}
}

func (u untrusted) TryLogins(context.Context, convox.Host, secret.String, secret.String, int, func(convox.LoginAttempt)) (bool, error) {
	return false, nil
}

func (u untrusted) Console(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return convox.Login{}, &problem.Error{Code: convox.CodeUnreachable}
}

func (untrusted) LacksApp(context.Context, convox.Host, secret.String, string, string) bool {
	return false
}

func TestACertificateIsApprovedByItsOwner(t *testing.T) {
	w := newWorld(t)
	w.outside.Checker = func(fingerprint string) (flow.Checker, error) { return untrusted{fingerprint == "AA:BB"}, nil }
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepCertificate)
	if q := w.flow.Question(); q.Initial.Yes || !strings.Contains(strings.Join(q.Reason, " "), "AA:BB") {
		t.Errorf("%+v", q)
	}
	w.answer(flow.Value{}).step(flow.StepRack).accept().step(flow.StepSource).accept().step(flow.StepCertificate)
	w.answer(flow.Value{Yes: true}).step(flow.StepReview)
	w.backTo(flow.StepRack)
	w.answer(flow.Value{Key: "host 127.0.0.1:1"}).step(flow.StepPassword).type_("pw").step(flow.StepCertificate)

	w = newWorld(t)
	w.outside.Checker = func(string) (flow.Checker, error) { return untrusted{}, nil }
	w.begin(flow.Given{}).choose("Console deploy key").type_(key).step(flow.StepKey) // a Console is never written unchecked
}

func TestAnApprovedCertificateRunsNoTestBuild(t *testing.T) {
	w := newWorld(t)
	w.outside.Checker = func(fingerprint string) (flow.Checker, error) { return untrusted{fingerprint == "AA:BB"}, nil }
	w.begin(flow.Given{Agreed: true, SignIn: flow.ByRack, Rack: "production", Saved: true}).step(flow.StepCertificate)
	w.answer(flow.Value{Yes: true}).step(flow.StepDone)
	for _, r := range w.travis.Faults.Requests() {
		if strings.HasSuffix(r.Path, "/requests") {
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
}

// console is a Console beside such a Rack.
type console struct{ untrusted }

func (c console) Console(ctx context.Context, host convox.Host, key secret.String) (convox.Login, error) {
	if c.approved {
		return convox.Login{}, &problem.Error{Code: convox.CodeUntrusted, Detail: convox.Detail{Pinned: true}}
	}
	return convox.Login{Host: host}, nil
}

func TestAnApprovedCertificateIsForItsHostAlone(t *testing.T) {
	w := newWorld(t)
	w.outside.Checker = func(fingerprint string) (flow.Checker, error) { return console{untrusted{fingerprint == "AA:BB"}}, nil }
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepCertificate).answer(flow.Value{Yes: true}).step(flow.StepReview)
	w.backTo(flow.StepSignIn)
	w.choose("Console deploy key").step(flow.StepKey).type_(key).step(flow.StepReview)
}

func TestAPasswordIsForTheHostThatItNames(t *testing.T) {
	w := newWorld(t)
	other, _ := convox.ParseHost("other.example.com")
	w.begin(flow.Given{SignIn: flow.ByRack, Rack: "production", Password: secret.New(secrettest.Canary), PasswordFor: other}).step(flow.StepSource)
	if n := len(w.rack.Faults.Requests()); n != 0 {
		t.Errorf("%d calls with the password of another host", n)
	}
	w.begin(flow.Given{SignIn: flow.ByRack, Rack: "production", Password: secret.New(secrettest.Canary), PasswordFor: w.host()}).step(flow.StepReview)
}

func TestWhatThePersonSaidIsNotPassedOver(t *testing.T) {
	w := newWorld(t).begin(flow.Given{SignIn: flow.ByRack, Rack: "production", Saved: true})
	w.step(flow.StepReview).backTo(flow.StepRack)
	w.answer(flow.Value{Key: "host 127.0.0.1:1"}).step(flow.StepPassword).type_("pw").step(flow.StepUnchecked).answer(flow.Value{Yes: true}).step(flow.StepReview)
	w.backTo(flow.StepSignIn)
	w.accept().step(flow.StepRack)
	if offered := w.flow.Question().Initial.Key; offered != "host 127.0.0.1:1" {
		t.Errorf("it offers %s", offered)
	}
}

func TestARackBehindConsoleIsNotLookedForInAWS(t *testing.T) {
	w := newWorld(t).begin(flow.Given{SignIn: flow.ByConsole, Rack: "acme/production", Password: secret.New(key)})
	w.step(flow.StepReview).backTo(flow.StepSignIn)
	w.choose("Rack password").step(flow.StepRack)
}

func TestAnotherAccountHasOtherRepositories(t *testing.T) {
	w := newWorld(t)
	w.travis.AddAccount(travistest.Account{ID: 2, Login: "bob", Token: "b0b"})
	w.travis.AddRepository(travistest.Repository{ID: 12, Slug: "bob/own", Active: true})
	w.outside.Clone = nil
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepRepository)
	late := w.flow.Searches()
	w.backTo(flow.StepAccount)
	late = append(late, w.flow.Searches()...)
	w.answer(flow.Value{Index: 1}).step(flow.StepToken).type_("b0b").step(flow.StepRepository)
	w.search(late)
	for _, row := range w.flow.Question().Rows {
		if strings.HasPrefix(row.Cells[0], "acme/") {
			t.Errorf("%s is the other account's", row.Cells[0])
		}
	}
	w.backTo(flow.StepAccount)
	w.answer(flow.Value{Index: 0}).step(flow.StepRepository)
	if rows := w.flow.Question().Rows; rows[0].Cells[0] != slug {
		t.Errorf("%+v", rows)
	}
}

func TestAProviderThatWasNamedCounts(t *testing.T) {
	w := newWorld(t).begin(flow.Given{Provider: travisapi.GitLab})
	w.accept().accept().accept().step(flow.StepRepository)
	if row := w.flow.Question().Rows[0]; row.Disabled == "" {
		t.Errorf("%+v", row)
	}
	w = newWorld(t)
	w.outside.Clone = func(context.Context) (gitrepo.Clone, error) {
		return gitrepo.Clone{Remotes: []gitrepo.Remote{{Name: "origin", Host: "git.acme.example", Slug: slug}}}, nil
	}
	w.begin(flow.Given{Provider: travisapi.GitHub}).accept().accept().accept().step(flow.StepReview)
}

func TestASavedRackThatIsFoundToBePrivateIsWarnedOf(t *testing.T) {
	w := newWorld(t)
	w.outside.Racks = func(_ context.Context, _ string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
		deliver(cfn.RegionResult{Racks: []cfn.Rack{{Name: "production", Region: "us-east-1", Host: w.rack.Host, Private: true}}, Of: 1})
		return cfn.Summary{}, nil
	}
	w.flow = flow.New(w.outside, flow.Given{})
	searches := w.flow.Searches()
	last := len(searches) - 1 // is for Racks
	for _, s := range searches[:last] {
		s(t.Context(), w.flow.Found)
	}
	w.choose("Rack password").step(flow.StepRack)
	key := w.flow.Question().Initial.Key
	searches[last](t.Context(), w.flow.Found)
	if rows := w.flow.Question().Rows; len(rows) != 2 || rows[0].Key != key || w.flow.Question().Initial.Key != key {
		t.Errorf("the row became another one: %+v", rows)
	}
	w.accept().accept().step(flow.StepReview)
	if lines := fmt.Sprint(w.flow.Question().Lines); !strings.Contains(lines, "private API") {
		t.Errorf("the review says %s", lines)
	}
}

func TestAnActivationThatStandsIsTold(t *testing.T) {
	w := newWorld(t).begin(flow.Given{Targets: []connect.Target{{Provider: travisapi.GitHub, Slug: "acme/off"}}})
	w.accept().accept().accept().step(flow.StepActivate).accept().step(flow.StepReview)
	w.failVariables()
	w.accept().step(flow.StepRetry)
	if reason := strings.Join(w.flow.Question().Reason, "\n"); !strings.Contains(reason, "activated") || !w.flow.Report().HasChanges() {
		t.Errorf("it says %s", reason)
	}
}

func TestAnActivationThatStandsIsReportedAfterARetry(t *testing.T) {
	w := newWorld(t).begin(flow.Given{Targets: []connect.Target{{Provider: travisapi.GitHub, Slug: "acme/off"}}})
	w.accept().accept().accept().step(flow.StepActivate).accept().step(flow.StepReview)
	w.failVariables()
	w.accept().step(flow.StepRetry)
	w.travis.Faults.Clear()
	w.accept().step(flow.StepReview).accept().step(flow.StepTestBuild)
	if report := w.flow.Report().Repositories[0]; !report.Activated || report.Err != nil {
		t.Errorf("%+v", report)
	}
}

// brokenProxy fails each login as a proxy does that never tried the host.
type brokenProxy struct{ flow.Checker }

func (brokenProxy) Rack(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return convox.Login{}, &problem.Error{Code: convox.CodeUnreachable, Object: "the proxy 127.0.0.1:1 of HTTPS_PROXY", Reason: "connection refused", Detail: convox.Detail{BrokenProxy: true}}
}

func TestBehindABrokenProxyNothingIsOfferedUnchecked(t *testing.T) {
	w := newWorld(t)
	w.outside.Checker = func(string) (flow.Checker, error) { return brokenProxy{}, nil }
	w.begin(flow.Given{}).choose("Rack password").answer(flow.Value{Key: "host 127.0.0.1:1"}).step(flow.StepPassword)
	w.type_("pw").step(flow.StepPassword).wantProblem("the proxy 127.0.0.1:1 of HTTPS_PROXY")
}
