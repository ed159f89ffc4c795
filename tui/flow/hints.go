package flow

import (
	"cmp"
	"net/http"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// hints says what a person can do in the wizard about an error, besides what it says itself.
var hints = problem.Hints{
	// Answers.
	"bad_host":     meantHost,
	"bad_password": sayIf(func(d convox.Detail) bool { return d.New }, "go back and generate one"),

	// The Rack or Console.
	"login_refused":       loginRefused,
	"only_raw_form":       sayIf(isOfRack, lettersAndDigits),
	"password_unsendable": problem.Say(lettersAndDigits),
	"unreachable":         unreachable,
	"not_a_rack":          sayIf(func(d convox.Detail) bool { return d.Other }, "go back and sign in with a deploy key if it is a Console"),
	"not_a_console":       problem.Say("go back and sign in with the Rack password if this is a Rack"),
	"save_login":          sayIf(isOfRack, "choose to show the password, and save it elsewhere"),

	// AWS.
	"aws_denied":      problem.Say("go back to the Racks and use another AWS profile, or restart with AWS_PROFILE set to one"),
	"aws_no_password": problem.Say("set a new one"),
	"aws_unknown":     problem.Say("retry: that looks up what AWS did"),

	// Travis.
	"unknown_token":      copyToken("copy it again from "),
	"login_required":     copyToken("copy it from "),
	"closed_token":       copyToken("or enter one: copy it from "),
	"closed_endpoint":    problem.Say("quit and start without a Travis endpoint: " + travisapi.HostedEndpoint + " is the default"),
	"travis_config":      problem.Say("enter the token here, or fix the file"),
	"not_found":          problem.Say("check the name; enter the address of a repository that isn't on GitHub"),
	"another_repository": problem.Say("check the name"),
	"malformed":          anotherEndpoint,
	"unexpected":         problem.Say("check the Travis endpoint that you started with"),

	// Writing.
	"mixed_pair": problem.Say("go back and set both variables for that branch first"),

	// The reset.
	"not_settled":  continueReset,
	"not_followed": continueReset,
	"overtaken":    problem.Say("reset it again"),
	"stuck":        continueReset,
	"unknown":      continueReset,

	// The clone and .travis.yml.
	"yml_not_built": problem.Say("go back and pick another branch"),
}

var continueReset = problem.Say("continue it here, or later with the same new password")

const lettersAndDigits = "go back and set a new Rack password of letters and digits"

// sayIf is a row that says something only of some errors about a Rack or Console.
func sayIf(is func(convox.Detail) bool, hint string) func(*problem.Error) []string {
	return func(e *problem.Error) []string {
		if is(convox.DetailOf(e)) {
			return []string{hint}
		}
		return nil
	}
}

func isOfRack(d convox.Detail) bool { return !d.Console }

func meantHost(e *problem.Error) []string {
	if _, isOfStack := e.Detail.(cfn.Rack); isOfStack {
		return []string{"go back and enter the Rack's host"}
	}
	if convox.DetailOf(e).Meant == convox.MeantRack {
		return []string{"go back and select the Rack if this is its name in CloudFormation"}
	}
	return nil
}

func loginRefused(e *problem.Error) []string {
	switch detail := convox.DetailOf(e); {
	case detail.Status == http.StatusForbidden:
		return nil
	case detail.Console:
		return []string{"go back and choose Rack password if this is one"}
	case detail.Source == convox.FromAWS:
		return []string{"set a new one, and choose the one in AWS: then only the web service restarts"}
	}
	return []string{"go back and choose another source if the password is lost", "go back and choose Console deploy key if this is one"}
}

func unreachable(e *problem.Error) []string {
	if _, isTravis := e.Detail.(travisapi.Failure); isTravis && e.Hints == nil {
		return []string{"check the connection, then retry"}
	}
	return nil
}

func copyToken(lead string) func(*problem.Error) []string {
	return func(e *problem.Error) []string {
		return []string{lead + cmp.Or(travisapi.FailureOf(e).TokenPage, travisapi.TokenPage(travisapi.HostedEndpoint))}
	}
}

func anotherEndpoint(e *problem.Error) []string {
	if api := travisapi.FailureOf(e).API; api != "" {
		return []string{"quit and start with the Travis endpoint " + api + ": that is where an Enterprise has its API"}
	}
	return []string{"check the Travis endpoint that you started with"}
}
