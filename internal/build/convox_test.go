package build_test

import (
	"fmt"
	"testing"

	"convox-travis/internal/build"
)

func TestADeployIsForATarget(t *testing.T) {
	direct := build.Target{App: "api", DefaultApp: "api"}
	console := build.Target{App: "api", DefaultApp: "web", Rack: "acme/production"}
	for name, c := range map[string]struct {
		target build.Target
		call   build.Call
		want   build.Fit
	}{
		"the app by name":                      {direct, build.Call{App: "api"}, build.Same},
		"in other letters":                     {direct, build.Call{App: "API"}, build.Same},
		"the app of the repository":            {direct, build.Call{}, build.Same},
		"another app":                          {direct, build.Call{App: "web"}, build.Other},
		"an app of a variable":                 {direct, build.Call{App: "api-$STAGE"}, build.Undecided},
		"a Rack behind a Console":              {direct, build.Call{App: "api", Rack: "acme/production"}, build.Other},
		"the Rack":                             {console, build.Call{App: "api", Rack: "acme/production"}, build.Same},
		"another Rack":                         {console, build.Call{App: "api", Rack: "acme/staging"}, build.Other},
		"another Rack and a variable":          {console, build.Call{App: "$APP", Rack: "acme/staging"}, build.Other},
		"no Rack":                              {console, build.Call{App: "api"}, build.Undecided},
		"no app, where that is another one":    {console, build.Call{Rack: "acme/production"}, build.Other},
		"no app of another Rack":               {console, build.Call{Rack: "acme/staging"}, build.Other},
		"a variable as the Rack":               {console, build.Call{App: "api", Rack: "$RACK"}, build.Undecided},
		"the app of the folder":                {direct, build.Call{Folder: "services/api"}, build.Same},
		"the app of another folder":            {direct, build.Call{Folder: "web"}, build.Other},
		"the app by name in another folder":    {direct, build.Call{App: "api", Folder: "web"}, build.Same},
		"another app and a variable as a Rack": {console, build.Call{App: "web", Rack: "$RACK"}, build.Other},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.target.Fit(c.call); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

func TestAPromotionKnowsWhatRanOnItsRelease(t *testing.T) {
	for script, want := range map[string]string{
		`R=$(convox build --app a --id -m ops/b.yml); convox run web "rake db:migrate" --release $R -a a && convox releases promote $R --app a`:                                "ops/b.yml [web rake db:migrate]",
		`convox build --id > r && convox run web rake db:migrate --release $(cat r) && convox releases promote $(cat r)`:                                                       " [web rake db:migrate]",
		`convox build --id > r; xargs convox run web "a b" --release < r; printf "c \044D\0--release\0" | cat - r | xargs -0 convox run db; xargs convox releases promote < r`: " [web a b db c $D]",
		`convox build && convox releases promote`:                                   " []",
		`convox build && convox run web rake db:migrate && convox releases promote`: " []", // on the old release
		`convox run web a --release R0; convox build; convox releases promote`:      " []",
		`convox build; convox releases promote R1; convox run web a --release R1`:   " []",
		`convox deploy -m a.yml --wait; convox run web a --release R1`:              "a.yml []",
	} {
		played := build.Play(build.ScriptOf(build.Job{Language: "generic", Config: mapping(1, "script", script)}, pushMain))
		var got []string
		for _, call := range played.Calls {
			if call.Deploys && !call.OnFailure {
				got = append(got, fmt.Sprint(call.Manifest, " ", call.Before))
			}
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
}
