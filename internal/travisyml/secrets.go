package travisyml

import (
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"convox-travis/internal/secret"
)

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

// lifecycle is the order of a job's phases
// (https://docs.travis-ci.com/user/job-lifecycle/).
var lifecycle = []string{
	"before_install", "install", "before_script", "script", "before_cache",
	"after_success", "after_failure", "before_deploy", "deploy", "after_deploy", "after_script",
}

// longestScript limits, in bytes, what is parsed in this process: the parser's stack
// grows with each bracket.
const longestScript = 32 << 10

// clearText is what a file has in clear text.
type clearText struct {
	step    *yaml.Node // whose text was read
	set     []Variable // by commands, in the order of the file
	secrets []Secret
}

// clearText reads the variables of env and all commands.
func (d *Document) clearText(variables []Variable) *clearText {
	c := &clearText{}
	for _, v := range variables {
		if !v.password.IsEmpty() {
			c.secrets = append(c.secrets, Secret{Name: v.Name, Line: v.Line, Value: v.password})
		}
	}
	seen := make(map[*yaml.Node]bool)
	for _, job := range append([]*yaml.Node{d.root}, jobsOf(d.root)...) {
		for _, phase := range lifecycle {
			for _, step := range items(lookup(job, phase)) {
				if phase == "deploy" && step.Kind == yaml.MappingNode {
					c.provider(step, seen)
				} else {
					c.command(step, seen)
				}
			}
		}
	}
	return c
}

func (c *clearText) provider(step *yaml.Node, seen map[*yaml.Node]bool) {
	for _, script := range items(lookup(step, "script")) {
		c.command(script, seen)
	}
	password := lookup(step, "password")
	if firstValue(lookup(step, "provider")) == "convox" && password != nil && !seen[password] {
		seen[password] = true
		c.add(providerPassword, clearPart(password.Value, true), password.Line)
	}
}

func (c *clearText) command(step *yaml.Node, seen map[*yaml.Node]bool) {
	if step.Kind == yaml.ScalarNode && !seen[step] {
		seen[step] = true
		c.step = step
		c.script(step.Value, 0, 3)
	}
}

// script reads a text as Bash, and up to depth nested texts that others run. line is that
// of the text in its step, counted from 0.
func (c *clearText) script(text string, line, depth int) {
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
					at := line + int(node.Pos().Line()) - 1
					c.assign(node.Name.Value, text[node.Value.Pos().Offset():node.Value.End().Offset()], literal(node.Value), at)
				}
			case *syntax.CallExpr:
				c.call(node.Args, line, depth)
			}
			return true
		})
	}
}

func (c *clearText) assign(name, written, value string, line int) {
	at := lineIn(c.step, line)
	c.add(name, value, at)
	if value == "" {
		value = written
	}
	if written != "" && !strings.Contains(written, "$"+name) && !strings.Contains(written, "${"+name) { // otherwise it only appends
		c.set = append(c.set, Variable{Name: name, Line: at, Scope: Command, Value: secret.New(value)})
	}
}

// call reads a command: assignments among its words, as with env and docker, texts that
// it may run, and a login.
func (c *clearText) call(args []*syntax.Word, line, depth int) {
	login, client := false, false
	for i, arg := range args {
		word, at := literal(arg), line+int(arg.Pos().Line())-1
		flag, value, isGiven := strings.Cut(word, "=")
		switch {
		case flag == passwordName || flag == addressName || flag == hostName && isGiven:
			c.assign(flag, value, value, at)
		case strings.ContainsAny(word, " \n"):
			c.script(word, at, depth-1)
		case login && slices.Contains([]string{"-p", "--password", "-t", "--token"}, flag):
			if !isGiven && i+1 < len(args) {
				value = literal(args[i+1])
			}
			c.add(loginPassword, value, lineIn(c.step, at))
		case client && word == "login":
			login = true
		}
		client = client || strings.HasPrefix(path.Base(word), "convox")
	}
}

// add records the password for Convox in a value.
func (c *clearText) add(name, value string, line int) {
	if password := passwordIn(name, value); password != "" {
		c.secrets = append(c.secrets, Secret{Name: name, Line: line, Value: secret.New(password)})
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

// passwordOf returns the password of an address, which may have unescaped special
// characters.
func passwordOf(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	_, password, _ := strings.Cut(rest[:max(0, strings.LastIndexByte(rest, '@'))], ":")
	if unescaped, err := url.PathUnescape(password); err == nil {
		return unescaped
	}
	return password
}

// nothing has no variables and runs no commands.
var nothing = &expand.Config{
	CmdSubst:  func(io.Writer, *syntax.CmdSubst) error { return nil },
	ProcSubst: func(*syntax.ProcSubst) (string, error) { return "", nil },
}

// literal is the part of a word that is in the file: variables are empty.
func literal(word *syntax.Word) string {
	value, err := expand.Literal(nothing, word)
	if err != nil {
		return ""
	}
	return value
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
	return literal(word)
}

// lineIn is the file's line for a line of a node's text, if the text preserves its lines.
func lineIn(step *yaml.Node, line int) int {
	if step.Style&yaml.LiteralStyle == 0 {
		return step.Line
	}
	return step.Line + line + 1
}
