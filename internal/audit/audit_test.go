package audit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/audit"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

// goodYML deploys as it should.
const goodYML = `language: ruby
deploy:
  provider: script
  script: bash -c 'curl -fsSL -o /tmp/convox https://download.convox.com/cli/linux/convox && chmod +x /tmp/convox && /tmp/convox deploy --app api --rack acme/production --wait'
  on:
    branch: main
`

// audited is a repository and what is around it; the zero one is well set up.
type audited struct {
	vars       []travistest.EnvVar // instead of a good pair
	change     func(*travistest.Repository)
	owner      []travistest.EnvVar // of the organization's account
	yml        string              // "" is goodYML
	old        []gitrepo.Version
	noYML      bool
	ymlErr     error
	rackFile   bool
	request    func(*audit.Request)
	checker    audit.Checker // nil and a credential: all is accepted
	racks      *racks
	want       string // "severity code", one a line
	says       string // in the messages and hints
	anotherOne bool   // the clone is another repository's
	reading    travistest.Reading
	builds     []travistest.PastBuild
}

// racks is an AWS account.
type racks struct {
	cfn.Summary
	err error
}

func (racks) Regions() []string { return []string{"eu-west-1", "us-east-1"} }

func (r racks) Search(context.Context, []string, func(cfn.RegionResult)) (cfn.Summary, error) {
	return r.Summary, r.err
}

var goodPair = []travistest.EnvVar{private("h", connect.HostName, rackHost, ""), private("p", connect.PasswordName, stored, "")}

func with(vars ...travistest.EnvVar) []travistest.EnvVar {
	return append(goodPair[:len(goodPair):len(goodPair)], vars...)
}

func (a audited) audit(t *testing.T) audit.Report {
	t.Helper()
	if a.vars == nil {
		a.vars = goodPair
	}
	server := travistest.Start(t)
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: token, Organizations: []string{"acme"}})
	repository := travistest.Repository{ID: 17, Slug: slug, Active: true, Private: true, EnvVars: a.vars}
	if a.change != nil {
		a.change(&repository)
	}
	server.AddRepository(repository)
	server.SetOrganizationEnvVars("acme", a.owner)
	server.ReadAs(slug, a.reading)
	for _, b := range a.builds {
		server.AddBuild(slug, b)
	}

	target := connect.Target{Provider: travisapi.GitHub, Slug: slug}
	file := travisyml.File{Text: a.yml, Missing: a.noYML}
	if a.yml == "" && !a.noYML {
		file.Text = goodYML
	}
	request := audit.Request{
		Hints:   hintsOf,
		Targets: []connect.Target{target},
		Clone:   &audit.ClonedFile{Targets: []connect.Target{target}, File: file, Err: a.ymlErr, Old: a.old, NamesRack: a.rackFile},
	}
	if a.anotherOne {
		request.Clone.Targets = []connect.Target{{Provider: travisapi.GitLab, Slug: slug}}
	}
	if a.request != nil {
		a.request(&request)
	}
	auditor := audit.Auditor{Travis: newClient(t, server.URL), Checker: a.checker}
	if a.racks != nil {
		auditor.Racks = func(context.Context) (audit.Searcher, error) { return *a.racks, nil }
	}
	report, err := auditor.Run(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	secrettest.Absent(t, "the report", fmt.Sprintf("%+v", report))
	if writes := server.Writes(); len(writes) > 0 {
		t.Errorf("an audit wrote: %s %s", writes[0].Method, writes[0].Path)
	}
	return report
}

func (a audited) run(t *testing.T) {
	t.Helper()
	report := a.audit(t)
	if got := severities(report); got != a.want {
		t.Errorf("found\n%s\nnot\n%s\n%s", got, a.want, words(report))
	}
	if !strings.Contains(words(report)+"\n", a.says) {
		t.Errorf("%q is not in\n%s", a.says, words(report))
	}
	for _, f := range report.Findings {
		if f.Message == "" || strings.ContainsAny(f.Message, "\n\x1b") {
			t.Errorf("%s says %q", f.Code, f.Message)
		}
	}
}

func severities(report audit.Report) string {
	var all []string
	for _, f := range report.Findings {
		all = append(all, string(f.Severity)+" "+f.Code)
	}
	return strings.Join(all, "\n")
}

func words(report audit.Report) string {
	var all []string
	for _, f := range report.Findings {
		all = append(all, f.Message+"\n"+f.Hint)
	}
	return strings.Join(all, "\n")
}

// credential gives one, of the Rack or of a Console.
func credential(host string, console bool) func(*audit.Request) {
	return func(r *audit.Request) {
		parsed, err := convox.ParseHost(host)
		if err != nil {
			panic(err) // the test is wrong
		}
		r.Credential = connect.Credential{Host: parsed, Password: secret.New(secrettest.Canary), Console: console}
	}
}

var deployKey = accepts{login: convox.Login{Racks: []convox.Rack{{Organization: "acme", Name: "production"}, {Organization: "acme", Name: "staging"}}}}

func TestAuditFindsNothingOnAWellSetUpRepository(t *testing.T) {
	for name, a := range map[string]audited{
		"without a credential":         {},
		"with a Rack's password":       {request: credential(rackHost, false), checker: accepts{}},
		"with a deploy key":            {request: credential(convox.HostedConsole, true), checker: deployKey},
		"the pair in the file":         {vars: []travistest.EnvVar{}, yml: goodYML + "env:\n  global:\n    CONVOX_HOST: console.convox.com\n    CONVOX_PASSWORD: {secure: \"abc=\"}\n"},
		"the host in the file":         {vars: goodPair[1:], yml: goodYML + "env:\n  global:\n    CONVOX_HOST: console.convox.com\n"},
		"a branch with its own pair":   {vars: with(private("bh", connect.HostName, "other.example.com", "next"), private("bp", connect.PasswordName, "other", "next"))},
		"another branch is looked at":  {vars: with(private("bh", connect.HostName, "other.example.com", "next"), public("r", "RACK_URL", "https://x", "next")), request: func(r *audit.Request) { r.Branch = "main" }},
		"a Rack by CONVOX_RACK":        {vars: with(private("r", "CONVOX_RACK", "acme/production", "")), yml: strings.Replace(goodYML, " --rack acme/production", "", 1), request: credential(convox.HostedConsole, true), checker: deployKey},
		"a Rack by .convox/rack":       {rackFile: true, yml: strings.Replace(goodYML, " --rack acme/production", "", 1), request: credential(convox.HostedConsole, true), checker: deployKey},
		"a Rack that the build knows":  {yml: strings.Replace(goodYML, "acme/production", "$MY_RACK", 1), request: credential(convox.HostedConsole, true), checker: deployKey},
		"another repository's clone":   {yml: "language: ruby\n", anotherOne: true},
		"a Rack that is there, in AWS": {yml: goodYML + "env:\n  global:\n    CONVOX_HOST: " + rackHost + "\n", vars: goodPair[1:], racks: &racks{Summary: cfn.Summary{Racks: []cfn.Rack{{Name: "acme", Region: "us-east-1", Host: rackHost}}}}},
	} {
		t.Run(name, a.run)
	}
}

func TestAuditJudgesTheVariables(t *testing.T) {
	for name, a := range map[string]audited{
		"no pair":              {vars: []travistest.EnvVar{}, want: "error missing_pair", says: "convox-travis --repo acme/api"},
		"no password":          {vars: goodPair[:1], want: "error missing_password"},
		"no host":              {vars: goodPair[1:], want: "error missing_host"},
		"perhaps encrypted":    {vars: goodPair[1:], yml: goodYML + "env:\n  global:\n    - secure: \"abc=\"\n", want: "warning missing_host\nnote yml_encrypted", says: "unless .travis.yml has it encrypted"},
		"no pair of a branch":  {vars: []travistest.EnvVar{private("h", connect.HostName, rackHost, "next")}, request: func(r *audit.Request) { r.Branch = "main" }, want: "error missing_pair", says: "--branch main"},
		"only some branches":   {vars: []travistest.EnvVar{private("h", connect.HostName, rackHost, "next"), private("p", connect.PasswordName, stored, "next")}, want: "error no_variables\nnote branches_only", says: "only next has them"},
		"the way in is told":   {vars: []travistest.EnvVar{}, request: credential(convox.HostedConsole, true), checker: deployKey, want: "error missing_pair", says: "convox-travis apply --repo acme/api --console"},
		"a public password":    {vars: []travistest.EnvVar{goodPair[0], public("p", connect.PasswordName, stored, "")}, want: "error public", says: "change that password"},
		"a public host":        {vars: []travistest.EnvVar{public("h", connect.HostName, rackHost, ""), goodPair[1]}, want: "note public"},
		"doubles":              {vars: with(private("h2", connect.HostName, rackHost, "")), want: "warning doubles", says: "2 times"},
		"a branch's own host":  {vars: with(private("bh", connect.HostName, "other.example.com", "next")), want: "error mixed_pair", says: "--branch next"},
		"its host is the same": {vars: []travistest.EnvVar{public("h", connect.HostName, rackHost, ""), goodPair[1], public("bh", connect.HostName, rackHost, "next")}, want: "note public\nnote public"},
		"its own password":     {vars: with(private("bp", connect.PasswordName, "other", "next")), want: "warning mixed_pair"},
		"RACK_URL":             {vars: with(private("r", "RACK_URL", stored, "")), want: "error rack_url", says: "delete RACK_URL"},
		"a public RACK_URL":    {vars: with(public("r", "RACK_URL", stored, "next")), want: "error rack_url", says: "it is public"},
		"the account's own":    {owner: []travistest.EnvVar{{Name: connect.HostName}}, want: "note account_variable", says: "the repository's own wins"},
		"the account's pair":   {vars: []travistest.EnvVar{}, owner: []travistest.EnvVar{{Name: connect.HostName}, {Name: connect.PasswordName}}, want: "note account_variable\nnote account_variable"},
		"the account's half":   {vars: goodPair[1:], owner: []travistest.EnvVar{{Name: connect.HostName}}, want: "warning mixed_pair\nnote account_variable"},
		"its public password":  {owner: []travistest.EnvVar{{Name: connect.PasswordName, Value: stored, Public: true}}, want: "error account_variable", says: "change that password"},
		"its RACK_URL":         {owner: []travistest.EnvVar{{Name: "RACK_URL"}}, want: "error rack_url", says: "acme"},
		"forks, private":       {change: func(r *travistest.Repository) { r.ShareWithForks = true }, want: "warning forks"},
		"forks, for everyone":  {change: func(r *travistest.Repository) { r.ShareWithForks, r.Private = true, false }, want: "error forks"},
		"pushes are off":       {change: func(r *travistest.Repository) { r.SkipPushes = true }, want: "error pushes_off", says: "no push deploys"},
		"inactive":             {change: func(r *travistest.Repository) { r.Active = false }, want: "warning inactive", says: "app.travis-ci.com/github/acme/api"},
		"may not write":        {change: func(r *travistest.Repository) { r.Permissions = map[string]bool{"create_env_var": false} }, want: "warning no_permission", says: "push access"},
		"unknown":              {change: func(r *travistest.Repository) { r.Unsynced = true }, want: "error unknown", says: "sync Travis"},
		"migrated":             {change: func(r *travistest.Repository) { r.Migrated = true }, want: "error migrated"},
		"what steers a screen": {vars: with(private("bp", connect.PasswordName, "other", "a\x1b[2J\nb")), want: "warning mixed_pair"},
	} {
		t.Run(name, a.run)
	}
}

func TestAuditOfThePersonsOwnAccount(t *testing.T) {
	server := travistest.Start(t)
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: token, EnvVars: []travistest.EnvVar{{Name: "RACK_URL"}}})
	server.AddRepository(travistest.Repository{ID: 17, Slug: "ann/api", Active: true, Private: true, EnvVars: goodPair})
	auditor := audit.Auditor{Travis: newClient(t, server.URL)}
	report, err := auditor.Run(t.Context(), audit.Request{Targets: []connect.Target{{Slug: "ann/api"}, {Slug: "ANN/api"}}})
	if err != nil || severities(report) != "error rack_url" || len(report.Repositories) != 1 {
		t.Errorf("%v: %+v", err, report)
	}
}

func TestAuditCountsWhatWasNotAskedForByName(t *testing.T) {
	swept := func(r *audit.Request) { r.WholeOwner = true }
	audited{vars: []travistest.EnvVar{}, anotherOne: true, request: swept, change: func(r *travistest.Repository) { r.Active = false }, want: "note not_set_up"}.run(t)
	audited{vars: []travistest.EnvVar{}, request: swept, want: "error missing_pair"}.run(t) // its file deploys
	shares := func(r *travistest.Repository) { r.ShareWithForks = true }
	audited{vars: goodPair[:1], anotherOne: true, request: swept, change: shares, want: "error missing_password\nwarning forks"}.run(t)
}

func TestAuditEndsWhenTravisLetsNobodyIn(t *testing.T) {
	w := newWorld(t)
	w.travis.Ban(token)
	auditor := audit.Auditor{Travis: w.client}
	_, err := auditor.Run(t.Context(), audit.Request{Targets: []connect.Target{{Slug: slug}}})
	if !travisapi.Failed(err, travisapi.CodeBanned) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped")
	cancel(stop)
	if _, err := auditor.Run(ctx, audit.Request{Targets: []connect.Target{{Slug: slug}}}); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

// strange is a Travis that answers some reads otherwise.
type strange struct {
	audit.Travis
	repository *travisapi.Repository
	vars       error
	beside     error
}

func (s strange) Repository(ctx context.Context, ref travisapi.Ref) (travisapi.Repository, error) {
	if s.repository != nil {
		return *s.repository, nil
	}
	return s.Travis.Repository(ctx, ref)
}

func (s strange) EnvVars(ctx context.Context, ref travisapi.Ref) ([]travisapi.EnvVar, error) {
	if s.vars != nil {
		return nil, s.vars
	}
	return s.Travis.EnvVars(ctx, ref)
}

func (s strange) SharesWithForks(ctx context.Context, ref travisapi.Ref) (bool, error) {
	if s.beside != nil {
		return false, s.beside
	}
	return s.Travis.SharesWithForks(ctx, ref)
}

func (s strange) BuildsPushes(ctx context.Context, ref travisapi.Ref) (bool, error) {
	if s.beside != nil {
		return false, s.beside
	}
	return s.Travis.BuildsPushes(ctx, ref)
}

func (s strange) User(ctx context.Context) (travisapi.User, error) {
	if s.beside != nil {
		return travisapi.User{}, s.beside
	}
	return s.Travis.User(ctx)
}

func (s strange) Owner(ctx context.Context, provider travisapi.Provider, login string) (travisapi.User, error) {
	if s.beside != nil {
		return travisapi.User{}, s.beside
	}
	return s.Travis.Owner(ctx, provider, login)
}

func TestAuditTellsWhatCouldNotBeRead(t *testing.T) {
	failed := &problem.Error{Code: travisapi.CodeServer, Detail: travisapi.Failure{}}
	for name, c := range map[string]struct {
		strange
		want string
		err  bool
	}{
		"a variable that may not be read": {strange: strange{vars: &problem.Error{Code: travisapi.CodeDenied, Detail: travisapi.Failure{}}}, want: "error no_permission"},
		"another repository":              {strange: strange{repository: &travisapi.Repository{ID: 3, Slug: "acme/other"}}, want: "error another_repository"},
		"the variables":                   {strange: strange{vars: failed}, err: true},
		"what is beside them":             {strange: strange{beside: failed}, want: "note unread\nnote unread\nnote unread"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, goodPair...)
			c.strange.Travis = w.client
			report, err := audit.Auditor{Travis: c.strange}.Run(t.Context(), audit.Request{Targets: []connect.Target{{Slug: slug}}})
			if err != nil || severities(report) != c.want || (len(report.Errs()) > 0) != c.err {
				t.Errorf("%v, %v: %s", err, report.Errs(), severities(report))
			}
		})
	}
}
