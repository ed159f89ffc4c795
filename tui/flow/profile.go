package flow

import (
	"slices"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
)

// searchRacks searches again, with the profile that was picked.
func (f *Flow) searchRacks(mfaCode string) {
	if name := f.answers.profile; name != f.found.profile {
		f.outside.UseProfile(name)
		f.found.profile = name
	}
	f.answers.rack = ""
	delete(f.chosen, StepRack)
	f.result.searches = append(f.result.searches, f.newRackSearch(mfaCode))
}

func (f *Flow) searchAgain() *Work {
	f.searchRacks("")
	return f.goTo(StepRack)
}

func (f *Flow) profile() cfn.Profile {
	for _, p := range f.found.profiles {
		if p.Name == f.answers.profile || f.answers.profile == "" && p.InUse {
			return p
		}
	}
	return cfn.Profile{}
}

func (f *Flow) needsSSO() bool {
	return problem.Has(f.found.racksErr, cfn.CodeExpiredSSO) && f.profile().SSO != ""
}

func (f *Flow) hasOtherProfiles() bool {
	return slices.ContainsFunc(f.found.profiles, func(p cfn.Profile) bool { return !p.InUse })
}

// hasOtherCredentials reports whether the list of Racks offers a way to fix the credentials.
func (f *Flow) hasOtherCredentials() bool {
	return f.needsSSO() || problem.Has(f.found.racksErr, cfn.CodeMFA) || f.hasOtherProfiles()
}

var profileStep = step{
	id: StepProfile, name: "Rack",
	when: func(f *Flow) bool { return byRack(f) && f.answers.rack == profileRow },
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Pick, Title: "Which AWS profile?",
			Reason: []string{"From your AWS config files. The search for Racks then starts again."},
			Help: []string{
				"The profile counts for this run: for finding Racks, reading a lost password and a reset. Your AWS files stay as they are.",
				"The next time, pass --profile NAME or set AWS_PROFILE.",
			},
			Headings: []string{"PROFILE", "REGION", "SIGN-IN"},
			Initial:  Value{Key: f.answers.profile},
		}
		for _, p := range f.found.profiles {
			q.Rows = append(q.Rows, profileRowOf(p))
			if q.Initial.Key == "" && !p.InUse {
				q.Initial.Key = p.Name
			}
		}
		return q
	},
	take: func(f *Flow, v Value) { f.answers.profile = v.Key },
	do: func(f *Flow) *Work {
		if f.profile().NoSession == "" {
			return f.searchAgain()
		}
		return nil
	},
}

func profileRowOf(p cfn.Profile) Row {
	row := Row{Key: p.Name, Cells: []string{p.Name, p.Region, p.Kind}, Note: p.NoSession, Warn: p.NoSession != ""}
	if p.Kind == "" {
		row.Note, row.Warn = "no credentials", true
	}
	switch {
	case p.InUse && row.Note != "":
		row.Note = "in use; " + row.Note
	case p.InUse:
		row.Note = "in use"
	}
	return row
}

// ssoStep offers to start the SSO session of the profile, then searches again.
var ssoStep = step{
	id: StepSSO, name: "Rack",
	when: func(f *Flow) bool {
		return byRack(f) && (f.answers.rack == ssoRow || f.answers.rack == profileRow && f.profile().NoSession != "")
	},
	ask: func(f *Flow) Question {
		command := cfn.SSOLogin(f.profile().SSO)
		q := Question{
			Kind: Choice, Title: "Sign in to AWS SSO with profile " + f.profile().SSO,
			Reason: []string{"The SSO session has expired, or there is none.", "In another terminal, run:", command},
			Help: []string{
				"The AWS CLI opens your browser, waits until you have signed in, and saves the session for all your AWS tools.",
				"On a machine without a browser, run " + command + " --use-device-code in another terminal: it prints an address and a code that you can enter anywhere.",
			},
		}
		if f.outside.LoginSSO != nil {
			q.Reason[1] = "The AWS CLI starts one:"
			q.Options = append(q.Options, Option{Label: "Run it now", Note: "opens your browser", do: (*Flow).loginSSO})
		}
		q.Options = append(q.Options, Option{Label: "Search again", Note: "after you ran it", do: (*Flow).searchAgain})
		return q
	},
}

func (f *Flow) loginSSO() *Work {
	profile, login := f.profile().SSO, f.outside.LoginSSO
	return &Work{Words: "waiting for your browser: " + cfn.SSOLogin(profile), Run: func(stop connect.Stop, tell Tell) Outcome {
		if err := login(stop.Soft, profile, func(line string) { tell.Line(Line{Text: line}) }); err != nil {
			return Outcome{Err: err}
		}
		return Outcome{To: StepRack, Set: func(f *Flow) { f.searchRacks("") }}
	}}
}
