package main

import (
	"cmp"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/pflag"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// sameAgain is the command of this run, so that it can be run once more as it is,
// and what the word FILE in it stands for. A repository is named by what was read
// of it: an address can carry a token.
func (s *presenter) sameAgain(skipExisting bool) (command, file string) {
	line := []string{"convox-travis"}
	for _, word := range wordsOf(s.args, s.flags) {
		if word.flag == "repo" {
			name := s.options.nameOf(word.value)
			if name == "" {
				return "", "" // unread, and so not to be shown
			}
			word.text = []string{"--repo", name}
		}
		line = append(line, word.text...)
	}
	if skipExisting {
		line = append(line, "--skip-existing")
	}
	switch {
	case s.options.passwordStdin:
		file = "the file of the password"
	case s.options.reposFrom == "-":
		file = "the list of repositories"
	}
	command = shellescape.QuoteCommand(line)
	if file != "" {
		command += " < FILE"
	}
	return command, file
}

// nameOf is the repository that was named by text: OWNER/NAME as it was typed,
// which the clone can give a provider, or HOST/OWNER/NAME; "" where it is none.
func (o *options) nameOf(text string) string {
	remote, err := gitrepo.ParseRepository(text)
	if err != nil {
		return ""
	}
	if remote.Host == "" {
		return remote.Slug
	}
	asked, err := o.readProvider()
	provider, known := setup.Agreed(remote, asked)
	if err != nil || !known {
		return ""
	}
	return addressOf(setup.Target{Provider: provider, Slug: remote.Slug})
}

// addressOf names a repository so that its provider is told.
func addressOf(t setup.Target) string {
	host := map[travisapi.Provider]string{
		travisapi.GitHub: "github.com", travisapi.GitLab: "gitlab.com",
		travisapi.Bitbucket: "bitbucket.org", travisapi.Assembla: "git.assembla.com",
	}[cmp.Or(t.Provider, travisapi.GitHub)]
	return host + "/" + t.Slug
}

// word is a part of a command line: a flag and its value, or what is no flag.
type word struct {
	flag, value string
	text        []string // as it was typed
}

// wordsOf takes a command line apart, as it was parsed.
func wordsOf(args []string, flags *pflag.FlagSet) []word {
	var words []word
	for len(args) > 0 {
		w := word{text: args[:1]}
		if args[0] == "--" {
			return append(words, word{text: args})
		}
		if name, is := strings.CutPrefix(args[0], "--"); is {
			var joined bool
			w.flag, w.value, joined = strings.Cut(name, "=")
			flag := flags.Lookup(w.flag)
			if !joined && flag != nil && flag.NoOptDefVal == "" && len(args) > 1 {
				w.text, w.value = args[:2], args[1]
			}
		}
		args = args[len(w.text):]
		w.text = slices.Clone(w.text)
		words = append(words, w)
	}
	return words
}
