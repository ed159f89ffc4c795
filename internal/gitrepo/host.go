package gitrepo

import "strings"

// service returns the hosting service behind a host in lower case: its own
// name and its provider. An unknown host is returned as it is.
//
// People with two accounts give each a name of its own in their ssh
// configuration, nearly always github.com-ACCOUNT. No public host ends so, and
// such a name is the service's when ssh is what connects to it.
func service(host string, ssh bool) (name, provider string) {
	known := strings.TrimPrefix(host, "www.")
	if before, account, found := strings.Cut(known, "-"); ssh && found && !strings.Contains(account, ".") {
		known = before
	}
	switch {
	case known == "github.com", known == "ssh.github.com":
		return "github.com", GitHub
	case known == "gitlab.com", known == "altssh.gitlab.com":
		return "gitlab.com", GitLab
	case known == "bitbucket.org", known == "altssh.bitbucket.org":
		return "bitbucket.org", Bitbucket
	case known == "assembla.com", strings.HasSuffix(known, ".assembla.com"):
		return "git.assembla.com", Assembla
	}
	return host, ""
}

// nests reports whether a repository can be more than two names deep.
func nests(provider string) bool {
	return provider == GitLab || provider == ""
}

// isHost reports whether text is a host's name and nothing that could steer a
// terminal or a path.
func isHost(text string) bool {
	if len(text) > 253 || strings.Contains(text, "..") || !isPlain(text, ".-") {
		return false
	}
	return strings.Trim(text, ".-") == text
}

// isPlain reports whether text is letters and digits of ASCII and marks, and
// not empty.
func isPlain(text, marks string) bool {
	for _, r := range text {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		case !strings.ContainsRune(marks, r):
			return false
		}
	}
	return text != ""
}
