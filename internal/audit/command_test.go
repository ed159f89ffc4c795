package audit_test

import (
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/audit"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi/travistest"
)

// given is a run with flags.
func given(host string, console bool, flags audit.RunFlags, more ...func(*audit.Request)) func(*audit.Request) {
	return func(r *audit.Request) {
		if host != "" {
			credential(host, console)(r)
		}
		r.Given = flags
		for _, m := range more {
			m(r)
		}
	}
}

func TestAHintRepeatsTheFlagsOfTheRun(t *testing.T) {
	rack := audit.RunFlags{
		SignIn: []string{"--rack", "acme", "--region", "us-east-1", "--profile", "a b", "--fingerprint", "ab"}, Password: []string{"--saved"},
		Profile: "a b", Endpoint: "https://travis.example.com/api",
	}
	piped := audit.RunFlags{SignIn: []string{"--console", "--rack", "acme/production"}, Password: []string{"--password-stdin"}}
	noDeploy, open := "script: go test\n", []travistest.EnvVar{public("h", connect.HostName, rackHost, ""), goodPair[1]}
	moved := &racks{Summary: cfn.Summary{Racks: []cfn.Rack{{Name: "acme", Region: "us-east-1", Host: "acme-99.us-east-1.elb.amazonaws.com"}}}}
	onBranch := []travistest.EnvVar{private("h", connect.HostName, rackHost, "next"), private("p", connect.PasswordName, stored, "next")}
	inFile := goodYML + global + "    CONVOX_HOST: " + rackHost + "\n    CONVOX_PASSWORD: {secure: \"abc=\"}\n"
	oldPair := []gitrepo.Version{{Commit: "abcdef1234", Text: global + "    - CONVOX_PASSWORD=older-one" + "\n"}}
	oldGiven := []gitrepo.Version{{Commit: "abcdef1234", Text: global + "    - \"RACK_URL='https://convox:" + secrettest.Canary[:6] + "@rack.example.com'\"\n"}}
	for name, a := range map[string]audited{
		"a Rack's password that is saved": {
			vars: []travistest.EnvVar{}, request: given(rackHost, false, rack), checker: accepts{}, want: "error missing_pair",
			says: "to write both: convox-travis apply --repo acme/api --rack acme --region us-east-1 --profile 'a b' --fingerprint ab --saved --travis-endpoint https://travis.example.com/api\n",
		},
		"a key on standard input": {
			vars: []travistest.EnvVar{}, request: given(convox.HostedConsole, true, piped), checker: deployKey, want: "error missing_pair",
			says: "to write both: convox-travis apply --repo acme/api --console --rack acme/production --password-stdin < PASSWORD-FILE\n",
		},
		"no password": {
			vars: []travistest.EnvVar{}, request: given("", false, audit.RunFlags{SignIn: []string{"--host", rackHost}}), want: "error missing_pair",
			says: "to write both: convox-travis --repo acme/api --host " + rackHost + "\n",
		},
		"a Rack that moved": {
			vars: open, racks: moved, request: given("", false, audit.RunFlags{Profile: rack.Profile, Endpoint: rack.Endpoint}), want: "error stale_host\nnote public",
			says: "convox-travis --repo acme/api --rack acme --region us-east-1 --profile 'a b' --travis-endpoint https://travis.example.com/api\n",
		},
		"a step for the Rack of the run": {
			yml: noDeploy, request: given(rackHost, false, rack), checker: accepts{}, want: "warning no_deploy",
			says: "to add a step: convox-travis yml --write --branch main --rack acme --region us-east-1",
		},
		"a step for the Rack that the key sees": {
			yml: noDeploy, request: given(convox.HostedConsole, true, audit.RunFlags{}), want: "warning no_deploy",
			checker: accepts{login: convox.Login{Racks: []convox.Rack{{Organization: "acme", Name: "one"}}}},
			says:    "to add a step: convox-travis yml --write --branch main --console --rack acme/one\n",
		},
		"a step for the host that can be read": {yml: noDeploy, vars: open, want: "warning no_deploy\nnote public", says: "yml --write --branch main --host " + rackHost + "\n"},
		"another step for the same app and Rack": {
			yml: "after_success:\n" + install + "  - ./convox deploy --wait -a web -r acme/production\n", want: "error unguarded\nnote hidden_failure",
			says: "delete the step and let the wizard write one without this problem: convox-travis yml --write --app web --branch main --console --rack acme/production\n",
		},
		"a step without a Rack, and a Rack of the run that the key does not see": {
			yml: strings.Replace(goodYML, " --rack acme/production", "", 1), want: "error rack_unknown\nerror rack_missing", says: "add --rack acme/one to it\n",
			request: given(convox.HostedConsole, true, audit.RunFlags{}, func(r *audit.Request) { r.Rack = "acme/nope" }),
			checker: accepts{login: convox.Login{Racks: []convox.Rack{{Organization: "acme", Name: "one"}}}},
		},
		"its own Travis":                {change: func(r *travistest.Repository) { r.Active = false }, request: given("", false, audit.RunFlags{}, func(r *audit.Request) { r.OwnTravis = true }), want: "warning inactive", says: "activate it on its Travis page\n"},
		"the pair of one branch is won": {vars: onBranch, yml: inFile, want: "warning overridden\nwarning overridden", says: "convox-travis remove --repo acme/api --branch next\n"},
		"those of several are won":      {vars: with(onBranch...), yml: inFile, want: "warning overridden\nwarning overridden", says: "convox-travis remove --repo acme/api --all-branches\n"},
		"that of all branches is won":   {yml: inFile, want: "warning overridden\nwarning overridden", says: "convox-travis remove --repo acme/api\n"},
		"two of the branch looked at": {
			vars: with(onBranch...), yml: inFile, request: func(r *audit.Request) { r.Branch = "next" }, want: "warning overridden\nwarning overridden\nwarning never_deploys",
			says: "convox-travis remove --repo acme/api\nthen convox-travis remove --repo acme/api --branch next\n",
		},
		"the pair in history":                 {old: oldPair, want: "warning committed_secret", says: "run convox-travis check with the sign-in method and that password"},
		"the pair in history, a host":         {old: oldPair, vars: open, want: "warning committed_secret\nnote public", says: "convox-travis check --repo acme/api --host " + rackHost + " --password-stdin < PASSWORD-FILE\n"},
		"another pair in history":             {old: oldPair, request: credential(rackHost, false), checker: accepts{}, want: "note committed_secret"},
		"another address in history":          {old: oldGiven, request: credential(rackHost, false), checker: accepts{}, want: "note committed_secret"},
		"the pair in history, and it is good": {old: []gitrepo.Version{{Commit: "abcdef1234", Text: global + "    - \"CONVOX_PASSWORD='" + secrettest.Canary + "'\"\n"}}, request: credential(rackHost, false), checker: accepts{}, want: "error committed_secret", says: "it is the given password"},
	} {
		t.Run(name, func(t *testing.T) {
			change := a.change
			a.change = func(r *travistest.Repository) {
				r.DefaultBranch = "main"
				if change != nil {
					change(r)
				}
			}
			a.run(t)
		})
	}
}
