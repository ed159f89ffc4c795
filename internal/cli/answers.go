package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
	"convox-travis/tui/flow"
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

// missing collects the answers that are missing, to list them all at once.
type missing struct {
	names []string
	hints []string
}

func (m *missing) add(name, hint string) {
	m.names = append(m.names, name)
	m.hints = append(m.hints, hint)
}

// err is nil if nothing is missing.
func (m *missing) err(command string) error {
	if len(m.names) == 0 {
		return nil
	}
	needs, last := strings.Join(m.names[:len(m.names)-1], ", "), m.names[len(m.names)-1]
	if needs != "" {
		last = needs + " and " + last
	}
	return usageError(command+" needs "+last, m.hints...)
}

func (m *missing) addSignIn() {
	m.add("a Rack or Console", "pass --rack NAME, --host HOST, or --console with a deploy key (your company's own: --console=HOST), or set CONVOX_HOST")
}

func (m *missing) addToken(endpoint string) {
	m.add("a Travis token", "copy a Travis token from "+travisapi.TokenPage(endpoint)+" and set TRAVIS_TOKEN, or log in with the Travis CLI")
}

// answers reads flags and environment, without a call, and lists what a command lacks.
// needs adds what is missing for the sign-in; nil is for commands that only use Travis.
func (p *program) answers(ctx context.Context, o *options, command string, needs func(*missing, login)) (application, error) {
	var a application
	var m missing
	var err error
	if needs != nil {
		if a.login, err = o.login(p.env); err != nil {
			return a, err
		}
		needs(&m, a.login)
	}
	repos, err := p.repositories(ctx, o)
	if err != nil {
		return a, err
	}
	a.request = connect.Request{
		Targets: repos.targets, Branch: o.branch, Rack: a.login.rack,
		SkipExisting: o.skipExisting, OnlyExisting: o.onlyExisting, AllowMixed: o.allowMixed, Unchecked: o.noVerify,
	}
	if o.branch != "" {
		a.request.Branches = gitrepo.Branches(ctx, p.dir)
	}
	p.noteSource(repos)
	travis, err := p.travisSettings(o, repos.slug())
	if err != nil {
		return a, err
	}
	token, err := travis.token(p.env)
	if err != nil {
		return a, err
	}
	if len(repos.targets) == 0 && !o.all {
		m.add("a repository", repos.missingHint())
	}
	if token.IsEmpty() {
		m.addToken(travis.endpoint)
	}
	if err := m.err(command); err != nil {
		return a, err
	}
	a.travis, err = p.travisClient(travis.endpoint, token)
	return a, err
}

// needsCredential adds what is missing of the credential.
func (p *program) needsCredential(o *options) func(*missing, login) {
	return func(m *missing, to login) {
		if !to.isSet() {
			m.addSignIn()
		}
		switch {
		case p.hasPasswordSource(o, to):
		case p.env("CONVOX_PASSWORD") != "":
			m.add("the password or deploy key", "pipe the password or deploy key in with --password-stdin, or unset CONVOX_HOST: CONVOX_PASSWORD belongs to that host, which is another one")
		default:
			m.add("the password or deploy key", "pipe the password or deploy key in with --password-stdin, set CONVOX_PASSWORD, or pass --saved for a Rack password that the convox CLI saved")
		}
	}
}

// stepAnswers are the answers that steps of the wizard ask for, and how else to give them.
var stepAnswers = map[string]struct{ name, hint string }{
	flow.StepRack:        {"a Rack", "pass --rack NAME or --host HOST"},
	flow.StepPassword:    {"the password or deploy key", "set CONVOX_PASSWORD, or answer the question"},
	flow.StepRepository:  {"a repository", "pass --repo OWNER/NAME, or run this inside the repository's clone"},
	flow.StepMixed:       {"permission to send the new password to another host", "answer yes, or pass --allow-mixed"},
	flow.StepCertificate: {"approval of the Rack's certificate", "answer yes, or pass --fingerprint"},
	flow.StepUnchecked:   {"permission to write unchecked", "answer yes, or pass --no-verify"},
	flow.StepReview:      {"your confirmation of the review", "answer yes, or pass --yes"},
}

// missingAnswers lists what the wizard still had to ask when its input ended.
func (p *program) missingAnswers(f *flow.Flow) error {
	if p.demo {
		return usageError("the demo's input ended before its questions did", "run convox-travis demo on a terminal")
	}
	var m missing
	for _, step := range f.Missing() {
		answer, isKnown := stepAnswers[step]
		switch {
		case step == flow.StepSignIn:
			m.addSignIn()
		case step == flow.StepToken:
			m.addToken(travisapi.HostedEndpoint)
		case isKnown:
			m.add(answer.name, answer.hint)
		default:
			m.add(fmt.Sprintf("an answer to %q", f.Question().Title), "answer the question")
		}
	}
	if len(m.names) == 0 {
		m.add("an answer", "answer the question")
	}
	return m.err("the wizard")
}

// travisSettings is Travis's endpoint, and what the Travis CLI has saved.
type travisSettings struct {
	endpoint string
	saved    travisapi.CLIConfig
}

// travisSettings finds the endpoint without a call. slug is the repository for which the
// Travis CLI may have saved one.
func (p *program) travisSettings(o *options, slug string) (travisSettings, error) {
	saved, err := travisapi.ReadCLIConfig(p.env, p.home)
	if err != nil && o.travisEndpoint == "" && p.env("TRAVIS_ENDPOINT") == "" {
		return travisSettings{}, err // a token may belong to the endpoint in that file
	}
	endpoint, err := travisapi.FindEndpoint(o.travisEndpoint, p.env, saved, slug)
	if err != nil {
		return travisSettings{}, usageError(err.Error(), hintsOf(err)...)
	}
	return travisSettings{endpoint: endpoint, saved: saved}, nil
}

// token is the token for the endpoint, or empty.
func (t travisSettings) token(env func(string) string) (secret.String, error) {
	token, err := travisapi.FindToken(t.endpoint, env, t.saved)
	if err != nil {
		return token, usageError(err.Error(), hintsOf(err)...)
	}
	return token, nil
}

// travisClient is the client of this run, for one endpoint and token: Travis counts and
// refuses calls by those.
type travisClient struct {
	mu     sync.Mutex
	name   string // of the endpoint and the token
	client *travisapi.Client
}

// travisClient returns the client for an endpoint and a token. All runs with that token
// share one pace. A client whose token was refused is replaced, since only a person
// retries that; a ban has to be waited for.
func (p *program) travisClient(endpoint string, token secret.String) (*travisapi.Client, error) {
	name := travisapi.Fingerprint(endpoint, token)
	p.travis.mu.Lock()
	defer p.travis.mu.Unlock()
	if known := p.travis.client; name == p.travis.name && (known.Refused() == nil || !travisapi.RefusedUntil(known.Refused()).IsZero()) {
		return known, nil
	}
	client, err := travisapi.New(travisapi.Config{
		Endpoint: endpoint, Token: token, UserAgent: userAgent(), HTTP: transport.NewClient(nil, p.connections.dial),
		Retry: p.connections.retry, Posts: p.posts(name).Begin, Calls: p.calls().Wait, OnWrite: p.connections.onWrite,
	})
	if err != nil {
		return nil, usageError(err.Error(), hintsOf(err)...)
	}
	p.travis.name, p.travis.client = name, client
	return client, nil
}
