package travisyml

import "strings"

const rackVariable = "CONVOX_RACK" // the convox client's, where no --rack is given

var (
	client        = lately(`(?:^|/)(?:convox[A-Za-z0-9._-]*|\$\{?CONVOX[A-Z_]*\}?)$`)
	clientImage   = lately(`(?:^|/)convox/[a-z0-9._-]+(?::[A-Za-z0-9._-]+)?$`)
	notClient     = lately(`\.(?:ya?ml|json|toml|zip|t?gz|sh|rb|py|js|env)$`)
	flagWithWord  = lately(`^(?:-a|--app|-r|--rack)$`)
	ofConvox      = lately(`^(?:CONVOX_(?:HOST|PASSWORD|RACK)|RACK_URL)=`)
	secondAddress = lately(`convox\.com/cli/|convox\.s3\.amazonaws\.com/release/`)
	thirdAddress  = lately(`github\.com/convox/convox/releases/`)
	inDocker      = lately(`^(?:docker|podman|docker-compose)$`)
)

// noteClient notes what installs the convox client, and what deploys with it.
// It gives back what is known behind it.
func (s *script) noteClient(name string, words []token, wrapped bool, in guard) guard {
	var whole strings.Builder
	for _, word := range words {
		whole.WriteString(word.text + " ")
	}
	if installs.MatchString(whole.String()) {
		s.installed, s.client = true, generationOf(whole.String())
	}
	if deploysNever.MatchString(name) {
		return 0
	}
	with := in
	for i, word := range words {
		if takesText.MatchString(name) && i > 0 {
			word = s.spelledOut(word)
		}
		if isText := strings.ContainsAny(word.text, " \n\t"); !word.plain && isText {
			if wrapped || takesText.MatchString(name) {
				s.runApart(name, words, word, in)
			}
			continue
		}
		if i > 0 && inDocker.MatchString(name) && (words[i-1].text == "-e" || words[i-1].text == "--env") {
			if ofConvox.MatchString(word.text) { // a container is given others for itself alone
				_, with = s.assigned([]token{word}, with)
			}
			continue
		}
		is := client.MatchString(word.text) && !notClient.MatchString(word.text) || clientImage.MatchString(word.text)
		if !is {
			continue
		}
		c := clientCall{found: found{line: s.line + word.line, guard: with, rack: s.rack, client: s.client, installed: s.installed, heeded: s.errexit, inside: s.inside}}
		c.read(words[i+1:])
		switch {
		case c.deploys(s.built):
			s.deploys = append(s.deploys, c.found)
			return 0
		case c.command == "build":
			s.built = true
		case c.command == "login" && c.password.text != "":
			return given
		}
	}
	return 0
}

// runApart follows a text that a command has run.
func (s *script) runApart(name string, words []token, text token, in guard) {
	exits, rack, before := s.exits, s.rack, s.options
	if name != "eval" {
		s.options = options{}
		s.options.set(words[1:])
	}
	s.run(text.text, in, s.line+text.line)
	s.exits, s.rack, s.options = exits, rack, before
}

// generationOf is that of the client which a command downloads, 0 where its
// address tells nothing.
func generationOf(command string) Generation {
	switch {
	case secondAddress.MatchString(command):
		return SecondGeneration
	case thirdAddress.MatchString(command):
		return ThirdGeneration
	}
	return 0
}

// clientCall is what is behind the client's name.
type clientCall struct {
	found
	command, sub string
	promotes     bool
	password     token
}

func (c *clientCall) read(words []token) {
	for i, word := range words {
		flag, value, isGiven := strings.Cut(word.text, "=")
		if i > 0 && flagWithWord.MatchString(words[i-1].text) {
			continue // its word
		}
		if !strings.HasPrefix(flag, "-") {
			if c.command == "" {
				c.command = word.text
			} else if c.sub == "" {
				c.sub = word.text
			}
			continue
		}
		its := token{text: value, expands: word.expands}
		if !isGiven && i+1 < len(words) {
			its = words[i+1]
		}
		switch flag {
		case "-a", "--app":
			c.app = its.text
		case "-r", "--rack":
			c.rack = its.text
		case "-p", "--password", "-t", "--token":
			c.password = its
		case "--promote":
			c.promotes = true
		case "-w", "--wait":
			c.waits = !isGiven || value != "false"
		}
	}
}

// deploys reports whether the call does, or finishes what a build has begun: to
// deploy is to build and to promote the release
// (https://github.com/convox/convox/blob/master/pkg/cli/deploy.go).
func (c *clientCall) deploys(built bool) bool {
	switch c.command {
	case "deploy":
		return true
	case "build":
		return c.promotes
	case "releases":
		return c.sub == "promote" && built
	}
	return false
}
