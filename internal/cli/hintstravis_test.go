package cli

import (
	"slices"
	"testing"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

func TestErrorsOfTravisAndTheCloneSayWhatToDo(t *testing.T) {
	t.Parallel()
	own := []string{"check HTTPS_PROXY"}
	for name, c := range map[string]struct {
		err  problem.Error
		want []string
	}{
		"an unknown token":     {problem.Error{Code: travisapi.CodeUnknownToken}, []string{"copy the token again from https://app.travis-ci.com/account/preferences and set TRAVIS_TOKEN to it"}},
		"no token":             {problem.Error{Code: travisapi.CodeLoginRequired}, []string{"copy the token from https://app.travis-ci.com/account/preferences and set TRAVIS_TOKEN to it"}},
		"an Enterprise's page": {problem.Error{Code: travisapi.CodeUnknownToken, Detail: travisapi.Failure{TokenPage: "https://t.acme.com/account/preferences"}}, []string{"copy the token again from https://t.acme.com/account/preferences and set TRAVIS_TOKEN to it"}},
		"an Enterprise's API":  {problem.Error{Code: travisapi.CodeMalformed, Detail: travisapi.Failure{API: "https://t.acme.com/api"}}, []string{"pass --travis-endpoint https://t.acme.com/api: that is where Travis CI Enterprise has its API"}},
		"a closed Travis's":    {problem.Error{Code: travisapi.CodeClosedToken, Hints: []string{"run"}}, []string{"run", "or copy one from https://app.travis-ci.com/account/preferences and set TRAVIS_TOKEN to it"}},
		"a closed endpoint":    {problem.Error{Code: travisapi.CodeClosedEndpoint}, []string{"leave out --travis-endpoint and TRAVIS_ENDPOINT: https://api.travis-ci.com is the default"}},
		"a broken file":        {problem.Error{Code: travisapi.CodeConfig}, []string{"fix the file, or move it away", "or set TRAVIS_TOKEN and TRAVIS_ENDPOINT=https://api.travis-ci.com, which need no file"}},
		"not found":            {problem.Error{Code: travisapi.CodeNotFound, Hints: []string{"sync"}}, []string{"sync", "check the name and --provider"}},
		"another's answer":     {problem.Error{Code: travisapi.CodeMalformed}, []string{"check --travis-endpoint, then run this again"}},
		"a strange status":     {problem.Error{Code: travisapi.CodeUnexpected}, []string{"check --travis-endpoint"}},
		"no connection":        {problem.Error{Code: travisapi.CodeUnreachable, Detail: travisapi.Failure{}}, []string{"check the connection and --travis-endpoint, then run this again"}},
		"a proxy":              {problem.Error{Code: travisapi.CodeUnreachable, Detail: travisapi.Failure{}, Hints: own}, own},
		"no clone":             {problem.Error{Code: gitrepo.CodeNoClone}, []string{"run this inside the repository's clone", nameRepository}},
		"another's clone":      {problem.Error{Code: gitrepo.CodeOwnership, Hints: []string{"trust it"}}, []string{"trust it", nameRepository}},
		"another file":         {problem.Error{Code: travisyml.CodeFile}, []string{"pass another file with --file PATH"}},
		"the same file":        {problem.Error{Code: travisyml.CodeFile, Hints: own}, own},
	} {
		if got := hintsOf(&c.err); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
