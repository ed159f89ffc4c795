package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"convox-travis/internal/audit"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/text"
)

// options holds the values of the shared flags. A flag means the same for every
// command that takes it.
type options struct {
	// Repositories.
	repos          []string
	reposFrom      string
	owner          string
	all, active    bool
	provider       string
	branch         string
	travisEndpoint string

	// The Rack or Console, and its credential. A flag's value is never a secret.
	host          string
	console       string
	rack          string
	regions       []string
	profile       string
	saved         bool
	passwordStdin bool
	fingerprint   string
	noVerify      bool

	// Writing and output.
	allowMixed   bool
	skipExisting bool
	onlyExisting bool
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
	flags.StringArrayVar(&o.repos, "repo", nil, "name `OWNER/NAME`; repeatable (default: the clone's)")
	flags.StringVar(&o.reposFrom, "repos-from", "", "repositories in `FILE`, one per line; -: standard input")
	flags.StringVar(&o.provider, "provider", "", "`NAME`: github (default), gitlab, bitbucket or assembla")
	flags.StringVar(&o.branch, "branch", "", "apply to branch `NAME` only (default: all branches)")
	flags.StringVar(&o.travisEndpoint, "travis-endpoint", "", "API `URL` of another Travis, such as Enterprise")
}

// ownerFlags name all repositories of an owner.
func (o *options) ownerFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.owner, "owner", "", "with --all: `LOGIN` of the person or organization")
	flags.BoolVar(&o.all, "all", false, "all repositories of --owner")
	flags.BoolVar(&o.active, "active", false, "with --all: only those that Travis builds")
}

func (o *options) credentialFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.console, "console", "", "Console, with a deploy key; `HOST`: your company's own")
	flags.Lookup("console").NoOptDefVal = convox.HostedConsole
	flags.StringVar(&o.rack, "rack", "", "Rack `NAME` in CloudFormation; with --console: ORG/NAME")
	flags.StringVar(&o.host, "host", "", "Rack at `HOST`, a name or an https:// address on it")
	flags.BoolVar(&o.saved, "saved", false, "use the password that the convox CLI saved")
	o.fingerprintFlag(flags)
	o.awsFlags(flags)
}

func (o *options) fingerprintFlag(flags *pflag.FlagSet) {
	flags.StringVar(&o.fingerprint, "fingerprint", "", "accept the self-signed certificate with this `SHA256`")
}

func (o *options) passwordFlag(flags *pflag.FlagSet) {
	flags.BoolVar(&o.passwordStdin, "password-stdin", false, "read the password or deploy key from standard input")
}

func (o *options) unverifiedFlag(flags *pflag.FlagSet) {
	flags.BoolVar(&o.noVerify, "no-verify", false, "write unverified if this machine can't reach the Rack")
}

func (o *options) awsFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&o.regions, "region", nil, "search AWS region `NAME`; repeatable (default: all)")
	flags.StringVar(&o.profile, "profile", "", "use AWS profile `NAME`")
}

// existingFlags say which repositories are written.
func (o *options) existingFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.skipExisting, "skip-existing", false, "skip repositories that have both variables")
	flags.BoolVar(&o.onlyExisting, "only-existing", false, "replace only where both exist; apply --all lists them")
}

// writeFlags say how the variables are written.
func (o *options) writeFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.allowMixed, "allow-mixed", false, "write even if a branch has its own CONVOX_HOST only")
	flags.BoolVar(&o.dryRun, "dry-run", false, "show what would be written, but write nothing")
}

// runFlags belong to the commands that ask.
func (o *options) runFlags(flags *pflag.FlagSet) {
	o.resultFlags(flags)
	o.accessibleFlag(flags)
	flags.BoolVar(&o.yes, "yes", false, "don't ask for confirmation")
}

func (o *options) resultFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.json, "json", "", "print JSON: one document, or `lines`")
	flags.Lookup("json").NoOptDefVal = jsonDocument
	flags.DurationVar(&o.timeout, "timeout", 0, "stop after `TIME`, such as 90s (default: no limit)")
}

func (o *options) accessibleFlag(flags *pflag.FlagSet) {
	flags.BoolVar(&o.accessible, "accessible", false, "print plain lines, for screen readers")
}

// ignore accepts switches of other commands, so that a script can pass the same ones
// to all. Help and completions leave them out.
func ignore(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		flags.Bool(name, false, "")
		_ = flags.MarkHidden(name) // fails only for an unknown flag
	}
}

// repeatedFlags are those that the commands in hints repeat. Environment variables
// need no repeating.
func (o *options) repeatedFlags() audit.RunFlags {
	flags := audit.RunFlags{Profile: o.profile, Endpoint: o.travisEndpoint}
	add := func(name, value string) {
		if value != "" {
			flags.SignIn = append(flags.SignIn, name, value)
		}
	}
	switch {
	case o.console != "":
		flags.SignIn = []string{strings.TrimSuffix("--console="+o.console, "="+convox.HostedConsole)}
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
		flags.Password = []string{"--password-stdin"}
	case o.saved:
		flags.Password = []string{"--saved"}
	}
	return flags
}

// check refuses values that no command can use.
func (o *options) check() error {
	switch o.json {
	case "", jsonDocument, jsonLines:
	default:
		return usageError("--json"+quoted(o.json)+": use document or lines"+didYouMean(o.json, []string{jsonDocument, jsonLines}), "pass --json for one document, or --json=lines for an object a line")
	}
	if o.branch != "" {
		if err := gitrepo.CheckBranch(o.branch); err != nil {
			return invalidValue("--branch"+quoted(o.branch), err)
		}
	}
	if _, err := convox.NewChecker(convox.CheckerOptions{Fingerprint: o.fingerprint}); err != nil {
		return invalidValue("--fingerprint"+quoted(o.fingerprint), err)
	}
	if o.skipExisting && o.onlyExisting {
		return usageError("--skip-existing and --only-existing exclude each other", "pass --only-existing to replace the variables where they exist, or --skip-existing to write them elsewhere")
	}
	if o.timeout < 0 {
		return usageError("--timeout"+quoted(o.timeout.String())+": use a duration such as 90s", "leave it out to run without a limit")
	}
	return o.checkOwner()
}

// checkOwner refuses flags that don't fit together.
func (o *options) checkOwner() error {
	switch {
	case o.all && o.owner == "":
		return usageError("--all needs --owner", "pass --owner LOGIN --all")
	case !o.all && o.owner != "":
		return usageError("--owner needs --all", "pass --owner LOGIN --all for all of the owner's repositories, or --repo OWNER/NAME for one")
	case !o.all && o.active:
		return usageError("--active needs --all", "pass --owner LOGIN --all --active for those that Travis builds")
	case o.all && !isOwner(o.owner):
		return usageError("--owner"+quoted(o.owner)+": not a login", "pass the OWNER of OWNER/NAME: --owner LOGIN --all")
	case o.all && (len(o.repos) > 0 || o.reposFrom != ""):
		return usageError("--all and a list of repositories exclude each other", "pass --owner LOGIN --all, or --repo or --repos-from")
	}
	return nil
}

// noEmptyFlags refuses an empty value, such as that of an unset variable: it would
// count as not given, and mean all branches or another host.
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
	return usageError("--"+empty+" is empty", "check whether a variable is unset, or leave the flag out")
}

// quoted is a space and the quoted text that was typed, or "" if that may be a secret
// in the wrong place: only short, plain words are repeated.
func quoted(typed string) string {
	inWord := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || strings.ContainsRune("-._/", r)
	}
	inNumber := func(r rune) bool { return inWord(r) || '0' <= r && r <= '9' || r == '+' }
	isWord := len(typed) <= 20 && strings.TrimFunc(typed, inWord) == ""
	if isWord || len(typed) <= 8 && strings.TrimFunc(typed, inNumber) == "" {
		return fmt.Sprintf(" %q", typed)
	}
	return ""
}

// didYouMean proposes the name that was probably meant, or is "".
func didYouMean(typed string, names []string) string {
	if near := text.Nearest(typed, names); near != "" {
		return fmt.Sprintf(". Did you mean %q?", near)
	}
	return ""
}

// noArguments refuses positional arguments, such as the host of "--console HOST".
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := usageError(cmd.Name() + " takes no argument" + quoted(args[0]) + ", only flags")
	if flag := cmd.Flags().Lookup("console"); flag != nil && flag.Changed {
		err.Hints = append(err.Hints, "write a Console's host with an equals sign: --console=HOST")
	}
	err.Hints = append(err.Hints, listFlags(cmd))
	return err
}

func listFlags(cmd *cobra.Command) string {
	return "run " + cmd.CommandPath() + " --help to list the flags"
}

// flagError says which flag is wrong. It doesn't repeat the value of a switch, which may
// be a secret, as with --password-stdin=SECRET.
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
			return usageError(fmt.Sprintf("--%s takes no value", name), "leave out the equals sign and the value")
		case "duration":
			return usageError("--"+name+quoted(invalid.GetValue())+": use a duration such as 90s", listFlags(cmd))
		}
		return usageError("--"+name+quoted(invalid.GetValue())+": use a number", listFlags(cmd))
	case errors.As(err, &alone):
		return usageError(fmt.Sprintf("--%s needs a value", alone.GetFlag().Name), listFlags(cmd))
	}
	return usageError("invalid flags", listFlags(cmd))
}

// unknownCommand names the nearest commands and other names.
func unknownCommand(root *cobra.Command, typed string, names ...string) error {
	names = append(names, "help")
	for _, cmd := range listedCommands(root) {
		names = append(names, cmd.Name())
	}
	return usageError("unknown command"+quoted(typed)+didYouMean(typed, names), "run "+root.Name()+" --help to list the commands")
}

func unknownFlag(cmd *cobra.Command, unknown *pflag.NotExistError) error {
	name := unknown.GetSpecifiedName()
	typed, meant := "--"+name, name
	if word := unknown.GetSpecifiedShortnames(); word != "" { // for -yes, name is y
		typed = "-" + name
		meant, _, _ = strings.Cut(word, "=")
	}
	var names []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	err := usageError("unknown flag "+typed, listFlags(cmd))
	if near := text.Nearest(meant, names); near != "" {
		err.Reason += ". Did you mean --" + near + "?"
	}
	switch name {
	case "password-stdin":
		if !cmd.HasParent() {
			err.Reason = "--password-stdin works with apply only: here standard input answers the questions"
			err.Hints = []string{"in a script, run convox-travis apply with the same flags", "or set CONVOX_PASSWORD"}
		}
	case "password", "key", "token", "deploy-key", "secret":
		err.Hints = []string{
			"pipe a password or deploy key in with --password-stdin, or set CONVOX_PASSWORD: shell history and ps show flags",
			"set TRAVIS_TOKEN to the Travis token",
		}
	}
	return err
}
