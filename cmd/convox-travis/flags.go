package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/setup"
)

// options is what the flags say. A flag means the same wherever it is taken.
type options struct {
	// Which repositories.
	repos          []string
	reposFrom      string
	owner          string
	all, active    bool
	provider       string
	branch         string
	travisEndpoint string

	// Which Rack or Console, and its credential. A secret is never a value.
	host          string
	console       string
	rack          string
	regions       []string
	profile       string
	saved         bool
	passwordStdin bool
	fingerprint   string
	noVerify      bool

	// How it is done and told.
	allowMixed   bool
	skipExisting bool
	dryRun       bool
	json         string
	yes          bool
	accessible   bool
	timeout      time.Duration
}

// The values of --json.
const (
	jsonDocument = "document"
	jsonLines    = "lines"
)

func (o *options) repositoryFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.repos, "repo", nil, "`OWNER/NAME`; may be repeated (default: the clone's)")
	flags.StringVar(&o.reposFrom, "repos-from", "", "repositories in `FILE`, one a line; - is standard input")
	flags.StringVar(&o.provider, "provider", "", "`NAME`: github, gitlab, bitbucket or assembla")
	flags.StringVar(&o.branch, "branch", "", "for builds of branch `NAME` alone (default: all)")
	flags.StringVar(&o.travisEndpoint, "travis-endpoint", "", "another Travis, whose API is at `URL`")
}

func (o *options) credentialFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.console, "console", "", "a Console, with a deploy key; without `HOST` the hosted one")
	flags.Lookup("console").NoOptDefVal = convox.HostedConsole
	flags.StringVar(&o.rack, "rack", "", "the Rack `NAME`, looked up in CloudFormation; with --console ORG/NAME, the one that builds deploy to")
	flags.StringVar(&o.host, "host", "", "the Rack at `HOST`")
	flags.BoolVar(&o.saved, "saved", false, "take the password that the convox client has saved")
	flags.StringVar(&o.fingerprint, "fingerprint", "", "accept the Rack's own certificate if this is its `SHA256`")
	o.awsFlags(flags)
}

func (o *options) passwordFlag(flags *pflag.FlagSet) {
	flags.BoolVar(&o.passwordStdin, "password-stdin", false, "read the password or deploy key from standard input")
}

func (o *options) unverifiedFlag(flags *pflag.FlagSet) {
	flags.BoolVar(&o.noVerify, "no-verify", false, "also where the Rack cannot be reached from here")
}

func (o *options) awsFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&o.regions, "region", nil, "AWS region `NAME`; may be repeated (default: all)")
	flags.StringVar(&o.profile, "profile", "", "AWS profile `NAME`")
}

// writeFlags say how a pair is written.
func (o *options) writeFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.allowMixed, "allow-mixed", false, "also where a branch has a host of its own")
	flags.BoolVar(&o.skipExisting, "skip-existing", false, "leave repositories alone that have both variables")
	flags.BoolVar(&o.dryRun, "dry-run", false, "show what would be written, and write nothing")
}

// runFlags are those of a command that asks.
func (o *options) runFlags(flags *pflag.FlagSet) {
	o.resultFlags(flags)
	o.accessibleFlag(flags)
	flags.BoolVar(&o.yes, "yes", false, "do not ask before writing")
}

func (o *options) resultFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.json, "json", "", "tell the result as JSON, as one document or `lines`")
	flags.Lookup("json").NoOptDefVal = jsonDocument
	flags.DurationVar(&o.timeout, "timeout", 0, "stop after `TIME`, such as 90s (default: never)")
}

func (o *options) accessibleFlag(flags *pflag.FlagSet) {
	flags.BoolVar(&o.accessible, "accessible", false, "plain lines, for screen readers")
}

// ignore accepts switches of other commands that mean nothing in this one, so that a
// script can pass the same to all. The help and the completions don't have them.
func ignore(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		flags.Bool(name, false, "")
		_ = flags.MarkHidden(name) // it is there
	}
}

// givenFlags are the flags that the commands in hints repeat. What the environment
// says is still there for the next run.
func (o *options) givenFlags() setup.RunFlags {
	given := setup.RunFlags{Profile: o.profile, Endpoint: o.travisEndpoint}
	add := func(name, value string) {
		if value != "" {
			given.SignIn = append(given.SignIn, name, value)
		}
	}
	switch {
	case o.console != "":
		given.SignIn = []string{strings.TrimSuffix("--console="+o.console, "="+convox.HostedConsole)}
		add("--rack", o.rack)
	case o.rack != "":
		add("--rack", o.rack)
		for _, region := range o.regions {
			add("--region", region)
		}
		add("--profile", o.profile)
		add("--fingerprint", o.fingerprint)
	case o.host != "":
		add("--host", o.host)
		add("--fingerprint", o.fingerprint)
	}
	switch {
	case o.passwordStdin:
		given.Password = []string{"--password-stdin"}
	case o.saved:
		given.Password = []string{"--saved"}
	}
	return given
}

// check refuses what no command can carry out.
func (o *options) check() error {
	switch o.json {
	case "", jsonDocument, jsonLines:
	default:
		return usageError("--json"+quoted(o.json)+": there is no such form", "use --json for one document, --json=lines for a repository a line")
	}
	if o.branch != "" {
		if err := gitrepo.CheckBranch(o.branch); err != nil {
			return wrongAnswer("--branch", err)
		}
	}
	if _, err := convox.NewChecker(convox.CheckerOptions{Fingerprint: o.fingerprint}); err != nil {
		return wrongAnswer("--fingerprint", err)
	}
	if o.timeout < 0 {
		return usageError(fmt.Sprintf("--timeout %s is below zero", o.timeout), "use a duration such as 90s, or leave it out")
	}
	return o.checkOwner()
}

// noEmptyFlags refuses a flag that was given an empty value, as by a variable
// that is not set: it would count as not given, and mean all branches, or another
// host.
func noEmptyFlags(cmd *cobra.Command) error {
	var empty string
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if flag.Changed && flag.Value.Type() != "bool" && strings.Trim(flag.Value.String(), "[]") == "" {
			empty = flag.Name
		}
	})
	if empty == "" {
		return nil
	}
	return usageError("--"+empty+" is empty", "check whether a variable isn't set, or leave the flag out")
}

// quoted is what was typed, in quotes and after a space, where it is short and plain:
// else it isn't repeated, since it may be a secret in the wrong place.
func quoted(typed string) string {
	inWord := func(r rune) bool { return r == '-' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
	inNumber := func(r rune) bool { return inWord(r) || '0' <= r && r <= '9' || r == '.' || r == '+' }
	isWord := len(typed) <= 20 && strings.TrimFunc(typed, inWord) == ""
	if isWord || len(typed) <= 8 && strings.TrimFunc(typed, inNumber) == "" {
		return fmt.Sprintf(" %q", typed)
	}
	return ""
}

// didYouMean proposes those of names that are nearest to what was typed.
func didYouMean(typed string, names []string) string {
	if len(typed) > 30 { // no name is longer
		return ""
	}
	tree := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, name := range names {
		tree.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	near := tree.SuggestionsFor(typed)
	if len(near) == 0 || len(near) > 4 {
		return ""
	}
	for i, name := range near {
		if !strings.HasPrefix(name, "-") {
			near[i] = fmt.Sprintf("%q", name)
		}
	}
	all := strings.Join(near, ", ")
	if last := strings.LastIndex(all, ", "); last >= 0 {
		all = all[:last] + " or" + all[last+1:]
	}
	return ". Did you mean " + all + "?"
}

// noArguments refuses positional arguments: one of them may be the host of
// "--console HOST".
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := usageError(cmd.Name() + " takes no argument" + quoted(args[0]) + ", only flags")
	if flag := cmd.Flags().Lookup("console"); flag != nil && flag.Changed {
		err.Hints = append(err.Hints, "use an equals sign for a Console's host: --console=HOST")
	}
	err.Hints = append(err.Hints, listFlags(cmd))
	return err
}

func listFlags(cmd *cobra.Command) string {
	return "run " + cmd.CommandPath() + " --help to list the flags"
}

// flagError says which flag is wrong. The value of a switch isn't repeated: it may be a
// secret, as of --password-stdin.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var alone *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(cmd, unknown)
	case errors.As(err, &invalid):
		name := invalid.GetFlag().Name
		switch invalid.GetFlag().Value.Type() {
		case "bool":
			return usageError(fmt.Sprintf("--%s takes no value", name), "leave out the equals sign and what follows it")
		case "duration":
			return usageError("--"+name+quoted(invalid.GetValue())+": use a duration such as 90s", listFlags(cmd))
		}
		return usageError("--"+name+quoted(invalid.GetValue())+": use a number", listFlags(cmd))
	case errors.As(err, &alone):
		return usageError(fmt.Sprintf("--%s needs a value", alone.GetFlag().Name), listFlags(cmd))
	}
	return usageError("the flags cannot be read", listFlags(cmd))
}

func unknownFlag(cmd *cobra.Command, unknown *pflag.NotExistError) error {
	name := unknown.GetSpecifiedName()
	typed, meant := "--"+name, name
	if word := unknown.GetSpecifiedShortnames(); word != "" { // of "-yes", name is y
		typed = "-" + name
		meant, _, _ = strings.Cut(word, "=")
	}
	var names []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, "--"+flag.Name) })
	err := usageError("unknown flag "+typed+didYouMean("--"+meant, names), listFlags(cmd))
	switch name {
	case "password-stdin":
		if !cmd.HasParent() {
			err.Reason = "--password-stdin is for apply: here standard input answers the questions"
			err.Hints = []string{"in a script: convox-travis apply, with the same flags", "or set CONVOX_PASSWORD"}
		}
	case "password", "key", "token", "deploy-key", "secret":
		err.Hints = []string{
			"a secret is never a flag's value, where history and ps show it: pipe it in with --password-stdin, or set CONVOX_PASSWORD",
			"the Travis token is read from TRAVIS_TOKEN",
		}
	}
	return err
}
