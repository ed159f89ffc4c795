package main

import (
	"cmp"
	"net/http"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// hints says for each code what a person can do about it with flags and commands.
// Each code has its row; nil says nothing beside what the error itself knows.
var hints = problem.Hints{
	// Answers.
	"usage":           nil,
	"bad_host":        meantHost,
	"bad_password":    newPassword,
	"bad_fingerprint": problem.Say("run this without --fingerprint: the error shows the fingerprint"),
	"bad_slug":        nil,
	"bad_address":     nil,
	"not_hosted":      nil,
	"timeout":         nil,
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
	"unknown_token":       copyToken("copy it again from "),
	"login_required":      copyToken("copy it from "),
	"bad_token":           nil,
	"closed_token":        copyToken("or copy one from "),
	"closed_endpoint":     problem.Say("leave out --travis-endpoint and TRAVIS_ENDPOINT: " + travisapi.HostedEndpoint + " is the default"),
	"bad_endpoint":        nil,
	"travis_config":       problem.Say("export TRAVIS_TOKEN, and TRAVIS_ENDPOINT="+travisapi.HostedEndpoint+": then the file isn't needed", "repair the file, or move it away"),
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
	"another_owner":       problem.Say("name those that you mean with --repo OWNER/NAME, or in a file with --repos-from"),
	"invalid":             nil,
	"server":              nil,
	"untrusted":           nil,
	"malformed":           anotherEndpoint,
	"unexpected":          problem.Say("check --travis-endpoint"),

	// Writing.
	"mixed_pair": func(e *problem.Error) []string {
		branch, _ := e.Detail.(setup.MixedBranch)
		return []string{
			"give such a branch a password of its own first: pass --branch " + text.Quote(string(branch)),
			"or, if that host may have the new password, pass --allow-mixed",
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
		"run convox-travis racks to list the Racks of this AWS account; pass --profile for another account, such as one of GovCloud or China",
		"for a Rack that isn't in CloudFormation, use Console: pass --console, or --console=HOST for a company's own",
	),
	"two_racks": func(e *problem.Error) []string {
		if regions, is := e.Detail.(setup.Regions); is {
			return []string{"pass --region " + strings.Join(regions, " or --region ")}
		}
		return nil
	},
	"no_host":           nil,
	"unexpected_update": nil,
	"unprovable":        nil,
	"rolled_back":       nil,
	"not_settled": func(e *problem.Error) []string {
		return append(continueReset(e), "or force a new deployment of the Rack's web service in ECS by hand: run "+resetCommand(e)+" --guide")
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
			return []string{"name another file with --file PATH"}
		}
		return nil
	},
	"yml_changed":   nil,
	"yml_syntax":    nil,
	"yml_refused":   nil,
	"yml_not_built": problem.Say("to deploy another branch, pass --branch NAME"),
	"yml_step":      nil,
}

// detailOf is what is known of an error of package convox.
func detailOf(e *problem.Error) convox.Detail {
	detail, _ := e.Detail.(convox.Detail)
	return detail
}

// setLetters is for a password that the convox CLI can't send.
func setLetters(e *problem.Error) []string {
	if detailOf(e).Console {
		return nil
	}
	return []string{"set a password of letters and digits: run " + forRack("reset-password", detailOf(e))}
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

func meantHost(e *problem.Error) []string {
	if _, isOfStack := e.Detail.(cfn.Rack); isOfStack {
		return []string{"pass the Rack's host with --host"}
	}
	switch detailOf(e).Meant {
	case convox.MeantPassword:
		return []string{"pipe the password in by itself, with --password-stdin"}
	case convox.MeantConsoleRack:
		return []string{"name a Rack behind a Console with --console --rack ORG/NAME, behind a company's own with --console=HOST --rack ORG/NAME"}
	case convox.MeantRack:
		return []string{"pass --rack NAME if it is the name of a Rack in CloudFormation"}
	}
	return nil
}

func newPassword(e *problem.Error) []string {
	if detailOf(e).New {
		return []string{"or run reset-password on a terminal, without --password-stdin: it can make one"}
	}
	return nil
}

func loginRefused(e *problem.Error) []string {
	detail := detailOf(e)
	switch {
	case detail.Status == http.StatusForbidden:
		return nil
	case detail.Console:
		return []string{"use --host for the password of a Rack itself"}
	case detail.Source == convox.FromAWS:
		return []string{"run " + forRack("reset-password", detail) + " and choose the password that AWS has: then only the web service restarts"}
	}
	var hints []string
	if detail.Source != "" {
		hints = append(hints, "pipe the new password in with --password-stdin, without --saved")
	}
	hints = append(hints, "recover a lost password: run "+forRack("--rack", detail)+" on a terminal",
		"or reset it: run "+forRack("reset-password", detail))
	switch {
	case detail.Rack.Name != "" || detail.Source != "":
		return hints
	case detail.Host.IsRack():
		return append(hints, "use --console for a deploy key")
	}
	return append(hints, "use --console="+detail.Host.String()+" if that is a Console, with a deploy key")
}

func passFingerprint(e *problem.Error) []string {
	if detail := detailOf(e); !detail.Pinned {
		return []string{"pass --fingerprint " + detail.Fingerprint + " if it is the Rack's: old Racks sign their own"}
	}
	return nil
}

func movedRack(e *problem.Error) []string {
	if detailOf(e).Moved {
		return []string{"list the hosts of your Racks: convox-travis racks"}
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
	return append(movedRack(e), "if only this machine can't reach it, and Travis's machines can, pass --no-verify to write the password unchecked")
}

func notARack(e *problem.Error) []string {
	if detail := detailOf(e); detail.Other {
		return []string{"for a Console, with a deploy key, pass --console=" + detail.Host.String()}
	}
	return movedRack(e)
}

func notAConsole(e *problem.Error) []string {
	if detail := detailOf(e); detail.Other {
		return []string{"for a Rack itself, with its password, pass --host " + detail.Host.String()}
	}
	return []string{"pass --host for a Rack itself"}
}

func copyToken(lead string) func(*problem.Error) []string {
	return func(e *problem.Error) []string {
		page := cmp.Or(travisapi.FailureOf(e).TokenPage, travisapi.TokenPage(travisapi.HostedEndpoint))
		return []string{lead + page + " and export it as TRAVIS_TOKEN"}
	}
}

func anotherEndpoint(e *problem.Error) []string {
	if api := travisapi.FailureOf(e).API; api != "" {
		return []string{"pass --travis-endpoint " + api + ": an Enterprise has its API there"}
	}
	return []string{"check --travis-endpoint, then run this again"}
}

func saveElsewhere(e *problem.Error) []string {
	if detailOf(e).Console {
		return nil
	}
	return []string{"or keep the password elsewhere, and pipe it in with --password-stdin"}
}

func resetLost(e *problem.Error) []string {
	return []string{"set a new one: " + resetCommand(e)}
}

func continueReset(e *problem.Error) []string {
	return []string{"to continue it, run " + resetCommand(e) + ", with the same new password"}
}

// resetCommand resets the password of the Rack that an error is about.
func resetCommand(e *problem.Error) string {
	detail, _ := e.Detail.(cfn.Detail)
	command := "convox-travis reset-password " + text.Quote(cmp.Or(detail.Rack.Name, "RACK"))
	if detail.Rack.Region != "" {
		command += " --region " + text.Quote(detail.Rack.Region)
	}
	return command
}

const nameRepository = "name the repository with --repo OWNER/NAME"

// exits are the exit codes of errors that don't end a run with exitFailed.
var exits = map[string]int{
	"usage": exitUsage,

	"bad_password":          exitUsage,
	"certificate_untrusted": exitUsage, // --fingerprint is the missing answer
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
