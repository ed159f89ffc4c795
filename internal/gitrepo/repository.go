package gitrepo

import "strings"

// ParseRepository reads what a person types or pastes to name a repository: a
// slug, an address that git takes, or the address of one of its web pages, on
// its host or on Travis. Host and Provider are empty for a slug alone. White
// space around the text is cut, and no error quotes it.
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

// ofPage cuts the part of a web page's path that is inside the repository:
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
