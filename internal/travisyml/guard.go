package travisyml

import "regexp"

// guard is what is known of all the jobs that get to a command.
type guard uint8

const (
	chosen       guard = 1 << iota // their branch or tag was chosen
	noPull                         // they are for no pull request
	someJobs                       // of several jobs of a build only some get there
	withHost                       // the file gave them CONVOX_HOST
	withPassword                   // and CONVOX_PASSWORD

	tagged  = chosen | noPull // a build of a tag is both
	given   = withHost | withPassword
	nowhere = chosen | noPull | someJobs | given
)

// gives is what is known where a variable is set.
var gives = map[string]guard{hostName: withHost, passwordName: withPassword}

// outcome is what is known where a condition or a command has succeeded, and
// where it has failed. Where both can be is the meet of both, yes & no.
type outcome struct{ yes, no guard }

var (
	unknown = outcome{}
	always  = outcome{no: nowhere}
	leaves  = outcome{nowhere, nowhere} // what comes after it is not run
)

func (o outcome) not() outcome           { return outcome{o.no, o.yes} }
func (o outcome) and(p outcome) outcome  { return outcome{o.yes | p.yes, o.no & (o.yes | p.no)} }
func (o outcome) or(p outcome) outcome   { return o.not().and(p.not()).not() }
func (o outcome) within(g guard) outcome { return outcome{o.yes | g, o.no | g} }

// given is the outcome of a command in a shell, or with variables, of its own:
// what it is given stays there.
func (o outcome) given(in guard) outcome {
	return outcome{o.yes&^given | in&given, o.no&^given | in&given}
}

// The variables of a build that say for what it is
// (https://docs.travis-ci.com/user/environment-variables/#default-environment-variables).
const (
	branchVariable = "TRAVIS_BRANCH"
	tagVariable    = "TRAVIS_TAG"
	pullVariable   = "TRAVIS_PULL_REQUEST"
	eventVariable  = "TRAVIS_EVENT_TYPE"
)

// ofPulls are set for pull requests alone.
var ofPulls = map[string]bool{"TRAVIS_PULL_REQUEST_BRANCH": true, "TRAVIS_PULL_REQUEST_SLUG": true, "TRAVIS_PULL_REQUEST_SHA": true}

// ofBuild are those that are the same in all jobs of a build; any other one may
// tell jobs apart.
var ofBuild = lately(`^(?:TRAVIS_(?:REPO_SLUG|COMMIT.*|SECURE_ENV_VARS|BUILD_(?:ID|NUMBER|DIR|WEB_URL)|ALLOW_FAILURE|APP_HOST|TEST_RESULT)|TRAVIS|CI|HOME|USER|PATH|PWD)$`)

// The values of TRAVIS_EVENT_TYPE. Builds that were asked for, or put on a
// schedule, are of branches that someone chose.
var events = map[string]guard{"push": noPull, "api": noPull | chosen, "cron": noPull | chosen, pullEvent: 0}

const pullEvent = "pull_request"

// equals is a comparison of a variable with a text.
func equals(name, text string) outcome {
	switch {
	case name == branchVariable && text != "*":
		return outcome{yes: chosen}
	case name == branchVariable, name == pullVariable && text != "false":
		return unknown
	case name == tagVariable:
		return present(name).equals(text == "")
	case name == pullVariable:
		return outcome{yes: noPull}
	case name == eventVariable && text == pullEvent:
		return outcome{no: noPull}
	case name == eventVariable:
		return outcome{yes: events[text]}
	case ofPulls[name] && text == "":
		return present(name).not()
	case ofPulls[name], ofBuild.MatchString(name):
		return unknown
	}
	return outcome{someJobs, someJobs}
}

// equals makes "is there" a comparison with a text: with nothing, it is turned
// round, and with anything else it says nothing where they differ.
func (o outcome) equals(nothing bool) outcome {
	if nothing {
		return o.not()
	}
	return outcome{yes: o.yes}
}

// present is whether a variable holds anything.
func present(name string) outcome {
	switch {
	case name == tagVariable:
		return outcome{yes: tagged}
	case ofPulls[name]:
		return outcome{no: noPull}
	case name == branchVariable, name == pullVariable, name == eventVariable, ofBuild.MatchString(name):
		return unknown
	}
	return outcome{someJobs, someJobs}
}

// matchesPattern is a comparison of a variable with a regular expression.
func matchesPattern(name, pattern string) outcome {
	re, err := regexp.Compile(pattern)
	switch {
	case name != branchVariable && name != tagVariable && name != pullVariable && name != eventVariable:
		return equals(name, pattern)
	case err != nil && name == branchVariable:
		return outcome{yes: chosen} // the shell's expressions know more than Go's
	case err != nil:
		return unknown
	case name == branchVariable && !re.MatchString("any/branch-0"), name == tagVariable && !re.MatchString(""):
		return equals(name, pattern)
	case name == pullVariable:
		return among(map[string]guard{"false": noPull, "17": 0}, re)
	case name == eventVariable:
		return among(events, re)
	}
	return unknown
}

// among is what the values that match have in common, and those that do not.
func among(values map[string]guard, re *regexp.Regexp) outcome {
	all := outcome{nowhere &^ someJobs, nowhere &^ someJobs}
	for value, known := range values {
		if re.MatchString(value) {
			all.yes &= known
		} else {
			all.no &= known
		}
	}
	return all
}
