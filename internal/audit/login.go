package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/text"
)

// loginFacts is the result of verifying the given credential.
type loginFacts struct {
	credential connect.Credential
	login      convox.Login
	err        error
}

// isGiven reports whether there is anything to verify.
func isGiven(c connect.Credential) bool { return !c.Password.IsEmpty() && !c.Host.IsZero() }

func (l loginFacts) isAccepted() bool { return isGiven(l.credential) && l.err == nil }

// isRefused reports whether no build can log in with the credential.
func (l loginFacts) isRefused() bool {
	return problem.Has(l.err, convox.CodeRefused, convox.CodeOnlyRawForm)
}

// judge finds problems with the credential.
func (l loginFacts) judge(f *findings, request Request) {
	if !isGiven(l.credential) {
		return
	}
	if l.err != nil {
		severity, code, hint := SeverityWarning, FoundUnproved, request.hint(l.err)
		switch problem.Code(l.err) {
		case convox.CodeRefused:
			severity, code = SeverityError, FoundRefused
		case convox.CodeOnlyRawForm:
			severity, code = SeverityError, FoundUnsendable
		case convox.CodeNotARack, convox.CodeNotAConsole:
			severity = SeverityError
		case convox.CodeUnreachable: // the hints are for writing a password
			hint = "make it reachable for Travis's machines; run this again where it is reachable"
		}
		f.add(severity, code, l.err.Error(), hint)
		return
	}
	if l.login.PersonalKey {
		f.add(SeverityWarning, FoundPersonalKey, "the key for "+l.credential.Host.String()+" looks like a person's own, not a deploy key: a build could do everything that the person can",
			"make a deploy key in Console under Settings, Deploy Keys, and write that")
	}
	if request.Rack != "" && !connect.Sees(l.login, request.Rack) {
		f.add(SeverityError, FoundRackUnknown, "the key can't see Rack "+request.Rack, connect.ListVisibleRacks(l.login))
	} else if l.credential.Console {
		for _, w := range connect.ConsoleWarnings(l.login, request.Rack) {
			f.add(SeverityWarning, w.Code, w.Message, w.Hint)
		}
	}
}

// origin is where a build gets a variable from; if several have it, the last one wins
// (https://docs.travis-ci.com/user/environment-variables/#defining-variables-in-repository-settings).
type origin int

const (
	nowhere origin = iota
	ofAccount
	ofAllBranches
	ofBranch
	ofFile
)

// originOf returns where builds of a branch get a variable from. An empty branch means
// those of all branches without their own.
func (c *repositoryCase) originOf(name, branch string) origin {
	switch {
	case c.file.setsForAll(name):
		return ofFile
	case branch != "" && len(connect.InScope(c.vars, name, branch)) > 0:
		return ofBranch
	case len(connect.InScope(c.vars, name, "")) > 0:
		return ofAllBranches
	case c.accountSets(name):
		return ofAccount
	}
	return nowhere
}

// judgePair finds out which variables builds get: those of all branches, and those of
// each branch that has its own.
func (c *repositoryCase) judgePair() {
	if c.request.Branch != "" {
		c.judgeScope(c.request.Branch, false)
		return
	}
	branches := connect.BranchesOf(c.vars)
	c.judgeScope("", len(branches) > 0)
	for _, branch := range branches {
		c.judgeScope(branch, false)
	}
}

// judgeScope checks the variables of one scope. branches says whether, for all branches,
// some branches have their own.
func (c *repositoryCase) judgeScope(branch string, branches bool) {
	host, password := c.originOf(connect.HostName, branch), c.originOf(connect.PasswordName, branch)
	write := c.write("to write both", branch)
	where := "it has "
	if branch != "" {
		where = "branch " + text.Quote(branch) + " has "
	}
	missing, unless := c.missing()
	if c.file.setsForSome(connect.HostName) || c.file.setsForSome(connect.PasswordName) {
		unless = "; .travis.yml doesn't set it for every step that deploys" + unless
	}
	switch {
	case host == nowhere && password == nowhere && branches:
		c.add(SeverityNote, FoundBranchesOnly, "only builds of some branches have variables: "+text.QuoteList(connect.BranchesOf(c.vars)), c.write("for the other branches", ""))
	case host == nowhere && password == nowhere:
		c.add(missing, FoundMissingPair, where+"neither "+connect.HostName+" nor "+connect.PasswordName+unless, write)
	case password == nowhere:
		c.add(missing, FoundMissingPassword, where+connect.HostName+" and no "+connect.PasswordName+unless, write)
	case host == nowhere:
		c.add(missing, FoundMissingHost, where+connect.PasswordName+" and no "+connect.HostName+unless, write)
	case host == ofFile || password == ofFile || host == password:
		// If the file sets one of them, that is intended; what it overrides is reported
		// separately.
	case host == ofBranch && c.sameHost(branch):
	case host == ofBranch:
		c.add(SeverityError, FoundMixedPair, where+"a "+connect.HostName+" of its own and no password: it sends that host the password of "+password.name(), c.write(ownPair, branch))
	case password == ofBranch:
		c.add(SeverityWarning, FoundMixedPair, where+"a "+connect.PasswordName+" of its own and no host: it is sent to the host of "+host.name(), c.write(ownPair, branch))
	default:
		c.add(SeverityWarning, FoundMixedPair, fmt.Sprintf("%s is from %s, and %s from %s", connect.HostName, host.name(), connect.PasswordName, password.name()), write)
	}
}

const ownPair = "give the branch its own CONVOX_HOST and CONVOX_PASSWORD"

// missing returns how severe a missing variable is, and why it may still be in the file,
// or "".
func (c *repositoryCase) missing() (Severity, string) {
	if unless := c.file.unlessInFile(); unless != "" {
		return SeverityWarning, unless
	}
	return SeverityError, ""
}

func (o origin) name() string {
	if o == ofAccount {
		return "the owner's account"
	}
	return "all branches"
}

// sameHost reports whether a branch's own host is known to equal that of all branches.
func (c *repositoryCase) sameHost(branch string) bool {
	ofBranch, _, _ := connect.LastInScope(c.vars, connect.HostName, branch)
	shared, _, _ := connect.LastInScope(c.vars, connect.HostName, "")
	host, known := readHost(ofBranch.Value)
	return known && connect.IsHost(shared, host)
}

// readHost reads a host as a build gets it; private values aren't readable.
func readHost(value secret.String) (convox.Host, bool) {
	host, err := convox.ParseHost(strings.Trim(value.Reveal(), `'"`)) // quoted for Bash
	return host, err == nil
}

// searchTime is how long AWS may take: it decides only one finding of many.
const searchTime = 20 * time.Second

// rackFacts is which Racks exist; without regions nothing is known.
type rackFacts struct {
	racks   []cfn.Rack
	regions []string // the searched ones, out of all requested
}

// knownHost is a readable host, and where it is set.
type knownHost struct {
	host  convox.Host
	where string // how it follows CONVOX_HOST in a sentence
}

const (
	inTheFile    = " in .travis.yml"
	ofTheAccount = " of the owner's account"
)

// hosts lists the readable hosts of audited builds, each place once.
func (f repositoryFacts) hosts(branch string) []knownHost {
	var all []knownHost
	add := func(value secret.String, where string) {
		if host, known := readHost(value); known {
			all = append(all, knownHost{host, where})
		}
	}
	for _, v := range f.file.sets(connect.HostName) {
		add(v.Value, inTheFile)
	}
	scopes := []string{"", branch}
	if branch == "" {
		scopes = append(connect.BranchesOf(f.vars), "")
	}
	slices.Sort(scopes)
	for _, scope := range slices.Compact(scopes) {
		if last, _, found := connect.LastInScope(f.vars, connect.HostName, scope); found {
			add(last.Value, connect.OnBranch(scope))
		}
	}
	for _, v := range f.account {
		if v.Name == connect.HostName {
			add(v.Value, ofTheAccount)
		}
	}
	return all
}

// readRacks asks AWS, if possible, about hosts in the shape of a Rack's in
// CloudFormation. If it isn't possible, that's no finding: few need it.
func (a Auditor) readRacks(ctx context.Context, repositories []repositoryFacts, request Request) rackFacts {
	isRacks := func(h knownHost) bool { return regionOf(h.host) != "" }
	asked := slices.ContainsFunc(repositories, func(f repositoryFacts) bool { return slices.ContainsFunc(f.hosts(request.Branch), isRacks) })
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
	if err != nil || slices.ContainsFunc(found.Skipped, func(s cfn.Skipped) bool { return !s.Off }) {
		return rackFacts{}
	}
	return rackFacts{racks: found.Racks, regions: searcher.Regions()}
}

// judgeHosts compares the readable hosts with the given one, and with existing Racks.
func (c *repositoryCase) judgeHosts() {
	given := c.request.Credential.Host
	if set, isKnown := c.host(); isKnown && !given.IsZero() && set.host != given {
		c.add(SeverityWarning, FoundAnotherHost, connect.HostName+set.where+" is "+set.host.String()+", and not "+given.String(), c.write("to write that one with its password", c.request.Branch))
	}
	for _, known := range c.hosts(c.request.Branch) {
		c.judgeRackOf(known)
	}
}

// judgeRackOf looks for the Rack of a host.
func (c *repositoryCase) judgeRackOf(known knownHost) {
	region := regionOf(known.host)
	if region == "" || !slices.Contains(c.racks.regions, region) {
		return
	}
	for _, rack := range c.racks.racks {
		if host, err := convox.ParseHost(rack.Host); err == nil && host == known.host {
			for _, w := range connect.RackWarnings(rack) {
				c.add(SeverityWarning, w.Code, w.Message, w.Hint)
			}
			return
		}
	}
	is := connect.HostName + known.where + " is " + known.host.String() + ", and no Rack in CloudFormation has that host anymore"
	if rack, moved := c.racks.successor(known.host, region); moved {
		c.add(SeverityError, FoundStaleHost, is+": Rack "+rack.Name+" has "+rack.Host, "to write the new one: "+c.command("", "", flag("--rack", rack.Name), flag("--region", rack.Region), flag("--profile", c.request.Given.Profile)))
		return
	}
	c.add(SeverityWarning, FoundStaleHost, is, commandLine([]string{"racks"})+" lists the existing ones; use --profile for a Rack of another AWS account")
}

// successor is the Rack in the region whose name is part of the host.
func (r rackFacts) successor(host convox.Host, region string) (cfn.Rack, bool) {
	label, rest, _ := strings.Cut(host.String(), ".")
	if label == "rack" {
		label, _, _ = strings.Cut(rest, ".")
	}
	label = strings.TrimPrefix(label, "internal-")
	for _, rack := range r.racks {
		end, isNamed := strings.CutPrefix(label, strings.ToLower(rack.Name)+"-")
		if isNamed && rack.Region == region && rack.Host != "" && strings.Trim(strings.TrimPrefix(end, "i-"), "0123456789") == "" {
			return rack, true
		}
	}
	return cfn.Rack{}, false
}

// regionOf is the region in the host of a Rack in CloudFormation, or "".
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

// host is the one that builds get, if readable.
func (c *repositoryCase) host() (set knownHost, isKnown bool) {
	from := c.originOf(connect.HostName, c.request.Branch)
	places := map[origin]string{ofFile: inTheFile, ofAccount: ofTheAccount, ofBranch: connect.OnBranch(c.request.Branch), ofAllBranches: ""}
	where, isSet := places[from]
	if !isSet || from == ofFile && len(c.file.sets(connect.HostName)) != 1 { // several are for different jobs
		return knownHost{}, false
	}
	hosts := c.hosts(c.request.Branch)
	if at := slices.IndexFunc(hosts, func(h knownHost) bool { return h.where == where }); at >= 0 {
		return hosts[at], true
	}
	return knownHost{}, false
}

// logsInTo reports whether builds certainly log in to a Console, or to a Rack directly.
func (c *repositoryCase) logsInTo() (console, rack bool) {
	given := c.request.Credential
	set, isKnown := c.host()
	isHosted := set.host.IsHostedConsole()
	switch {
	case !isKnown:
		return given.Console, !given.Console && !given.Host.IsZero()
	case set.host == given.Host:
		return isHosted || given.Console, !isHosted && !given.Console
	}
	return isHosted, false
}

// CodeNoApp is the code of NoApp.
const CodeNoApp = "app_missing"

// FindApp warns if the Rack of an accepted credential doesn't have the app of the first
// deploy of a push that goes to it. It asks the Rack once.
func (b Builds) FindApp(ctx context.Context, checker Checker, c connect.Credential, login convox.Login) []connect.Warning {
	for _, call := range b.deploys(pushed) {
		app, rack := b.Target.AppOf(call), call.Rack
		isSeen := slices.ContainsFunc(login.Racks, func(r convox.Rack) bool { return r.String() == rack })
		if !isPlain(app) || c.Console != (rack != "") || rack != "" && !isSeen {
			continue
		}
		if !checker.LacksApp(ctx, c.Host, c.Password, rack, app) {
			return nil
		}
		warning := NoApp(login, rack, app)
		warning.Message += fmt.Sprintf(" (line %d)", call.Line)
		return []connect.Warning{warning}
	}
	return nil
}

// judgeApp looks up the app if builds use the given credential.
func (c *repositoryCase) judgeApp(ctx context.Context, checker Checker) {
	given := c.login.credential
	console, rack := c.logsInTo()
	if !c.login.isAccepted() || c.file == nil || given.Console && !console || !given.Console && !rack {
		return
	}
	for _, w := range c.file.FindApp(ctx, checker, given, c.login.login) {
		c.add(SeverityWarning, FoundNoApp, w.Message, w.Hint)
	}
}

// NoApp is the Warning for an app that a Rack doesn't have. rack is ORG/NAME behind a
// Console, otherwise "".
func NoApp(login convox.Login, rack, app string) connect.Warning {
	name, command := rack, []string{"convox", "apps", "create", app}
	switch {
	case rack != "":
		command = append(command, "--rack", rack)
	case len(login.Racks) == 1:
		name = login.Racks[0].Name
	default:
		name = login.Host.String()
	}
	return connect.Warning{
		Code: CodeNoApp, Message: "Rack " + name + " has no app " + text.Quote(app) + ", so a deploy of it fails",
		Hint: "create it: " + text.Command(command...),
	}
}
