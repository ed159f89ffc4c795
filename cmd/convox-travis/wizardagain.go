package main

import (
	"cmp"
	"slices"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/setup"
	"convox-travis/travisapi"
	"convox-travis/tui/flow"
)

// mostNamed is how many repositories are named on the command that goes on.
const mostNamed = 100

// askedAboutSeveral reports whether the wizard was told to set up several
// repositories.
func (s *presenter) askedAboutSeveral() bool { return s.wizard != nil && s.wizard.Several() }

// wizardAgain is the command with which the wizard goes on with the repositories
// that are not done: with the answers that were given as flags, but for the
// secrets.
func (s *presenter) wizardAgain(report setup.Report) string {
	var open []setup.Target
	for _, r := range report.Repositories {
		if r.Err != nil {
			open = append(open, r.Target)
		}
	}
	given, o := s.wizard.Answered(), s.options
	flags, after := slices.Concat(wayFlags(given), answerFlags(given, o)), ""
	byFlags := len(given.Targets) == 0 && (o.all || o.reposFrom != "")
	switch {
	case len(open) <= mostNamed:
		flags = append(flags, namedFlags(open, travisapi.Provider(o.provider))...)
	case byFlags && o.all:
		flags = append(flags, ifGiven("--owner", o.owner)...)
		flags = append(flags, "--all")
		flags = append(flags, ifSet("--active", o.active)...)
		flags = append(flags, ifGiven("--provider", o.provider)...)
	case byFlags:
		flags = append(flags, "--repos-from", o.reposFrom)
		flags = append(flags, ifGiven("--provider", o.provider)...)
	default:
		flags, after = append(flags, "--repos-from", "FILE"), ", with those in FILE that are not done, one a line"
	}
	if len(open) > mostNamed && byFlags && report.OnlyCreates() && !given.SkipExisting {
		flags = append(flags, "--skip-existing") // what is done is among them
	}
	return "convox-travis " + shellescape.QuoteCommand(flags) + after
}

func wayFlags(given flow.Given) []string {
	switch {
	case given.Way == flow.ByRack:
		return []string{"--host", given.Host.String()}
	case given.Console.IsHostedConsole():
		return append([]string{"--console"}, ifGiven("--rack", given.Rack)...)
	}
	return append([]string{"--console=" + given.Console.String()}, ifGiven("--rack", given.Rack)...)
}

func answerFlags(given flow.Given, o *options) []string {
	json := ""
	if o.json != "" {
		json = "--json=" + o.json
	}
	return slices.Concat(
		ifSet("--saved", given.Saved), ifGiven("--fingerprint", given.Fingerprint), ifGiven("--branch", given.Branch),
		ifSet("--allow-mixed", given.AllowMixed), ifSet("--no-verify", given.Unchecked), ifSet("--skip-existing", given.SkipExisting),
		ifGiven("--travis-endpoint", o.travisEndpoint), ifSet("--accessible", o.accessible), ifSet(json, json != ""),
	)
}

// namedFlags name repositories. Where they are not all on the provider that was
// asked for, those of another one than GitHub are named by their address, which
// tells it.
func namedFlags(targets []setup.Target, asked travisapi.Provider) []string {
	on := func(t setup.Target) travisapi.Provider { return cmp.Or(t.Provider, travisapi.GitHub) }
	all := asked != "" && !slices.ContainsFunc(targets, func(t setup.Target) bool { return on(t) != asked })
	var flags []string
	if all {
		flags = []string{"--provider", string(asked)}
	}
	for _, target := range targets {
		name := target.Slug
		if !all && on(target) != travisapi.GitHub {
			name = addressOf(target)
		}
		flags = append(flags, "--repo", name)
	}
	return flags
}

func ifSet(flag string, set bool) []string {
	if !set {
		return nil
	}
	return []string{flag}
}

func ifGiven(flag, value string) []string {
	if value == "" {
		return nil
	}
	return []string{flag, value}
}
