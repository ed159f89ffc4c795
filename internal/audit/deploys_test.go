package audit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"convox-travis/internal/audit"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/travisapi/travistest"
)

// onMain audits a repository whose default branch is main.
func (a audited) onMain() audited {
	a.change = func(r *travistest.Repository) { r.DefaultBranch = "main" }
	return a
}

// deployOn is a deployment of a repository with tests and a client; what is given
// comes behind its script, which ends on line 5.
func deployOn(on string) string {
	return "language: node_js\nscript: npm test\nbefore_deploy: curl -fsSL https://install.convox.com/ | sh\ndeploy:\n  - {provider: script, script: convox deploy --app api --wait" + on + "}\n"
}

const (
	getClient = "curl -sSL https://install.convox.com/ | sh"
	shipJob   = "      script:\n        - " + getClient + "\n        - convox deploy --app api --wait\n"
	testJob   = "    - stage: test\n      script: npm test\n"
	stageJob  = "    - stage: deploy\n"
)

func TestAuditSaysWhatBuildsDo(t *testing.T) {
	const include = "language: node_js\njobs:\n  include:\n"
	main := deployOn(", on: main")
	after := func(commands ...string) string {
		return "language: node_js\nscript: npm test\nafter_success:\n  - " + getClient + "\n  - " + strings.Join(commands, "\n  - ") + "\n"
	}
	for name, c := range map[string]struct{ yml, want, says string }{
		"it deploys main": {main, "", ""},

		// It never deploys, and why.
		"no on":                      {deployOn(""), "warning never_deploys", "`on.branch` is missing, and Travis takes master"},
		"a branch that was renamed":  {deployOn(", on: {branch: master}"), "warning never_deploys", "runs for master only, not for pushes to main: `on.branch` on line 5 is master"},
		"another branch":             {deployOn(", on: production"), "note never_deploys", "runs for production only"},
		"branches under on":          {deployOn(", on: {branches: {only: [main]}}"), "warning never_deploys\nnote yml_repaired", "Travis doesn't read `on.branches` on line 5, so the branch is master"},
		"branches beside on":         {deployOn(", branches: {only: [production]}"), "error never_deploys", "Travis takes the keys of `branches` on line 5 for its branches"},
		"a ref":                      {deployOn(", on: refs/heads/main"), "warning never_deploys", "runs for refs/heads/main only"},
		"a function of the job":      {strings.Replace(main, "script: convox", "script: travis_wait 30 convox", 1), "error never_deploys", "`travis_wait` on line 5 is a function of the job's shell, which `deploy.script` doesn't have\nrun the command without `travis_wait`"},
		"another repository":         {deployOn(", on: {branch: main, repo: acme/web}"), "warning never_deploys", "`on.repo` on line 5 is another repository"},
		"a version that isn't there": {"node_js: 20\n" + deployOn(", on: {branch: main, node_js: 18}"), "warning never_deploys", "`on.node_js` on line 6 doesn't hold"},
		"tags win over the branch":   {deployOn(", on: {branch: main, tags: true}"), "warning never_deploys", "runs for tags only, not for pushes to main: `on.tags` on line 5 makes Travis ignore `on.branch`"},
		"tags alone":                 {deployOn(", on: {tags: true}"), "note never_deploys", "runs for tags only"},
		"deployments are off":        {main + "after_success: skip\n", "error never_deploys", "`after_success: skip` on line 6 switches every deployment off"},
		"python's default script":    {strings.Replace(strings.Replace(main, "script: npm test\n", "", 1), "node_js", "python", 1), "error never_deploys", "python's default script fails"},
		"generic has none":           {strings.Replace(strings.Replace(main, "script: npm test\n", "", 1), "node_js", "generic", 1), "error never_deploys", "the language on line 1 has no default script"},
		"behind a failing stage":     {strings.Replace(include, "node_js", "python", 1) + "    - stage: test\n" + stageJob + "      if: branch = main AND type = push\n" + shipJob, "error never_deploys", "python's default script fails"},
		"the script ends the job":    {strings.Replace(main, "npm test", "npm test; exit 0", 1), "error never_deploys", "`script` on line 2 fails, or ends the job"},
		"branches.only":              {main + "branches: {only: [develop]}\n", "warning never_deploys", "`branches` on line 6 leaves main out"},
		"the file's if":              {main + "if: branch = develop\n", "warning never_deploys", "`if` on line 6 is false"},
		"an if of cron builds":       {main + "if: type = cron\n", "note never_deploys", "runs for cron or API builds only"},
		"a job's if":                 {include + testJob + stageJob + "      if: branch = develop AND type = push\n" + shipJob, "note never_deploys", "`if` on line 7 is false"},
		"an if of TRAVIS_ variables": {include + testJob + stageJob + "      if: env(TRAVIS_BRANCH) = main\n" + shipJob, "warning never_deploys", "env() sees no TRAVIS_* variable"},
		"an if that can't be parsed": {include + testJob + stageJob + "      if: branch = main AND\n" + shipJob, "warning yml_repaired\nwarning never_deploys", "Travis can't parse `if` on line 7, so it counts as false"},
		"two in the way":             {deployOn(", on: master") + "branches: {only: [develop]}\n", "warning never_deploys", "`branches` on line 6 leaves main out, and `on.branch` on line 5 is master"},
		"an empty number":            {after(`'[ -z "$TRAVIS_PULL_REQUEST" ] && convox deploy --wait'`), "warning never_deploys", "never runs for main: `[ -z \"$TRAVIS_PULL_REQUEST\" ]` on line 5 is false"},
		"a test before an exit":      {after(`'if [ "$TRAVIS_PULL_REQUEST" != "" ]; then exit 0; fi; convox deploy --wait'`), "warning never_deploys", "never runs for main: `[ \"$TRAVIS_PULL_REQUEST\" != \"\" ]` on line 5 is true"},
		"a test in a block":          {after("|\n    if [ $TRAVIS_EVENT_TYPE = push ]; then\n      [[ $TRAVIS_PULL_REQUEST == true ]] || exit 0\n      convox deploy --wait\n    fi"), "warning never_deploys", "`[[ $TRAVIS_PULL_REQUEST == true ]]` on line 7 is false"},
		"two tests":                  {after(`'[ -z "$TRAVIS_PULL_REQUEST" ] && [ "$TRAVIS_BRANCH" = production ] && convox deploy --wait'`), "warning never_deploys", "on line 5 is false, and `[ \"$TRAVIS_BRANCH\" = production ]` on line 5 is false"},
		"a test of secure variables": {after(`'[ "$TRAVIS_SECURE_ENV_VARS" = false ] && convox deploy --wait'`), "warning never_deploys", "`[ \"$TRAVIS_SECURE_ENV_VARS\" = false ]` on line 5 is false"},
		"a test in bash -c":          {strings.Replace(main, "convox deploy --app api --wait", `'[ -z $TRAVIS_PULL_REQUEST ] && convox deploy --wait'`, 1), "warning never_deploys", "`[ -z $TRAVIS_PULL_REQUEST ]` on line 5 is false"},
		"before_deploy fails":        {strings.Replace(main, "before_deploy: ", "before_deploy: exit 1; ", 1), "error never_deploys", "`before_deploy` on line 3 fails, or ends the job before it"},
		"nothing is promoted":        {"script: npm test\ndeploy: {provider: convox, app: api, rack: acme/staging, promote: false, on: main}\n", "warning never_deploys", "`promote: false` on line 2 builds a release"},
		"a test for master":          {after(`'[ "$TRAVIS_PULL_REQUEST" = false ] && [ "$TRAVIS_BRANCH" = master ] && convox deploy --wait'`), "warning never_deploys\nnote hidden_failure", "runs for master only, not for pushes to main: `[ \"$TRAVIS_BRANCH\" = master ]` on line 5 is false"},
		"only a failure deploys":     {"script: npm test\nafter_failure:\n  - " + getClient + "\n  - convox deploy --wait\n", "warning never_deploys", "runs only when another command fails"},
		"two environments":           {deployOn(", on: main") + "  - {provider: script, script: convox deploy --app api --rack acme/staging --wait, on: develop}\n", "", ""},
		"a duplicate key":            {deployOn(", on: main") + "deploy: {provider: npm, on: main}\n", "warning yml_repaired\nnote no_deploy", "`deploy` exists more than once"},
		"matrix and jobs":            {"matrix: {include: [{script: make}]}\njobs:\n  include:\n" + stageJob + shipJob, "warning yml_repaired\nnote no_deploy", "Travis reads `matrix`"},
		"a branch that isn't built":  {"language: node_js\nbranches: {only: develop}\n", "warning no_deploy\nnote not_built", "`branches.only` on line 2 leaves main out"},

		// It can't work.
		"a literal block":        {"script: npm test\ndeploy:\n  provider: script\n  script: |\n    " + getClient + "\n    convox deploy --wait\n  on: main\n", "error broken_command", "has a line break"},
		"a folded block":         {"script: npm test\nbefore_deploy: " + getClient + "\ndeploy:\n  provider: script\n  script: >\n    convox deploy\n    --wait\n  on: main\n", "error broken_command", "has a line break"},
		"a folded block, closed": {"script: npm test\nbefore_deploy: " + getClient + "\ndeploy:\n  provider: script\n  script: >-\n    convox deploy\n    --wait\n  on: main\n", "", ""},
		"a list of commands":     {"script: npm test\ndeploy:\n  provider: script\n  script:\n    - " + getClient + "\n    - convox deploy --wait\n  on: main\n", "warning yml_repaired\nnote no_deploy", "line 5: Travis reads only the first item"},
		"a condition of jobs":    {deployOn(", on: {branch: main, condition: 'test $TRAVIS_BRANCH = main'}"), "error broken_command", "the condition on line 5 isn't valid Bash"},
		"a condition of an if":   {deployOn(", on: {branch: main, condition: branch = main}"), "warning never_deploys", "`on.condition` on line 5 is false"},

		// Builds that nobody meant.
		"every branch":           {deployOn(", on: {all_branches: true}"), "warning unguarded", "every branch and every tag"},
		"everything":             {after("convox deploy --wait"), "error unguarded\nnote hidden_failure", "every branch and every pull request"},
		"pull requests":          {include + testJob + stageJob + "      if: branch = main\n" + shipJob, "error unguarded", "runs for pull requests too; `if` on line 7 is true for them"},
		"secure variables":       {after(`'[ "$TRAVIS_BRANCH" = main ] && [ "$TRAVIS_SECURE_ENV_VARS" = true ] && convox deploy --wait'`), "error unguarded\nnote hidden_failure", "runs for pull requests too; TRAVIS_SECURE_ENV_VARS on line 5 is true for those of the repository's own branches"},
		"every branch of a case": {after("|\n    case $TRAVIS_BRANCH in\n    main) convox deploy --rack acme/production --wait ;;\n    develop) convox deploy --rack acme/staging --wait ;;\n    esac"), "error unguarded\nerror unguarded\nnote hidden_failure\nnote hidden_failure", "line 8 runs for pull requests"},
		"a word that is true":    {include + testJob + stageJob + "      if: tags IS present\n" + shipJob, "error unguarded", "every branch"},
		"a loose pattern":        {after(`'[ "$TRAVIS_PULL_REQUEST" = false ] && [[ "$TRAVIS_BRANCH" =~ main ]] && convox deploy --wait'`), "warning unguarded\nnote hidden_failure", "such as maintenance"},
		"a loose if":             {include + testJob + stageJob + "      if: branch =~ /^main/ AND type = push\n" + shipJob, "warning unguarded", "anchor the pattern"},
		"an anchored if":         {include + testJob + stageJob + "      if: branch =~ /^main$/ AND type = push\n" + shipJob, "", ""},
		"a glob":                 {deployOn(", on: 'main*'"), "warning unguarded", "such as maintenance"},
		"a provider of a job":    {include + testJob + stageJob + "      provider: script\n" + shipJob + "      on: {branch: main}\n", "error unguarded\nnote yml_repaired\nnote yml_repaired", "Travis doesn't read `on`"},
		"more than one job":      {"node_js: [18, 20]\n" + main, "warning deploys_per_job", "2 times, in the jobs 1.1, 1.2 (line 6)"},
		"twice in a job":         {main + "  - {provider: script, script: convox deploy --app api --wait, on: main}\n", "warning deploys_per_job", "a push to main deploys api 2 times (lines 5, 6)"},
		"two apps":               {main + "  - {provider: script, script: convox deploy --app web --wait, on: main}\n", "", ""},

		// The tests.
		"in install":            {"script: npm test\ninstall:\n  - " + getClient + "\n  - 'if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then convox deploy --wait; fi'\n", "warning before_tests", "`install` comes before `script`"},
		"after_script":          {"script: npm test\nafter_script:\n  - " + getClient + "\n  - 'if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then convox deploy --wait; fi'\n", "warning hidden_failure\nwarning before_tests", "regardless of the result"},
		"behind a failing test": {"script:\n  - npm test\n  - " + getClient + "\n  - 'if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then convox deploy --wait; fi'\n", "warning before_tests", "continues `script`"},
		"if the test passes":    {"script:\n  - " + getClient + "\n  - 'npm test && if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then convox deploy --wait; fi'\n", "", ""},
		"beside the tests":      {include + "    - name: Tests\n      script: npm test\n    - name: Ship\n      if: branch = main AND type = push\n" + shipJob, "warning before_tests", "1.1 (Tests)"},
		"in a later stage":      {include + testJob + stageJob + "      if: branch = main AND type = push\n" + shipJob, "", ""},
		"in an earlier stage":   {"stages: [deploy, test]\n" + include + testJob + stageJob + "      if: branch = main AND type = push\n" + shipJob, "warning before_tests", "runs at the same time or later"},
		"the lone job":          {"script: npm test\n" + include + stageJob + "      if: branch = main AND type = push\n" + shipJob, "error tests_dropped", "no job runs `script` on line 1"},

		// Failures.
		"allowed to fail":         {include + testJob + stageJob + "      if: branch = main AND type = push\n" + shipJob + "  allow_failures: [{stage: deploy}]\n", "warning hidden_failure", "allowed to fail"},
		"an allowed failure":      {deployOn(", allow_failure: true, on: main"), "warning hidden_failure", "may fail"},
		"hidden by an or":         {strings.Replace(main, "--wait", "--wait || true", 1), "warning hidden_failure", "may fail"},
		"an old client":           {strings.Replace(strings.Replace(main, "https://install.convox.com/ | sh", "https://convox.s3.amazonaws.com/release/20240101/cli/linux/convox -o convox", 1), " --wait", "", 1), "warning no_wait", "doesn't wait"},
		"no client":               {strings.Replace(main, "before_deploy: "+strings.Replace(getClient, "-sSL", "-fsSL", 1)+"\n", "", 1), "warning no_client", "line 4 needs the convox CLI"},
		"a client in a container": {"script: npm test\ndeploy: {provider: script, script: docker run convox/cli deploy --app api --wait, on: main}\n", "", ""},

		// What isn't known isn't judged.
		"a script out of sight":       {main + "before_script: ./setup.sh\n", "note yml_unseen", "not checked: ./setup.sh"},
		"a setting that decides":      {after(`'[ "$SECRET_SWITCH" = on ] && convox deploy --wait'`), "note yml_unseen", "depends on $SECRET_SWITCH"},
		"a commit's message":          {deployOn(", on: {branch: main, condition: $TRAVIS_COMMIT_MESSAGE =~ ship}"), "note yml_unseen", "depends on $TRAVIS_COMMIT_MESSAGE"},
		"what changed":                {after(`'if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ] && ! git diff --quiet HEAD~1 -- api; then convox deploy --wait; fi'`), "note yml_unseen", "depends on $(git)"},
		"an installed tool":           {strings.Replace(main, "npm test", "vendor/bin/phpunit", 1), "", ""},
		"a setting that is a branch":  {deployOn(", on: {branch: $SECRET_SWITCH}"), "note yml_unseen", "depends on $SECRET_SWITCH"},
		"a setting behind a test":     {after(`'[ "$TRAVIS_BRANCH" = master ] && [ "$SECRET_SWITCH" = on ] && convox deploy --wait'`), "warning never_deploys", "`[ \"$TRAVIS_BRANCH\" = master ]` on line 5 is false, and `[ \"$SECRET_SWITCH\" = on ]` on line 5 depends on an unknown value"},
		"a text that can't be played": {after(`'while :; do :; done'`, `'[ "$TRAVIS_BRANCH" = master ] && convox deploy --wait'`), "note yml_unseen", "can't be played"},
	} {
		t.Run(name, func(t *testing.T) {
			vars := with(private("s", "SECRET_SWITCH", "on", ""))
			audited{yml: c.yml, vars: vars, want: c.want, says: c.says}.onMain().run(t)
		})
	}
}

func TestAuditLooksAtTheBranchesThatDeploy(t *testing.T) {
	two := deployOn(", on: main") + "  - {provider: script, script: convox deploy --app api --wait, on: develop}\n"
	own := []travistest.EnvVar{private("h", connect.HostName, rackHost, "main"), private("p", connect.PasswordName, stored, "main")}
	for name, a := range map[string]audited{
		"one has no variables":     {yml: two, vars: own, want: "error no_variables\nnote branches_only", says: "builds of develop deploy (line 6) and get neither"},
		"both deploy to one Rack":  {yml: two, want: "note same_rack", says: "builds of main and of develop deploy api to the same Rack (lines 5 and 6)"},
		"each has its own":         {yml: two, vars: with(private("h2", connect.HostName, "other.example.com", "develop"), private("p2", connect.PasswordName, "other", "develop"))},
		"one is asked for by name": {yml: deployOn(", on: main"), want: "warning never_deploys", says: "runs for main only, not for pushes to develop", request: func(r *audit.Request) { r.Branch = "develop" }},
	} {
		t.Run(name, a.onMain().run)
	}
}

// The cases are those of CONVOX_TRAVIS_CORPUS, which says what a push to main does.
func TestAuditSaysTheTruthAboutTheCases(t *testing.T) {
	folder := filepath.Join(os.Getenv("CONVOX_TRAVIS_CORPUS"), "cases", "travis-yml")
	table, err := os.ReadFile(filepath.Join(folder, "EXPECT.tsv"))
	if os.Getenv("CONVOX_TRAVIS_CORPUS") == "" || err != nil {
		t.Skip("no cases are here")
	}
	never := []string{audit.FoundNeverDeploys, audit.FoundBrokenCommand, audit.FoundNoDeploy, audit.FoundNotBuilt}
	for _, row := range strings.Split(strings.TrimSpace(string(table)), "\n")[1:] {
		cells := strings.Split(row, "\t")
		t.Run(cells[0], func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(folder, cells[0]))
			if err != nil {
				t.Fatal(err)
			}
			report := audited{yml: string(text)}.onMain().audit(t)
			found := severities(report)
			deploys := true
			for _, code := range never {
				deploys = deploys && !strings.Contains(found, " "+code)
			}
			if deploys != (cells[1] == "once") {
				t.Errorf("a push to main: %s, and it is found\n%s\n%s", cells[1], found, words(report))
			}
			for code, why := range map[string]string{
				"error " + audit.FoundTestsDropped: "lone job is dropped", "error " + audit.FoundUnguarded: "deploy too|no guard",
				"warning " + audit.FoundUntested: "does not wait for them", "warning " + audit.FoundRepaired: "duplicate key",
			} {
				if regexp.MustCompile(why).MatchString(cells[2]) != strings.Contains(found, code) {
					t.Errorf("%q, and it is found\n%s", cells[2], found)
				}
			}
		})
	}
}

// A step that runs something on its release is never replaced by one that doesn't.
func TestNoAdviceLosesACommandOfAStep(t *testing.T) {
	const (
		build   = "convox build --app api --id > r && "
		promote = " && convox releases promote $(cat r) --app api --wait"
		migrate = `convox run web "rake db:migrate" --release $(cat r) --app api`
		write   = "convox-travis yml --write"
	)
	for name, c := range map[string]struct{ command, has string }{
		"a plain deploy":            {"convox deploy --app api --wait", write + " --app api"},
		"a manifest":                {"convox deploy --app api --wait --manifest ops/c.yml", write + " --manifest ops/c.yml --app api"},
		"no command":                {build + "true" + promote, write + " --app api"},
		"a command":                 {build + migrate + promote, write + " --before-promote 'web rake db:migrate' --app api"},
		"a command and a manifest":  {strings.Replace(build, "--id", "--id -m c.yml", 1) + migrate + promote, write + " --manifest c.yml --before-promote 'web rake db:migrate' --app api"},
		"two commands":              {build + migrate + " && " + strings.Replace(migrate, "rake", "bin", 1) + promote, ""},
		"a command afterward":       {"convox deploy --app api --wait && convox run web rake db:migrate --app api", ""},
		"a command on the old one":  {build + "convox run web rake db:migrate --app api" + promote, ""},
		"a command with a variable": {build + strings.Replace(migrate, "rake", "$TASK", 1) + promote, ""},
		"an unknown manifest":       {"convox deploy --app api --wait --manifest $FILE", ""},
	} {
		for kind, yml := range map[string]string{
			"every build":   "language: node_js\nscript: npm test\nafter_success:\n  - " + getClient + "\n  - |\n    " + c.command + "\n",
			"after_success": "language: node_js\nscript: npm test\nafter_success:\n  - " + getClient + "\n  - |\n    if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then " + c.command + "; fi\n",
			"many jobs":     "language: node_js\nnode_js: [18, 20]\nscript: npm test\nafter_success:\n  - " + getClient + "\n  - |\n    if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then " + c.command + "; fi\n",
			"no client":     "language: node_js\nscript: npm test\nafter_success:\n  - |\n    if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then " + c.command + "; fi\n",
			"hidden":        "language: node_js\nscript:\n  - npm test\n  - " + getClient + "\n  - |\n    if [ $TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST = main-false ]; then { " + c.command + "; } || true; fi\n",
		} {
			report := audited{yml: yml}.onMain().audit(t)
			if len(report.Findings) == 0 {
				t.Errorf("%s, %s: nothing is found", name, kind)
			}
			var hints string
			for _, f := range report.Findings {
				if f.Severity != audit.SeverityNote && f.Hint == "" {
					t.Errorf("%s, %s: nothing helps against %s", name, kind, f.Message)
				}
				hints += f.Hint + "\n"
			}
			for hint := range strings.Lines(hints) {
				if plain := strings.Replace(hint, " --step deploy", "", 1); strings.Contains(hint, write) && (c.has == "" || !strings.Contains(plain, c.has)) {
					t.Errorf("%s, %s: %s", name, kind, hint)
				}
			}
			if c.has != "" && !strings.Contains(hints, write) {
				t.Errorf("%s, %s: no step is proposed in %s", name, kind, hints)
			}
		}
	}
}

// rackWith is a Rack and a Console that accept everything, and have one app.
type rackWith struct {
	accepts
	app   string
	asked *[]string
}

func (r rackWith) LacksApp(_ context.Context, host convox.Host, password secret.String, rack, app string) bool {
	*r.asked = append(*r.asked, strings.TrimSpace(rack+" "+app))
	return app != r.app && !host.IsZero() && !password.IsEmpty()
}

func TestAuditLooksUpTheAppOfTheGivenRack(t *testing.T) {
	direct := deployOn(", on: main")
	behind := strings.ReplaceAll(strings.ReplaceAll(direct, "--wait", "--rack acme/production --wait"), "api", "web")
	for name, c := range map[string]struct {
		yml     string
		console bool
		asked   string
		hint    string
	}{
		"the app is there":        {direct, false, "[api]", ""},
		"another app":             {strings.ReplaceAll(direct, "api", "web"), false, "[web]", "create it: convox apps create web"},
		"no app, so the folder's": {strings.ReplaceAll(direct, "--app api ", ""), false, "[api]", ""},
		"behind a Console":        {behind, true, "[acme/production web]", "create it: convox apps create web --rack acme/production"},
		"a Rack that isn't seen":  {strings.ReplaceAll(behind, "production", "staging"), true, "[]", ""},
		"no Rack":                 {direct, true, "[]", ""},
		"a Rack of a Console":     {behind, false, "[]", ""},
		"a variable":              {strings.ReplaceAll(direct, "--app api", "--app $APP"), false, "[]", ""},
		"it never deploys":        {deployOn(", on: develop"), false, "[]", ""},
		"two apps":                {direct + "  - {provider: script, script: convox deploy --app web --wait, on: main}\n", false, "[api]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := []string{}
			checker := rackWith{accepts{convox.Login{Racks: []convox.Rack{{Organization: "acme", Name: "production"}}}}, "api", &asked}
			host, err := convox.ParseHost(rackHost)
			if err != nil {
				t.Fatal(err)
			}
			report := audited{yml: c.yml, checker: checker, request: func(r *audit.Request) {
				r.Credential = connect.Credential{Host: host, Password: secret.New(stored), Console: c.console}
			}}.onMain().audit(t)
			hint := ""
			for _, f := range report.Findings {
				if f.Code == audit.FoundNoApp {
					hint = f.Hint
					if f.Severity != audit.SeverityWarning || !strings.HasSuffix(f.Message, " has no app web, so a deploy of it fails (line 5)") {
						t.Errorf("%+v", f)
					}
				}
			}
			if fmt.Sprint(asked) != c.asked || hint != c.hint {
				t.Errorf("asked %v, %q", asked, hint)
			}
		})
	}
	asked := []string{}
	audited{yml: direct, checker: rackWith{app: "web", asked: &asked}}.onMain().audit(t)
	if len(asked) > 0 {
		t.Errorf("without a credential: %v", asked)
	}
}
