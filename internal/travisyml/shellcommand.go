package travisyml

import (
	"path"
	"slices"
	"strings"
)

var (
	client       = lately(`(?:^|/)(?:convox[A-Za-z0-9._-]*|\$\{?CONVOX[A-Z_]*\}?)$`)
	clientImage  = lately(`(?:^|/)convox/[a-z0-9._-]+(?::[A-Za-z0-9._-]+)?$`)
	notClient    = lately(`\.(?:ya?ml|json|toml|zip|t?gz|sh|rb|py|js|env)$`)
	installs     = lately(`cli/linux/convox|convox/releases|convox-linux|(?:curl|wget|install|brew|cp|mv|ln|go get)\b[^\n]*\bconvox|docker\b[^\n]*\bconvox/`)
	wrappers     = lately(`^(?:sudo|command|exec|env|nohup|builtin|travis_retry|travis_wait|timeout|time|nice|xvfb-run)$`)
	takesText    = lately(`^(?:ba|da|z|k)?sh$|^(?:su|ssh|eval|docker|docker-compose|script|xargs|nix-shell|parallel)$`)
	deploysNever = lately(`^(?:echo|printf|[ef]?grep|rg|ls|cat|rm|cp|mv|ln|chmod|chown|curl|wget|which|type|alias|export|declare|local|unset|test|git|hub|tar|unzip|mkdir|touch|cd|brew|apt|apt-get|npm|pip|gem|sed|awk|file|head|tail)$`)
	taskRunners  = lately(`^(?:make|rake|npm|yarn|pnpm|gradle|gradlew|mvn|ant|fab|invoke|inv|grunt|gulp|composer|cap|ansible-playbook|just|task|tox|nox|lein|sbt|cargo|bundle|python|python3|ruby|node|php|perl)$`)
	flagWithWord = lately(`^(?:-a|--app|-r|--rack)$`)
)

const rackVariable = "CONVOX_RACK" // the convox client's, where no --rack is given

// simple follows a command and its words.
func (s *script) simple(in guard) result {
	var words []token
	given := ""
	for !s.over() && (!s.now().op || s.now().isOp(here)) {
		if s.now().isOp(here) && s.at+1 < len(s.tokens) {
			s.at++
			given += " " + s.now().text
		}
		words = append(words, s.now())
		s.at++
	}
	if s.now().isOp("(") {
		if len(words) == 1 && s.at+1 < len(s.tokens) && s.tokens[s.at+1].isOp(")") {
			s.at += 2
			return s.define(words[0].text, in)
		}
		s.at++ // what the shell has others for
		return s.inShell(in)
	}
	s.left--
	for _, word := range words {
		for _, inside := range word.inner {
			exits := s.exits
			s.run(inside.text, in, s.line+inside.line)
			s.exits = exits
		}
	}
	rack, all := s.rack, len(words)
	words = s.assigned(words)
	if len(words) == 0 {
		return result{outcome: outcome{in, in}}
	}
	r := s.named(words, given, in)
	if len(words) < all {
		s.rack = rack // it was given to this command alone
	}
	return r
}

// assigned notes the assignments before a command, and cuts them off.
func (s *script) assigned(words []token) []token {
	for i, word := range words {
		name, value, found := strings.Cut(word.text, "=")
		if !found || !namePattern.MatchString(name) {
			return words[i:]
		}
		s.assign(name, value)
	}
	return nil
}

func (s *script) assign(name, value string) {
	if name == rackVariable {
		s.rack = value
	}
	delete(s.means, name)
	if meant, _ := s.variableIn(value); strings.HasPrefix(meant, "TRAVIS_") {
		s.means[name] = meant
	}
}

// named follows a command by its name.
func (s *script) named(words []token, given string, in guard) result {
	name := path.Base(words[0].text)
	plain, wrapped := result{outcome: outcome{in, in}}, false
	for wrappers.MatchString(name) && len(words) > 1 {
		if words = s.assigned(words[1:]); len(words) == 0 {
			return plain
		}
		name, wrapped = path.Base(words[0].text), true
	}
	if body, defined := s.functions[words[0].text]; defined {
		return s.call(body, in)
	}
	switch name {
	case "[", "[[", "test":
		return result{outcome: s.tested(testWords(words)).within(in)}
	case "true", ":":
		return result{outcome: always.within(in), fine: true}
	case "false":
		return result{outcome: always.not().within(in), failed: true}
	case "exit", "return", "travis_terminate":
		s.exits++
		if name == "return" {
			s.returns++
		}
		bad := len(words) > 1 && words[1].text != "0"
		return result{outcome: leaves, fine: !bad, failed: bad}
	case "echo", "printf":
		plain.fine = true
		return plain
	case "export", "declare", "local":
		s.assigned(words[1:])
		return plain
	}
	if given != "" && seeks.MatchString(name) {
		if about, _ := s.variableIn(given); about == branchVariable || about == tagVariable {
			return result{outcome: outcome{yes: equals(about, "something").yes}.within(in)}
		}
	}
	s.noteScripts(name, words)
	s.noteClient(name, words, wrapped, in)
	return plain
}

// testWords are those of a test, without its brackets.
func testWords(words []token) []token {
	words = words[1:]
	if last := len(words) - 1; last >= 0 && (words[last].text == "]" || words[last].text == "]]") {
		words = words[:last]
	}
	return words
}

// noteScripts notes what runs a script of the repository's own.
func (s *script) noteScripts(name string, words []token) {
	called := words[0].text
	if takesText.MatchString(name) || name == "." || name == "source" {
		i := slices.IndexFunc(words[1:], func(w token) bool { return !strings.HasPrefix(w.text, "-") })
		if i < 0 || strings.ContainsAny(words[i+1].text, " \n") {
			return
		}
		called = words[i+1].text
		s.scripts = s.scripts || strings.HasSuffix(called, ".sh") || name == "." || name == "source"
	}
	own := strings.Contains(called, "/") && !strings.HasPrefix(called, "/") && !strings.HasPrefix(called, "~") && !strings.HasPrefix(called, "$")
	s.scripts = s.scripts || taskRunners.MatchString(name) || own && !client.MatchString(called)
}

// noteClient notes what installs the convox client, and what deploys with it.
func (s *script) noteClient(name string, words []token, wrapped bool, in guard) {
	var whole strings.Builder
	for _, word := range words {
		whole.WriteString(word.text + " ")
	}
	s.installed = s.installed || installs.MatchString(whole.String())
	if deploysNever.MatchString(name) {
		return
	}
	for i, word := range words {
		if !word.plain && strings.ContainsAny(word.text, " \n\t") {
			if wrapped || takesText.MatchString(name) {
				exits, rack := s.exits, s.rack
				s.run(word.text, in, s.line+word.line)
				s.exits, s.rack = exits, rack
			}
			continue
		}
		is := client.MatchString(word.text) && !notClient.MatchString(word.text) || clientImage.MatchString(word.text)
		if !is {
			continue
		}
		deploy := found{line: s.line + word.line, guard: in, rack: s.rack, installed: s.installed, inside: s.inside}
		if deploy.readFlags(words[i+1:]) {
			s.deploys = append(s.deploys, deploy)
			return
		}
	}
}

// readFlags reads what is behind the client's name, and reports whether that is
// to deploy.
func (f *found) readFlags(words []token) bool {
	command := ""
	for i, word := range words {
		flag, value, given := strings.Cut(word.text, "=")
		if i > 0 && flagWithWord.MatchString(words[i-1].text) {
			continue // its word
		}
		if !strings.HasPrefix(flag, "-") && command == "" {
			command = word.text
			continue
		}
		if !given && i+1 < len(words) {
			value = words[i+1].text
		}
		switch flag {
		case "-a", "--app":
			f.app = value
		case "-r", "--rack":
			f.rack = value
		}
	}
	return command == "deploy"
}
