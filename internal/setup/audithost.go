package setup

import (
	"context"
	"slices"
	"strings"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
)

// searchTime is how long AWS may take: what it tells is one finding of many.
const searchTime = 20 * time.Second

// rackFacts is which Racks there are; without regions nothing is known.
type rackFacts struct {
	racks   []cfn.Rack
	regions []string // that were searched, all of those asked
}

// knownHost is a host that could be read, and where it is set.
type knownHost struct {
	host  convox.Host
	where string // as it follows CONVOX_HOST in a sentence
}

const (
	inTheFile    = " in .travis.yml"
	ofTheAccount = " of the owner's account"
)

// hosts lists the hosts of builds that are audited, as far as they can be read:
// each place once.
func (f repositoryFacts) hosts(branch string) []knownHost {
	var all []knownHost
	add := func(value secret.String, where string) {
		if host, known := readHost(value); known {
			all = append(all, knownHost{host, where})
		}
	}
	for _, v := range f.file.sets(HostName) {
		add(v.Value, inTheFile)
	}
	scopes := []string{"", branch}
	if branch == "" {
		scopes = append(branchesOf(f.vars), "")
	}
	slices.Sort(scopes)
	for _, scope := range slices.Compact(scopes) {
		if last, _, found := lastInScope(f.vars, HostName, scope); found {
			add(last.Value, on(scope))
		}
	}
	for _, v := range f.account {
		if v.Name == HostName {
			add(v.Value, ofTheAccount)
		}
	}
	return all
}

// readRacks asks AWS, if it can be asked, about hosts that have the shape of a
// Rack's in CloudFormation. That it cannot is no finding: few need it.
func (a Auditor) readRacks(ctx context.Context, repositories []repositoryFacts, request AuditRequest) rackFacts {
	ours := func(h knownHost) bool { return regionOf(h.host) != "" }
	asked := slices.ContainsFunc(repositories, func(f repositoryFacts) bool { return slices.ContainsFunc(f.hosts(request.Branch), ours) })
	if a.Racks == nil || !asked {
		return rackFacts{}
	}
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	searcher, err := a.Racks(ctx)
	if err != nil {
		return rackFacts{}
	}
	found, err := searcher.Search(ctx, nil, nil)
	if err != nil || len(notSearched("", found)) > 0 {
		return rackFacts{}
	}
	return rackFacts{racks: found.Racks, regions: searcher.Regions()}
}

// judgeHosts holds the hosts that can be read against the one that was given,
// and against the Racks that there are.
func (c *auditCase) judgeHosts() {
	given := c.request.Credential.Host
	if own, known := c.host(); known && !given.IsZero() && own.host != given {
		c.add(SeverityWarning, FoundAnotherHost, HostName+own.where+" is "+own.host.String()+", and not "+given.String(), c.write("to write that one with its password", c.request.Branch))
	}
	for _, known := range c.hosts(c.request.Branch) {
		c.judgeRackOf(known)
	}
}

// judgeRackOf looks for the Rack that a host is of.
func (c *auditCase) judgeRackOf(known knownHost) {
	region := regionOf(known.host)
	if region == "" || !slices.Contains(c.racks.regions, region) {
		return
	}
	for _, rack := range c.racks.racks {
		if host, err := convox.ParseHost(rack.Host); err == nil && host == known.host {
			for _, w := range RackWarnings(rack) {
				c.add(SeverityWarning, w.Code, w.Message, w.Hint)
			}
			return
		}
	}
	is := HostName + known.where + " is " + known.host.String() + ", and no Rack in CloudFormation has that host any more"
	if rack, moved := c.racks.successor(known.host, region); moved {
		c.add(SeverityError, FoundStaleHost, is+": Rack "+rack.Name+" has "+rack.Host, "to write the new one: "+c.command("", "", flag("--rack", rack.Name), flag("--region", rack.Region), flag("--profile", c.request.Given.Profile)))
		return
	}
	c.add(SeverityWarning, FoundStaleHost, is, commandLine([]string{"racks"})+" lists those there are; a Rack of another AWS account is found with --profile")
}

// successor is the Rack of the region whose name the host is made of.
func (r rackFacts) successor(host convox.Host, region string) (cfn.Rack, bool) {
	label, rest, _ := strings.Cut(host.String(), ".")
	if label == "rack" {
		label, _, _ = strings.Cut(rest, ".")
	}
	label = strings.TrimPrefix(label, "internal-")
	for _, rack := range r.racks {
		end, ours := strings.CutPrefix(label, strings.ToLower(rack.Name)+"-")
		if ours && rack.Region == region && rack.Host != "" && strings.Trim(strings.TrimPrefix(end, "i-"), "0123456789") == "" {
			return rack, true
		}
	}
	return cfn.Rack{}, false
}

// regionOf is the region in the host of a Rack in CloudFormation, "" for another
// host.
func regionOf(host convox.Host) string {
	if !host.IsConvoxSite() && !host.IsLoadBalancer() {
		return ""
	}
	labels := strings.Split(host.String(), ".")
	mark := "convox"
	if host.IsLoadBalancer() {
		mark = "elb"
	}
	if at := slices.Index(labels, mark); at > 1 {
		return labels[at-1]
	}
	return ""
}

// host is the one that builds get, where it can be read.
func (c *auditCase) host() (own knownHost, known bool) {
	var value secret.String
	switch c.originOf(HostName, c.request.Branch) {
	case ofFile:
		own.where = inTheFile
		for _, v := range c.file.sets(HostName)[:min(1, len(c.file.sets(HostName)))] {
			value = v.Value
		}
	case ofBranch:
		v, _, _ := lastInScope(c.vars, HostName, c.request.Branch)
		own.where, value = on(v.Branch), v.Value
	case ofAllBranches:
		v, _, _ := lastInScope(c.vars, HostName, "")
		value = v.Value
	case ofAccount:
		for _, v := range c.account {
			if v.Name == HostName {
				own.where, value = ofTheAccount, v.Value
			}
		}
	}
	own.host, known = readHost(value)
	return own, known
}

// logsInToConsole reports whether builds are known to log in to a Console.
func (c *auditCase) logsInToConsole() bool {
	given := c.request.Credential
	if own, known := c.host(); known {
		return own.host.IsHostedConsole() || given.Console && own.host == given.Host
	}
	return given.Console
}

// logsInToRack reports whether builds are known to log in to a Rack directly.
func (c *auditCase) logsInToRack() bool {
	given := c.request.Credential
	if own, known := c.host(); known {
		return !own.host.IsHostedConsole() && own.host == given.Host && !given.Console
	}
	return !given.Console && given.Host != (convox.Host{})
}
