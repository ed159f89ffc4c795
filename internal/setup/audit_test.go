package setup_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/setup"
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
	request    func(*setup.AuditRequest)
	checker    setup.Checker // nil and a credential: all is accepted
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

var goodPair = []travistest.EnvVar{private("h", setup.HostName, rackHost, ""), private("p", setup.PasswordName, stored, "")}

func with(vars ...travistest.EnvVar) []travistest.EnvVar {
	return append(goodPair[:len(goodPair):len(goodPair)], vars...)
}

func (a audited) audit(t *testing.T) setup.Audit {
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
	w := &world{T: t, travis: server, client: newClient(t, server.URL)}

	target := setup.Target{Provider: travisapi.GitHub, Slug: slug}
	file := travisyml.File{Text: a.yml, Missing: a.noYML}
	if a.yml == "" && !a.noYML {
		file.Text = goodYML
	}
	request := setup.AuditRequest{
		Hints:   hintsOf,
		Targets: []setup.Target{target},
		Clone:   &setup.ClonedFile{Targets: []setup.Target{target}, File: file, Err: a.ymlErr, Old: a.old, NamesRack: a.rackFile},
	}
	if a.anotherOne {
		request.Clone.Targets = []setup.Target{{Provider: travisapi.GitLab, Slug: slug}}
	}
	if a.request != nil {
		a.request(&request)
	}
	auditor := setup.Auditor{Travis: w.client, Checker: a.checker}
	if a.racks != nil {
		auditor.Racks = func(context.Context) (setup.Searcher, error) { return *a.racks, nil }
	}
	audit, err := auditor.Audit(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	w.hear(fmt.Sprintf("%+v", audit))
	if writes := server.Writes(); len(writes) > 0 {
		t.Errorf("an audit wrote: %s %s", writes[0].Method, writes[0].Path)
	}
	return audit
}

func (a audited) run(t *testing.T) {
	t.Helper()
	audit := a.audit(t)
	if got := severities(audit); got != a.want {
		t.Errorf("found\n%s\nnot\n%s\n%s", got, a.want, words(audit))
	}
	if !strings.Contains(words(audit)+"\n", a.says) {
		t.Errorf("%q is not in\n%s", a.says, words(audit))
	}
	for _, f := range audit.Findings {
		if f.Message == "" || strings.ContainsAny(f.Message, "\n\x1b") {
			t.Errorf("%s says %q", f.Code, f.Message)
		}
	}
}

func severities(audit setup.Audit) string {
	var all []string
	for _, f := range audit.Findings {
		all = append(all, string(f.Severity)+" "+f.Code)
	}
	return strings.Join(all, "\n")
}

func words(audit setup.Audit) string {
	var all []string
	for _, f := range audit.Findings {
		all = append(all, f.Message+"\n"+f.Hint)
	}
	return strings.Join(all, "\n")
}

// credential gives one, of the Rack or of a Console.
func credential(host string, console bool) func(*setup.AuditRequest) {
	return func(r *setup.AuditRequest) {
		parsed, err := convox.ParseHost(host)
		if err != nil {
			panic(err) // the test is wrong
		}
		r.Credential = setup.Credential{Host: parsed, Password: secret.New(secrettest.Canary), Console: console}
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
		"a branch with its own pair":   {vars: with(private("bh", setup.HostName, "other.example.com", "next"), private("bp", setup.PasswordName, "other", "next"))},
		"another branch is looked at":  {vars: with(private("bh", setup.HostName, "other.example.com", "next"), public("r", "RACK_URL", "https://x", "next")), request: func(r *setup.AuditRequest) { r.Branch = "main" }},
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
		"no pair of a branch":  {vars: []travistest.EnvVar{private("h", setup.HostName, rackHost, "next")}, request: func(r *setup.AuditRequest) { r.Branch = "main" }, want: "error missing_pair", says: "--branch main"},
		"only some branches":   {vars: []travistest.EnvVar{private("h", setup.HostName, rackHost, "next"), private("p", setup.PasswordName, stored, "next")}, want: "error no_variables\nnote branches_only", says: "only next has them"},
		"the way in is told":   {vars: []travistest.EnvVar{}, request: credential(convox.HostedConsole, true), checker: deployKey, want: "error missing_pair", says: "convox-travis apply --repo acme/api --console"},
		"a public password":    {vars: []travistest.EnvVar{goodPair[0], public("p", setup.PasswordName, stored, "")}, want: "error public", says: "change that password"},
		"a public host":        {vars: []travistest.EnvVar{public("h", setup.HostName, rackHost, ""), goodPair[1]}, want: "note public"},
		"doubles":              {vars: with(private("h2", setup.HostName, rackHost, "")), want: "warning doubles", says: "2 times"},
		"a branch's own host":  {vars: with(private("bh", setup.HostName, "other.example.com", "next")), want: "error mixed_pair", says: "--branch next"},
		"its host is the same": {vars: []travistest.EnvVar{public("h", setup.HostName, rackHost, ""), goodPair[1], public("bh", setup.HostName, rackHost, "next")}, want: "note public\nnote public"},
		"its own password":     {vars: with(private("bp", setup.PasswordName, "other", "next")), want: "warning mixed_pair"},
		"RACK_URL":             {vars: with(private("r", "RACK_URL", stored, "")), want: "error rack_url", says: "delete RACK_URL"},
		"a public RACK_URL":    {vars: with(public("r", "RACK_URL", stored, "next")), want: "error rack_url", says: "it is public"},
		"the account's own":    {owner: []travistest.EnvVar{{Name: setup.HostName}}, want: "note account_variable", says: "the repository's own wins"},
		"the account's pair":   {vars: []travistest.EnvVar{}, owner: []travistest.EnvVar{{Name: setup.HostName}, {Name: setup.PasswordName}}, want: "note account_variable\nnote account_variable"},
		"the account's half":   {vars: goodPair[1:], owner: []travistest.EnvVar{{Name: setup.HostName}}, want: "warning mixed_pair\nnote account_variable"},
		"its public password":  {owner: []travistest.EnvVar{{Name: setup.PasswordName, Value: stored, Public: true}}, want: "error account_variable", says: "change that password"},
		"its RACK_URL":         {owner: []travistest.EnvVar{{Name: "RACK_URL"}}, want: "error rack_url", says: "acme"},
		"forks, private":       {change: func(r *travistest.Repository) { r.ShareWithForks = true }, want: "warning forks"},
		"forks, for everyone":  {change: func(r *travistest.Repository) { r.ShareWithForks, r.Private = true, false }, want: "error forks"},
		"pushes are off":       {change: func(r *travistest.Repository) { r.SkipPushes = true }, want: "error pushes_off", says: "no push deploys"},
		"inactive":             {change: func(r *travistest.Repository) { r.Active = false }, want: "warning inactive", says: "app.travis-ci.com/github/acme/api"},
		"may not write":        {change: func(r *travistest.Repository) { r.Permissions = map[string]bool{"create_env_var": false} }, want: "warning no_permission", says: "push access"},
		"unknown":              {change: func(r *travistest.Repository) { r.Unsynced = true }, want: "error unknown", says: "sync Travis"},
		"migrated":             {change: func(r *travistest.Repository) { r.Migrated = true }, want: "error migrated"},
		"what steers a screen": {vars: with(private("bp", setup.PasswordName, "other", "a\x1b[2J\nb")), want: "warning mixed_pair"},
	} {
		t.Run(name, a.run)
	}
}

func TestAuditOfThePersonsOwnAccount(t *testing.T) {
	server := travistest.Start(t)
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: token, EnvVars: []travistest.EnvVar{{Name: "RACK_URL"}}})
	server.AddRepository(travistest.Repository{ID: 17, Slug: "ann/api", Active: true, Private: true, EnvVars: goodPair})
	auditor := setup.Auditor{Travis: newClient(t, server.URL)}
	audit, err := auditor.Audit(t.Context(), setup.AuditRequest{Targets: []setup.Target{{Slug: "ann/api"}, {Slug: "ANN/api"}}})
	if err != nil || severities(audit) != "error rack_url" || len(audit.Repositories) != 1 {
		t.Errorf("%v: %+v", err, audit)
	}
}

func TestAuditCountsWhatWasNotAskedForByName(t *testing.T) {
	swept := func(r *setup.AuditRequest) { r.WholeOwner = true }
	audited{vars: []travistest.EnvVar{}, anotherOne: true, request: swept, change: func(r *travistest.Repository) { r.Active = false }, want: "note not_set_up"}.run(t)
	audited{vars: []travistest.EnvVar{}, request: swept, want: "error missing_pair"}.run(t) // its file deploys
	shares := func(r *travistest.Repository) { r.ShareWithForks = true }
	audited{vars: goodPair[:1], anotherOne: true, request: swept, change: shares, want: "error missing_password\nwarning forks"}.run(t)
}

func TestAuditEndsWhenTravisLetsNobodyIn(t *testing.T) {
	w := newWorld(t)
	w.travis.Ban(token)
	auditor := setup.Auditor{Travis: w.client}
	_, err := auditor.Audit(t.Context(), setup.AuditRequest{Targets: []setup.Target{{Slug: slug}}})
	if !travisapi.Failed(err, travisapi.CodeBanned) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped")
	cancel(stop)
	if _, err := auditor.Audit(ctx, setup.AuditRequest{Targets: []setup.Target{{Slug: slug}}}); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

// strange is a Travis that answers some reads otherwise.
type strange struct {
	setup.AuditTravis
	repository *travisapi.Repository
	vars       error
	beside     error
}

func (s strange) Repository(ctx context.Context, ref travisapi.Ref) (travisapi.Repository, error) {
	if s.repository != nil {
		return *s.repository, nil
	}
	return s.AuditTravis.Repository(ctx, ref)
}

func (s strange) EnvVars(ctx context.Context, ref travisapi.Ref) ([]travisapi.EnvVar, error) {
	if s.vars != nil {
		return nil, s.vars
	}
	return s.AuditTravis.EnvVars(ctx, ref)
}

func (s strange) SharesWithForks(ctx context.Context, ref travisapi.Ref) (bool, error) {
	if s.beside != nil {
		return false, s.beside
	}
	return s.AuditTravis.SharesWithForks(ctx, ref)
}

func (s strange) BuildsPushes(ctx context.Context, ref travisapi.Ref) (bool, error) {
	if s.beside != nil {
		return false, s.beside
	}
	return s.AuditTravis.BuildsPushes(ctx, ref)
}

func (s strange) User(ctx context.Context) (travisapi.User, error) {
	if s.beside != nil {
		return travisapi.User{}, s.beside
	}
	return s.AuditTravis.User(ctx)
}

func (s strange) Owner(ctx context.Context, provider travisapi.Provider, login string) (travisapi.Owner, error) {
	if s.beside != nil {
		return travisapi.Owner{}, s.beside
	}
	return s.AuditTravis.Owner(ctx, provider, login)
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
			c.strange.AuditTravis = w.client
			audit, err := setup.Auditor{Travis: c.strange}.Audit(t.Context(), setup.AuditRequest{Targets: []setup.Target{{Slug: slug}}})
			if err != nil || severities(audit) != c.want || (len(audit.Errs()) > 0) != c.err {
				t.Errorf("%v, %v: %s", err, audit.Errs(), severities(audit))
			}
		})
	}
}
