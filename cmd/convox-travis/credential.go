package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
)

// wayIn is where a build will log in, as the flags and CONVOX_HOST say it.
type wayIn struct {
	console bool
	host    convox.Host // of the Console, or of the Rack where it was given
	stack   string      // the Rack's name in CloudFormation, where it has to be looked up
	rack    string      // ORG/NAME, the deploy step's Rack behind a Console
}

// given reports whether there is a way in at all.
func (w wayIn) given() bool { return !w.host.IsZero() || w.stack != "" }

// wayIn reads the way in. It refuses what contradicts itself: a key must never
// go to a host that was not meant.
func (o *options) wayIn(env func(string) string) (wayIn, error) {
	switch {
	case o.console != "" && o.host != "":
		return wayIn{}, usageError("--console and --host are two ways in", "for a Console of your own: --console=HOST")
	case o.console != "":
		return o.consoleWay(o.console)
	case strings.Contains(o.rack, "/"):
		return wayIn{}, usageError("--rack ORG/NAME names a Rack of Console, and --console was not given",
			"with a deploy key: --console --rack ORG/NAME, or --console=HOST for a company's own Console",
			"a Rack directly is named by its stack, without ORG/")
	case o.host != "":
		return o.rackWay(o.host, "--host")
	case o.rack != "":
		return wayIn{stack: o.rack}, nil
	case env("CONVOX_HOST") == "":
		return wayIn{}, nil
	}
	host, err := convox.ParseHost(env("CONVOX_HOST"))
	if err == nil && host.IsHostedConsole() {
		return o.consoleWay(env("CONVOX_HOST"))
	}
	return o.rackWay(env("CONVOX_HOST"), "CONVOX_HOST")
}

func (o *options) consoleWay(text string) (wayIn, error) {
	host, err := convox.ParseHost(text)
	if err != nil {
		return wayIn{}, wrongAnswer("the Console's host", err)
	}
	if o.rack != "" && !isOrgRack(o.rack) {
		return wayIn{}, usageError("with --console, --rack is ORG/NAME", "convox racks lists them, and so does the dashboard of Console")
	}
	if o.saved {
		return wayIn{}, usageError("--saved is for a Rack: what the convox client saves for a Console is a person's own key",
			"make a deploy key in Console, and pipe it in with --password-stdin")
	}
	return wayIn{console: true, host: host, rack: o.rack}, nil
}

func (o *options) rackWay(text, from string) (wayIn, error) {
	host, err := convox.ParseHost(text)
	if err != nil {
		return wayIn{}, wrongAnswer(from, err)
	}
	if host.IsHostedConsole() {
		return wayIn{}, usageError(from+" is Console's", "with a deploy key: --console")
	}
	return wayIn{host: host, stack: o.rack}, nil
}

func isOrgRack(text string) bool {
	organization, name, found := strings.Cut(text, "/")
	return found && organization != "" && name != "" && !strings.Contains(name, "/")
}

// passwordSource tells, before anything is read or asked, whether the flags
// and the environment name a place for the password. The order is that of the
// places: standard input, CONVOX_PASSWORD, what the convox client saved.
func (p *program) hasPasswordSource(o *options, way wayIn) bool {
	return o.passwordStdin || p.variableCounts(way) || o.saved
}

// variableCounts reports whether CONVOX_PASSWORD may be used for this way in:
// only when CONVOX_HOST is unset or is the very host. A host that has yet to be
// looked up counts until it is known.
func (p *program) variableCounts(way wayIn) bool {
	if p.env("CONVOX_PASSWORD") == "" {
		return false
	}
	if p.env("CONVOX_HOST") == "" || way.host.IsZero() {
		return true
	}
	host, err := convox.ParseHost(p.env("CONVOX_HOST"))
	return err == nil && host == way.host
}

// password reads the secret, and says where it was found. way.host is known by now.
func (p *program) password(ctx context.Context, o *options, way wayIn) (secret.String, convox.Source, error) {
	switch {
	case o.passwordStdin:
		text, err := p.standardInput(ctx, secretInput)
		if err != nil {
			return secret.String{}, "", err
		}
		return secret.New(convox.CutLineEnding(text)), "", nil
	case p.variableCounts(way):
		return secret.New(p.env("CONVOX_PASSWORD")), "", nil
	case o.saved:
		return p.savedPassword(way)
	}
	return secret.String{}, "", usageError(fmt.Sprintf("CONVOX_PASSWORD is for CONVOX_HOST, which is not %s", way.host),
		"pipe the password in with --password-stdin, or unset CONVOX_HOST")
}

func (p *program) savedPassword(way wayIn) (secret.String, convox.Source, error) {
	var racks []convox.Host
	if way.stack != "" {
		racks = append(racks, way.host) // the stack says so
	}
	logins, err := convox.SavedLogins(p.env, p.home, p.goos, racks...)
	if login, found := convox.FindSaved(logins, way.host); found {
		return login.Password, convox.SavedIn(login.File), nil
	}
	if err != nil {
		return secret.String{}, "", err
	}
	return secret.String{}, "", usageError(fmt.Sprintf("the convox CLI has no password saved for %s", way.host),
		"save it: run convox login "+way.host.String(), "or pipe it in with --password-stdin")
}

// input is something that is read from standard input or a file.
type input struct {
	flag     string // that asked for it
	longest  int64  // bytes
	tooLong  string // what it is then not
	terminal string // why it is not read from a terminal
	example  string
}

var (
	secretInput = input{
		flag: "--password-stdin", longest: 64 << 10, tooLong: "that is no password",
		terminal: "which would show the secret", example: "convox-travis apply --password-stdin < FILE",
	}
	listInput = input{
		flag: "--repos-from", longest: 4 << 20, tooLong: "that is no list of repositories",
		terminal: "which has no list", example: "convox-travis apply --repos-from FILE",
	}
)

// standardInput reads standard input to its end.
func (p *program) standardInput(ctx context.Context, in input) (string, error) {
	if p.typed {
		return "", usageError(in.flag+" reads a pipe, and standard input is a terminal, "+in.terminal,
			"pipe it: "+in.example)
	}
	return in.read(ctx, "standard input", p.in)
}

// read reads from to its end, or until ctx ends.
func (in input) read(ctx context.Context, name string, from io.Reader) (string, error) {
	return awaited(ctx, func() (string, error) {
		text, err := io.ReadAll(io.LimitReader(from, in.longest+1))
		switch {
		case err != nil:
			return "", usageError(in.flag+": "+name+" cannot be read", "for example: "+in.example)
		case int64(len(text)) > in.longest:
			return "", usageError(in.flag+": "+name+" goes on and on: "+in.tooLong, "for example: "+in.example)
		}
		return string(text), nil
	})
}
