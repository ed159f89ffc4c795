package flow

import (
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

func TestEachErrorOfTravisSaysWhatToDoInTheWizard(t *testing.T) {
	own := []string{"check HTTPS_PROXY"}
	for name, c := range map[string]struct {
		err  problem.Error
		want []string
	}{
		"an unknown token":     {problem.Error{Code: travisapi.CodeUnknownToken}, []string{"copy it again from https://app.travis-ci.com/account/preferences"}},
		"an Enterprise's page": {problem.Error{Code: travisapi.CodeUnknownToken, Detail: travisapi.Failure{TokenPage: "https://t.acme.com/account/preferences"}}, []string{"copy it again from https://t.acme.com/account/preferences"}},
		"an Enterprise's API":  {problem.Error{Code: travisapi.CodeMalformed, Detail: travisapi.Failure{API: "https://t.acme.com/api"}}, []string{"quit and start with the Travis endpoint https://t.acme.com/api: that is where an Enterprise has its API"}},
		"a closed Travis's":    {problem.Error{Code: travisapi.CodeClosedToken, Hints: []string{"run"}}, []string{"run", "or enter one: copy it from https://app.travis-ci.com/account/preferences"}},
		"no token":             {problem.Error{Code: travisapi.CodeLoginRequired}, []string{"copy it from https://app.travis-ci.com/account/preferences"}},
		"a closed endpoint":    {problem.Error{Code: travisapi.CodeClosedEndpoint}, []string{"quit and start without a Travis endpoint: https://api.travis-ci.com is the default"}},
		"a broken file":        {problem.Error{Code: travisapi.CodeConfig}, []string{"enter the token here, or fix the file"}},
		"not found":            {problem.Error{Code: travisapi.CodeNotFound, Hints: []string{"sync"}}, []string{"sync", "check the name; enter the address of a repository that isn't on GitHub"}},
		"another's answer":     {problem.Error{Code: travisapi.CodeMalformed}, []string{"check the Travis endpoint that you started with"}},
		"a strange status":     {problem.Error{Code: travisapi.CodeUnexpected}, []string{"check the Travis endpoint that you started with"}},
		"no connection":        {problem.Error{Code: travisapi.CodeUnreachable, Detail: travisapi.Failure{}}, []string{"check the connection, then retry"}},
		"a proxy":              {problem.Error{Code: travisapi.CodeUnreachable, Detail: travisapi.Failure{}, Hints: own}, own},
	} {
		got := ProblemOf(&c.err).Do
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if text := strings.Join(got, "\n"); strings.Contains(text, "--") || strings.Contains(text, "TRAVIS_") {
			t.Errorf("%s: it is for a script: %s", name, text)
		}
	}
}
