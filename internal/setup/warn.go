package setup

import (
	"fmt"
	"strings"

	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// warn notes what a person should know before anything is written.
func (p *RepositoryPlan) warn(request Request) {
	if !p.Repository.Active && !p.Activate {
		p.add("inactive", "Travis does not build it: it is not active there", "activate it on its Travis page")
	}
	if p.Host.Action == Replace || p.Password.Action == Replace {
		p.add("replaces", "what is replaced cannot be put back: Travis does not give private values back", "")
	}
	if n := len(p.Doubles); n > 0 {
		p.add("doubles", text.Count(n, "older variable")+" of the same name and scope will be deleted; builds ignore them", "")
	}
	for _, name := range []string{HostName, PasswordName} {
		p.warnPublic(name, request)
	}
	for _, branch := range crossings(p.before, request.Branch, request.Credential.Host).passwordOnly {
		p.add("branch_password_only",
			fmt.Sprintf("branch %s has a password of its own and no host: it would be sent to %s", showBranch(branch), request.Credential.Host),
			"give the branch a host and a password of its own")
	}
	for _, v := range p.before {
		if v.Name == overrideName && (v.Branch == "" || v.Branch == request.Branch || request.Branch == "") {
			p.add("rack_url", overrideName+" is set"+on(v.Branch)+ignoresPair,
				"delete "+overrideName+" from the repository's settings")
		}
	}
}

// warnPublic tells of variables that anyone who can see the log may have read.
func (p *RepositoryPlan) warnPublic(name string, request Request) {
	advice := ""
	if name == PasswordName {
		advice = "take the old password for known: change it wherever it is still good"
	}
	for _, v := range p.before {
		switch {
		case v.Name != name || !v.Public:
		case v.Branch == request.Branch && p.writes():
			if name == PasswordName && v.Value.Equal(quoted(request.Credential.Password)) {
				p.add("public_same", "the very password that is being written was public until now", "change that password, then run this again")
				continue
			}
			p.add("public", fmt.Sprintf("%s%s is public; it becomes private", name, on(v.Branch)), advice)
		default:
			p.add("public_elsewhere", fmt.Sprintf("%s%s is public and is left as it is", name, on(v.Branch)), "make it private in the repository's settings")
		}
	}
}

func (p *RepositoryPlan) add(code, message, hint string) {
	p.Warnings = append(p.Warnings, Warning{Code: code, Target: p.Target, Message: message, Hint: hint})
}

// provider is the target's, GitHub where none was named.
func (t Target) provider() travisapi.Provider {
	if t.Provider == "" {
		return travisapi.GitHub
	}
	return t.Provider
}

func ownHost(branches []string) string {
	shown := make([]string, len(branches))
	for i, branch := range branches {
		shown[i] = showBranch(branch)
	}
	if len(shown) == 1 {
		return "branch " + shown[0] + " has a CONVOX_HOST of its own and no password"
	}
	return "branches " + strings.Join(shown, ", ") + " have a CONVOX_HOST of their own and no password"
}

// showBranch makes a branch's name, which comes from outside, fit to be shown
// and to be pasted.
func showBranch(branch string) string {
	return text.Quote(branch)
}

func on(branch string) string {
	if branch == "" {
		return ""
	}
	return " (branch " + showBranch(branch) + ")"
}
