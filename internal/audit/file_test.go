package audit_test

import (
	"errors"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/audit"
	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi/travistest"
)

const (
	install = "  - curl -fsSL -o convox https://download.convox.com/cli/linux/convox\n"
	guarded = `  - '[ "$TRAVIS_BRANCH" = main ] && [ "$TRAVIS_PULL_REQUEST" = false ] && ./convox deploy --wait'` + "\n"
	global  = "env:\n  global:\n"
)

// unanswered is how Travis answers that expands no files.
var unanswered = travistest.Reading{Status: 404}

func TestAuditJudgesTheFile(t *testing.T) {
	clear := goodYML + global + "    - \"CONVOX_PASSWORD='" + secrettest.Canary + "'\"\n"
	other := goodYML + global + "    - \"AWS_SECRET_KEY='" + secrettest.Canary + "'\"\n"
	for name, a := range map[string]audited{
		"missing":               {noYML: true, want: "warning no_deploy", says: "convox-travis yml --write --branch main --console --rack ORG/NAME"},
		"no deploy step":        {yml: "language: ruby\n", want: "warning no_deploy"},
		"it imports":            {yml: "import: [./other.yml]\n", reading: unanswered, want: "note no_deploy"},
		"it imports nothing":    {yml: "import: [./other.yml]\n", want: "warning yml_repaired\nwarning no_deploy", says: "Travis finds no `./other.yml`"},
		"no YAML":               {yml: "a: [" + secrettest.Canary + "\n", want: "error yml_unread"},
		"it can't be read":      {ymlErr: errors.New("read .travis.yml: it can't be read"), want: "error yml_unread"},
		"a plain host":          {yml: goodYML + global + "    CONVOX_HOST: rack.example.com\n", want: "warning overridden", says: "line 9"},
		"an encrypted one":      {yml: goodYML + global + "    CONVOX_PASSWORD: {secure: \"abc=\"}\n", want: "warning overridden", says: "encrypted"},
		"one without a name":    {yml: goodYML + global + "    - secure: \"abc=\"\n", want: "note yml_encrypted"},
		"a plain password":      {yml: clear, want: "error plain_secret\nwarning overridden", says: "line 9"},
		"the one that is good":  {yml: clear, request: credential(rackHost, false), checker: accepts{}, want: "error plain_secret\nwarning overridden", says: "it is the given password"},
		"another's secret":      {yml: other},
		"under another name":    {yml: other, request: credential(rackHost, false), checker: accepts{}, want: "error plain_secret", says: "AWS_SECRET_KEY is in clear text in .travis.yml, line 9: everyone who can see the repository can read it; it is the given password"},
		"one in a commit":       {old: []gitrepo.Version{{Commit: "abcdef1234", Text: clear}, {Commit: "1234abcdef", Text: clear + "\n"}}, want: "warning committed_secret", says: "abcdef1234"},
		"another's in a commit": {old: []gitrepo.Version{{Commit: "abcdef1234", Text: other}}},
		"in both":               {yml: clear, old: []gitrepo.Version{{Commit: "abcdef1234", Text: clear}}, want: "error plain_secret\nwarning overridden"},
		"an older secret":       {yml: clear, old: []gitrepo.Version{{Commit: "abcdef1234", Text: strings.Replace(clear, secrettest.Canary, "older-one", 1)}}, want: "error plain_secret\nwarning committed_secret\nwarning overridden"},
		"RACK_URL":              {yml: goodYML + global + "    - \"RACK_URL='https://convox:" + secrettest.Canary + "@rack.example.com'\"\n", want: "error plain_secret\nerror rack_url"},
		"no guard":              {yml: "after_success:\n" + install + "  - ./convox deploy --wait\n", want: "error unguarded\nnote hidden_failure"},
		"a guarded step":        {yml: "after_success:\n" + install + guarded, want: "note hidden_failure", says: "delete that step first"},
		"pull requests":         {yml: "script:\n" + install + "  - '[ \"$TRAVIS_BRANCH\" = main ] && ./convox deploy --wait'\n", want: "error unguarded"},
		"every branch":          {yml: strings.Replace(goodYML, "branch: main", "all_branches: true", 1), want: "warning unguarded", says: "every branch"},
		"several jobs":          {yml: "rvm: [\"3.3\", \"3.4\"]\n" + goodYML, want: "warning deploys_per_job", says: "deploys api to acme/production 2 times, in the jobs 1.1, 1.2 (line 5)"},
		"several, for one":      {yml: "rvm: [\"3.3\", \"3.4\"]\n" + goodYML + "    rvm: \"3.4\"\n", want: "note before_tests", says: "the tests of other jobs, such as 1.1"},
		"of a stage":            {yml: "stages:\n  - name: ship\n    if: branch = main AND type = push\njobs:\n  include:\n    - stage: ship\n      script:\n      " + install + "        - ./convox deploy --wait\n"},
		"a script of its own":   {yml: "script: ./ship.sh\ndeploy:\n  provider: script\n  script: bash ci/ship.sh\nafter_success: make ship\n", want: "note no_deploy", says: "not checked: ./ship.sh, make ship, ci/ship.sh\nif nothing there deploys, to add a step"},
		"scripts, and imports":  {yml: "import: x.yml\nscript: [make a, make b, make c, make d, make e]\n", reading: unanswered, want: "note no_deploy", says: "not checked: the files that it imports, make a, make b, make c, make d, other scripts"},
		"an export":             {yml: goodYML + "before_deploy:\n  - export CONVOX_PASSWORD='" + secrettest.Canary + "'\n", want: "error plain_secret\nwarning overridden", says: "line 8"},
		"a good one, exported":  {yml: goodYML + "before_deploy:\n  - export CONVOX_PASSWORD='" + secrettest.Canary + "'\n", request: credential(rackHost, false), checker: accepts{}, want: "error plain_secret\nwarning overridden", says: "it is the given password"},
		"an address, exported":  {yml: goodYML + "before_deploy: export RACK_URL='https://convox:" + secrettest.Canary + "@rack.example.com'\n", want: "error plain_secret\nerror rack_url", says: "line 7"},
		"an old export":         {old: []gitrepo.Version{{Commit: "abcdef1234", Text: "install: export CONVOX_PASSWORD='" + secrettest.Canary + "'\n"}}, want: "warning committed_secret", says: "abcdef1234"},
		"a login":               {yml: goodYML + "before_deploy: convox login rack.example.com -p '" + secrettest.Canary + "'\n", want: "error plain_secret", says: "write the new one as a private variable"},
		"an old login":          {old: []gitrepo.Version{{Commit: "abcdef1234", Text: "install: convox login h -p '" + secrettest.Canary + "'\n"}}, want: "warning committed_secret", says: "the password of convox login is in clear text in the .travis.yml of commit abcdef1234"},
		"its own pair, inline":  {vars: []travistest.EnvVar{}, yml: strings.Replace(goodYML, "/tmp/convox deploy", "CONVOX_HOST=$H CONVOX_PASSWORD=$P /tmp/convox deploy", 1)},
		"a pair it overrides":   {yml: strings.Replace(goodYML, "/tmp/convox deploy", "CONVOX_HOST=$H CONVOX_PASSWORD=$P /tmp/convox deploy", 1), want: "warning overridden\nwarning overridden", says: "line 4"},
		"another step's pair":   {yml: goodYML + "script: '[ -z $TRAVIS_TAG ] || CONVOX_HOST=$H CONVOX_PASSWORD=$P ./convox deploy --wait --rack acme/staging'\ninstall:\n" + install},
		"another job's pair": {vars: []travistest.EnvVar{}, yml: "jobs:\n  include:\n    - env: CONVOX_HOST=$H CONVOX_PASSWORD=$P\n      script: go test\n    - install:\n      " + install + "      if: branch = main AND type = push\n      script: ./convox deploy --wait\n",
			want: "error missing_pair\nwarning before_tests", says: "doesn't set it for every step that deploys"},
		"the job's own pair":   {vars: []travistest.EnvVar{}, yml: "jobs:\n  include:\n    - script: go test\n    - stage: ship\n      env: CONVOX_HOST=$H CONVOX_PASSWORD=$P\n      install:\n      " + install + "      if: branch = main AND type = push\n      script: ./convox deploy --wait\n"},
		"a password merged in": {yml: goodYML + "x: &e {CONVOX_PASSWORD: \"" + secrettest.Canary + "\"}\nenv:\n  global:\n    <<: *e\n    A: 1\n", want: "error plain_secret\nwarning overridden", says: "line 7"},
		"no script of its own": {yml: "script: go test\n", want: "warning no_deploy", says: "nothing in .travis.yml runs convox deploy\nto add a step, behind a Console: convox-travis yml --write"},
		"encrypted, no item":   {yml: goodYML + global + "    A: 1\n    secure: \"YQ==\"\n", want: "warning yml_secure"},
		"a database's own":     {yml: goodYML + global + "    PGPASSWORD: postgres\n    CACHE_KEY: " + secrettest.Canary + "\n"},
		"hidden by a word":     {yml: strings.Replace(goodYML, "--wait'", "--wait || true'", 1), want: "warning hidden_failure"},
		"it doesn't wait":      {yml: strings.Replace(goodYML, " --wait", "", 1), want: "warning no_wait", says: "line 4 doesn't wait for the release"},
		"a pinned client":      {yml: "script:\n  - curl -o convox https://convox.s3.amazonaws.com/release/20240101/cli/linux/convox\n  - '[ \"$TRAVIS_EVENT_TYPE\" = api ] && ./convox deploy'\n", want: "warning no_wait\nnote never_deploys", says: "add --wait to its convox command"},
		"it waits, in short":   {yml: strings.Replace(goodYML, "--wait", "-w", 1)},
		"it is told not to":    {yml: strings.Replace(goodYML, "--wait", "--wait=false", 1), want: "warning no_wait"},
		"it promotes":          {yml: strings.Replace(goodYML, "deploy --app api --rack acme/production --wait", "build --id && /tmp/convox releases promote R1", 1), want: "warning no_wait"},
		"it promotes, waiting": {yml: strings.Replace(goodYML, "deploy --app api --rack acme/production --wait", "build --id && /tmp/convox releases promote R1 --wait", 1)},
		"the third generation": {yml: strings.Replace(strings.Replace(goodYML, " --wait", "", 1), "https://download.convox.com/cli/linux/convox", "https://github.com/convox/convox/releases/latest/download/convox-linux", 1), request: credential(rackHost, false), checker: accepts{}},
		"an unknown client":    {yml: strings.Replace(strings.Replace(goodYML, " --wait", "", 1), "https://download.convox.com/cli/linux/convox", "https://example.com/convox", 1)},
		"that uses a Rack":     {yml: strings.Replace(strings.Replace(goodYML, " --wait", "", 1), "https://download.convox.com/cli/linux/convox", "https://example.com/convox", 1), request: credential(rackHost, false), checker: accepts{}, want: "warning no_wait"},
		"no client":            {yml: "after_success:\n" + guarded, want: "warning no_client\nnote hidden_failure"},
		"no Rack":              {yml: strings.Replace(goodYML, " --rack acme/production", "", 1), request: credential(convox.HostedConsole, true), checker: deployKey, want: "error rack_missing"},
		"no Rack, read Console": {
			yml:  strings.Replace(goodYML, " --rack acme/production", "", 1),
			vars: []travistest.EnvVar{public("h", connect.HostName, convox.HostedConsole, ""), goodPair[1]}, want: "error rack_missing\nnote public",
		},
		"an unknown Rack": {yml: strings.Replace(goodYML, "acme/production", "acme/old", 1), request: credential(convox.HostedConsole, true), checker: deployKey, want: "error rack_unknown", says: "it sees: acme/production, acme/staging"},
		"a lost Rack": {request: credential(convox.HostedConsole, true), checker: accepts{login: convox.Login{Racks: []convox.Rack{
			{Organization: "acme", Name: "production", Status: "unreachable"}, {Organization: "acme", Name: "staging", Status: "running"},
		}}}, want: "warning rack_status", says: "acme/production is unreachable"},
		"a lost Rack by its name": {yml: strings.Replace(goodYML, "acme/production", "production", 1), request: credential(convox.HostedConsole, true), checker: accepts{login: convox.Login{Racks: []convox.Rack{
			{Organization: "acme", Name: "production", Status: "unknown"}, {Organization: "acme", Name: "staging", Status: "running"},
		}}}, want: "warning rack_status", says: "acme/production is unknown"},
		"the only Rack is lost": {request: credential(convox.HostedConsole, true), checker: accepts{login: convox.Login{Racks: []convox.Rack{
			{Organization: "acme", Name: "production", Status: "unreachable"},
		}}}, want: "warning rack_status"},
		"a key that isn't proved": {request: credential(convox.HostedConsole, true), checker: answers{&problem.Error{Code: convox.CodeUnreachable, Reason: "it failed"}}, want: "warning credential_unproved"},
	} {
		t.Run(name, a.run)
	}
}

func TestAuditJudgesTheCredential(t *testing.T) {
	failed := func(code string) answers { return answers{&problem.Error{Code: code, Reason: "it failed"}} }
	for name, a := range map[string]audited{
		"refused":       {checker: failed(convox.CodeRefused), want: "error credential_refused"},
		"only raw":      {checker: failed(convox.CodeOnlyRawForm), want: "error credential_unsendable"},
		"unreachable":   {checker: failed(convox.CodeUnreachable), want: "warning credential_unproved"},
		"another thing": {checker: failed(convox.CodeNotARack), want: "error credential_unproved"},
		"personal":      {checker: accepts{login: convox.Login{PersonalKey: true}}, want: "warning personal_key"},
	} {
		t.Run(name, func(t *testing.T) {
			a.request = credential(rackHost, false)
			a.run(t)
			if refused := a.audit(t).Refused; refused != (name == "refused" || name == "only raw") {
				t.Errorf("refused is %v", refused)
			}
		})
	}
	audited{request: func(r *audit.Request) {
		credential(convox.HostedConsole, true)(r)
		r.Rack = "acme/gone"
		r.Known = []connect.Warning{{Code: "private_api", Message: "it is private"}}
	}, checker: deployKey, want: "error rack_unknown\nwarning private_api"}.run(t)
	rack := func(name, status string) convox.Rack {
		return convox.Rack{Organization: "acme", Name: name, Status: status}
	}
	for name, c := range map[string]struct {
		racks            []convox.Rack
		rack, want, says string
	}{
		"it sees no Rack":           {want: "warning no_racks", says: "can't see any Rack"},
		"all are lost":              {racks: []convox.Rack{rack("production", "unreachable"), rack("staging", "unknown")}, want: "warning rack_status", says: "acme/staging is unknown"},
		"the named one is lost":     {racks: []convox.Rack{rack("production", "running"), rack("staging", "unknown")}, rack: "acme/staging", want: "warning rack_status", says: "acme/staging is unknown"},
		"the named one is not lost": {racks: []convox.Rack{rack("production", "running"), rack("staging", "unknown")}, rack: "acme/production"},
	} {
		t.Run(name, func(t *testing.T) {
			audited{checker: accepts{convox.Login{Racks: c.racks}}, anotherOne: true, want: c.want, says: c.says, request: func(r *audit.Request) {
				credential(convox.HostedConsole, true)(r)
				r.Rack = c.rack
			}}.run(t)
		})
	}
	audited{
		vars:    []travistest.EnvVar{public("h", connect.HostName, rackHost, ""), goodPair[1]},
		request: credential("rack.example.com", false), checker: accepts{}, want: "warning another_host\nnote public", says: "rack.example.com",
	}.run(t)
}

func TestAuditLooksForTheHostAmongTheRacks(t *testing.T) {
	open := []travistest.EnvVar{public("h", connect.HostName, "'"+rackHost+"'", ""), goodPair[1]}
	summary := func(racks ...cfn.Rack) cfn.Summary { return cfn.Summary{Racks: racks} }
	off := []cfn.Skipped{{Region: "me-south-1", Off: true}}
	for name, a := range map[string]audited{
		"it is there":           {racks: &racks{Summary: summary(cfn.Rack{Name: "acme", Region: "us-east-1", Host: rackHost})}},
		"it is private":         {racks: &racks{Summary: summary(cfn.Rack{Name: "acme", Region: "us-east-1", Host: rackHost, Private: true})}, want: "warning private_api\n"},
		"it is gone":            {racks: &racks{Summary: cfn.Summary{Skipped: off}}, want: "warning stale_host\n"},
		"it moved":              {racks: &racks{Summary: summary(cfn.Rack{Name: "acme", Region: "us-east-1", Host: "acme-99.us-east-1.elb.amazonaws.com"})}, want: "error stale_host\n", says: "convox-travis --repo acme/api --rack acme --region us-east-1"},
		"a region is unknown":   {racks: &racks{Summary: cfn.Summary{Skipped: []cfn.Skipped{{Region: "eu-west-1", Reason: "access denied"}}}}},
		"AWS cannot be asked":   {racks: &racks{err: errors.New("no credentials")}},
		"AWS is not to be seen": {},
	} {
		t.Run(name, func(t *testing.T) {
			a.vars, a.want = open, a.want+"note public"
			a.run(t)
		})
	}
	unsearched := "rack.acme-1234.cn-north-1.convox.site"
	for _, host := range []string{"rack.example.com", unsearched, convox.HostedConsole} {
		audited{vars: []travistest.EnvVar{public("h", connect.HostName, host, ""), goodPair[1]}, racks: &racks{}, want: "note public"}.run(t)
	}
}

func TestAPlannedChangeTellsWhatMayDeployOutOfSight(t *testing.T) {
	file := travisyml.File{Text: "import: x.yml\nscript: ./test.sh\nafter_success: make ship\n"}
	step := audit.DeployStep{Target: build.Target{App: "api", Branch: "main", Rack: "acme/production"}, Console: true}
	change, err := audit.PlanFile(t.Context(), build.Player{}, file, audit.FileRequest{Step: step})
	var notes []string
	for _, note := range change.Notes {
		notes = append(notes, note.Message)
	}
	if want := "line 1: the imported file isn't checked, and may deploy too; line 2: ./test.sh isn't checked, and may deploy too"; err != nil || strings.Join(notes, "; ") != want {
		t.Errorf("%v: %q", err, notes)
	}
}
