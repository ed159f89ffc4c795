package build_test

import (
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/build"
)

func TestADeployThatDependsOnAVariableKeepsItsName(t *testing.T) {
	for _, test := range []struct{ bash, calls, unseen string }{
		{`convox deploy --app "api-$STAGE" --rack acme/prod`, "api-$STAGE acme/prod", "$STAGE:1"},
		{`convox deploy -a $APP -r $RACK`, "$APP $RACK", "$APP:1 $RACK:1"},
		{`X=${APP}; convox deploy --app=$X`, "$APP ", "$APP:1"},
		{`PRE=api; NAME="$PRE-$STAGE"; convox deploy --app "$NAME"`, "api-$STAGE ", "$STAGE:1"},
		{`export APP="$STAGE"; env convox deploy -a $APP`, "$STAGE ", "$STAGE:1"},
		{"deploy() { local app=$1; shift; convox deploy --app \"$app\" \"$@\"; }\ndeploy \"$APP\" --rack \"$RACK\"", "$APP $RACK", "$APP:1 $RACK:1"},
		{`travis_retry convox deploy --app "$APP"`, "$APP ", "$APP:1"},
		{`sudo -E timeout 60 bash -c "convox deploy --app $APP"`, "$APP ", "$APP:1"},
		{`eval convox deploy --app '$APP'`, "$APP ", "$APP:1"},
		{`bash -c 'convox deploy --app $0' "$APP"`, "$APP ", "$APP:1"},
		{"bash <<E\nconvox deploy --app $APP\nE", "$APP ", "$APP:1"},
		{`CONVOX_APP=web-$STAGE CONVOX_RACK=$RACK convox deploy`, "web-$STAGE $RACK", "$STAGE:1 $RACK:1"},
		{`ARGS=(-a "$APP" -r p); convox deploy "${ARGS[@]}"`, "$APP p", "$APP:1"},
		{`APP=$(echo "$STAGE" | tr A-Z a-z); convox deploy -a "$APP"`, "$STAGE ", "$STAGE:1"},
		{`convox deploy -a "$(jq -r .name package.json)"`, "$(jq) ", "$(jq):1"},
		{`for app in web "$APP"; do convox deploy -a $app; done`, "web , $APP ", "$APP:1"},
		{`echo $APP | xargs -n1 convox deploy -a`, "$APP ", "$APP:1"},
		{`convox deploy --app "${APP:-web}"`, "web ", "$APP:1"},
		{`convox deploy --app "${APP:-$STAGE}"`, "$STAGE ", "$APP:1 $STAGE:1"},
		{`unset APP; convox deploy --app "web$APP"`, "web ", ""},
		{`convox deploy --app "web$TRAVIS_TAG"`, "web ", ""},
		{`APP=; convox deploy --app "web$APP"`, "web ", ""},
		{`convox deploy --app "$FILE"`, "web ", ""},
		{`convox deploy --app "$KEY"`, "$KEY ", "$KEY:1"},
		{`echo $OTHER; convox deploy --app web`, "web ", ""},
		// tests see an unset variable as empty, and are named when they decide
		{`if [ "$DEPLOY" = yes ]; then convox deploy -a web; fi`, "", "$DEPLOY:1"},
		{`[[ $DEPLOY == yes ]] && convox deploy -a web`, "", "$DEPLOY:1"},
		{`[[ "$(git log -1)" == *ship* ]] && convox deploy -a web`, "", "$(git):1"},
		{`[ "$(git log -1)" = ship ] && convox deploy -a web`, "", "$(git):1"},
		{`git diff --name-only HEAD~1 | grep -q api && convox deploy -a web`, "", "$(git):1"},
		{`if ! git diff --quiet HEAD~1 -- api; then convox deploy -a web; fi`, "", "$(git):1"},
		{`[[ $TRAVIS_COMMIT_MESSAGE =~ ship ]] && convox deploy -a web`, "", "$TRAVIS_COMMIT_MESSAGE:1"},
		{`[[ $DEPLOY == yes && $TRAVIS_BRANCH == dev ]] && convox deploy -a web`, "", "$DEPLOY:1"},
		{`[ "$A" = 1 ] && [ "$B" = 1 ] && convox deploy -a web`, "", "$A:1 $B:1"},
		{`[ -z "$SKIP" ] && convox deploy -a web`, "web ", "$SKIP:1"},
		{`[ $SKIP ] || convox deploy -a web`, "web ", "$SKIP:1"},
		{`case "$STAGE" in prod) convox deploy -a web;; *) true;; esac`, "", "$STAGE:1"},
		{"MODE=$DEPLOY\nif [ \"${MODE:-no}\" != no ]; then convox deploy -a web; fi", "", "$DEPLOY:2"},
		{`echo "$DEPLOY" | grep -q yes && convox deploy -a web`, "", "$DEPLOY:1"},
		{`if ((COUNT > 3)); then convox deploy -a web; fi`, "", "$COUNT:1"},
		{`set -u; test "$DEPLOY"; convox deploy -a web`, "", "$DEPLOY:1"},
		{`: "${DEPLOY:?is not set}"; convox deploy -a web`, "", "$DEPLOY:1"},
		{`[ -n "$VERBOSE" ] && set -x; convox deploy -a web`, "web ", ""},
		{`[ "$TRAVIS_TAG" ] && convox deploy -a web`, "", ""},
		{`[ -n "$KEY" ] && convox deploy -a web`, "web ", "$KEY:1"},
	} {
		event := pushMain
		job := build.Job{Language: "go", Env: []string{"FILE=web", "KEY=[secure]", "[secure]"}}
		job.Config = mapping(1, "script", &build.Node{Kind: build.Text, Text: test.bash, Line: 0, Rows: true})
		played := build.Play(build.ScriptOf(job, event))
		var calls, unseen []string
		for _, call := range played.Calls {
			if call.Deploys && !call.OnFailure {
				calls = append(calls, call.App+" "+call.Rack)
			}
		}
		for _, one := range played.Unseen {
			unseen = append(unseen, fmt.Sprintf("%s:%d", one.What, one.Line))
		}
		if got := strings.Join(calls, ", "); got != test.calls || strings.Join(unseen, " ") != test.unseen || played.Unplayed != nil {
			t.Errorf("%s\ndeploys %q, not %q; unseen are %q, not %q (%v)", test.bash, got, test.calls, unseen, test.unseen, played.Unplayed)
		}
	}
}

func TestEncryptedVariablesAreSet(t *testing.T) {
	job := build.Job{Language: "go", Env: []string{"KEY=[secure]"}, Config: mapping(1, "script", `[ -n "$KEY" ] && [ "$KEY" != secret ] && `+deployWeb)}
	const want = "push=web@1! other=web@1! pull=web@1! tag=web@1! cron=web@1!"
	if got := calls(t, job); got != want {
		t.Errorf("got %s", got)
	}
}
