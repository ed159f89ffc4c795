package travisyml_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/travisyml"
)

const (
	cryptHost     = "aG9zdA=="
	cryptPassword = "cGFzc3dvcmQ="
)

var pair = []travisyml.Secure{{Name: "CONVOX_HOST", Text: cryptHost}, {Name: "CONVOX_PASSWORD", Text: cryptPassword}}

// additions are every kind of addition.
var additions = map[string]func(*travisyml.Document) (travisyml.Change, error){
	"after_success on a Rack":           adds(travisyml.Step{Form: travisyml.AfterSuccess, App: "api", Branch: "main", Generation: 2}),
	"after_success through a Console":   adds(travisyml.Step{Form: travisyml.AfterSuccess, App: "api", Rack: "acme/staging", Branch: "release/1.0", Generation: 3}),
	"a deploy script on a Rack":         adds(travisyml.Step{Form: travisyml.DeployScript, App: "api", Branch: "1.0", Generation: 2}),
	"a deploy script through a Console": adds(travisyml.Step{Form: travisyml.DeployScript, App: "api", Rack: "acme/staging", Branch: "main", Generation: 3}),
	"encrypted variables":               func(d *travisyml.Document) (travisyml.Change, error) { return d.AddSecure(pair...) },
}

func adds(step travisyml.Step) func(*travisyml.Document) (travisyml.Change, error) {
	return func(d *travisyml.Document) (travisyml.Change, error) { return d.AddStep(step) }
}

// unparsed are the files that no YAML parser reads.
var unparsed = []string{"made-tabs-2", "made-unclosed", "made-wrong-indent", "getmoto__moto-3", "travis-ci__travis-api-3"}

// refusedFiles are the additions that files do not take, by the place and the
// words of the reason.
var refusedFiles = map[string]string{
	"getmoto__moto, encrypted variables":           "env.global at line 10: its list is not indented, so it cannot be moved under a key of its own",
	"made-anchors, encrypted variables":            "env.global at line 11: another part of the file repeats it, with an alias, and would get the addition too",
	"made-crlf-list, encrypted variables":          "env.global at line 3: its list is not indented, so it cannot be moved under a key of its own",
	"made-env-string, encrypted variables":         "env.global at line 3: its value begins on the key's own line, so nothing can be added without changing that line",
	"made-flow, encrypted variables":               "env.global at line 4: it is written in brackets, so nothing can be added without changing its line",
	"made-flow, after_success on a Rack":           "jobs.include: it is written in brackets, so nothing can be added without changing its line",
	"made-flow, after_success through a Console":   "jobs.include: it is written in brackets, so nothing can be added without changing its line",
	"made-flow, a deploy script on a Rack":         "jobs.include: it is written in brackets, so nothing can be added without changing its line",
	"made-flow, a deploy script through a Console": "jobs.include: it is written in brackets, so nothing can be added without changing its line",
}

func TestFilesKeepEveryByteAndGetTheAdditionAlone(t *testing.T) {
	holdsInAll(t, filesIn(t, "testdata", 20))
}

func TestRealFilesKeepEveryByteAndGetTheAdditionAlone(t *testing.T) {
	tried, refused := holdsInAll(t, realFiles(t))
	if 20*refused > tried {
		t.Errorf("%d of %d additions were refused, over one in twenty", refused, tried)
	}
}

// holdsInAll makes every addition to each file, and counts those that are refused.
func holdsInAll(t *testing.T, files map[string]string) (tried, refused int) {
	t.Helper()
	for name, text := range files {
		document, err := travisyml.Parse(text)
		if slices.Contains(unparsed, name) {
			if syntax, is := errors.AsType[*travisyml.SyntaxError](err); !is || syntax.Line == 0 {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for kind, add := range additions {
			tried++
			change, err := add(document)
			want := refusedFiles[name+", "+kind]
			if want != "" {
				refused++
				mustRefuse(t, name+", "+kind, err, want)
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", name, kind, err)
				continue
			}
			holds(t, name+", "+kind, document, change, add)
		}
	}
	t.Logf("%d additions, %d refused", tried, refused)
	return tried, refused
}

// realFiles reads files of public repositories, which are no part of this one.
func realFiles(t testing.TB) map[string]string {
	t.Helper()
	folder := os.Getenv("CONVOX_TRAVIS_CORPUS")
	if folder == "" {
		t.Skip("CONVOX_TRAVIS_CORPUS names no folder")
	}
	return filesIn(t, filepath.Join(folder, "travis-yml"), 50)
}

// filesIn reads the .yml files of a folder, at least so many.
func filesIn(t testing.TB, folder string, least int) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.yml"))
	if err != nil || len(names) < least {
		t.Fatalf("%s: %d files, %v", folder, len(names), err)
	}
	all := make(map[string]string)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(name), ".yml")] = string(text)
	}
	return all
}

// holds checks a change against everything that is promised of it.
func holds(t testing.TB, name string, document *travisyml.Document, change travisyml.Change, add func(*travisyml.Document) (travisyml.Change, error)) {
	t.Helper()
	if change.Old != document.Text() || !change.Changed() {
		t.Errorf("%s: nothing was added", name)
	}
	keepsEveryLine(t, name, change.Old, change.New)
	means(t, name, document, change, add)
}

// means checks that the new text says what the old one did and the addition.
func means(t testing.TB, name string, document *travisyml.Document, change travisyml.Change, add func(*travisyml.Document) (travisyml.Change, error)) {
	t.Helper()
	before, after := meaning(t, change.Old), meaning(t, change.New)
	for key := range before {
		if _, kept := after[key]; !kept {
			t.Errorf("%s: %s is gone", name, key)
		}
	}
	top := strings.Split(change.Place, ".")[0]
	for key := range after {
		if key != top && !reflect.DeepEqual(before[key], after[key]) {
			t.Errorf("%s: %s means something else", name, key)
		}
	}
	switch top {
	case "env":
		addsTo(t, name, before, after, 2)
	case "jobs", "matrix":
		addsOneJob(t, name, change, before, after)
	default:
		addsOneStep(t, name, before[top], after[top])
	}
	again, err := travisyml.Parse(change.New)
	if err != nil {
		t.Errorf("%s: the result does not parse: %v", name, err)
		return
	}
	if top == "env" && strings.HasPrefix(change.Old, "{") {
		return // there is no comment in it to know ours by
	}
	if second, err := add(again); err != nil || second.Changed() {
		t.Errorf("%s: a second time is not the same: %v", name, err)
	}
	expanded, included := document.Jobs()
	nowExpanded, nowIncluded := again.Jobs()
	if top != "jobs" && top != "matrix" {
		if expanded != nowExpanded || included != nowIncluded {
			t.Errorf("%s: the build has other jobs", name)
		}
	} else if travisCount(nowExpanded, nowIncluded) != travisCount(expanded, included)+1 {
		t.Errorf("%s: from %d+%d jobs to %d+%d", name, expanded, included, nowExpanded, nowIncluded)
	}
}

// travisCount is how many jobs Travis makes: a lone expanded one is dropped for
// those that are listed, and there is always one
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/matrix.rb).
func travisCount(expanded, included int) int {
	if expanded == 1 && included > 0 {
		expanded = 0
	}
	return max(1, expanded+included)
}

func keepsEveryLine(t testing.TB, name, old, now string) {
	t.Helper()
	wasMarked, isMarked := strings.HasPrefix(old, "\ufeff"), strings.HasPrefix(now, "\ufeff")
	if wasMarked != isMarked {
		t.Errorf("%s: a byte order mark came or went", name)
	}
	lines := cut(strings.TrimPrefix(now, "\ufeff"))
	for _, line := range cut(strings.TrimPrefix(old, "\ufeff")) {
		at := slices.Index(lines, line)
		if at < 0 && strings.TrimRight(line, breaks) == line { // the last one got an end
			at = slices.IndexFunc(lines, func(l string) bool { return strings.TrimRight(l, breaks) == line })
		}
		if at < 0 {
			t.Errorf("%s: a line is not there as it was: %q", name, line)
			return
		}
		lines = lines[at+1:]
	}
	if strings.Contains(old, "\r\n") && strings.Count(now, "\n") != strings.Count(now, "\r\n") && strings.Count(old, "\n") == strings.Count(old, "\r\n") {
		t.Errorf("%s: a line ending is not the file's", name)
	}
}

// The breaks are those of YAML 1.1, which Travis's parser reads.
var lineWithEnd = regexp.MustCompile(`[^\r\n\x{85}\x{2028}\x{2029}]*(?:\r\n|[\r\n\x{85}\x{2028}\x{2029}])|[^\r\n\x{85}\x{2028}\x{2029}]+$`)

const breaks = "\r\n\u0085\u2028\u2029"

func cut(text string) []string { return lineWithEnd.FindAllString(text, -1) }

func addsTo(t testing.TB, name string, before, after map[string]any, n int) {
	t.Helper()
	global, jobs := travisEnv(before["env"])
	nowGlobal, nowJobs := travisEnv(after["env"])
	if !reflect.DeepEqual(jobs, nowJobs) && len(jobs)+len(nowJobs) > 0 {
		t.Errorf("%s: the entries that make jobs are others: %v, %v", name, jobs, nowJobs)
	}
	want := append(slices.Clone(global), map[string]any{"secure": "!!str " + cryptHost}, map[string]any{"secure": "!!str " + cryptPassword})
	if !slices.Equal(sorted(want), sorted(nowGlobal)) || len(nowGlobal) != len(global)+n {
		t.Errorf("%s: env.global is %v", name, nowGlobal)
	}
	mapping, _ := after["env"].(map[string]any)
	if list, is := mapping["global"].([]any); !is || len(list) < n {
		t.Errorf("%s: env.global is no list", name)
	}
}

func addsOneJob(t testing.TB, name string, change travisyml.Change, before, after map[string]any) {
	t.Helper()
	was, now := travisJobs(before), travisJobs(after)
	if first, is := now[0].(map[string]any); is && len(was) == 0 && len(first) == 1 && text(first["stage"]) == "test" {
		now = now[1:] // the lone job, listed with nothing of its own
	}
	if len(now) != len(was)+1 {
		t.Errorf("%s: %d jobs, then %d", name, len(was), len(now))
		return
	}
	kept := 0
	var ours map[string]any
	for _, job := range now {
		if kept < len(was) && reflect.DeepEqual(job, was[kept]) {
			kept++
			continue
		}
		ours, _ = job.(map[string]any)
	}
	if kept != len(was) || ours == nil {
		t.Errorf("%s: the other jobs are not what they were", name)
		return
	}
	for _, job := range was {
		if job.(map[string]any)["stage"] == ours["stage"] {
			t.Errorf("%s: the stage is not one of its own", name)
		}
	}
	if condition := text(ours["if"]); !strings.HasPrefix(condition, `branch = "`) || !strings.HasSuffix(condition, `" AND type = push`) {
		t.Errorf("%s: it runs if %s", name, condition)
	}
	for _, phase := range []string{"before_install", "install", "before_script", "after_success", "after_failure", "after_script"} {
		if _, inherits := after[phase]; text(ours[phase]) != "skip" && (inherits || phase == "install") {
			t.Errorf("%s: the last job runs %s", name, phase)
		}
	}
	if _, inherits := after["deploy"]; inherits && ours["deploy"] == nil {
		t.Errorf("%s: the last job runs the deploy of the others", name)
	}
	if n := strings.Count(change.New, "/tmp/convox deploy"); n != 1 {
		t.Errorf("%s: it deploys %d times", name, n)
	}
}

func addsOneStep(t testing.TB, name string, before, after any) {
	t.Helper()
	was, now := listed(before), listed(after)
	if skips := text(before); skips == "skip" || skips == "false" {
		was = nil // it is none of the commands
	}
	if len(was) == 1 && len(now) == 1 { // a block of text went on
		if old := strings.TrimRight(was[0].(string), "\n"); !strings.HasPrefix(now[0].(string), old+"\n") {
			t.Errorf("%s: the text does not go on", name)
		}
		return
	}
	if len(now) != len(was)+1 || len(was) > 0 && !reflect.DeepEqual(was, now[:len(was)]) {
		t.Errorf("%s: %v became %v", name, was, now)
	}
}

func mustRefuse(t testing.TB, name string, err error, want string) *travisyml.Refusal {
	t.Helper()
	refusal, is := errors.AsType[*travisyml.Refusal](err)
	if !is {
		t.Errorf("%s: %v, no refusal", name, err)
		return &travisyml.Refusal{}
	}
	if got := err.Error(); got != "add to .travis.yml, in "+want {
		t.Errorf("%s: refused with %q", name, got)
	}
	if len(refusal.Lines) == 0 || len(refusal.Hints()) == 0 || refusal.Code() == "" {
		t.Errorf("%s: the refusal does not say what to do: %+v", name, refusal)
	}
	return refusal
}
