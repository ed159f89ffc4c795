package travisyml

import "strings"

// options are those of a shell that say what a failure does
// (https://www.gnu.org/software/bash/manual/bash.html#The-Set-Builtin).
type options struct{ errexit, pipefail bool }

// set follows the words behind set, or behind the name of a shell.
func (o *options) set(words []token) {
	for i, word := range words {
		flag := word.text
		if len(flag) < 2 || flag[0] != '-' && flag[0] != '+' {
			continue
		}
		on := flag[0] == '-'
		if strings.Contains(flag, "e") {
			o.errexit = on
		}
		if !strings.HasSuffix(flag, "o") || i+1 == len(words) {
			continue
		}
		switch words[i+1].text {
		case "errexit":
			o.errexit = on
		case "pipefail":
			o.pipefail = on
		}
	}
}

// hide notes whether what follows hides the failure of commands.
func (s *script) hide(first, until int, it, hidden bool) {
	for i := first; i < until && it; i++ {
		s.deploys[i].hidden = hidden
	}
}

// heed notes that the failure of commands is not lost to those after it.
func (s *script) heed(first, until int) {
	for i := first; i < until; i++ {
		s.deploys[i].heeded = true
	}
}

// goOn takes into account that a text goes on behind commands: what fails it is
// its last one, unless that looks at what they left.
func (s *script) goOn(first, until int, next []token) {
	if first == until {
		return
	}
	if s.left -= len(next); s.left < 0 {
		return
	}
	for _, token := range next {
		if strings.Contains(token.text, "$?") || strings.Contains(token.text, "PIPESTATUS") || token.is("wait") {
			s.hide(first, until, true, false)
			s.heed(first, until)
			return
		}
	}
	for i := first; i < until; i++ {
		s.deploys[i].hidden = s.deploys[i].hidden || !s.deploys[i].heeded
	}
}
