package cli

import (
	"slices"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
)

func TestEachErrorOfARackAndOfAWSSaysWhatToDo(t *testing.T) {
	t.Parallel()
	host, err := convox.ParseHost("rack.example.com")
	if err != nil {
		t.Fatal(err)
	}
	rack, console := convox.Detail{Host: host}, convox.Detail{Host: host, Console: true}
	with := func(d convox.Detail, change func(*convox.Detail)) convox.Detail {
		change(&d)
		return d
	}
	site, err := convox.ParseHost("rack.acme-1700000000.us-east-1.convox.site")
	if err != nil {
		t.Fatal(err)
	}
	const recover, lost = "recover a lost password on a terminal: run convox-travis", "or reset it: run convox-travis reset-password RACK"
	const recoverNamed, lostNamed = "recover a lost password on a terminal: run convox-travis --rack acme", "or reset it: run convox-travis reset-password acme"
	found := convox.Rack{Name: "production", Region: "us-east-1"}
	const racks = "run convox-travis racks to list the hosts of your Racks"
	const unchecked = "pass --no-verify to write the password unverified, if Travis's machines can reach the Rack and only this one can't"
	for name, c := range map[string]struct {
		err  problem.Error
		want []string
	}{
		"its own hints come first":  {problem.Error{Code: cfn.CodeUnknown, Hints: []string{"wait"}}, []string{"wait", "run the same command again: it looks up what AWS did"}},
		"denied":                    {problem.Error{Code: cfn.CodeDenied}, []string{"use another account or role with --profile"}},
		"no password in AWS":        {problem.Error{Code: cfn.CodeNoPassword, Detail: cfn.Detail{Rack: cfn.Rack{Name: "a b"}}}, []string{"set a new password: run convox-travis reset-password 'a b'"}},
		"denied, and a reset helps": {problem.Error{Code: cfn.CodeDenied, Cause: &problem.Error{Code: cfn.CodeNoPassword}}, []string{"use another account or role with --profile", "set a new password: run convox-travis reset-password RACK"}},

		"a password with its host": {problem.Error{Code: convox.CodeHost, Detail: convox.Detail{Meant: convox.MeantPassword}}, []string{"pass the host alone, and pipe the password in with --password-stdin"}},
		"ORG/NAME":                 {problem.Error{Code: convox.CodeHost, Detail: convox.Detail{Meant: convox.MeantConsoleRack}}, []string{"pass --console --rack ORG/NAME for a Rack behind Console, or --console=HOST for your company's own"}},
		"a word for a host":        {problem.Error{Code: convox.CodeHost, Detail: convox.Detail{Meant: convox.MeantRack}}, []string{"pass --rack NAME if that is a Rack in CloudFormation"}},
		"another text":             {problem.Error{Code: convox.CodeHost}, nil},

		"a password":             {problem.Error{Code: convox.CodePassword}, nil},
		"a new password":         {problem.Error{Code: convox.CodePassword, Detail: convox.Detail{New: true}}, []string{"or run reset-password on a terminal, without --password-stdin: it can generate one"}},
		"refused by a Rack":      {problem.Error{Code: convox.CodeRefused, Detail: with(rack, func(d *convox.Detail) { d.Status = 401 })}, []string{recover, lost, "pass --console=rack.example.com for a deploy key, if that is a Console"}},
		"refused by a sure Rack": {problem.Error{Code: convox.CodeRefused, Detail: with(rack, func(d *convox.Detail) { d.Host = site })}, []string{recoverNamed, lostNamed, "pass --console for a deploy key"}},
		"refused by a found Rack": {problem.Error{Code: convox.CodeRefused, Detail: with(rack, func(d *convox.Detail) { d.Rack = found })}, []string{
			"recover a lost password on a terminal: run convox-travis --rack production --region us-east-1",
			"or reset it: run convox-travis reset-password production --region us-east-1",
		}},
		"can't be sent to a found Rack": {problem.Error{Code: convox.CodeOnlyRawForm, Detail: with(rack, func(d *convox.Detail) { d.Rack = found })}, []string{
			"set a password of letters and digits: run convox-travis reset-password production --region us-east-1",
		}},
		"a saved one, refused":      {problem.Error{Code: convox.CodeRefused, Detail: with(rack, func(d *convox.Detail) { d.Source = convox.SavedIn("auth") })}, []string{"pipe the new password in with --password-stdin, without --saved", recover, lost}},
		"AWS's own, refused":        {problem.Error{Code: convox.CodeRefused, Detail: with(rack, func(d *convox.Detail) { d.Source = convox.FromAWS })}, []string{"run convox-travis reset-password RACK and choose the password that AWS has: then only the web service restarts"}},
		"refused by a Console":      {problem.Error{Code: convox.CodeRefused, Detail: with(console, func(d *convox.Detail) { d.Status = 401 })}, []string{"pass --host for a Rack password"}},
		"forbidden":                 {problem.Error{Code: convox.CodeRefused, Detail: with(rack, func(d *convox.Detail) { d.Status = 403 })}, nil},
		"not to be sent":            {problem.Error{Code: convox.CodeOnlyRawForm, Detail: rack}, []string{"set a password of letters and digits: run convox-travis reset-password RACK"}},
		"a key that can't be sent":  {problem.Error{Code: convox.CodeOnlyRawForm, Detail: console}, nil},
		"a certificate of its own":  {problem.Error{Code: convox.CodeUntrusted, Detail: convox.Detail{Fingerprint: "AA:BB"}}, []string{"pass --fingerprint AA:BB if it is the Rack's: old Racks have self-signed certificates"}},
		"another than was approved": {problem.Error{Code: convox.CodeUntrusted, Detail: convox.Detail{Fingerprint: "AA:BB", Pinned: true}}, nil},
		"a certificate that is bad": {problem.Error{Code: convox.CodeTLS, Detail: with(rack, func(d *convox.Detail) { d.Moved = true })}, []string{racks}},
		"no TLS":                    {problem.Error{Code: convox.CodeTLS, Detail: rack}, nil},
		"no such host":              {problem.Error{Code: convox.CodeUnreachable, Detail: with(rack, func(d *convox.Detail) { d.Moved = true })}, []string{racks, unchecked}},
		"an unreachable Rack":       {problem.Error{Code: convox.CodeUnreachable, Detail: rack}, []string{unchecked}},
		"a dead proxy":              {problem.Error{Code: convox.CodeUnreachable, Detail: with(rack, func(d *convox.Detail) { d.BrokenProxy = true })}, nil},
		"an unreachable Console":    {problem.Error{Code: convox.CodeUnreachable, Detail: console}, nil},
		"not a Rack":                {problem.Error{Code: convox.CodeNotARack, Detail: with(rack, func(d *convox.Detail) { d.Moved = true })}, []string{racks}},
		"a Console for a Rack":      {problem.Error{Code: convox.CodeNotARack, Detail: with(rack, func(d *convox.Detail) { d.Other = true })}, []string{"pass --console=rack.example.com for a Console, with a deploy key"}},
		"not a Console":             {problem.Error{Code: convox.CodeNotAConsole, Detail: console}, []string{"pass --host for a Rack"}},
		"a Rack for a Console":      {problem.Error{Code: convox.CodeNotAConsole, Detail: with(console, func(d *convox.Detail) { d.Other = true })}, []string{"pass --host rack.example.com for a Rack, with its password"}},
		"not saved":                 {problem.Error{Code: convox.CodeSaveLogin}, []string{"or save the password elsewhere, and pipe it in with --password-stdin"}},
		"not saved for a Console":   {problem.Error{Code: convox.CodeSaveLogin, Detail: convox.Detail{Console: true}}, nil},
	} {
		if got := hintsOf(&c.err); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
