// Package convox has what a build needs to log in to Convox: the host of a Rack or
// Console, and its password. It reads hosts and passwords as people write them, finds
// those that the convox CLI has saved, checks a login in the form in which the CLI sends
// it, and makes and saves new passwords.
//
// It uses the HTTP API of Racks and Console as the public sources show it
// (https://github.com/convox/rack, https://github.com/convox/convox). No call of this
// package changes a Rack or a Console, and only Logins writes a file.
//
// Next room: internal/build, for the builds that use the login.
package convox

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"convox-travis/internal/transport"
)

// HostedConsole is the host of Convox's own Console.
const HostedConsole = "console.convox.com"

// Host is where a Rack or a Console answers, always with HTTPS, as for the convox CLI.
// Two Hosts are the same place exactly if they are ==. The zero value isn't a host.
type Host struct {
	name string // in lower case; an IP address without brackets
	port string // "" is 443
}

// String is the host in the form of CONVOX_HOST: without a scheme, and without the port
// if it is 443. It is safe to show.
func (h Host) String() string {
	name := h.name
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	if h.port != "" {
		name += ":" + h.port
	}
	return name
}

// IsZero reports whether there is no host.
func (h Host) IsZero() bool { return h == Host{} }

// IsHostedConsole reports whether it is Convox's own Console.
func (h Host) IsHostedConsole() bool { return h == Host{name: HostedConsole} }

// IsRack reports whether it has one of the shapes of Racks' hosts. A Rack can also have
// another one.
func (h Host) IsRack() bool { return h.IsConvoxSite() || h.IsLoadBalancer() }

// IsLoopback reports whether it is this machine, without looking up names.
func (h Host) IsLoopback() bool { return transport.IsLoopback(h.name) }

// IsConvoxSite reports whether it has the newer shape of a Rack's host,
// rack.NAME-TIMESTAMP.REGION.convox.site, which has a public certificate.
func (h Host) IsConvoxSite() bool { return strings.HasSuffix(h.name, ".convox.site") }

// IsLoadBalancer reports whether it has the older shape,
// NAME-TIMESTAMP.REGION.elb.amazonaws.com (.cn in China), of Racks with a self-signed
// certificate. A host saved in this shape can be stale: a Rack that moved to the newer
// shape left it.
func (h Host) IsLoadBalancer() bool {
	name := strings.TrimSuffix(h.name, ".cn")
	return strings.HasSuffix(name, ".amazonaws.com") && strings.Contains(name, ".elb.")
}

const (
	longestText = 2048 // bytes, of a pasted address
	longestName = 253  // bytes, https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
)

// ParseHost reads a host as people write it: alone, with a port, or in an address pasted
// from a browser, whose path is dropped. It normalizes surrounding white space, upper
// case, a trailing dot and the port 443. It rejects names with letters outside ASCII,
// because the convox CLI sends them unchanged. The error has CodeHost and never quotes
// the text, which can be a secret in the wrong place.
func ParseHost(text string) (Host, error) {
	text = strings.TrimSpace(text)
	if err := refuseText(text); err != nil {
		return Host{}, err
	}
	authority, err := cutAuthority(text)
	if err != nil {
		return Host{}, err
	}
	name, port, err := splitPort(authority)
	if err != nil {
		return Host{}, err
	}
	if name, err = checkName(name); err != nil {
		return Host{}, err
	}
	return Host{name: name, port: port}, nil
}

func refuseText(text string) error {
	switch {
	case text == "":
		return badHost("it is empty")
	case len(text) > longestText:
		return badHost("it is too long")
	case strings.Contains(text, "@"):
		return ambiguousHost(MeantPassword, "it contains a user name or password")
	case strings.ContainsFunc(text, unicode.IsSpace):
		return badHost("it contains white space")
	case strings.ContainsFunc(text, isUnprintable):
		return badHost("it contains characters that can't be shown")
	case strings.ContainsFunc(text, isForeign):
		e := badHost("it contains letters outside ASCII")
		e.Hints = []string{"write such a name in its ASCII form, which begins with xn--"}
		return e
	}
	return nil
}

// cutAuthority removes an address's scheme and everything after its host. Without a
// scheme only a slash may follow: ORG/NAME isn't a host.
func cutAuthority(text string) (string, error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		host := strings.TrimSuffix(text, "/")
		if strings.ContainsAny(host, `/\?#`) {
			return "", ambiguousHost(MeantConsoleRack, "it looks like a path")
		}
		return host, nil
	}
	switch strings.ToLower(scheme) {
	case "https":
	case "http":
		return "", badHost("plain HTTP would expose the password to the network, and the convox CLI only uses HTTPS")
	default:
		return "", badHost("it is an address, but not an https:// one")
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	if rest == "" {
		return "", badHost("it is empty")
	}
	return rest, nil
}

// splitPort returns "" for the port 443.
func splitPort(authority string) (name, port string, err error) {
	if _, err := netip.ParseAddr(authority); err == nil {
		return authority, "", nil // an IPv6 address without brackets, or IPv4
	}
	end := strings.Index(authority, "]") + 1 // of an IPv6 address
	switch {
	case end == 0 && strings.HasPrefix(authority, "["):
		return "", "", badHost(noName)
	case end == 0:
		end = strings.IndexByte(authority+":", ':')
	}
	name, rest := authority[:end], authority[end:]
	if rest == "" {
		return name, "", nil
	}
	digits, found := strings.CutPrefix(rest, ":")
	number, err := strconv.ParseUint(digits, 10, 16)
	if !found || err != nil || number == 0 {
		return "", "", badHost("its port isn't a number from 1 to 65535")
	}
	if number != 443 {
		port = strconv.FormatUint(number, 10)
	}
	return name, port, nil
}

// checkName returns the name in the form for comparisons: a DNS name in lower case, or an
// IP address.
func checkName(name string) (string, error) {
	if inner, found := strings.CutPrefix(name, "["); found {
		address, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || !address.Is6() || address.Zone() != "" {
			return "", badHost(noName)
		}
		return address.String(), nil
	}
	if address, err := netip.ParseAddr(name); err == nil && address.Zone() == "" {
		return address.String(), nil
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "" {
		return "", badHost("it is empty")
	}
	if len(name) > longestName {
		return "", badHost("it is too long")
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		switch {
		case strings.Contains(label, "_"):
			return "", badHost("host names have no underscores")
		case len(label) > 63 || !dnsLabel.MatchString(label):
			return "", badHost(noName)
		}
	}
	switch last := labels[len(labels)-1]; {
	case strings.Trim(last, "0123456789") == "":
		return "", badHost(noName) // the rest of an IP address
	case len(labels) == 1 && name != "localhost":
		return "", ambiguousHost(MeantRack, "it is a single word")
	}
	return name, nil
}

var dnsLabel = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$`)

func isUnprintable(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }

func isForeign(r rune) bool { return r > unicode.MaxASCII }

const noName = "it is neither a DNS name nor an IP address"
