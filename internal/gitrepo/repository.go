package gitrepo

import (
	"net/url"
	"strings"

	"convox-travis/internal/problem"
)

const (
	codeSlug    = "bad_slug"
	codeAddress = "bad_address"
	codeLocal   = "not_hosted"
)

// unreadable is the error for a text, which it doesn't quote.
func unreadable(code, why string) error {
	return &problem.Error{
		Code: code, Action: "read the repository", Reason: why,
		Hints: []string{"write OWNER/NAME, or an address such as https://github.com/OWNER/NAME"},
	}
}

func notAddress() error {
	return unreadable(codeAddress, "not an address of the form https://HOST/OWNER/NAME or git@HOST:OWNER/NAME")
}

// ParseRepository reads a repository's name as a person types or pastes it: a slug, an
// address for git, or the address of one of its web pages, on its host or on Travis. Host
// and Provider are empty for a bare slug. Surrounding white space is removed, and no
// error quotes the text.
func ParseRepository(text string) (Remote, error) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, ":") {
		host, _, _ := strings.Cut(strings.ToLower(text), "/")
		if _, provider := service(host, false); provider == "" && !isTravis(host) {
			slug, err := ParseSlug(text)
			return Remote{Slug: slug}, err
		}
		text = "https://" + text
	}
	a, err := split(text)
	if err != nil {
		return Remote{}, err
	}
	if !a.ssh {
		a = a.ofPage()
	}
	return a.remote()
}

// ofPage removes the part of a web page's path that is inside the repository:
// /settings/secrets, /-/tree/main.
func (a address) ofPage() address {
	host := strings.ToLower(a.host)
	if isTravis(host) {
		provider, path, _ := strings.Cut(a.path, "/")
		return address{host: HostOf(provider), path: firstTwo(path)}
	}
	if _, provider := service(host, false); !nests(provider) {
		a.path = firstTwo(a.path)
	}
	a.path, _, _ = strings.Cut(a.path, "/-/")
	return a
}

func isTravis(host string) bool {
	return host == "app.travis-ci.com" || host == "travis-ci.com" || host == "www.travis-ci.com"
}

// HostOf returns the host of a provider, or "".
func HostOf(provider string) string {
	switch provider {
	case GitHub:
		return "github.com"
	case GitLab:
		return "gitlab.com"
	case Bitbucket:
		return "bitbucket.org"
	case Assembla:
		return "git.assembla.com"
	}
	return ""
}

func firstTwo(path string) string {
	names := strings.SplitN(path, "/", 3)
	return strings.Join(names[:min(2, len(names))], "/")
}

// address is a repository's location, without the user name, password, port, query and
// fragment it came with.
type address struct {
	host string // as written
	path string // as written, without slashes at its ends
	ssh  bool
}

// split parses git's two forms (https://git-scm.com/docs/git-fetch#_git_urls): an address
// with a scheme, and HOST:PATH, which is ssh. Its errors don't quote the text.
func split(text string) (address, error) {
	if scheme, _, found := strings.Cut(text, "://"); found {
		return splitURL(text, strings.ToLower(scheme))
	}
	host, path, found := strings.Cut(text, ":")
	if !found || strings.ContainsAny(host, `/\`) {
		return address{}, unreadable(codeLocal, "a local path, not a repository on a server")
	}
	host = host[strings.LastIndex(host, "@")+1:]
	if len(host) == 1 { // a Windows drive
		return address{}, unreadable(codeLocal, "a local path, not a repository on a server")
	}
	return address{host: host, path: strings.Trim(path, "/"), ssh: true}, nil
}

func splitURL(text, scheme string) (address, error) {
	var ssh bool
	switch scheme {
	case "ssh", "git+ssh", "ssh+git":
		ssh = true
	case "https", "http", "git":
	case "file":
		return address{}, unreadable(codeLocal, "a local path, not a repository on a server")
	default:
		return address{}, notAddress()
	}
	u, err := url.Parse(text)
	if err != nil {
		return address{}, notAddress() // the cause quotes the address
	}
	return address{host: u.Hostname(), path: strings.Trim(u.EscapedPath(), "/"), ssh: ssh}, nil
}

// remote validates the address with the strict patterns.
func (a address) remote() (Remote, error) {
	host := strings.TrimSuffix(strings.ToLower(a.host), ".")
	if !isHost(host) {
		return Remote{}, notAddress()
	}
	slug, err := ParseSlug(a.path)
	if err != nil {
		return Remote{}, notAddress()
	}
	name, provider := service(host, a.ssh)
	if !nests(provider) && strings.Count(slug, "/") > 1 {
		return Remote{}, notAddress()
	}
	return Remote{Host: name, Slug: slug, Provider: provider}, nil
}

// ParseRemote reads a remote's address in any form that git accepts. It drops a user
// name, password or token, and no error quotes the address. A local path or a file://
// address is an error: it isn't a hosted repository. The result has no Name.
func ParseRemote(text string) (Remote, error) {
	a, err := split(text)
	if err != nil {
		return Remote{}, err
	}
	return a.remote()
}

// service returns the hosting service for a host in lower case: its main name and its
// provider. An unknown host is returned unchanged.
//
// People with two accounts use an alias for each in their ssh configuration, nearly
// always github.com-ACCOUNT. No public host ends like that, so over ssh such a name is
// the service's.
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

// nests reports whether a repository's path can have more than two names.
func nests(provider string) bool {
	return provider == GitLab || provider == ""
}

// isHost reports whether text is a host name, without anything that could control a
// terminal or change a path.
func isHost(text string) bool {
	if len(text) > 253 || strings.Contains(text, "..") || !isPlain(text, ".-") {
		return false
	}
	return strings.Trim(text, ".-") == text
}

// isPlain reports whether text is letters and digits of ASCII and marks, and isn't empty.
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

const longestSlug = 200 // bytes; GitHub's longest is 140

// ParseSlug reads OWNER/NAME as a person types it, or GROUP/SUBGROUP/NAME. A trailing
// .git is removed. The slug contains only letters, digits and . _ -; its error doesn't
// quote the text, which can be a secret in the wrong place.
func ParseSlug(text string) (string, error) {
	slug := strings.TrimSuffix(text, ".git")
	names := strings.Split(slug, "/")
	if len(names) < 2 || len(slug) > longestSlug {
		return "", unreadable(codeSlug, "not of the form OWNER/NAME")
	}
	for _, name := range names {
		if !isPlain(name, "._-") || name == "." || name == ".." {
			return "", unreadable(codeSlug, "not of the form OWNER/NAME")
		}
	}
	return slug, nil
}
