package travisyml

import (
	"slices"
	"strings"
)

var (
	taskRunners = lately(`^(?:make|rake|npm|yarn|pnpm|gradle|gradlew|mvn|ant|fab|invoke|inv|grunt|gulp|composer|cap|ansible-playbook|just|task|tox|nox|lein|sbt|cargo|bundle|python|python3|ruby|node|php|perl)$`)
	fetchesOnly = lately(`^(?:npm|yarn|pnpm|bundle|composer) (?:install|i|ci|update|add|config|require)$|^(?:python|python3|ruby|node|php|perl)$`)
	taskName    = lately(`^[A-Za-z][A-Za-z0-9:_./-]*$`)
)

// noteScripts notes what runs a script of the repository's own: its name alone,
// since what it is given can be a secret.
func (s *script) noteScripts(name string, words []token) {
	called := words[0].text
	if takesText.MatchString(name) || name == "." || name == "source" {
		i := slices.IndexFunc(words[1:], func(w token) bool { return !strings.HasPrefix(w.text, "-") })
		if i < 0 || strings.ContainsAny(words[i+1].text, " \n") {
			return
		}
		if called = words[i+1].text; strings.HasSuffix(called, ".sh") || name == "." || name == "source" {
			s.called = append(s.called, called)
			return
		}
	}
	own := strings.Contains(called, "/") && !strings.HasPrefix(called, "/") && !strings.HasPrefix(called, "~") && !strings.HasPrefix(called, "$")
	switch {
	case taskRunners.MatchString(name):
		if task := name + taskOf(words[1:]); !fetchesOnly.MatchString(task) {
			s.called = append(s.called, task)
		}
	case own && !client.MatchString(called):
		s.called = append(s.called, called)
	}
}

// taskOf is the name of what a runner is to run, behind a space.
func taskOf(words []token) string {
	task := ""
	for _, word := range words {
		if word.text == "-m" { // a module of Python's
			break
		}
		if strings.HasPrefix(word.text, "-") {
			continue
		}
		if !taskName.MatchString(word.text) {
			break
		}
		task += " " + word.text
		if word.text != "run" && word.text != "exec" {
			break
		}
	}
	return task
}

// scripts are those of all steps, each once.
func (s *steps) scripts() []string {
	var all []string
	for _, called := range s.called {
		if !slices.Contains(all, called) {
			all = append(all, called)
		}
	}
	return all
}
