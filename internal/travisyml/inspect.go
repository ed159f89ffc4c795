package travisyml

import (
	"cmp"
	"context"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"mvdan.cc/sh/v3/syntax"

	"convox-travis/internal/build"
	"convox-travis/internal/secret"
)

// Report is what a .travis.yml sets and exposes.
type Report struct {
	// Variables are those that the file sets, in its order. They win over those in the
	// repository's settings.
	Variables []Variable
	// Secrets are the passwords for Convox that the file has in clear text, in its order.
	Secrets []Secret
}

// Scope is where a variable applies.
type Scope string

// The scopes.
const (
	Global Scope = "global" // in every job
	Job    Scope = "job"    // in some jobs
	// Command is the scope of a variable that a command sets, for itself or for those
	// after it.
	Command Scope = "command"
)

// Variable is a variable that the file sets.
type Variable struct {
	Name   string // "" for an encrypted one, except those of AddSecure
	Line   int    // counted from 1
	Scope  Scope
	Secure bool
	Value  secret.String // of a variable that isn't encrypted
}

// Inspect returns what the document sets and exposes, or nothing if Travis can't read it.
func (d *Document) Inspect() Report {
	config, err := build.Parse(context.Background(), []byte(d.text))
	if err != nil {
		return Report{}
	}
	var r Report
	env := config.Root.Get("env")
	d.addVariables(&r, env.Get("global"), Global)
	d.addVariables(&r, env.Get("jobs"), Job)
	for _, job := range config.Root.Get("jobs").Get("include").List() {
		d.addVariables(&r, job.Get("env"), Job)
	}
	r.addCommands(config)
	slices.SortStableFunc(r.Variables, func(a, b Variable) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortStableFunc(r.Secrets, func(a, b Secret) int { return cmp.Compare(a.Line, b.Line) })
	return r
}

// Sets returns the variables with a name.
func (r Report) Sets(name string) []Variable {
	return slices.DeleteFunc(slices.Clone(r.Variables), func(v Variable) bool { return v.Name != name })
}

// addVariables adds the variables of env as Travis reads it. If a mapping has other keys
// beside an encrypted text, Travis makes a variable of that name.
func (d *Document) addVariables(r *Report, env *build.Node, scope Scope) {
	for _, item := range env.List() {
		if item.Secure {
			r.addVariable(Variable{Name: d.ourName(item.Line), Line: item.Line, Scope: scope, Secure: true})
		}
		for _, f := range item.Fields {
			value, expands := unquote(f.Value.Text)
			r.addVariable(Variable{Name: f.Key, Line: f.Line, Scope: scope, Secure: f.Value.Secure, Value: secret.New(value)})
			r.addSecret(f.Key, clearPart(value, expands), f.Line)
		}
	}
}

func (r *Report) addVariable(v Variable) {
	isSame := func(other Variable) bool {
		return other.Name == v.Name && other.Line == v.Line && other.Value.Equal(v.Value)
	}
	if !slices.ContainsFunc(r.Variables, isSame) {
		r.Variables = append(r.Variables, v)
	}
}

// unquote removes a value's quotes like a shell. It expands if it has a "$" with a special
// meaning: the file doesn't have its whole value.
func unquote(value string) (text string, expands bool) {
	var b strings.Builder
	var quote rune
	escaped := false
	for _, r := range value {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		default:
			expands = expands || quote != '\'' && (r == '$' || r == '`')
			b.WriteRune(r)
		}
	}
	return b.String(), expands
}

// Convox's own variables.
const (
	hostName     = "CONVOX_HOST"
	passwordName = "CONVOX_PASSWORD"
	addressName  = "RACK_URL"
)

// Secret is a password for Convox that anyone who can see the file can read.
type Secret struct {
	Name  string // of the variable, or of what uses the password
	Line  int    // counted from 1
	Value secret.String
}

const (
	loginPassword    = "the password of convox login"
	providerPassword = "the password of the convox provider"
)

// longestScript limits, in bytes, what is parsed here: deep texts overflow the stack.
const longestScript = 32 << 10

func (r *Report) addCommands(config *build.Config) {
	for _, command := range config.Commands() {
		commandReader{r, command}.script(command.Bash, 0, 3)
	}
	for _, job := range append(config.Root.Get("jobs").Get("include").List(), config.Root) {
		for _, provider := range job.Deployments() {
			name, password := provider.Get("provider"), provider.Get("password")
			if name != nil && name.Text == "convox" && password != nil {
				r.addSecret(providerPassword, clearPart(password.Text, true), password.Line)
			}
		}
	}
}

func (r *Report) addSecret(name, value string, line int) {
	found := Secret{Name: name, Line: line, Value: secret.New(passwordIn(name, value))}
	isSame := func(other Secret) bool {
		return other.Name == name && other.Line == line && other.Value.Equal(found.Value)
	}
	if !found.Value.IsEmpty() && !slices.ContainsFunc(r.Secrets, isSame) {
		r.Secrets = append(r.Secrets, found)
	}
}

type commandReader struct {
	report  *Report
	command build.Command
}

// script reads a text, and up to depth nested texts that others run. below is how many
// lines of the command are above it.
func (c commandReader) script(text string, below, depth int) {
	if depth == 0 || len(text) > longestScript {
		return
	}
	for statement, err := range syntax.NewParser(syntax.Variant(syntax.LangBash)).StmtsSeq(strings.NewReader(text)) {
		if err != nil {
			return // everything before the error has been read
		}
		syntax.Walk(statement, func(node syntax.Node) bool {
			switch node := node.(type) {
			case *syntax.Assign:
				if node.Name != nil && node.Value != nil && node.Index == nil {
					at := below + int(node.Pos().Line()) - 1
					c.assign(node.Name.Value, text[node.Value.Pos().Offset():node.Value.End().Offset()], build.Literal(node.Value, ""), at)
				}
			case *syntax.CallExpr:
				c.call(node.Args, below, depth)
			}
			return true
		})
	}
}

func (c commandReader) line(below int) int {
	if !c.command.Rows {
		return c.command.Line
	}
	return c.command.Line + below
}

func (c commandReader) assign(name, written, value string, below int) {
	c.report.addSecret(name, value, c.line(below))
	if value == "" {
		value = written
	}
	if written != "" && !strings.Contains(written, "$"+name) && !strings.Contains(written, "${"+name) { // otherwise it only appends
		c.report.addVariable(Variable{Name: name, Line: c.line(below), Scope: Command, Value: secret.New(value)})
	}
}

// call reads assignments among words, as with env and docker, nested texts, and a login.
func (c commandReader) call(args []*syntax.Word, below, depth int) {
	login, client := false, false
	for i, arg := range args {
		word, at := build.Literal(arg, ""), below+int(arg.Pos().Line())-1
		flag, value, isGiven := strings.Cut(word, "=")
		switch {
		case flag == passwordName || flag == addressName || flag == hostName && isGiven:
			c.assign(flag, value, value, at)
		case strings.ContainsAny(word, " \n"):
			c.script(word, at, depth-1)
		case login && slices.Contains([]string{"-p", "--password", "-t", "--token"}, flag):
			if !isGiven && i+1 < len(args) {
				value = build.Literal(args[i+1], "")
			}
			c.report.addSecret(loginPassword, value, c.line(at))
		case client && word == "login":
			login = true
		}
		client = client || strings.HasPrefix(path.Base(word), "convox")
	}
}

// passwordIn is the password for Convox in a value as it is in the file, or "".
func passwordIn(name, value string) string {
	switch name {
	case passwordName, loginPassword, providerPassword:
	case addressName:
		value = passwordOf(value)
	default:
		return ""
	}
	if !strings.ContainsFunc(value, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return "" // what surrounds variables
	}
	return value
}

// passwordOf also accepts unescaped special characters.
func passwordOf(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	_, password, _ := strings.Cut(rest[:max(0, strings.LastIndexByte(rest, '@'))], ":")
	if unescaped, err := url.PathUnescape(password); err == nil {
		return unescaped
	}
	return password
}

// clearPart is the part of a value without quotes that is in the file.
func clearPart(value string, expands bool) string {
	if !expands || !strings.ContainsAny(value, "$`") || len(value) > longestScript {
		return value
	}
	word, err := syntax.NewParser().Document(strings.NewReader(value))
	if err != nil {
		return value
	}
	return build.Literal(word, "")
}
