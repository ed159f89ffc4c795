package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
)

// Rows that are no Rack.
const (
	typeRow = "type"
	mfaRow  = "mfa"
)

func rackStep() step {
	return step{
		id: StepRack, name: "Rack",
		when: byRack,
		wait: func(f *Flow) string {
			switch {
			case !f.found.savedDone:
				return "reading the saved logins"
			case f.namedRack() != "" && !f.found.racksDone && f.outside.Racks != nil:
				return "looking for Rack " + f.namedRack()
			}
			return ""
		},
		pass: (*Flow).passRack,
		begin: func(f *Flow) {
			if f.outside.Racks != nil && !f.found.racksBegun { // the flags had answered
				f.found.racksBegun = true
				f.result.searches = append(f.result.searches, f.outside.rackSearch(""))
			}
		},
		ask: func(f *Flow) Question {
			return Question{
				Kind: Pick, Title: "Which Rack?",
				Reason:  []string{"They are found in CloudFormation, and where the convox client has saved a password."},
				Rows:    f.rackRows(),
				More:    f.rackSearchWords(),
				Growing: !f.found.racksDone,
				Initial: Value{Key: f.likelyRack()},
				Check: func(v Value) error {
					if v.Key == "" {
						return &problem.Error{Reason: "no Rack was picked", Hints: []string{"pick one, or type its host"}}
					}
					return nil
				},
			}
		},
		take: func(f *Flow, v Value) { f.setRack(v.Key) },
		shown: func(f *Flow) string {
			if rack, found := f.pickedRack(); found {
				return rack.Name + ", " + rack.Region
			}
			if host := f.rackHost(); !host.IsZero() {
				return host.String()
			}
			return ""
		},
	}
}

// setRack takes a row.
func (f *Flow) setRack(key string) {
	if f.answers.rack != key {
		f.forgetLogin()
	}
	f.answers.rack = key
}

// namedRack is the Rack that the flags name.
func (f *Flow) namedRack() string {
	if f.given.Way != ByRack {
		return "" // behind a Console it is ORG/NAME
	}
	return f.given.Rack
}

// forgetLogin drops what was said and found out about another host: its
// password must not go to this one.
func (f *Flow) forgetLogin() {
	f.result.login, f.result.untrusted, f.result.unreachable = nil, "", nil
	f.answers.unchecked, f.answers.approved = false, nil
	f.answers.allowMixed = f.given.AllowMixed
	f.answers.password, f.answers.recovered, f.answers.fresh, f.answers.made = secret.String{}, secret.String{}, secret.String{}, secret.String{}
	f.result.refused, f.result.noRecovery, f.result.savedIn = nil, false, ""
	f.leaveReset()
	delete(f.chosen, StepSource) // another Rack has other places for it
}

// passRack takes the Rack that the flags name.
func (f *Flow) passRack() bool {
	if f.namedRack() == "" {
		return !f.given.Host.IsZero() && f.answers.rack == typeRow
	}
	var same []cfn.Rack
	for _, rack := range f.found.racks {
		host, err := convox.ParseHost(rack.Host)
		if rack.Name == f.namedRack() && err == nil && (f.given.Host.IsZero() || f.given.Host == host) {
			same = append(same, rack)
		}
	}
	if len(same) > 1 {
		same = slices.DeleteFunc(same, func(r cfn.Rack) bool { return !r.Works() })
	}
	if len(same) != 1 {
		f.problem = f.unclear(len(same))
		return false
	}
	f.setRack(rackKey(same[0]))
	return true
}

// unclear says why the Rack that the flags name is not taken.
func (f *Flow) unclear(same int) *Problem {
	name := f.namedRack()
	switch {
	case same == 0 && f.found.racksErr != nil:
		return ProblemOf(f.found.racksErr) // it isn't known which there are
	case same == 0 && slices.ContainsFunc(f.found.skipped, cfn.Skipped.IsTransient):
		return ProblemOf(f.found.skipped[slices.IndexFunc(f.found.skipped, cfn.Skipped.IsTransient)].Err) // it may be there
	case same > 1:
		return &Problem{Message: fmt.Sprintf("%d Racks are named %s", same, name), Do: []string{"pick the one that is meant"}}
	case !f.given.Host.IsZero():
		return &Problem{Message: fmt.Sprintf("no usable Rack named %s has the host %s", name, f.given.Host), Do: []string{"pick the one that is meant, or type its host"}}
	}
	return &Problem{Message: "no usable Rack is named " + name, Do: []string{"pick another one, or type its host"}}
}

// rackKey is the host: a Rack whose login is saved stays the same row when it is
// found in AWS too. One without a host cannot be picked.
func rackKey(rack cfn.Rack) string {
	host, err := convox.ParseHost(rack.Host)
	if err != nil {
		return "stack " + rack.Region + " " + rack.Name
	}
	return hostKey(host)
}

func hostKey(h convox.Host) string { return hostRow + h.String() }

const hostRow = "host "

// rackRows lists the Racks by name, then saved logins of other hosts, then the
// ways to say it oneself.
func (f *Flow) rackRows() []Row {
	var rows []Row
	listed := map[convox.Host]bool{}
	for _, rack := range inOrder(f.found.racks) {
		row := Row{Key: rackKey(rack), Cells: []string{rack.Name, rack.Region, rack.Host, rack.Version}}
		host, err := convox.ParseHost(rack.Host)
		if err != nil {
			row.Disabled = "no host, state " + rack.Status
			if is, _ := rack.Meaning(); is != "" && rack.Host == "" {
				row.Disabled = is + ", state " + rack.Status
			}
		}
		listed[host] = true
		row.Note = f.rackNote(rack, host)
		rows = append(rows, row)
	}
	for _, login := range f.found.saved {
		if !listed[login.Host] {
			rows = append(rows, Row{Key: hostKey(login.Host), Cells: []string{"(saved)", "", login.Host.String(), ""}, Note: "password saved"})
		}
	}
	if problem.Has(f.found.racksErr, cfn.CodeMFA) {
		rows = append(rows, Row{Key: mfaRow, Cells: []string{"enter an MFA code, to look for Racks in AWS"}, Other: true})
	}
	return append(rows, Row{Key: typeRow, Cells: []string{"type a host"}, Other: true})
}

// inOrder are Racks as they are shown.
func inOrder(racks []cfn.Rack) []cfn.Rack {
	return slices.SortedFunc(slices.Values(racks), cfn.CompareRacks)
}

func (f *Flow) rackNote(rack cfn.Rack, host convox.Host) string {
	var notes []string
	if _, saved := convox.FindSaved(f.found.saved, host); saved {
		notes = append(notes, "password saved")
	}
	if rack.Private {
		notes = append(notes, "private API: Travis cannot reach it")
	}
	if len(rack.WhiteList) > 0 {
		notes = append(notes, "white list")
	}
	if rack.Failed() || rack.Dead() {
		notes = append(notes, "state "+rack.Status)
	}
	return strings.Join(notes, "; ")
}

// rackSearchWords tells how far the search is, or what came in its way.
func (f *Flow) rackSearchWords() string {
	switch {
	case !f.found.racksDone && f.found.of > 0:
		return fmt.Sprintf("searching AWS: %d of %d regions", f.found.regions, f.found.of)
	case !f.found.racksDone:
		return "searching AWS"
	case f.found.racksErr != nil:
		words := "AWS was not searched: " + f.found.racksErr.Error()
		if hints := ProblemOf(f.found.racksErr).Do; len(hints) > 0 {
			words += " (" + hints[0] + ")"
		}
		return words
	}
	open := slices.DeleteFunc(slices.Clone(f.found.skipped), func(s cfn.Skipped) bool { return s.Off }) // nothing can be in those
	return strings.Join(cfn.GroupSkipped(open), "; ")
}

// likelyRack is the row to offer first. Among Racks of which none is saved that is
// the first that came, so that the offer stays while more come, and in the end
// the first of those shown, so that it is the same each time.
func (f *Flow) likelyRack() string {
	if f.answers.rack != "" {
		return f.answers.rack
	}
	if name := f.namedRack(); name != "" {
		for _, rack := range inOrder(f.found.racks) {
			if rack.Name == name && rack.Works() {
				return rackKey(rack)
			}
		}
		return typeRow // no other one was meant
	}
	saved, usable := "", ""
	for _, login := range f.found.saved {
		if login.InUse {
			return hostKey(login.Host)
		}
		saved = cmp.Or(saved, hostKey(login.Host))
	}
	racks := f.found.racks
	if f.found.racksDone {
		racks = inOrder(racks)
	}
	for _, rack := range racks {
		if _, err := convox.ParseHost(rack.Host); err == nil && !rack.Private && rack.Works() && !rack.Failed() && len(rack.WhiteList) == 0 {
			usable = cmp.Or(usable, rackKey(rack))
		}
	}
	return cmp.Or(saved, usable, typeRow)
}

// pickedRack is the Rack of CloudFormation that was picked.
func (f *Flow) pickedRack() (cfn.Rack, bool) {
	for _, rack := range f.found.racks {
		if rackKey(rack) == f.answers.rack {
			return rack, true
		}
	}
	return cfn.Rack{}, false
}

// rackHost is the host of the Rack that was picked or typed; zero while that is
// open.
func (f *Flow) rackHost() convox.Host {
	text, _ := strings.CutPrefix(f.answers.rack, hostRow)
	if f.answers.rack == typeRow {
		text = f.answers.typed
	}
	host, _ := convox.ParseHost(text) // a row whose host cannot be used cannot be picked
	return host
}

func (f *Flow) rackWarnings() []setup.Warning {
	if rack, found := f.pickedRack(); found && f.answers.way == ByRack {
		return setup.RackWarnings(rack)
	}
	return nil
}

func mfaStep() step {
	return step{
		id: StepMFA, name: "Rack",
		when: func(f *Flow) bool { return byRack(f) && f.answers.rack == mfaRow },
		ask: func(*Flow) Question {
			return Question{
				Kind: Text, Title: "The MFA code of the AWS profile",
				Reason: []string{"It is good once, and is used to look for Racks."},
				Check: func(v Value) error {
					if strings.Trim(v.Text, "0123456789") != "" || v.Text == "" {
						return &problem.Error{Reason: "a code is made of digits", Hints: []string{"read it off the device, or go back"}}
					}
					return nil
				},
			}
		},
		take: func(f *Flow, v Value) {
			f.answers.rack = ""
			delete(f.chosen, StepRack)
			f.found.racksDone, f.found.racksErr, f.found.regions = false, nil, 0
			f.result.searches = append(f.result.searches, f.outside.rackSearch(v.Text))
		},
		do: func(f *Flow) *Work {
			f.goTo(StepRack)
			return nil
		},
	}
}

func hostStep() step {
	return step{
		id: StepHost, name: "Rack",
		when: func(f *Flow) bool { return byRack(f) && f.answers.rack == typeRow },
		pass: func(f *Flow) bool {
			return !f.chosen[StepRack] && !f.given.Host.IsZero() && f.answers.typed == f.given.Host.String()
		},
		ask: func(f *Flow) Question {
			return Question{
				Kind: Text, Title: "The Rack's host",
				Reason:  append([]string{"It is the stack's output Dashboard, such as rack.example-1234.us-east-1.convox.site."}, f.tip(StepHost)...),
				Initial: Value{Text: f.answers.typed},
				Check: func(v Value) error {
					host, err := convox.ParseHost(v.Text)
					if err == nil && host.IsHostedConsole() {
						return &problem.Error{Reason: "that is Console's host", Hints: []string{"go back, and choose a Console deploy key"}}
					}
					return err
				},
			}
		},
		take: func(f *Flow, v Value) {
			host, _ := convox.ParseHost(v.Text) // Check read it
			if f.answers.typed != host.String() {
				f.forgetLogin()
			}
			f.answers.typed = host.String()
		},
	}
}
