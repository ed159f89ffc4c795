package connect_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/connect"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi/travistest"
)

// starts are the states in which a repository is found.
var starts = map[string][]travistest.EnvVar{
	"nothing": nil,
	"both":    {private("h1", connect.HostName, "old.example.com", ""), private("p1", connect.PasswordName, "old", "")},
	"host":    {private("h1", connect.HostName, "old.example.com", "")},
	"password": {
		private("p1", connect.PasswordName, "old", ""),
	},
	"doubles": {
		private("h0", connect.HostName, "older.example.com", ""), private("h1", connect.HostName, "old.example.com", ""),
		private("p0", connect.PasswordName, "older", ""), private("p1", connect.PasswordName, "old", ""),
	},
}

// Every request of an apply is made to fail in every way, from every start.
// The requests are found by recording a run without a fault, so the matrix
// grows with the program.
func TestEachCallFailedInEachWay(t *testing.T) {
	cases := 0
	for start, vars := range starts {
		good := newWorld(t, vars...)
		good.apply(good.stop(), good.plan(good.request()))
		calls := len(good.travis.Faults.Requests())
		if calls < 5 {
			t.Fatalf("%s: only %d calls were recorded", start, calls)
		}
		for call := range calls {
			for _, kind := range append(faults.Kinds(), brokenPatch) {
				for _, times := range []int{1, -1} {
					cases++
					t.Run(fmt.Sprintf("%s, call %d, %s, %d", start, call, kind, times), func(t *testing.T) {
						t.Parallel()
						playFault(t, vars, "", faults.Rule{Kind: kind, Skip: call, Times: times})
					})
				}
			}
		}
	}
	t.Logf("%d cases", cases)
}

// A branch's own pair is written beside one for all branches, whose host must
// never meet the new password.
func TestEachCallFailedInEachWayOnABranch(t *testing.T) {
	const calls = 5 // two reads, two writes, and the last read
	for call := range calls {
		for _, kind := range faults.Kinds() {
			for _, times := range []int{1, -1} {
				t.Run(fmt.Sprintf("call %d, %s, %d", call, kind, times), func(t *testing.T) {
					t.Parallel()
					playFault(t, starts["both"], "main", faults.Rule{Kind: kind, Skip: call, Times: times})
				})
			}
		}
	}
}

// brokenPatch is a PATCH that fails between its delete and its create.
const brokenPatch faults.Kind = "PATCH that loses the variable"

func playFault(t *testing.T, vars []travistest.EnvVar, branch string, rule faults.Rule) {
	bystanders := []travistest.EnvVar{private("b1", "OTHER", "kept", ""), private("b2", connect.HostName, "branch.example.com", "old-release"),
		private("b3", connect.PasswordName, "branch-password", "old-release")}
	w := newWorld(t, append(bystanders, vars...)...)
	if rule.Kind == brokenPatch {
		w.travis.BreakNextPatch(rule.Skip%2 + 1)
	} else {
		w.travis.Faults.Add(rule)
	}
	report := connect.Report{}
	request := w.request(func(r *connect.Request) { r.Branch = branch })
	plan, err := connect.MakePlan(t.Context(), w.client, accepts{}, request)
	if err != nil {
		t.Fatal(err)
	}
	report = w.apply(w.stop(), plan)
	w.travis.Faults.Clear()
	w.travis.BreakNextPatch(0) // where no PATCH was made
	judge(w, only(w, report), branch)

	again := newClient(t, w.travis.URL)
	w.client = again
	report = w.apply(w.stop(), w.plan(request))
	if err := only(w, report).Err; err != nil {
		t.Fatalf("the same run without the fault ended with %v", err)
	}
	judge(w, only(w, report), branch)
	if !strings.HasPrefix(w.settings(), "OTHER=kept\nCONVOX_HOST=branch.example.com @old-release\nCONVOX_PASSWORD=branch-password @old-release") {
		t.Errorf("another scope's variables were touched:\n%s", w.settings())
	}
}

// judge holds a report against what Travis really has.
func judge(w *world, r connect.RepositoryReport, branch string) {
	w.Helper()
	have := map[string][]string{}
	host := map[string]string{} // by branch
	for _, v := range w.travis.EnvVars(slug) {
		scope := ""
		if v.Branch != nil {
			scope = *v.Branch
		}
		if v.Name == connect.HostName {
			host[scope] = v.Value
		}
		if scope == branch {
			have[v.Name] = append(have[v.Name], v.Value)
			if v.Public {
				w.Errorf("%s is public", v.Name)
			}
		}
	}
	meets := cmp.Or(host[branch], host[""])
	if passwords := have[connect.PasswordName]; len(passwords) > 0 && passwords[len(passwords)-1] == stored && meets != "" && meets != rackHost {
		w.Errorf("the new password meets %s (%s)", meets, story(r))
	}
	want := map[string]string{connect.HostName: rackHost, connect.PasswordName: stored}
	for _, v := range r.Variables {
		values := have[v.Name]
		there := len(values) > 0 && values[len(values)-1] == want[v.Name]
		switch {
		case v.Result == connect.Done && !there, v.Result == connect.Failed && there, v.Result == connect.Undone && len(values) > 0:
			w.Errorf("%s is reported as %q, and Travis has it: %t (%s)", v.Name, v.Result, there, story(r))
		case v.Result == connect.Unknown && r.Err == nil:
			w.Errorf("%s is unknown without an error", v.Name)
		}
	}
	if r.Err == nil && (len(have[connect.HostName]) != 1 || len(have[connect.PasswordName]) != 1) {
		w.Errorf("the run ended well, and Travis has %d hosts and %d passwords", len(have[connect.HostName]), len(have[connect.PasswordName]))
	}
	if r.Err != nil && story(r) == "HOST create done, PASSWORD create failed" {
		w.Errorf("a host that the run created stands alone after %v", r.Err)
	}
	if r.Err != nil {
		secrettest.Absent(w, "the error", r.Err.Error())
	}
}
