package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
)

// login is where builds log in, as the flags and CONVOX_HOST say.
type login struct {
	console bool
	host    convox.Host // of the Console or the Rack, if it was given
	stack   string      // the Rack's name in CloudFormation, if it has to be looked up
	rack    string      // ORG/NAME, the Rack behind a Console that builds deploy to
}

// isSet reports whether a Rack or Console was named.
func (l login) isSet() bool { return !l.host.IsZero() || l.stack != "" }

// login reads the Rack or Console. It refuses contradictions: a key must never go to
// another host than was meant.
func (o *options) login(env func(string) string) (login, error) {
	switch {
	case o.console != "" && o.host != "":
		return login{}, usageError("--console and --host exclude each other", "pass --console=HOST for your company's own Console")
	case o.console != "":
		return o.consoleLogin(o.console, "--console")
	case strings.Contains(o.rack, "/"):
		return login{}, usageError("--rack"+quoted(o.rack)+": ORG/NAME needs --console",
			"pass --console --rack ORG/NAME with a deploy key, or --console=HOST for your company's own Console",
			"pass --rack NAME, without ORG/, for a Rack in CloudFormation")
	case o.host != "":
		return o.rackLogin(o.host, "--host")
	case o.rack != "":
		return login{stack: o.rack}, nil
	case env("CONVOX_HOST") == "":
		return login{}, nil
	}
	host, err := convox.ParseHost(env("CONVOX_HOST"))
	if err == nil && host.IsHostedConsole() {
		return o.consoleLogin(env("CONVOX_HOST"), "CONVOX_HOST")
	}
	return o.rackLogin(env("CONVOX_HOST"), "CONVOX_HOST")
}

func (o *options) consoleLogin(text, from string) (login, error) {
	host, err := convox.ParseHost(text)
	if err != nil {
		return login{}, invalidValue(from+quoted(text), err)
	}
	if o.rack != "" && !isOrgRack(o.rack) {
		return login{}, usageError("--rack"+quoted(o.rack)+": with --console it is ORG/NAME", "run convox racks to list them, or look in Console")
	}
	if o.saved {
		return login{}, usageError("--saved works with a Rack only: the convox CLI saves your own key for a Console, which builds must not use",
			"make a deploy key in Console, and pipe it in with --password-stdin")
	}
	return login{console: true, host: host, rack: o.rack}, nil
}

func (o *options) rackLogin(text, from string) (login, error) {
	host, err := convox.ParseHost(text)
	if err != nil {
		return login{}, invalidValue(from+quoted(text), err)
	}
	if host.IsHostedConsole() {
		return login{}, usageError(from+" is Console's, not a Rack's", "pass --console with a deploy key")
	}
	return login{host: host, stack: o.rack}, nil
}

func isOrgRack(text string) bool {
	organization, name, found := strings.Cut(text, "/")
	return found && organization != "" && name != "" && !strings.Contains(name, "/")
}

// hasPasswordSource reports whether flags or environment name a source of the password:
// standard input, else CONVOX_PASSWORD, else the convox CLI's saved logins. It reads
// none of them.
func (p *program) hasPasswordSource(o *options, to login) bool {
	return o.passwordStdin || p.variableCounts(to) || o.saved
}

// variableCounts reports whether CONVOX_PASSWORD may be sent to this host: only if
// CONVOX_HOST is unset or names it. It counts for a host that isn't known yet.
func (p *program) variableCounts(to login) bool {
	if p.env("CONVOX_PASSWORD") == "" {
		return false
	}
	if p.env("CONVOX_HOST") == "" || to.host.IsZero() {
		return true
	}
	host, err := convox.ParseHost(p.env("CONVOX_HOST"))
	return err == nil && host == to.host
}

// password reads the secret, and returns where it was found. to.host has to be known.
func (p *program) password(ctx context.Context, o *options, to login) (secret.String, convox.Source, error) {
	switch {
	case o.passwordStdin:
		text, err := p.standardInput(ctx, secretInput)
		if err != nil {
			return secret.String{}, "", err
		}
		return secret.New(convox.CutLineEnding(text)), "", nil
	case p.variableCounts(to):
		return secret.New(p.env("CONVOX_PASSWORD")), "", nil
	case o.saved:
		return p.savedPassword(to)
	}
	return secret.String{}, "", usageError(fmt.Sprintf("CONVOX_PASSWORD belongs to CONVOX_HOST, which isn't %s", to.host),
		"pipe the password in with --password-stdin, or unset CONVOX_HOST")
}

func (p *program) savedPassword(to login) (secret.String, convox.Source, error) {
	var racks []convox.Host
	if to.stack != "" {
		racks = append(racks, to.host) // CloudFormation says that it's a Rack
	}
	logins, err := convox.SavedLogins(p.env, p.home, p.goos, racks...)
	if saved, found := convox.FindSaved(logins, to.host); found {
		return saved.Password, convox.SavedIn(saved.File), nil
	}
	if err != nil {
		return secret.String{}, "", err
	}
	return secret.String{}, "", usageError(fmt.Sprintf("the convox CLI has no password saved for %s", to.host),
		"save it: run convox login "+to.host.String(), "or pipe it in with --password-stdin")
}

// input is text that is read from standard input or a file.
type input struct {
	flag     string // that asks for it
	longest  int64  // in bytes
	what     string // it is, for errors
	terminal string // why it isn't read from a terminal
	example  string
}

var (
	secretInput = input{
		flag: "--password-stdin", longest: 64 << 10, what: "a password",
		terminal: "which would show the secret", example: "convox-travis apply --password-stdin < FILE",
	}
	listInput = input{
		flag: "--repos-from", longest: 4 << 20, what: "a list of repositories",
		terminal: "which has no list", example: "convox-travis apply --repos-from FILE",
	}
)

// standardInput reads standard input to its end.
func (p *program) standardInput(ctx context.Context, in input) (string, error) {
	if p.inIsTerminal {
		return "", usageError(in.flag+" reads a pipe, but standard input is a terminal, "+in.terminal,
			"run "+in.example)
	}
	return in.read(ctx, "standard input", p.in)
}

// read reads from to its end, or until ctx ends.
func (in input) read(ctx context.Context, name string, from io.Reader) (string, error) {
	return waitFor(ctx, func() (string, error) {
		text, err := io.ReadAll(io.LimitReader(from, in.longest+1))
		switch {
		case err != nil:
			return "", usageError(in.flag+": can't read "+name, "run "+in.example)
		case int64(len(text)) > in.longest:
			return "", usageError(in.flag+": "+name+" is too large to be "+in.what, "run "+in.example)
		}
		return string(text), nil
	})
}
