package convox

import (
	"regexp"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/secret"
)

// Quote returns the text that Travis has to store so that a build, which runs
// "export NAME=TEXT" in Bash, gets the value: in POSIX single quotes where Bash
// would read it otherwise, else as it is. An empty value becomes two quotes.
func Quote(value secret.String) secret.String {
	text := value.Reveal()
	// Bash expands a tilde only where a word or a path in it begins.
	if plain := innerTilde.ReplaceAllString(text, "$1"); shellescape.Quote(plain) == plain && plain != "" {
		return value
	}
	return secret.New(shellescape.Quote(text))
}

var innerTilde = regexp.MustCompile(`([^:=~])~+`)
