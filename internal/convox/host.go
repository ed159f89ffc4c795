// Package convox knows what a build needs to log in to Convox: the host of a
// Rack or Console, and its password. It reads hosts and passwords as people
// give them, finds those that the convox client has saved, checks a login in the
// form in which that client will send it, and makes and saves new passwords.
//
// It stands on the HTTP API of Racks and Console as the public sources show it
// (https://github.com/convox/rack, https://github.com/convox/convox). No call of
// this package changes a Rack or a Console, and only Logins writes a file.
//
// Next room: internal/build, for the builds that use the login.
package convox

import (
	"strings"

	"convox-travis/internal/transport"
)

// HostedConsole is the host of Convox's own Console.
const HostedConsole = "console.convox.com"

// Host is where a Rack or a Console answers, always by HTTPS, as the convox
// client talks to it. Two Hosts are the same place exactly when they are ==. The
// zero value is no host.
type Host struct {
	name string // in lower case; an IP address without brackets
	port string // "" is 443
}

// String is the host as CONVOX_HOST holds it: without a scheme, and without the
// port where it is 443. Its letters are plain, so it can be shown.
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

// IsRack reports whether it has a shape that Racks' hosts have. A Rack can also
// have another one.
func (h Host) IsRack() bool { return h.IsConvoxSite() || h.IsLoadBalancer() }

// IsLoopback reports whether it is this machine. Names are not looked up.
func (h Host) IsLoopback() bool { return transport.IsLoopback(h.name) }

// IsConvoxSite reports whether it has the newer shape of a Rack's host,
// rack.NAME-TIMESTAMP.REGION.convox.site, which has a public certificate.
func (h Host) IsConvoxSite() bool { return strings.HasSuffix(h.name, ".convox.site") }

// IsLoadBalancer reports whether it has the older shape,
// NAME-TIMESTAMP.REGION.elb.amazonaws.com (.cn in China), where Racks sign
// their own certificates. A host saved in this shape can be stale: a Rack that
// moved to the newer one left it.
func (h Host) IsLoadBalancer() bool {
	name := strings.TrimSuffix(h.name, ".cn")
	return strings.HasSuffix(name, ".amazonaws.com") && strings.Contains(name, ".elb.")
}
