package cli

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// hints maps each code to what flags and commands can do about it. A row is nil if the
// error's own hints say enough.
var hints = problem.Hints{
	// Answers.
	"usage":           nil,
	"bad_host":        meantHost,
	"bad_password":    newPassword,
	"bad_fingerprint": problem.Say("run this without --fingerprint: the error then shows the fingerprint"),
	"bad_slug":        nil,
	"bad_address":     nil,
	"not_hosted":      nil,
	"timeout":         longerTimeout,
	"interrupted":     nil,
	"canceled":        nil,
	"failed":          nil,

	// The Rack or Console.
	"login_refused":         loginRefused,
	"only_raw_form":         setLetters,
	"password_unsendable":   setLetters,
	"certificate_untrusted": passFingerprint,
	"tls_failed":            movedRack,
	"unreachable":           unreachable,
	"not_a_rack":            notARack,
	"not_a_console":         notAConsole,
	"server_error":          nil,
	"rack_not_seen":         nil,
	"saved_logins":          problem.Say("or pipe the password in with --password-stdin"),
	"save_login":            saveElsewhere,

	// AWS.
	"aws_no_credentials": nil,
	"aws_expired_sso":    nil,
	"aws_expired":        nil,
	"aws_refused":        nil,
	"aws_denied":         problem.Say("use another account or role with --profile"),
	"aws_mfa":            nil,
	"aws_profile":        nil,
	"aws_region":         nil,
	"aws_name":           nil,
	"aws_endpoint":       nil,
	"aws_no_answer":      nil,
	"aws_unreachable":    nil,
	"aws_throttled":      nil,
	"aws_limit":          nil,
	"aws_unreadable":     nil,
	"aws_failed":         nil,
	"aws_missing":        nil,
	"aws_no_password":    resetLost,
	"aws_password":       nil,
	"aws_unchanged":      nil,
	"aws_busy":           nil,
	"aws_stale":          nil,
	"aws_unexpected":     nil,
	"aws_unknown":        problem.Say("run the same command again: it looks up what AWS did"),

	// Travis.
	"unknown_token":       copyToken("copy the token again from "),
	"login_required":      copyToken("copy the token from "),
	"bad_token":           nil,
	"closed_token":        copyToken("or copy one from "),
	"closed_endpoint":     problem.Say("leave out --travis-endpoint and TRAVIS_ENDPOINT: " + travisapi.HostedEndpoint + " is the default"),
	"bad_endpoint":        nil,
	"travis_config":       problem.Say("fix the file, or move it away", "or set TRAVIS_TOKEN and TRAVIS_ENDPOINT="+travisapi.HostedEndpoint+", which need no file"),
	"banned":              nil,
	"throttled":           nil,
	"request_limit":       nil,
	"denied":              nil,
	"no_permission":       nil,
	"not_found":           problem.Say("check the name and --provider"),
	"repo_migrated":       nil,
	"repository_inactive": nil,
	"no_key_yet":          nil,
	"duplicate_resource":  nil,
	"another_repository":  problem.Say("check the name and --provider"),
	"another_owner":       problem.Say("pass --repo OWNER/NAME for each repository that you mean, or a list with --repos-from"),
	"invalid":             nil,
	"server":              nil,
	"untrusted":           nil,
	"malformed":           anotherEndpoint,
	"unexpected":          problem.Say("check --travis-endpoint"),

	// Writing.
	"mixed_pair": func(e *problem.Error) []string {
		branch, _ := e.Detail.(connect.MixedBranch)
		return []string{
			"pass --branch " + text.Quote(string(branch)) + " first, to give that branch its own password",
			"or pass --allow-mixed if the branch's host may get the new password",
		}
	},
	"not_verified":  nil,
	"overwritten":   nil,
	"variable_lost": nil,
	"not_begun":     nil,
	"stopped":       nil,
	"proof_failed":  nil,
	"proof_unknown": nil,
	"short_key":     nil,
	"bad_key":       nil,

	// The reset.
	"no_rack": problem.Say(
		"run convox-travis racks to list the Racks of this AWS account; pass --profile for another account, also for GovCloud or China",
		"pass --console for a Rack that isn't in CloudFormation, or --console=HOST for your company's own Console",
	),
	"two_racks": func(e *problem.Error) []string {
		if regions, is := e.Detail.(connect.Regions); is {
			return []string{"pass --region " + strings.Join(regions, " or --region ")}
		}
		return nil
	},
	"no_host":           nil,
	"unexpected_update": nil,
	"unprovable":        nil,
	"rolled_back":       nil,
	"not_settled": func(e *problem.Error) []string {
		return append(continueReset(e), "or force a new deployment of the Rack's web service in ECS: for the steps, run "+resetCommand(e)+" --guide")
	},
	"not_followed": continueReset,
	"overtaken":    func(e *problem.Error) []string { return []string{"or reset it again: run " + resetCommand(e)} },
	"stuck":        continueReset,
	"unknown":      continueReset,

	// The clone and .travis.yml.
	"no_clone":          problem.Say("run this inside the repository's clone", nameRepository),
	"no_git":            problem.Say(nameRepository),
	"dubious_ownership": problem.Say(nameRepository),
	"git_failed":        problem.Say(nameRepository),
	"git_unfinished":    problem.Say(nameRepository),
	"bad_branch":        nil,
	"yml_file": func(e *problem.Error) []string {
		if e.Hints == nil {
			return []string{"pass another file with --file PATH"}
		}
		return nil
	},
	"yml_changed":   nil,
	"yml_syntax":    nil,
	"yml_refused":   nil,
	"yml_not_built": problem.Say("pass --branch NAME to deploy another branch"),
	"yml_step":      nil,
}

// setLetters is for a password that the convox CLI can't send.
func setLetters(e *problem.Error) []string {
	if convox.DetailOf(e).Console {
		return nil
	}
	return []string{"set a password of letters and digits: run " + forRack("reset-password", convox.DetailOf(e))}
}

// forRack is a command for the Rack that a login was for.
func forRack(command string, detail convox.Detail) string {
	name := cmp.Or(detail.Rack.Name, detail.Host.RackName())
	if name == "" && command == "--rack" {
		return "convox-travis" // the wizard asks for it
	}
	line := "convox-travis " + command + " " + text.Quote(cmp.Or(name, "RACK"))
	if detail.Rack.Region != "" {
		line += " --region " + text.Quote(detail.Rack.Region)
	}
	return line
}

func longerTimeout(e *problem.Error) []string {
	if errors.Is(e, errTimeout) {
		return []string{"run the same command again with a longer --timeout, or without it"}
	}
	return nil
}

func meantHost(e *problem.Error) []string {
	if _, isOfStack := e.Detail.(cfn.Rack); isOfStack {
		return []string{"pass the Rack's host with --host"}
	}
	switch convox.DetailOf(e).Meant {
	case convox.MeantPassword:
		return []string{"pass the host alone, and pipe the password in with --password-stdin"}
	case convox.MeantConsoleRack:
		return []string{"pass --console --rack ORG/NAME for a Rack behind Console, or --console=HOST for your company's own"}
	case convox.MeantRack:
		return []string{"pass --rack NAME if that is a Rack in CloudFormation"}
	}
	return nil
}

func newPassword(e *problem.Error) []string {
	if convox.DetailOf(e).New {
		return []string{"or run reset-password on a terminal, without --password-stdin: it can generate one"}
	}
	return nil
}

func loginRefused(e *problem.Error) []string {
	detail := convox.DetailOf(e)
	switch {
	case detail.Status == http.StatusForbidden:
		return nil
	case detail.Console:
		return []string{"pass --host for a Rack password"}
	case detail.Source == convox.FromAWS:
		return []string{"run " + forRack("reset-password", detail) + " and choose the password that AWS has: then only the web service restarts"}
	}
	var hints []string
	if detail.Source != "" {
		hints = append(hints, "pipe the new password in with --password-stdin, without --saved")
	}
	hints = append(hints, "recover a lost password on a terminal: run "+forRack("--rack", detail),
		"or reset it: run "+forRack("reset-password", detail))
	switch {
	case detail.Rack.Name != "" || detail.Source != "":
		return hints
	case detail.Host.IsRack():
		return append(hints, "pass --console for a deploy key")
	}
	return append(hints, "pass --console="+detail.Host.String()+" for a deploy key, if that is a Console")
}

func passFingerprint(e *problem.Error) []string {
	if detail := convox.DetailOf(e); !detail.Pinned {
		return []string{"pass --fingerprint " + detail.Fingerprint + " if it is the Rack's: old Racks have self-signed certificates"}
	}
	return nil
}

func movedRack(e *problem.Error) []string {
	if convox.DetailOf(e).Moved {
		return []string{"run convox-travis racks to list the hosts of your Racks"}
	}
	return nil
}

func unreachable(e *problem.Error) []string {
	if _, isTravis := e.Detail.(travisapi.Failure); isTravis && e.Hints == nil {
		return []string{"check the connection and --travis-endpoint, then run this again"}
	}
	detail, isLogin := e.Detail.(convox.Detail)
	if !isLogin || detail.Console || detail.BrokenProxy {
		return nil
	}
	return append(movedRack(e), "pass --no-verify to write the password unverified, if Travis's machines can reach the Rack and only this one can't")
}

func notARack(e *problem.Error) []string {
	if detail := convox.DetailOf(e); detail.Other {
		return []string{"pass --console=" + detail.Host.String() + " for a Console, with a deploy key"}
	}
	return movedRack(e)
}

func notAConsole(e *problem.Error) []string {
	if detail := convox.DetailOf(e); detail.Other {
		return []string{"pass --host " + detail.Host.String() + " for a Rack, with its password"}
	}
	return []string{"pass --host for a Rack"}
}

func copyToken(lead string) func(*problem.Error) []string {
	return func(e *problem.Error) []string {
		page := cmp.Or(travisapi.FailureOf(e).TokenPage, travisapi.TokenPage(travisapi.HostedEndpoint))
		return []string{lead + page + " and set TRAVIS_TOKEN to it"}
	}
}

func anotherEndpoint(e *problem.Error) []string {
	if api := travisapi.FailureOf(e).API; api != "" {
		return []string{"pass --travis-endpoint " + api + ": that is where Travis CI Enterprise has its API"}
	}
	return []string{"check --travis-endpoint, then run this again"}
}

func saveElsewhere(e *problem.Error) []string {
	if convox.DetailOf(e).Console {
		return nil
	}
	return []string{"or save the password elsewhere, and pipe it in with --password-stdin"}
}

func resetLost(e *problem.Error) []string {
	return []string{"set a new password: run " + resetCommand(e)}
}

func continueReset(e *problem.Error) []string {
	return []string{"continue it: run " + resetCommand(e) + " with the same new password"}
}

// resetCommand resets the password of an error's Rack.
func resetCommand(e *problem.Error) string {
	detail, _ := e.Detail.(cfn.Detail)
	return forRack("reset-password", convox.Detail{Rack: convox.Rack{Name: detail.Rack.Name, Region: detail.Rack.Region}})
}

const nameRepository = "pass --repo OWNER/NAME"

// exits are the exit codes of errors, if not exitFailed.
var exits = map[string]int{
	"usage": exitUsage,

	"bad_password":          exitUsage,
	"certificate_untrusted": exitUsage, // --fingerprint is missing
	"login_refused":         exitRefused,
	"only_raw_form":         exitRefused,
	"password_unsendable":   exitRefused,

	"aws_no_credentials": exitUsage,
	"aws_mfa":            exitUsage,
	"aws_profile":        exitUsage,
	"aws_region":         exitUsage,
	"aws_name":           exitUsage,
	"aws_endpoint":       exitUsage,
	"aws_expired_sso":    exitRefused,
	"aws_expired":        exitRefused,
	"aws_refused":        exitRefused,
	"aws_denied":         exitRefused,

	"unknown_token":  exitRefused,
	"login_required": exitRefused,

	"mixed_pair": exitUsage,
	"two_racks":  exitUsage,

	"yml_step": exitUsage,
}
