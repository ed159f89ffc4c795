package joblog_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/joblog"
	"convox-travis/internal/secret/secrettest"
)

// The log of a job whose tests pass, as travis-build prints it.
const tests = "travis_fold:start:install\r\x1b[0K$ bundle install\nUsing rake 13.0\ntravis_fold:end:install\r\x1b[0K" +
	"$ rake test\n12 runs, 0 failures\ntravis_time:end:0a:start=1,finish=2\r\x1b[0K\x1b[32;1mThe command \"rake test\" exited with 0.\x1b[0m\n\n"

// What follows, until the deploy command runs.
const dpl = "travis_fold:start:dpl_0\r\x1b[0K$ rvm $(travis_internal_ruby) --fuzzy do ruby -S gem install dpl\nSuccessfully installed dpl-2.0.1\ntravis_fold:end:dpl_0\r\x1b[0K"

const (
	passed = "\nDone. Your build exited with 0.\n"
	failed = "failed to deploy\n"
)

func skip(provider, reason string) string {
	return "\x1b[33;1mSkipping a deployment with the " + provider + " provider because " + reason + "\x1b[0m\n"
}

func TestRead(t *testing.T) {
	t.Parallel()
	skipped := func(reason joblog.Reason) joblog.Finding {
		return joblog.Finding{Kind: joblog.Skipped, Provider: "script", Reason: reason}
	}
	only := func(kind joblog.Kind) joblog.Finding { return joblog.Finding{Kind: kind} }
	for name, c := range map[string]struct {
		log  string
		want joblog.Finding
	}{
		"nothing deploys":               {tests + passed, joblog.Finding{}},
		"a pull request":                {tests + skip("script", "the current build is a pull request.") + passed, skipped(joblog.PullRequest)},
		"another repository":            {tests + skip("script", "this repo's name does not match one specified in .travis.yml's deploy.on.repo: acme/web") + passed, skipped(joblog.Repository)},
		"another branch":                {tests + skip("script", "this branch is not permitted: main") + passed, skipped(joblog.Branch)},
		"another branch, in old words":  {tests + skip("script", "this branch is not permitted") + passed, skipped(joblog.Branch)},
		"another runtime":               {tests + skip("script", "this is not on the required runtime") + passed, skipped(joblog.Runtime)},
		"a condition":                   {tests + skip("script", "a custom condition was not met") + passed, skipped(joblog.Condition)},
		"no tag":                        {tests + skip("script", "this is not a tagged commit") + passed, skipped(joblog.Tag)},
		"an unknown reason":             {tests + skip("script", "Travis has its reasons") + passed, skipped("")},
		"another provider is no matter": {tests + skip("script", "this branch is not permitted: x") + skip("npm", "this is not a tagged commit") + passed, skipped(joblog.Branch)},
		"of two, the one about Convox":  {tests + skip("npm", "this is not a tagged commit") + skip("script", "this branch is not permitted: x") + passed, skipped(joblog.Branch)},
		"of two about it, the last":     {tests + skip("script", "this is not a tagged commit") + skip("script", "this branch is not permitted: x") + passed, skipped(joblog.Branch)},

		"promoted":                  {tests + dpl + "Promoting RABCDEFGHI... OK\n" + passed, only(joblog.Promoted)},
		"promoted, after waiting":   {tests + dpl + "Promoting RABCDEFGHI... \n2026-01-01 web started\nOK\n" + passed, only(joblog.Promoted)},
		"promoted, and failed then": {tests + dpl + "Promoting RABCDEFGHI... OK\nsmoke test: no\n" + failed, only(joblog.Deployment)},
		"rolled back":               {tests + dpl + "Promoting RABCDEFGHI... \n2026-01-01 web crashed\nERROR: rollback\n" + failed, only(joblog.RolledBack)},
		"a refused login":           {tests + dpl + "ERROR: invalid login\n" + failed, only(joblog.Refused)},
		"a Rack's 401":              {tests + dpl + "Packaging source... ERROR: x\nERROR: invalid authentication\n" + failed, only(joblog.Refused)},
		"an empty 401":              {tests + dpl + "ERROR: response status 401\n" + failed, only(joblog.Refused)},
		"an unknown app":            {tests + dpl + "ERROR: no such app: web\n" + failed, only(joblog.NoApp)},
		"an unknown app, newer":     {tests + dpl + "ERROR: app not found: web\n" + failed, only(joblog.NoApp)},
		"an unknown Rack":           {tests + dpl + "ERROR: could not find rack: acme/x\n" + failed, only(joblog.NoRack)},
		"no Rack":                   {tests + dpl + "ERROR: no current rack, use `convox racks` to list and `convox switch <name>` to select\n" + failed, only(joblog.NoRack)},
		"a failed download":         {tests + dpl + "curl: (22) The requested URL returned error: 404\n" + failed, only(joblog.NoDownload)},
		"a download, then no CLI":   {tests + dpl + "curl: (6) Could not resolve host: download.convox.com\nbash: line 1: /tmp/convox: No such file or directory\n" + failed, only(joblog.NoCLI)},
		"no CLI":                    {tests + dpl + "bash: line 1: convox: command not found\n" + failed, only(joblog.NoCLI)},
		"no CLI, in dash":           {tests + dpl + "sh: 1: convox: not found\n" + failed, only(joblog.NoCLI)},
		"another architecture":      {tests + dpl + "bash: /tmp/convox: cannot execute binary file: Exec format error\n" + failed, only(joblog.NoCLI)},
		"another error":             {tests + dpl + "ERROR: build failed\n" + failed, only(joblog.Deployment)},
		"an error, then another":    {tests + dpl + "ERROR: invalid login\nERROR: exit status 1\n" + failed, only(joblog.Refused)},
		"a Dockerfile's download":   {tests + dpl + "Starting build... OK\ncurl: (22) The requested URL returned error: 404\nERROR: build failed\n" + failed, only(joblog.Deployment)},
		"a registry's login":        {tests + dpl + "Starting build... OK\nERROR: unauthorized: authentication required\nERROR: build failed\n" + failed, only(joblog.Deployment)},
		"a build, then a rollback":  {tests + dpl + "Starting build... OK\nERROR: unauthorized: x\nPromoting RABC... \nERROR: rollback\n" + failed, only(joblog.RolledBack)},
		"a build, then a login":     {"$ convox build\nStarting build... OK\n$ convox deploy\nERROR: invalid login\n" + passed, only(joblog.Refused)},
		"a refused start":           {tests + dpl + "Starting build... ERROR: x\nERROR: app not found: web\n" + failed, only(joblog.NoApp)},
		"no error is known":         {tests + dpl + "gem: something went wrong\n" + failed, only(joblog.Deployment)},

		"silence":                   {tests + dpl + "Building: .\n\n\nNo output has been received in the last 10m0s, this potentially indicates a stalled build or something wrong with the build itself.\n", joblog.Finding{Kind: joblog.Silent, Time: "10m0s"}},
		"silence, in old words":     {tests + "No output has been received in the last 10 minutes, this potentially\n", joblog.Finding{Kind: joblog.Silent, Time: "10 minutes"}},
		"a silent promotion":        {tests + dpl + "Promoting RABCDEFGHI... \nNo output has been received in the last 10m0s, this\n", joblog.Finding{Kind: joblog.Silent, Time: "10m0s"}},
		"travis_wait":               {"$ travis_wait 20 rake\n\nTimeout (20 minutes) reached. Terminating \"rake\"\nThe command \"travis_wait 20 rake\" exited with 137.\n" + passed, joblog.Finding{Kind: joblog.WaitedFor, Time: "20 minutes", Command: "travis_wait 20 rake", Phase: "script", Status: "137"}},
		"a log too long":            {tests + "\n\nThe job exceeded the maximum log length, and has been terminated.\n\n", only(joblog.TooLong)},
		"a job too long":            {tests + "\n\nThe job exceeded the maximum time limit for jobs, and has been terminated.\n\n", only(joblog.OutOfTime)},
		"canceled":                  {tests + "\n\nDone: Job Cancelled\n\n", only(joblog.Canceled)},
		"a printed end is no end":   {"No output has been received in the last 10m0s, this\n" + tests + passed, joblog.Finding{}},
		"a failed test":             {"$ rake test\n\x1b[31;1mThe command \"rake test\" exited with 1.\x1b[0m\n\nDone. Your build exited with 1.\n", joblog.Finding{Kind: joblog.Command, Command: "rake test", Phase: "script", Status: "1"}},
		"of two failures, the last": {"The command \"a\" exited with 1.\nThe command \"b\" exited with 2.\n", joblog.Finding{Kind: joblog.Command, Command: "b", Phase: "script", Status: "2"}},
		"a command of several rows": {"The command \"cd x\nmake\" exited with 2.\n", joblog.Finding{Kind: joblog.Command, Command: "make", Phase: "script", Status: "2"}},
		"a failed installation":     {"$ npm ci\n\x1b[31;1mThe command \"npm ci\" failed and exited with 1 during install.\x1b[0m\n\nYour build has been stopped.\n", joblog.Finding{Kind: joblog.Command, Command: "npm ci", Phase: "install", Status: "1"}},
		"a download in a phase": {"$ curl -fO https://convox.s3.amazonaws.com/convox.zip\ncurl: (22) The requested URL returned error: 403\nThe command \"curl -fO https://convox.s3.amazonaws.com/convox.zip\" failed and exited with 22 during before_install.\n",
			joblog.Finding{Kind: joblog.NoDownload, Command: "curl -fO https://convox.s3.amazonaws.com/convox.zip", Phase: "before_install", Status: "22"}},
		"a deploy in script":        {"$ convox deploy\nERROR: invalid login\nThe command \"convox deploy\" exited with 1.\n" + passed, joblog.Finding{Kind: joblog.Refused, Command: "convox deploy", Phase: "script", Status: "1"}},
		"a deploy in after_success": {tests + "$ convox deploy\nERROR: invalid login\n" + passed, only(joblog.Refused)},
		"a deploy in an if":         {tests + "$ if [ \"$TRAVIS_BRANCH\" = main ]; then\n  convox deploy\nfi\nERROR: invalid login\n" + passed, only(joblog.Refused)},
		"an if, then another":       {"$ if true; then\n  convox deploy\nfi\n$ rake\nERROR: invalid login\n" + passed, joblog.Finding{}},
		"a hidden failure":          {"$ convox deploy || true\nERROR: no such app: web\nThe command \"convox deploy || true\" exited with 0.\n" + skip("npm", "this is not a tagged commit") + passed, only(joblog.NoApp)},
		"a test's own words":        {"$ rake test\nERROR: rollback\ncurl: (6) x\nconvox: command not found\nThe command \"rake test\" exited with 0.\n" + skip("script", "this branch is not permitted: x") + passed, skipped(joblog.Branch)},
		"a failed test's words":     {"$ rake test\nERROR: rollback\nThe command \"rake test\" exited with 1.\n", joblog.Finding{Kind: joblog.Command, Command: "rake test", Phase: "script", Status: "1"}},
		"a shown command":           {tests + "$ echo ERROR: convox deploy rollback\n$ convox: command not found\n" + passed, joblog.Finding{}},

		"progress bars":           {tests + dpl + strings.Repeat("Uploading source... 10%\r", 9) + "\x1b[2K\rERROR: no such app: web\r\n" + failed, only(joblog.NoApp)},
		"terminal sequences":      {tests + dpl + "\x1b]0;title\x07\x1b[31mERR\x1b[0mOR: \x1b[1minvalid\x1b(B login\x1b[0m\n" + failed, only(joblog.Refused)},
		"NUL":                     {tests + dpl + "\x00ERROR:\x00 invalid login\x00\n" + failed, only(joblog.Refused)},
		"bytes that are no UTF-8": {tests + dpl + "\xff\xfe\nERROR: invalid login\n" + failed, only(joblog.Refused)},
		"no line break":           {"No output has been received in the last 10m0s", joblog.Finding{Kind: joblog.Silent, Time: "10m0s"}},
		"empty":                   {"", joblog.Finding{}},
		"a long line":             {dpl + strings.Repeat("x", 10<<20) + "\nERROR: invalid login\n" + failed, only(joblog.Refused)},
		"an endless command":      {"The command \"" + strings.Repeat("x", 1<<20) + "\" exited with 1.\n", joblog.Finding{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := joblog.Read([]byte(c.log)).Last; got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// A log with every cause, each after the other: the last one counts, whichever it is.
func TestTheLastCauseCounts(t *testing.T) {
	t.Parallel()
	causes := []struct {
		kind joblog.Kind
		log  string
	}{
		{joblog.Command, "$ rake\nThe command \"rake\" exited with 1.\n"},
		{joblog.Refused, "$ convox deploy\nERROR: invalid login\n"},
		{joblog.NoApp, "$ convox deploy\nERROR: no such app: web\n"},
		{joblog.NoRack, "$ convox deploy\nERROR: could not find rack: x\n"},
		{joblog.NoDownload, "$ curl https://download.convox.com\ncurl: (6) x\n"},
		{joblog.NoCLI, "$ convox deploy\nbash: convox: command not found\n"},
		{joblog.RolledBack, "$ convox deploy\nPromoting RABC... \nERROR: rollback\n"},
		{joblog.Promoted, "$ convox deploy\nPromoting RABC... OK\n"},
		{joblog.Deployment, "$ convox deploy\nERROR: x\n"},
		{joblog.WaitedFor, "Timeout (20 minutes) reached. Terminating \"x\"\n"},
		{joblog.Silent, "No output has been received in the last 10m0s, this\n"},
		{joblog.TooLong, "The job exceeded the maximum log length, and has been terminated.\n"},
		{joblog.OutOfTime, "The job exceeded the maximum time limit for jobs, and has been terminated.\n"},
		{joblog.Canceled, "Done: Job Cancelled\n"},
	}
	for last := range causes {
		var all bytes.Buffer
		for i := range causes {
			all.WriteString(causes[(last+1+i)%len(causes)].log)
		}
		if got := joblog.Read(all.Bytes()).Last.Kind; got != causes[last].kind {
			t.Errorf("a log that ends with %q: got %q", causes[last].kind, got)
		}
	}
}

func TestWhatIsKnownOfAWholeLog(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		log                      string
		deploys, promoted, ended bool
		shown                    bool
	}{
		"no deployment":            {tests + passed, false, false, true, false},
		"skipped":                  {tests + skip("script", "this is not a tagged commit") + passed, true, false, true, false},
		"promoted":                 {tests + dpl + "Promoting RABC... OK\n" + passed, true, true, true, false},
		"promoted, then a failure": {tests + "$ convox deploy\nPromoting RABC... OK\nThe command \"convox deploy\" exited with 0.\nThe command \"rake\" exited with 1.\n" + passed, true, true, true, true},
		"rolled back":              {tests + dpl + "Promoting RABC... \nERROR: rollback\n" + failed, true, false, false, false},
		"still promoting":          {tests + dpl + "Promoting RABC... \n", true, false, false, false},
		"promoted, then not":       {tests + dpl + "Promoting RABC... OK\nsmoke test: no\n" + failed, true, true, false, false},
		"quietly":                  {tests + "$ /tmp/convox deploy --app web\n" + passed, false, false, true, true},
		"an OK of a test":          {"$ rake\nOK\n" + passed, false, false, true, false},
		"cut":                      {tests, false, false, false, false},
		"in an if":                 {tests + "$ if [ x = y ]; then\n  convox build\n  convox releases promote R\nfi\n" + passed, false, false, true, true},
		"after an if":              {"$ if [ x = y ]; then\n  a\nfi\nread about convox and its deploy\n" + passed, false, false, true, false},
		"a test about it":          {"$ rake\nconvox deploy\n" + passed, false, false, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := joblog.Read([]byte(c.log))
			if got.Deploys != c.deploys || got.Promoted != c.promoted || got.Ended != c.ended || got.Shown != c.shown {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// Of a log only a command is copied.
func TestNoFieldCopiesTheLog(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"Skipping a deployment with the %s provider because %s",
		"Skipping a deployment with the script provider because this branch is not permitted: %s",
		"No output has been received in the last %s, this", "Timeout (%s) reached. Terminating \"%s\"",
		"The command \"x\" failed and exited with 1 during %s.", "The command \"x\" exited with %s.",
		"Promoting %s... OK", "ERROR: invalid login %s", "ERROR: %s rollback", "ERROR: no such app: %s", "convox: %s: command not found",
	} {
		log := dpl + strings.ReplaceAll(line, "%s", secrettest.Canary) + "\n"
		found := joblog.Read([]byte(log))
		secrettest.Absent(t, line, fmt.Sprintf("%+v", found))
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(tests + dpl + failed))
	f.Fuzz(func(t *testing.T, log []byte) { joblog.Read(log) })
}
