package connect_test

import (
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/connect"
	"convox-travis/travisapi"
)

func TestTheCommandThatRemovesNamesAFileInPlaceOfManyRepositories(t *testing.T) {
	w, targets := many(t, 21)
	report := w.apply(w.stop(), w.plan(w.request(func(r *connect.Request) { r.Targets, r.Branch = targets, "main" })))
	want := connect.Cleanup{IsUndo: true, Command: "convox-travis remove --repos-from FILE --branch main", Note: "list the 21 repositories in FILE, one a line"}
	if got := report.Cleanup(""); got != want {
		t.Errorf("%+v", got)
	}
	report.Repositories = report.Repositories[:2]
	if got := report.Cleanup("https://travis.example.com/api").Command; got != "convox-travis remove --repo acme/r00 --repo acme/r01 --branch main --travis-endpoint https://travis.example.com/api" {
		t.Error(got)
	}
	if got := report.Cleanup("").Command; got != "convox-travis remove --repo acme/r00 --repo acme/r01 --branch main" {
		t.Error(got)
	}
}

func TestOneCommandRemovesRepositoriesOfSeveralProviders(t *testing.T) {
	var report connect.Report
	for provider, slug := range map[travisapi.Provider]string{"": "acme/web", travisapi.Assembla: "acme/api"} {
		report.Repositories = append(report.Repositories, connect.RepositoryReport{
			Target:    connect.Target{Provider: provider, Slug: slug},
			Variables: []connect.VariableReport{{Name: connect.HostName, Action: connect.Create, Result: connect.Done}},
		})
	}
	command := report.Cleanup("").Command + " "
	if !strings.Contains(command, " --repo git.assembla.com/acme/api ") || !strings.Contains(command, " --repo acme/web ") {
		t.Error(command)
	}
}

func TestANewFileIsDeletedWhole(t *testing.T) {
	for missing, want := range map[bool]string{
		false: "delete the lines of .travis.yml that git diff shows as added",
		true:  "delete .travis.yml: the file is new",
	} {
		report := connect.Report{Repositories: []connect.RepositoryReport{{File: &connect.FileReport{Missing: missing, Step: true}}}}
		if got := report.Cleanup("").File; got != want {
			t.Error(got)
		}
	}
}

// What was replaced can't be restored, so removing it is no undo.
func TestOnlyWhatIsNewCanBeUndone(t *testing.T) {
	const create, replace = connect.Create, connect.Replace
	for name, c := range map[string]struct {
		repositories   int
		host, password connect.Action
		result         connect.Result
		isUndo         bool
		note           string
	}{
		"new":                       {1, create, create, connect.Done, true, ""},
		"a replaced password":       {1, create, replace, connect.Done, false, "deletes both variables; the replaced password can't be restored"},
		"a replaced host":           {1, replace, create, connect.Unknown, false, "deletes both variables; the replaced host can't be restored"},
		"both replaced":             {1, replace, replace, connect.Done, false, "deletes both variables; the replaced values can't be restored"},
		"several":                   {2, create, replace, connect.Done, false, "deletes both variables; the replaced values can't be restored"},
		"a replacement that failed": {1, connect.None, replace, connect.Failed, true, ""},
	} {
		var report connect.Report
		for i := range c.repositories {
			report.Repositories = append(report.Repositories, connect.RepositoryReport{
				Target: connect.Target{Slug: fmt.Sprintf("acme/r%d", i)},
				Variables: []connect.VariableReport{
					{Name: connect.HostName, Action: c.host, Result: c.result}, {Name: connect.PasswordName, Action: c.password, Result: c.result},
				},
			})
		}
		got := report.Cleanup("")
		if got.IsUndo != c.isUndo || got.Note != c.note || (got.Command == "") != (c.result == connect.Failed) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
