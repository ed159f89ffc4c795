package gitrepo

import (
	"net/url"
	"strings"
)

// address is where a repository is, without the user name, password, port,
// query and fragment that it came with.
type address struct {
	host string // as written
	path string // as written, no slash at its ends
	ssh  bool
}

// split reads the two forms that git knows
// (https://git-scm.com/docs/git-fetch#_git_urls): an address with a scheme, and
// HOST:PATH, which is ssh. Its errors do not quote the text.
func split(text string) (address, error) {
	if scheme, _, found := strings.Cut(text, "://"); found {
		return splitURL(text, strings.ToLower(scheme))
	}
	host, path, found := strings.Cut(text, ":")
	if !found || strings.ContainsAny(host, `/\`) {
		return address{}, errLocal
	}
	host = host[strings.LastIndex(host, "@")+1:]
	if len(host) == 1 { // a drive of Windows
		return address{}, errLocal
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
		return address{}, errLocal
	default:
		return address{}, errAddress
	}
	u, err := url.Parse(text)
	if err != nil {
		return address{}, errAddress // the cause quotes the address
	}
	return address{host: u.Hostname(), path: strings.Trim(u.EscapedPath(), "/"), ssh: ssh}, nil
}

// remote holds the address against the strict patterns.
func (a address) remote() (Remote, error) {
	host := strings.TrimSuffix(strings.ToLower(a.host), ".")
	if !isHost(host) {
		return Remote{}, errAddress
	}
	slug, err := ParseSlug(a.path)
	if err != nil {
		return Remote{}, errAddress
	}
	name, provider := service(host, a.ssh)
	if !nests(provider) && strings.Count(slug, "/") > 1 {
		return Remote{}, errAddress
	}
	return Remote{Host: name, Slug: slug, Provider: provider}, nil
}

// ParseRemote reads the address of a remote, in any form that git takes. A user
// name, password or token in it is cut off, and no error quotes the address.
// A local path or a file:// address is an error: it is no hosted repository.
// The result has no Name.
func ParseRemote(text string) (Remote, error) {
	a, err := split(text)
	if err != nil {
		return Remote{}, err
	}
	return a.remote()
}
