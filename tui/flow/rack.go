package flow

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
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
			case f.given.Rack != "" && !f.found.racksDone:
				return "looking for Rack " + shellescape.StripUnsafe(f.given.Rack)
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
				Reason:  []string{"Type to filter. Racks are found in CloudFormation, and where the convox client has saved a password."},
				Rows:    f.rackRows(),
				More:    f.rackSearchWords(),
				Growing: !f.found.racksDone,
				Initial: Value{Key: f.likelyRack()},
				Check: func(v Value) error {
					if v.Key == "" {
						return &Problem{Message: "no Rack was picked", Hints: []string{"pick one, or type its host"}}
					}
					return nil
				},
			}
		},
		take: func(f *Flow, v Value) {
			if f.answers.rack != v.Key {
				f.forgetLogin()
			}
			f.answers.rack = v.Key
		},
		shown: func(f *Flow) string {
			if rack, found := f.pickedRack(); found {
				return shellescape.StripUnsafe(rack.Name + ", " + rack.Region)
			}
			if host := f.rackHost(); !host.IsZero() {
				return host.String()
			}
			return ""
		},
	}
}

// forgetLogin drops what was said and found out about another host: its
// password must not go to this one.
func (f *Flow) forgetLogin() {
	f.result.login, f.result.untrusted, f.result.unreachable = nil, "", nil
	f.answers.unchecked, f.answers.fingerprint = false, f.given.Fingerprint
	f.answers.password = secret.String{}
}

// passRack takes the Rack that the flags name.
func (f *Flow) passRack() bool {
	if f.given.Rack == "" {
		return !f.given.Host.IsZero()
	}
	var same []cfn.Rack
	for _, rack := range f.found.racks {
		host, err := convox.ParseHost(rack.Host)
		if rack.Name == f.given.Rack && err == nil && (f.given.Host.IsZero() || f.given.Host == host) {
			same = append(same, rack)
		}
	}
	if len(same) != 1 {
		f.problem = &Problem{Message: fmt.Sprintf("%s named %s", count(len(same), "usable Rack"), shellescape.StripUnsafe(f.given.Rack)), Hints: []string{"pick the one that is meant"}}
		return false
	}
	f.answers.rack = rackKey(same[0])
	return true
}

func rackKey(rack cfn.Rack) string  { return "cfn " + rack.Region + " " + rack.Name }
func savedKey(h convox.Host) string { return "saved " + h.String() }

// rackRows lists the Racks by name, then saved logins of other hosts, then the
// ways to say it oneself.
func (f *Flow) rackRows() []Row {
	racks := slices.Clone(f.found.racks)
	slices.SortFunc(racks, func(a, b cfn.Rack) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Region, b.Region)) })
	var rows []Row
	listed := map[convox.Host]bool{}
	for _, rack := range racks {
		row := Row{Key: rackKey(rack), Cells: []string{rack.Name, rack.Region, rack.Host, rack.Version}}
		host, err := convox.ParseHost(rack.Host)
		if err != nil {
			row.Disabled = "no host, state " + rack.Status
		}
		listed[host] = true
		row.Note = f.rackNote(rack, host)
		rows = append(rows, row)
	}
	for _, login := range f.found.saved {
		if !listed[login.Host] {
			rows = append(rows, Row{Key: savedKey(login.Host), Cells: []string{"(saved)", "", login.Host.String(), ""}, Note: "password saved"})
		}
	}
	if isMFA(f.found.racksErr) {
		rows = append(rows, Row{Key: mfaRow, Cells: []string{"enter an MFA code, to look for Racks in AWS"}})
	}
	return append(rows, Row{Key: typeRow, Cells: []string{"type a host"}})
}

func isMFA(err error) bool {
	var failed *cfn.Error
	return errors.As(err, &failed) && failed.Kind == cfn.KindMFA
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
	if rack.Failed() {
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
		if hints := ProblemOf(f.found.racksErr).Hints; len(hints) > 0 {
			words += " (" + hints[0] + ")"
		}
		return words
	case len(f.found.skipped) > 0:
		var regions []string
		for _, skipped := range f.found.skipped {
			regions = append(regions, skipped.Region)
		}
		return "not searched: " + strings.Join(regions, ", ")
	}
	return ""
}

// likelyRack is the row to offer first.
func (f *Flow) likelyRack() string {
	if f.answers.rack != "" {
		return f.answers.rack
	}
	var usable, saved string
	for _, rack := range f.found.racks {
		host, err := convox.ParseHost(rack.Host)
		if err != nil {
			continue
		}
		login, has := convox.FindSaved(f.found.saved, host)
		switch {
		case has && login.InUse:
			return rackKey(rack)
		case has && saved == "":
			saved = rackKey(rack)
		case usable == "" && !rack.Private && !rack.Failed() && len(rack.WhiteList) == 0:
			usable = rackKey(rack)
		}
	}
	for _, login := range f.found.saved {
		if saved == "" {
			saved = savedKey(login.Host)
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
	text, _ := strings.CutPrefix(f.answers.rack, "saved ")
	if rack, found := f.pickedRack(); found {
		text = rack.Host
	} else if f.answers.rack == typeRow {
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
						return &Problem{Message: "a code is made of digits", Hints: []string{"read it off the device, or go back"}}
					}
					return nil
				},
			}
		},
		take: func(f *Flow, v Value) {
			f.answers.rack = ""
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
		pass: func(f *Flow) bool { return !f.given.Host.IsZero() && f.answers.typed == f.given.Host.String() },
		ask: func(f *Flow) Question {
			return Question{
				Kind: Text, Title: "The Rack's host",
				Reason:  append([]string{"It is the stack's output Dashboard, such as rack.example-1234.us-east-1.convox.site."}, f.tip(StepHost)...),
				Initial: Value{Text: f.answers.typed},
				Check: func(v Value) error {
					host, err := convox.ParseHost(v.Text)
					if err == nil && host.IsHostedConsole() {
						return &Problem{Message: "that is Console's host", Hints: []string{"go back, and choose a Console deploy key"}}
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
