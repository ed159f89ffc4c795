package convox

import "slices"

// HostError says why a text is no host. It never quotes the text.
type HostError struct {
	reason string
	hints  []string
}

// Error is one lower-case line.
func (e *HostError) Error() string { return "not a host: " + e.reason }

// Code is a word for machines, in snake case.
func (*HostError) Code() string { return "bad_host" }

// Hints are things that can be done, best first.
func (e *HostError) Hints() []string { return slices.Clone(e.hints) }

const hostAlone = "write the host alone, such as rack.example-1234.us-east-1.convox.site or " + HostedConsole

var (
	errNoHost = &HostError{"there is none", []string{hostAlone}}

	errLongHost = &HostError{"it is longer than any host", []string{hostAlone}}

	errUserInfo = &HostError{"it carries a user name or password", []string{
		hostAlone,
		"the password is given by itself: pipe it in with --password-stdin",
	}}

	errSpace = &HostError{"there is white space inside it", []string{hostAlone}}

	errControl = &HostError{"it has characters that cannot be shown", []string{hostAlone}}

	errForeign = &HostError{"it has letters outside ASCII", []string{"write such a name in its ASCII form, which begins with xn--"}}

	errPath = &HostError{"it looks like a path", []string{
		hostAlone,
		"a Rack behind Console is named by --console --rack ORG/NAME",
	}}

	errPlainHTTP = &HostError{"plain HTTP would show the password to the network, and the convox client uses HTTPS alone", []string{hostAlone}}

	errScheme = &HostError{"it is an address, and not an https:// one", []string{hostAlone}}

	errPort = &HostError{"its port is no number from 1 to 65535", []string{hostAlone}}

	errUnderscore = &HostError{"names of hosts have no underscores", []string{hostAlone}}

	errName = &HostError{"it is neither a DNS name nor an IP address", []string{hostAlone}}

	errBareWord = &HostError{"it is a single word", []string{
		"if it is the name of a Rack in CloudFormation: --rack NAME",
		hostAlone,
	}}
)
