package travisyml

import (
	"path"
)

var (
	installs     = lately(`cli/linux/convox|convox/releases|convox-linux|(?:curl|wget|install|brew|cp|mv|ln|go get)\b[^\n]*\bconvox|docker\b[^\n]*\bconvox/`)
	wrappers     = lately(`^(?:sudo|command|exec|env|nohup|builtin|travis_retry|travis_wait|timeout|time|nice|xvfb-run)$`)
	takesText    = lately(`^(?:ba|da|z|k)?sh$|^(?:su|ssh|eval|docker|docker-compose|script|xargs|nix-shell|parallel)$`)
	deploysNever = lately(`^(?:echo|printf|[ef]?grep|rg|ls|cat|rm|cp|mv|ln|chmod|chown|curl|wget|which|type|alias|export|declare|local|unset|test|git|hub|tar|unzip|mkdir|touch|cd|brew|apt|apt-get|npm|pip|gem|sed|awk|file|head|tail)$`)
)

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
	words, with := s.assigned(words, in)
	if len(words) == 0 {
		return result{outcome: outcome{with, with}}
	}
	r := s.named(words, given, with)
	if len(words) < all { // it was given to this command alone
		s.rack = rack
		r.outcome = r.outcome.given(in)
	}
	return r
}

// named follows a command by its name.
func (s *script) named(words []token, given string, in guard) result {
	words = s.spelled(words)
	name := path.Base(words[0].text)
	plain, wrapped := result{outcome: outcome{in, in}}, false
	for wrappers.MatchString(name) && len(words) > 1 {
		if words, in = s.assigned(words[1:], in); len(words) == 0 {
			return plain
		}
		name, wrapped = path.Base(words[0].text), true
	}
	if body, defined := s.functions[words[0].text]; defined {
		return s.call(body, in)
	}
	switch name {
	case "set":
		s.options.set(words[1:])
		return plain
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
	case "export", "declare", "local", "readonly", "typeset":
		for _, word := range words[1:] {
			_, in = s.assigned([]token{word}, in)
		}
		return result{outcome: outcome{in, in}}
	}
	if given != "" && seeks.MatchString(name) {
		if about, _ := s.variableIn(given); about == branchVariable || about == tagVariable {
			return result{outcome: outcome{yes: equals(about, "something").yes}.within(in)}
		}
	}
	s.noteScripts(name, words)
	return result{outcome: plain.within(s.noteClient(name, words, wrapped, in))}
}

// testWords are those of a test, without its brackets.
func testWords(words []token) []token {
	words = words[1:]
	if last := len(words) - 1; last >= 0 && (words[last].text == "]" || words[last].text == "]]") {
		words = words[:last]
	}
	return words
}
