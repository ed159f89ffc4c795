package setup

import (
	"fmt"

	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// auditCase is one repository under audit, and what is known beside it.
type auditCase struct {
	repositoryFacts
	*findings
	request AuditRequest
	login   loginFacts
	racks   rackFacts
}

// judge finds everything about the repository.
func (c *auditCase) judge() {
	if c.err != nil {
		c.judgeError()
	}
	if c.repository.ID == 0 || isAnother(c.err) {
		return
	}
	if c.err == nil && c.request.Swept && !c.isConvoxs() {
		c.add(SeverityNote, FoundNotSetUp, "it has nothing of Convox", c.write("to set it up", ""))
		return
	}
	if !c.repository.Active {
		c.add(SeverityWarning, FoundInactive, "Travis does not build it: it is not active there", c.activate())
	}
	if c.err == nil {
		c.judgeSettings()
	}
	c.judgeFile()
}

// judgeError leaves what isn't about the repository to be told as a failure.
func (c *auditCase) judgeError() {
	hint := c.request.hint(c.err)
	switch {
	case travisapi.Failed(c.err, travisapi.CodeNotFound):
		c.add(SeverityError, FoundUnknown, "Travis does not know it, or this account may not see it", hint)
	case travisapi.Failed(c.err, travisapi.CodeMigrated):
		c.add(SeverityError, FoundMigrated, "Travis refuses it: it moved from travis-ci.org", hint)
	case travisapi.Failed(c.err, travisapi.CodeDenied):
		c.add(SeverityError, FoundNoPermission, "this Travis account may not read its settings", c.getAccess())
	case isAnother(c.err):
		c.add(SeverityError, FoundAnother, "Travis answers about another repository", hint)
	}
}

// Parts of what several findings say.
const (
	ignoresPair    = ": the convox client uses it and ignores the pair"
	inLogs         = ": every build's log shows it"
	lookAtSettings = "look at the repository's settings on Travis"
)

// judgeSettings looks at the variables, and at who gets them.
func (c *auditCase) judgeSettings() {
	denied := c.repository.Denies("create_env_var")
	if denied {
		c.add(SeverityWarning, FoundNoPermission, "this Travis account may not write its settings, so it can mend nothing here", c.getAccess())
	}
	c.judgePair()
	c.judgePublic()
	c.judgeDoubles()
	c.judgeRackURL()
	c.judgeAccount()
	c.judgeHosts()
	c.judgeForks(denied)
	switch {
	case c.pushesErr != nil && c.sharesErr == nil:
		c.unread("whether Travis builds its pushes", c.pushesErr, lookAtSettings)
	case c.pushesOff:
		c.add(SeverityError, FoundPushesOff, "Travis doesn't build its pushes, so no push deploys", "switch on \"Build pushed branches\" in the repository's settings on Travis")
	}
}

// counts reports whether a variable of a branch's settings counts in a build
// that is audited.
func (c *auditCase) counts(branch string) bool {
	return c.request.Branch == "" || branch == "" || branch == c.request.Branch
}

func (c *auditCase) judgePublic() {
	for _, v := range c.vars {
		if !v.Public || !c.counts(v.Branch) || v.Name != HostName && v.Name != PasswordName {
			continue
		}
		severity, lead := SeverityNote, "to make it private"
		if v.Name == PasswordName {
			severity, lead = SeverityError, "change that password wherever it is still good, then write it anew, private"
		}
		c.add(severity, FoundPublic, v.Name+on(v.Branch)+" is public"+inLogs, c.write(lead, v.Branch))
	}
}

func (c *auditCase) judgeDoubles() {
	type scope struct{ name, branch string }
	seen := map[scope]bool{}
	for _, v := range c.vars {
		s := scope{v.Name, v.Branch}
		if v.Name != HostName && v.Name != PasswordName || seen[s] || !c.counts(v.Branch) {
			continue
		}
		seen[s] = true
		if n := len(inScope(c.vars, v.Name, v.Branch)); n > 1 {
			c.add(SeverityWarning, FoundDoubles, fmt.Sprintf("%s%s is there %d times: builds use the last one", v.Name, on(v.Branch), n),
				c.write("to write one and delete the others", v.Branch))
		}
	}
}

// judgeRackURL finds what the convox client takes before the pair.
func (c *auditCase) judgeRackURL() {
	for _, v := range c.vars {
		if v.Name != overrideName || !c.counts(v.Branch) {
			continue
		}
		message, hint := overrideName+" is set"+on(v.Branch)+ignoresPair, "delete "+overrideName+" in the repository's settings on Travis"
		if v.Public {
			message += "; it is public" + inLogs
			hint += ", and change the password in it"
		}
		c.add(SeverityError, FoundRackURL, message, hint)
	}
	for _, v := range c.account {
		if v.Name == overrideName {
			c.add(SeverityError, FoundRackURL, overrideName+" is set for all builds of "+c.owner().login+ignoresPair, "delete "+overrideName+" in the settings of that Travis account")
		}
	}
}

// judgeAccount finds variables of the owner's account: they count where the
// repository has none of its own.
func (c *auditCase) judgeAccount() {
	if c.accountErr != nil {
		c.unread("the variables of "+c.owner().login, c.accountErr, "run this again")
	}
	for _, v := range c.account {
		if v.Name != HostName && v.Name != PasswordName {
			continue
		}
		own := "the repository's own wins"
		if len(inScope(c.vars, v.Name, "")) == 0 {
			own = "builds that have none of their own use it"
		}
		severity, public, hint := SeverityNote, "", "if it is not meant, delete it in the settings of that Travis account"
		if v.Public && v.Name == PasswordName {
			severity, public, hint = SeverityError, "; it is public"+inLogs, "change that password, and delete the variable in the settings of that Travis account"
		}
		c.add(severity, FoundAccount, fmt.Sprintf("%s is set for all builds of %s; %s%s", v.Name, c.owner().login, own, public), hint)
	}
}

func (c *auditCase) judgeForks(denied bool) {
	switch {
	case c.sharesErr != nil && denied: // that is told already
	case c.sharesErr != nil:
		c.unread("whether forks get its private variables", c.sharesErr, lookAtSettings)
	case c.shares:
		severity, anyone := SeverityError, ": anyone can open one and read them"
		if c.repository.Private {
			severity, anyone = SeverityWarning, ""
		}
		c.add(severity, FoundForks, "pull requests from forks get its private variables"+anyone, "switch off \"Share encrypted environment variables with forks\" in the repository's settings on Travis")
	}
}

func isAnother(err error) bool {
	return problem.Code(err) == FoundAnother
}

func (c *auditCase) activate() string {
	hint := "activate it on its Travis page"
	if c.request.OwnTravis {
		return hint
	}
	return hint + ": https://app.travis-ci.com/" + string(c.target.provider()) + "/" + c.target.Slug
}

func (c *auditCase) getAccess() string {
	return "get push access to " + c.target.String() + ", or use the token of someone who has it"
}
