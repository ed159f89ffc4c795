package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/setup"
	"convox-travis/travisapi"
	"convox-travis/tui/flow"
)

func TestTheCommandThatGoesOnNamesWhatIsLeft(t *testing.T) {
	t.Parallel()
	report := func(open int) (r setup.Report) {
		for i := range open + 1 {
			one := setup.RepositoryReport{
				Target:    setup.Target{Provider: travisapi.GitHub, Slug: fmt.Sprintf("acme/r%d", i)},
				Variables: []setup.VariableReport{{Name: setup.HostName, Action: setup.Create}},
			}
			if i > 0 {
				one.Err = errors.New("it failed")
			}
			r.Repositories = append(r.Repositories, one)
		}
		return r
	}
	unread := report(101)
	for i := range unread.Repositories {
		unread.Repositories[i].Variables = nil
	}
	nested := report(1)
	nested.Repositories[1].Target = setup.Target{Provider: "gitlab", Slug: "acme/group/r1"}
	gitlab := report(1)
	gitlab.Repositories[1].Target.Provider = "gitlab"
	for name, c := range map[string]struct {
		o      options
		report setup.Report
		want   string
	}{
		"a few":           {report: report(2), want: " --repo acme/r1 --repo acme/r2"},
		"a few of a file": {o: options{reposFrom: "list"}, report: report(2), want: " --repo acme/r1 --repo acme/r2"},
		"many of a file":  {o: options{reposFrom: "my list"}, report: report(101), want: " --repos-from 'my list' --skip-existing"},
		"many of an owner": {o: options{owner: "acme", all: true, active: true, provider: "github"}, report: report(101),
			want: " --owner acme --all --active --provider github --skip-existing"},
		"many that were picked":                 {report: report(101), want: " --repos-from FILE, with those in FILE that are not done, one a line"},
		"many of a file that could not be read": {o: options{reposFrom: "list"}, report: unread, want: " --repos-from list"},
		"one of a group in a group":             {report: nested, want: " --repo gitlab.com/acme/group/r1"},
		"another provider":                      {report: gitlab, want: " --repo gitlab.com/acme/r1"},
		"all on the one that was asked for": {o: options{provider: "gitlab", travisEndpoint: "https://travis.example/api", accessible: true, json: "lines"}, report: gitlab,
			want: " --travis-endpoint https://travis.example/api --accessible --json=lines --provider gitlab --repo acme/r1"},
	} {
		s := &presenter{program: &program{}, options: &c.o, wizard: flow.New(flow.Outside{}, flow.Given{Way: flow.ByConsole, Branch: "a b"})}
		got := s.wizardAgain(c.report)
		if got != "convox-travis --console --branch 'a b'"+c.want {
			t.Errorf("%s: %s", name, got)
		}
		if strings.Contains(got, "acme/r0 ") {
			t.Errorf("%s: it names what is done: %s", name, got)
		}
	}
}
