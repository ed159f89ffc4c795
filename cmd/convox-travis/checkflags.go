package main

import (
	"strings"

	"convox-travis/internal/convox"
	"convox-travis/internal/setup"
)

// givenFlags are those flags that hints repeat. An environment that a run was
// given is still there for the next one.
func (o *options) givenFlags() setup.GivenFlags {
	var given setup.GivenFlags
	for _, region := range o.regions {
		given.Way = append(given.Way, "--region", region)
	}
	if o.profile != "" {
		given.AWS = []string{"--profile", o.profile}
	}
	given.Way = o.wayFlags(append(given.Way, given.AWS...))
	switch {
	case o.passwordStdin:
		given.Password = []string{"--password-stdin"}
	case o.saved:
		given.Password = []string{"--saved"}
	}
	if o.travisEndpoint != "" {
		given.Travis = []string{"--travis-endpoint", o.travisEndpoint}
	}
	return given
}

// wayFlags are those of the way in; search says where a Rack is looked for.
func (o *options) wayFlags(search []string) []string {
	var way []string
	switch {
	case o.console != "":
		way = append(way, strings.TrimSuffix("--console="+o.console, "="+convox.HostedConsole))
		if o.rack != "" {
			way = append(way, "--rack", o.rack)
		}
		return way
	case o.rack != "":
		way = append(append(way, "--rack", o.rack), search...)
	case o.host != "":
		way = append(way, "--host", o.host)
	}
	if o.fingerprint != "" && len(way) > 0 {
		way = append(way, "--fingerprint", o.fingerprint)
	}
	return way
}
