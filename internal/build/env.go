package build

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"convox-travis/internal/shell"
)

// env normalizes env at the root: a list, or a mapping of variables, is the axis
// (travis-yml, lib/travis/yml/doc/change/prefix.rb and env_vars.rb).
func (n *normalizer) env(node *Node) *Node {
	if node.Kind == List && slices.ContainsFunc(node.Items, hasGlobal) {
		node = n.first(node, "env")
	}
	if node.Kind != Mapping {
		return n.section(&Node{Kind: Mapping, Line: node.Line, Fields: []Field{{"jobs", node.Line, node}}}, envSection)
	}
	var own, variables []Field
	for _, f := range node.Fields {
		if _, known := envSection.resolve(f.Key); known {
			own = append(own, f)
		} else {
			variables = append(variables, f)
		}
	}
	if len(variables) > 0 && !slices.ContainsFunc(own, func(f Field) bool { return f.Key == "jobs" || f.Key == "matrix" }) {
		set := &Node{Kind: Mapping, Line: node.Line, Fields: variables}
		set.seal()
		node = &Node{Kind: Mapping, Line: node.Line, Fields: append(own, Field{"jobs", node.Line, set})}
	}
	return n.section(node, envSection)
}

// hasGlobal reports whether an item of a list has keys of env instead of variables. If
// so, Travis reads only the first item.
func hasGlobal(node *Node) bool {
	return slices.ContainsFunc(node.Fields, func(f Field) bool {
		return strings.HasPrefix(f.Key, "global") || strings.HasPrefix(f.Key, "jobs") || strings.HasPrefix(f.Key, "matrix")
	})
}

func (n *normalizer) envVars(node *Node, where string) *Node {
	made := &Node{Kind: List, Line: node.Line}
	if node.Kind == Null {
		return made // like an empty list: it sets nothing, and inherits nothing
	}
	for _, item := range node.List() {
		n.step()
		item = n.first(item, where)
		switch {
		case item.Secure:
			made.Items = append(made.Items, item)
		case item.Kind == Mapping:
			made.Items = append(made.Items, n.envSet(item, where))
		default:
			pairs, err := parseEnv(item.Text)
			if err != nil {
				n.note(item.Line, InvalidEnv, where, "", "")
			}
			made.Items = append(made.Items, mappingOf(pairs, item.Line))
		}
	}
	return made
}

func (n *normalizer) envSet(node *Node, where string) *Node {
	made := &Node{Kind: Mapping, Line: node.Line}
	for _, f := range node.Fields {
		n.step()
		switch value := f.Value; {
		case value.Secure:
		case value.Kind == Null:
			f.Value = &Node{Kind: Text, Line: value.Line}
		case value.Kind == Mapping:
			n.note(f.Line, WrongType, where, f.Key, "")
			continue
		default:
			if f.Value = n.scalar(value, str, where+"."+f.Key); f.Value == nil {
				f.Value = &Node{Kind: Text, Line: value.Line}
			}
		}
		made.Fields = append(made.Fields, f)
	}
	return made
}

type envAssignment struct{ name, value string }

var errEnv = errors.New("the variables can't be parsed")

// mappingOf makes a mapping of assignments; the last one of a name wins.
func mappingOf(pairs []envAssignment, line int) *Node {
	var fields []Field
	for _, pair := range pairs {
		fields = append(fields, Field{pair.name, line, &Node{Kind: Text, Text: pair.value, Line: line}})
	}
	return (&Node{Kind: Mapping, Line: line}).withAll(fields)
}

// parseEnv splits NAME=value NAME=value as Travis does: quotes stay in the values, and
// spaces inside quotes, $( ) and ${ } don't split (https://github.com/svenfuchs/sh_vars).
func parseEnv(text string) (all []envAssignment, err error) {
	defer catch(&err)
	var pairs []envAssignment
	for text = strings.TrimSpace(text); text != ""; {
		pair, length := parseAssignment(text)
		pairs = append(pairs, pair)
		rest := strings.TrimLeft(text[length:], " \t\r\n")
		if rest != "" && len(rest) == len(text)-length {
			panic(stop{errEnv})
		}
		text = rest
	}
	return pairs, nil
}

// parseAssignment also returns the assignment's length. Quotes around all of it are dropped.
func parseAssignment(text string) (envAssignment, int) {
	if text[0] == '"' {
		end := closingQuote(text[1:])
		inner := strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(text[1 : 1+end])
		name, value, _ := strings.Cut(inner, "=")
		return envAssignment{name, value}, end + 2
	}
	end := strings.IndexAny(text, "= \t\r\n")
	switch {
	case end == 0:
		panic(stop{errEnv})
	case end < 0:
		return envAssignment{name: text}, len(text)
	case text[end] != '=':
		return envAssignment{name: text[:end]}, end
	}
	length := envValue(text[end+1:], "", 0)
	return envAssignment{text[:end], text[end+1:][:length]}, end + 1 + length
}

// envValue returns the length of a value: up to a space, or to the text that closes it.
func envValue(text, closing string, depth int) int {
	if depth > deepest {
		panic(stop{errTooDeep})
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case closing != "" && strings.HasPrefix(text[i:], closing):
			return i + len(closing)
		case c == '\\':
			i++
		case c == '\'' || c == '`':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				panic(stop{errEnv})
			}
			i += end + 1
		case c == '"':
			i += closingQuote(text[i+1:]) + 1
		case strings.HasPrefix(text[i:], "$("):
			i += 1 + envValue(text[i+2:], ")", depth+1)
		case strings.HasPrefix(text[i:], "${"):
			i += 1 + envValue(text[i+2:], "}", depth+1)
		case closing == "" && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			return i
		}
	}
	return len(text)
}

// closingQuote returns the index of the closing double quote.
func closingQuote(text string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	panic(stop{errEnv})
}

func unquote(text string) string {
	if len(text) > 1 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0] {
		return text[1 : len(text)-1]
	}
	return text
}

// otherAxes are the variables set by a job's axes, except those of runtimes.
var otherAxes = map[string]string{
	"otp_release": "TRAVIS_OTP_RELEASE", "crystal": "TRAVIS_CRYSTAL_VERSION", "compiler": "TRAVIS_COMPILER", "os": "TRAVIS_OS_NAME",
	"xcode_sdk": "TRAVIS_XCODE_SDK", "xcode_scheme": "TRAVIS_XCODE_SCHEME", "osx_image": "TRAVIS_OSX_IMAGE", "gemfile": "BUNDLE_GEMFILE",
}

func buildDir(event Event) string {
	if event.Repo == "" {
		return "/home/travis/build/owner/repository"
	}
	return "/home/travis/build/" + event.Repo
}

// unknownValue stands for the value of a variable of the repository's settings.
const unknownValue = "unknown"

// jobEnvironment returns what Travis sets before it runs a job
// (https://docs.travis-ci.com/user/environment-variables/). CONVOX_HOST and
// CONVOX_PASSWORD come from the repository's settings; their values are unknown.
func jobEnvironment(job Job, event Event) []string {
	pull, head := "false", ""
	if event.Type == PullRequest {
		pull, head = "1", event.HeadBranch
	}
	variables := map[string]string{
		"TRAVIS": "true", "CI": "true", "CONTINUOUS_INTEGRATION": "true", "HAS_JOSH_K_SEAL_OF_APPROVAL": "true",
		"TRAVIS_BRANCH": event.Branch, "TRAVIS_TAG": event.Tag, "TRAVIS_EVENT_TYPE": string(event.Type),
		"TRAVIS_PULL_REQUEST": pull, "TRAVIS_PULL_REQUEST_BRANCH": head,
		"TRAVIS_REPO_SLUG": event.Repo, "TRAVIS_BUILD_DIR": buildDir(event),
		"TRAVIS_BUILD_STAGE_NAME": job.Stage, "TRAVIS_JOB_NAME": job.Name, "TRAVIS_LANGUAGE": job.Language,
		"TRAVIS_OS_NAME": cmp.Or(job.OS, "linux"), "TRAVIS_CPU_ARCH": cmp.Or(job.Arch, "amd64"), "TRAVIS_DIST": cmp.Or(job.Dist, "xenial"),
		"TRAVIS_ALLOW_FAILURE": strconv.FormatBool(job.AllowFailure), "TRAVIS_SUDO": "true",
		"TRAVIS_BUILD_NUMBER": "1", "TRAVIS_BUILD_ID": "1", "TRAVIS_JOB_ID": "1", "TRAVIS_JOB_NUMBER": cmp.Or(job.Number, "1.1"),
		"TRAVIS_COMMIT": "0123456789abcdef0123456789abcdef01234567", "TRAVIS_COMMIT_RANGE": "0123456789ab...123456789abc",
		"TRAVIS_COMMIT_MESSAGE":  shell.Unknown("TRAVIS_COMMIT_MESSAGE", "A commit"),
		"TRAVIS_SECURE_ENV_VARS": "true",
		"TRAVIS_BUILD_WEB_URL":   "https://app.travis-ci.com/builds/1", "TRAVIS_JOB_WEB_URL": "https://app.travis-ci.com/jobs/1",
		"HOME": "/home/travis", "USER": "travis", "PATH": "/home/travis/bin:/usr/local/bin:/usr/bin:/bin", "SHELL": "/bin/bash",
		"TERM": "xterm", "LANG": "en_US.UTF-8", "PAGER": "cat", "DEBIAN_FRONTEND": "noninteractive",
		"RACK_ENV": "test", "RAILS_ENV": "test", "MERB_ENV": "test", "LC_ALL": "en_US.UTF-8", "TRAVIS_TEST_RESULT": "",
	}
	for _, name := range []string{"TRAVIS_PULL_REQUEST_SLUG", "TRAVIS_PULL_REQUEST_SHA", "TRAVIS_OSX_IMAGE"} {
		variables[name] = ""
	}
	if event.Type == PullRequest {
		variables["TRAVIS_PULL_REQUEST_SLUG"], variables["TRAVIS_PULL_REQUEST_SHA"] = event.Repo, "123456789abcdef0123456789abcdef012345678"
	}
	for _, setting := range event.Settings {
		if _, isTravis := variables[setting.Name]; isTravis {
			continue
		}
		variables[setting.Name] = shell.Unknown(setting.Name, unknownValue)
		if !setting.Private {
			variables[setting.Name] = unquote(setting.Value)
		}
	}
	variables["CONVOX_HOST"], variables["CONVOX_PASSWORD"] = unknownValue, unknownValue
	if job.Config != nil {
		for _, field := range job.Config.Fields {
			value := field.Value
			if value != nil && value.Kind == List && len(value.Items) == 1 {
				value = value.Items[0]
			}
			name := otherAxes[field.Key]
			if name == "" && slices.Contains(runtimes, field.Key) {
				name = versionName(field.Key)
			}
			if name != "" && value != nil && (value.Kind == Text || value.Kind == Bool) {
				variables[name] = value.Text
			}
		}
	}
	var list []string
	for name, value := range variables {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}
