package flow_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/problem"
	"convox-travis/tui/flow"
)

// profiles gives the world the profiles of AWS files, of which work has a Rack. The
// first one is in use; searches with others fail with the given error. It returns
// the profiles that were used.
func (w *world) profiles(first *problem.Error, all ...cfn.Profile) *[]string {
	var used []string
	current, racks := "", w.outside.Racks
	w.outside.Profiles = func() []cfn.Profile {
		listed := slices.Clone(all)
		for i := range listed {
			listed[i].InUse = listed[i].Name == current || current == "" && i == 0
		}
		return listed
	}
	w.outside.UseProfile = func(name string) { current, used = name, append(used, name) }
	w.outside.Racks = func(ctx context.Context, code string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
		if current != "work" {
			return cfn.Summary{}, first
		}
		return racks(ctx, code, deliver)
	}
	return &used
}

func (w *world) rows() string {
	var all []string
	for _, row := range w.flow.Question().Rows {
		all = append(all, fmt.Sprintf("%s (%s)", strings.Join(row.Cells, " "), row.Note))
	}
	return strings.Join(all, ", ")
}

func failure(code string) *problem.Error {
	return &problem.Error{Code: code, Action: "log in to AWS", Reason: "no", Hints: []string{"set AWS_PROFILE"}}
}

func TestAnotherProfileIsPickedWhereTheCredentialsFail(t *testing.T) {
	for _, code := range []string{cfn.CodeNoCredentials, cfn.CodeRefused, cfn.CodeExpired, cfn.CodeDenied, cfn.CodeProfile} {
		w := newWorld(t)
		used := w.profiles(failure(code), cfn.Profile{Name: "default"}, cfn.Profile{Name: "work", Region: "eu-west-1", Kind: "keys"})
		w.outside.Saved = nil
		w.begin(flow.Given{SignIn: flow.ByRack}).step(flow.StepRack)
		q := w.flow.Question()
		if want := "Use another AWS profile… (), Enter a host… ()"; w.rows() != want || q.Initial.Key != "profile" {
			t.Errorf("%s: the rows are %s, and %s has the focus", code, w.rows(), q.Initial.Key)
		}
		if want := "couldn't search AWS: log in to AWS: no"; q.More != want {
			t.Errorf("%s: %s", code, q.More)
		}
		w.accept().step(flow.StepProfile)
		if want := "default   (in use; no credentials), work eu-west-1 keys ()"; w.rows() != want {
			t.Errorf("%s: the profiles are %s", code, w.rows())
		}
		w.accept().step(flow.StepRack)
		if !strings.HasPrefix(w.rows(), "broken us-east-1 (), production us-east-1 ()") || fmt.Sprint(*used) != "[work]" {
			t.Errorf("%s: the rows are %s, with %v", code, w.rows(), *used)
		}
		w.answer(flow.Value{Key: "host " + w.rack.Host})
		for _, item := range w.flow.Rail() {
			if item.Name == "Rack" && item.Answer != "production · us-east-1, AWS profile work" {
				t.Error(item.Answer)
			}
		}
	}
}

func TestAProfileIsOfferedWhereThereIsAnotherOne(t *testing.T) {
	for name, c := range map[string]struct {
		profiles []cfn.Profile
		offered  bool
	}{
		"none":              {nil, false},
		"only the used one": {[]cfn.Profile{{Name: "default"}}, false},
		"another one":       {[]cfn.Profile{{Name: "default"}, {Name: "work"}}, true},
	} {
		w := newWorld(t)
		racks := w.outside.Racks
		w.profiles(nil, c.profiles...)
		w.outside.Racks = racks // the credentials are good
		w.begin(flow.Given{SignIn: flow.ByRack}).step(flow.StepRack)
		if strings.Contains(w.rows(), "Use another AWS profile…") != c.offered {
			t.Errorf("%s: the rows are %s", name, w.rows())
		}
		if got := w.flow.Question().Initial.Key; got != "host "+w.rack.Host {
			t.Errorf("%s: %s has the focus", name, got)
		}
	}
}

// Going back from the profiles leaves the credentials as they were.
func TestAProfileIsUsedOnceItIsSearchedWith(t *testing.T) {
	w := newWorld(t)
	used := w.profiles(failure(cfn.CodeRefused), cfn.Profile{Name: "default", Kind: "keys"}, cfn.Profile{Name: "sso", Kind: "SSO", SSO: "sso", NoSession: "no SSO session"}, cfn.Profile{Name: "work", Kind: "keys"})
	w.begin(flow.Given{SignIn: flow.ByRack}).answer(flow.Value{Key: "profile"}).answer(flow.Value{Key: "sso"}).step(flow.StepSSO)
	w.backTo(flow.StepProfile)
	if got := w.flow.Question().Initial.Key; got != "sso" {
		t.Errorf("%s has the focus, not what was picked", got)
	}
	w.backTo(flow.StepRack)
	if len(*used) != 0 {
		t.Errorf("used: %v", *used)
	}
	w.answer(flow.Value{Key: "profile"}).step(flow.StepProfile).answer(flow.Value{Key: "work"}).step(flow.StepRack)
	if fmt.Sprint(*used) != "[work]" || !strings.Contains(w.rows(), "production") {
		t.Errorf("used: %v, rows: %s", *used, w.rows())
	}
}

// What an earlier search finds late belongs to another account.
func TestASearchWithAnotherProfileReplacesTheFirst(t *testing.T) {
	w := newWorld(t)
	w.profiles(failure(cfn.CodeRefused), cfn.Profile{Name: "default"}, cfn.Profile{Name: "work"})
	w.hold, w.outside.Saved = &[]flow.Search{}, nil
	w.begin(flow.Given{SignIn: flow.ByRack})
	searches := *w.hold
	w.hold = nil
	late := searches[len(searches)-1]
	w.search(searches)
	w.settle()
	w.answer(flow.Value{Key: "profile"}).answer(flow.Value{Key: "work"}).step(flow.StepRack)
	rows := w.rows()
	w.outside.UseProfile("default")
	late(t.Context(), w.flow.Found)
	if q := w.flow.Question(); w.rows() != rows || strings.Contains(q.More, "couldn't") {
		t.Errorf("the rows were %s, and are %s; %s", rows, w.rows(), q.More)
	}
}

func TestAnSSOSessionIsStartedAndSearchedWith(t *testing.T) {
	for name, c := range map[string]struct {
		first string // the Key of the row that leads there
		cli   bool
		says  string
	}{
		"the one in use":      {"sso", true, "The AWS CLI starts one: aws sso login --profile corp"},
		"a picked one":        {"profile", true, "The AWS CLI starts one: aws sso login --profile corp"},
		"without the AWS CLI": {"sso", false, "In another terminal, run: aws sso login --profile corp"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			code := cfn.CodeExpiredSSO
			if c.first == "profile" {
				code = cfn.CodeNoCredentials
			}
			// work assumes a role with the credentials of corp.
			work := cfn.Profile{Name: "work", Kind: "role", SSO: "corp", NoSession: "SSO session expired"}
			profiles := []cfn.Profile{work, {Name: "corp", Kind: "SSO", SSO: "corp", NoSession: "SSO session expired"}}
			if c.first == "profile" {
				profiles = append([]cfn.Profile{{Name: "default"}}, profiles...)
			}
			w.profiles(failure(code), profiles...)
			racks, signedIn := w.outside.Racks, false
			w.outside.Racks = func(ctx context.Context, mfaCode string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
				if !signedIn {
					return cfn.Summary{}, failure(code)
				}
				w.outside.UseProfile("work")
				return racks(ctx, mfaCode, deliver)
			}
			var signedInWith []string
			if c.cli {
				w.outside.LoginSSO = func(_ context.Context, profile string, tell func(string)) error {
					signedInWith = append(signedInWith, profile)
					tell("https://device.sso.us-east-1.amazonaws.com/ ABCD-EFGH")
					signedIn = len(signedInWith) > 1
					if !signedIn {
						return failure(cfn.CodeExpiredSSO)
					}
					return nil
				}
			}
			w.outside.Saved = nil
			w.begin(flow.Given{SignIn: flow.ByRack}).step(flow.StepRack)
			if got := w.flow.Question().Initial.Key; got != c.first {
				t.Errorf("%s has the focus", got)
			}
			w.answer(flow.Value{Key: c.first})
			if c.first == "profile" {
				w.step(flow.StepProfile).answer(flow.Value{Key: "work"})
			}
			w.step(flow.StepSSO)
			if says := strings.Join(w.flow.Question().Reason, " "); !strings.HasSuffix(says, c.says) {
				t.Error(says)
			}
			if !c.cli {
				signedIn = true // in another terminal
				w.choose("Search again").step(flow.StepRack)
			} else {
				w.choose("Run it now").step(flow.StepSSO).wantProblem("log in to AWS: no")
				w.choose("Run it now").step(flow.StepRack)
				if fmt.Sprint(signedInWith) != "[corp corp]" {
					t.Errorf("signed in with %v", signedInWith)
				}
			}
			if !strings.Contains(w.rows(), "staging") {
				t.Errorf("the rows are %s", w.rows())
			}
		})
	}
}

func TestAStopWhileTheBrowserIsWaitedForIsNoFailure(t *testing.T) {
	w := newWorld(t)
	w.profiles(failure(cfn.CodeExpiredSSO), cfn.Profile{Name: "corp", Kind: "SSO", SSO: "corp", NoSession: "no SSO session"})
	w.outside.LoginSSO = func(ctx context.Context, _ string, tell func(string)) error {
		tell("the browser")
		<-ctx.Done()
		return context.Cause(ctx)
	}
	w.stopAt = "the browser"
	w.begin(flow.Given{SignIn: flow.ByRack}).answer(flow.Value{Key: "sso"}).step(flow.StepSSO).choose("Run it now").step(flow.StepSSO)
	if got := w.flow.Question().Problem; got == nil || got.Message != errStop.Error() {
		t.Errorf("%+v", got)
	}
}
