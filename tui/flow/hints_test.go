package flow

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
)

func TestTheWizardSaysWhatToDoInItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  problem.Error
		want []string
	}{
		"its own hints come first": {problem.Error{Code: cfn.CodeNoPassword, Hints: []string{"look"}}, []string{"look", "set a new one"}},
		"denied":                   {problem.Error{Code: cfn.CodeDenied}, []string{"go back to the Racks and use another AWS profile, or restart with AWS_PROFILE set to one"}},
		"a word for a host":        {problem.Error{Code: convox.CodeHost, Detail: convox.Detail{Meant: convox.MeantRack}}, []string{"go back and select the Rack if this is its name in CloudFormation"}},
		"a new password":           {problem.Error{Code: convox.CodePassword, Detail: convox.Detail{New: true}}, []string{"go back and generate one"}},
		"refused by a Rack":        {problem.Error{Code: convox.CodeRefused, Detail: convox.Detail{Status: 401}}, []string{"go back and choose another source if the password is lost", "go back and choose Console deploy key if this is one"}},
		"refused by a Console":     {problem.Error{Code: convox.CodeRefused, Detail: convox.Detail{Status: 401, Console: true}}, []string{"go back and choose Rack password if this is one"}},
		"forbidden":                {problem.Error{Code: convox.CodeRefused, Detail: convox.Detail{Status: 403}}, nil},
		"not to be sent":           {problem.Error{Code: convox.CodeOnlyRawForm}, []string{lettersAndDigits}},
		"a key that can't be sent": {problem.Error{Code: convox.CodeOnlyRawForm, Detail: convox.Detail{Console: true}}, nil},
		"a Console for a Rack":     {problem.Error{Code: convox.CodeNotARack, Detail: convox.Detail{Other: true}}, []string{"go back and sign in with a deploy key if it is a Console"}},
		"not a Console":            {problem.Error{Code: convox.CodeNotAConsole}, []string{"go back and sign in with the Rack password if this is a Rack"}},
		"not saved":                {problem.Error{Code: convox.CodeSaveLogin}, []string{"choose to show the password, and save it elsewhere"}},
		"not saved for a Console":  {problem.Error{Code: convox.CodeSaveLogin, Detail: convox.Detail{Console: true}}, nil},
	} {
		if got := ProblemOf(&c.err).Do; !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// No row sends a person who sits before a screen to the command line.
func TestNoRowOfTheWizardNamesAFlagOrACommand(t *testing.T) {
	t.Parallel()
	for code, row := range hints {
		if row == nil {
			continue
		}
		for _, detail := range []any{nil, convox.Detail{}, convox.Detail{Other: true}, convox.Detail{Status: 401, Console: true}, convox.Detail{New: true}, convox.Detail{Meant: convox.MeantRack}} {
			told := strings.Join(row(&problem.Error{Code: code, Detail: detail}), "\n")
			if strings.Contains(told, "--") || strings.Contains(told, "convox-travis") {
				t.Errorf("%s: %s", code, told)
			}
		}
	}
}

// Nor does an error that the wizard makes itself.
func TestNoErrorOfTheWizardNamesAFlagOrACommand(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			pair, is := n.(*ast.KeyValueExpr)
			if !is {
				return true
			}
			if key, is := pair.Key.(*ast.Ident); !is || key.Name != "Hints" && key.Name != "Do" {
				return true
			}
			ast.Inspect(pair.Value, func(n ast.Node) bool {
				if text, is := n.(*ast.BasicLit); is && (strings.Contains(text.Value, "--") || strings.Contains(text.Value, "convox-travis")) {
					t.Errorf("%s: %s", name, text.Value)
				}
				return true
			})
			return false
		})
	}
}
