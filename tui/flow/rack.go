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
	"convox-travis/internal/text"
)

// Rows that aren't Racks.
const (
	typeRow    = "type"
	mfaRow     = "mfa"
	profileRow = "profile"
	ssoRow     = "sso"
)

var rackStep = step{
	id: StepRack, name: "Rack",
	when: byRack, soon: hasNoSignIn,
	wait: func(f *Flow) string {
		switch {
		case !f.found.savedDone:
			return "reading the saved convox logins"
		case f.namedRack() != "" && !f.found.racksDone && f.outside.Racks != nil:
			return "looking for Rack " + f.namedRack()
		}
		return ""
	},
	pass: (*Flow).passRack,
	begin: func(f *Flow) {
		if f.outside.Racks != nil && f.found.rackSearch == 0 { // the flags had answered
			f.result.searches = append(f.result.searches, f.newRackSearch(""))
		}
	},
	ask: func(f *Flow) Question {
		return Question{
			Kind: Pick, Title: "Which Rack?",
			Reason:   []string{"Found in CloudFormation and in your saved convox logins."},
			Help:     rackHelp,
			Headings: []string{"RACK", "REGION"},
			Rows:     f.rackRows(),
			More:     f.rackSearchStatus(),
			Found:    f.rackSearchSummary(),
			Growing:  !f.found.racksDone,
			Initial:  Value{Key: f.likelyRack()},
		}
	},
	take: func(f *Flow, v Value) {
		f.answers.entry = v.Text
		f.setRack(v.Key)
	},
	shown: func(f *Flow) string {
		if rack, found := f.pickedRack(); found {
			answer := rack.Name + " · " + rack.Region
			if f.found.profile != "" {
				answer += ", AWS profile " + f.found.profile
			}
			return answer
		}
		if host := f.rackHost(); !host.IsZero() {
			return host.String()
		}
		return ""
	},
}

var rackHelp = []string{
	"Racks are found with the AWS permission cloudformation:DescribeStacks, in all regions at once. That only reads. The credentials are those that the AWS CLI uses; \"Use another AWS profile…\" is there when you have more than one profile.",
	"\"password saved\" means that the convox CLI has saved a login for the Rack on this machine. You choose later whether to use it.",
	"Reading a lost password also needs cloudformation:DescribeStackResource with ecs:DescribeTaskDefinition, or ssm:GetParameter. A reset updates the stack. Neither happens unless you choose it.",
	rackPasswordHelp,
	"Travis's machines can't reach a private API. An IP allowlist has to include Travis's addresses: https://docs.travis-ci.com/user/ip-addresses/",
}

func (f *Flow) setRack(key string) {
	if f.answers.rack != key {
		f.forgetLogin()
	}
	f.answers.rack = key
}

// namedRack is the name of the Rack in the flags, or "".
func (f *Flow) namedRack() string {
	if f.given.SignIn != ByRack {
		return "" // with a Console, it's ORG/NAME
	}
	return f.given.Rack
}

// forgetLogin drops the password, which must not go to another host, and what followed from it.
func (f *Flow) forgetLogin() {
	f.result.login, f.result.untrusted, f.result.unreachable = nil, "", nil
	f.answers.unchecked, f.answers.approved = false, nil
	f.answers.allowMixed = f.given.AllowMixed
	f.answers.password, f.answers.recovered, f.answers.fresh, f.answers.made = secret.String{}, secret.String{}, secret.String{}, secret.String{}
	f.result.refused, f.result.noRecovery, f.result.savedIn = nil, false, ""
	f.leaveReset()
	delete(f.chosen, StepSource) // another Rack has other sources
}

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
		f.problem = f.rackProblem(len(same))
		return false
	}
	f.setRack(rackKey(same[0]))
	return true
}

func (f *Flow) rackProblem(same int) *Problem {
	name := f.namedRack()
	switch {
	case same == 0 && f.found.racksErr != nil:
		return ProblemOf(f.found.racksErr)
	case same == 0 && slices.ContainsFunc(f.found.skipped, cfn.Skipped.IsTransient):
		return ProblemOf(f.found.skipped[slices.IndexFunc(f.found.skipped, cfn.Skipped.IsTransient)].Err) // it may be there
	case same > 1:
		return &Problem{Message: fmt.Sprintf("%d Racks are named %s", same, name), Do: []string{"select one of them"}}
	case !f.given.Host.IsZero():
		return &Problem{Message: fmt.Sprintf("no usable Rack named %s has the host %s", name, f.given.Host), Do: []string{"select the right one, or enter its host"}}
	}
	return &Problem{Message: "no usable Rack is named " + name, Do: []string{"select another one, or enter its host"}}
}

// rackKey is the host, so that the row of a saved login becomes the row of its Rack.
func rackKey(rack cfn.Rack) string {
	host, err := convox.ParseHost(rack.Host)
	if err != nil {
		return "stack " + rack.Region + " " + rack.Name
	}
	return hostKey(host)
}

func hostKey(h convox.Host) string { return hostRow + h.String() }

const hostRow = "host "

// rackRows lists the Racks by name, then saved logins of other hosts, then the other answers.
func (f *Flow) rackRows() []Row {
	var rows []Row
	listed := map[convox.Host]bool{}
	for _, rack := range inOrder(f.found.racks) {
		row := Row{Key: rackKey(rack), Cells: []string{rack.Name, rack.Region}, Detail: rackDetail(rack)}
		host, err := convox.ParseHost(rack.Host)
		if err != nil {
			row.Disabled = "no host"
			if is, _ := rack.Meaning(); is != "" && rack.Host == "" {
				row.Disabled = is
			}
			row.Disabled += " (" + rack.Status + ")"
		}
		listed[host] = true
		row.Note, row.Warn = f.rackNote(rack, host)
		rows = append(rows, row)
	}
	for _, login := range f.found.saved {
		if !listed[login.Host] {
			rows = append(rows, Row{Key: hostKey(login.Host), Cells: []string{login.Host.String(), ""}, Note: "password saved"})
		}
	}
	return append(rows, f.otherRows()...)
}

// otherRows are the answers besides what was found, the likeliest first.
func (f *Flow) otherRows() (rows []Row) {
	other := func(key, label string) { rows = append(rows, Row{Key: key, Cells: []string{label}, Other: true}) }
	switch {
	case f.needsSSO():
		other(ssoRow, "Sign in to AWS SSO…")
	case problem.Has(f.found.racksErr, cfn.CodeMFA):
		other(mfaRow, "Enter an MFA code…")
	}
	if f.hasOtherProfiles() {
		other(profileRow, "Use another AWS profile…")
	}
	other(typeRow, "Enter a host…")
	return rows
}

func rackDetail(rack cfn.Rack) []Detail {
	all := []Detail{{"", rack.Host}, {"version", rack.Version}, {"status", rack.Status}}
	if rack.Status == "CREATE_COMPLETE" || rack.Status == "UPDATE_COMPLETE" {
		all = all[:2]
	}
	return slices.DeleteFunc(all, func(d Detail) bool { return d.Text == "" })
}

func inOrder(racks []cfn.Rack) []cfn.Rack {
	return slices.SortedFunc(slices.Values(racks), cfn.CompareRacks)
}

func (f *Flow) rackNote(rack cfn.Rack, host convox.Host) (note string, warn bool) {
	var notes []string
	if rack.Private {
		notes = append(notes, "private API: Travis can't reach it")
	}
	if len(rack.WhiteList) > 0 {
		notes = append(notes, "IP allowlist")
	}
	is, _ := rack.Meaning()
	switch {
	case !host.IsZero() && (rack.Failed() || rack.Dead()):
		notes = append(notes, is)
	case rack.Status == "UPDATE_ROLLBACK_COMPLETE":
		notes = append(notes, "update rolled back")
	}
	warn = len(notes) > 0
	if _, saved := convox.FindSaved(f.found.saved, host); saved {
		notes = append(notes, "password saved")
	}
	return strings.Join(notes, "; "), warn
}

func (f *Flow) rackSearchStatus() string {
	switch {
	case !f.found.racksDone && f.found.of > 0:
		return fmt.Sprintf("searching AWS: %d of %d regions", f.found.regions, f.found.of)
	case !f.found.racksDone:
		return "searching AWS"
	case f.found.racksErr != nil:
		words := "couldn't search AWS: " + f.found.racksErr.Error()
		if hints := ProblemOf(f.found.racksErr).Do; len(hints) > 0 && !f.hasOtherCredentials() {
			words += " (" + hints[0] + ")"
		}
		return words
	}
	open := slices.DeleteFunc(slices.Clone(f.found.skipped), func(s cfn.Skipped) bool { return s.Off }) // those have no Racks
	return strings.Join(cfn.GroupSkipped(open), "; ")
}

// rackSearchSummary is a short summary of the search that ended, or "".
func (f *Flow) rackSearchSummary() string {
	if !f.found.racksDone || f.found.racksErr != nil || f.found.regions == 0 {
		return ""
	}
	return text.Count(f.found.regions, "region") + ", " + inSeconds(f.found.took)
}

// likelyRack is the row to focus. While the search runs, the first usable Rack
// keeps the focus. At its end that is the first in the list, so that two runs focus
// the same one.
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
		return f.otherRows()[0].Key // never a Rack of another name
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
	return cmp.Or(saved, usable, f.otherRows()[0].Key)
}

func (f *Flow) pickedRack() (cfn.Rack, bool) {
	for _, rack := range f.found.racks {
		if rackKey(rack) == f.answers.rack {
			return rack, true
		}
	}
	return cfn.Rack{}, false
}

// rackHost is the host that was selected or entered, zero until then.
func (f *Flow) rackHost() convox.Host {
	name, _ := strings.CutPrefix(f.answers.rack, hostRow)
	if f.answers.rack == typeRow {
		name = f.answers.typed
	}
	host, _ := convox.ParseHost(name) // a row with a bad host can't be selected
	return host
}

var mfaStep = step{
	id: StepMFA, name: "Rack",
	when: func(f *Flow) bool { return byRack(f) && f.answers.rack == mfaRow },
	ask: func(*Flow) Question {
		return Question{
			Kind: Text, Title: "Enter the MFA code of your AWS profile",
			Reason: []string{"Your MFA device shows it. It's used once, to sign in to AWS."},
			Check: func(v Value) error {
				if strings.Trim(v.Text, "0123456789") != "" || v.Text == "" {
					return &problem.Error{Reason: "an MFA code has only digits", Hints: []string{"enter the code that the device shows, or go back"}}
				}
				return nil
			},
		}
	},
	take: func(f *Flow, v Value) { f.searchRacks(v.Text) },
	do:   func(f *Flow) *Work { return f.goTo(StepRack) },
}

var hostStep = step{
	id: StepHost, name: "Rack",
	when: func(f *Flow) bool { return byRack(f) && f.answers.rack == typeRow },
	pass: func(f *Flow) bool {
		return !f.chosen[StepRack] && !f.given.Host.IsZero() && f.answers.typed == f.given.Host.String()
	},
	ask: func(f *Flow) Question {
		return Question{
			Kind: Text, Title: "Enter the Rack's host",
			Reason: []string{"Such as rack.production-1234.us-east-1.convox.site."},
			Help: []string{
				"It's the output Dashboard of the Rack's stack in CloudFormation. Teammates who use the Rack know it from convox login HOST.",
				"You can paste an address from the browser: its path is dropped.",
				rackPasswordHelp,
			},
			Initial: Value{Text: cmp.Or(f.answers.entry, f.answers.typed)},
			Check: func(v Value) error {
				host, err := convox.ParseHost(v.Text)
				if err == nil && host.IsHostedConsole() {
					return &problem.Error{Reason: "that is Console's host", Hints: []string{"go back, and sign in with a Console deploy key"}}
				}
				return err
			},
		}
	},
	take: func(f *Flow, v Value) {
		host, _ := convox.ParseHost(v.Text) // Check parsed it
		if f.answers.typed != host.String() {
			f.forgetLogin()
		}
		f.answers.typed, f.answers.entry = host.String(), ""
	},
}
