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
	"strings"

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
