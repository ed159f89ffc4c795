package travisyml_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/build"
	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

const (
	cryptHost     = "aG9zdA=="
	cryptPassword = "cGFzc3dvcmQ="
)

var mappingEntry = []travisyml.Secure{{Name: "CONVOX_HOST", Text: cryptHost}, {Name: "CONVOX_PASSWORD", Text: cryptPassword}}

// additions are every kind of addition.
var additions = map[string]func(*travisyml.Document) (travisyml.Change, error){
	"after_success on a Rack":           adds(travisyml.Step{Form: travisyml.AfterSuccess, App: "api", Branch: "main", Generation: 2}),
	"a deploy script through a Console": adds(travisyml.Step{Form: travisyml.DeployScript, App: "api", Rack: "acme/staging", Branch: "main", Generation: 3}),
	"encrypted variables":               func(d *travisyml.Document) (travisyml.Change, error) { return d.AddSecure(mappingEntry...) },
}

func adds(step travisyml.Step) func(*travisyml.Document) (travisyml.Change, error) {
	return func(d *travisyml.Document) (travisyml.Change, error) { return addStep(d, step) }
}

// addStep adds a step as a repository on Travis would get it.
func addStep(d *travisyml.Document, step travisyml.Step) (travisyml.Change, error) {
	target := build.Target{Repo: "acme/api", Branch: step.Branch, App: step.App, Rack: step.Rack, DefaultApp: "api"}
	return d.AddStep(context.Background(), build.Player{}, target, step)
}

// unparsed are the files that no YAML parser reads.
var unparsed = []string{"made-tabs-2", "made-unclosed", "made-wrong-indent", "getmoto__moto-3", "travis-ci__travis-api-3"}

// refusedFiles are the additions that files do not take, by the end of the error.
var refusedFiles = map[string]string{
	"getmoto__moto, encrypted variables":           "env.global at line 10: its list isn't indented, so it can't be moved under its own key",
	"made-anchors, encrypted variables":            "env.global at line 11: another part of the file repeats it, with an alias, and would get the addition too",
	"made-crlf-list, encrypted variables":          "env.global at line 3: its list isn't indented, so it can't be moved under its own key",
	"made-crlf, after_success on a Rack":           "never deploys", // it is Python's, without a script
	"made-crlf, a deploy script through a Console": "never deploys",
	"made-env-string, encrypted variables":         "env.global at line 3: its value begins on the key's own line, so nothing can be added without changing that line",
	"made-flow, encrypted variables":               "env.global at line 4: it is written in brackets, so nothing can be added without changing its line",
	"made-flow, after_success on a Rack":           "jobs.include: it is written in brackets, so nothing can be added without changing its line",
	"made-flow, a deploy script through a Console": "jobs.include: it is written in brackets, so nothing can be added without changing its line",
}

func TestFilesKeepEveryByteAndGetTheAdditionAlone(t *testing.T) {
	holdsInAll(t, filesIn(t, "testdata", 20), additions)
}

func TestRealFilesKeepEveryByteAndGetTheAdditionAlone(t *testing.T) {
	const kind = "encrypted variables"
	tried, refused := holdsInAll(t, realFiles(t), map[string]func(*travisyml.Document) (travisyml.Change, error){kind: additions[kind]})
	if 20*refused > tried {
		t.Errorf("%d of %d additions were refused, over one in twenty", refused, tried)
	}
}

// holdsInAll makes additions to each file, and counts those that are refused.
func holdsInAll(t *testing.T, files map[string]string, additions map[string]func(*travisyml.Document) (travisyml.Change, error)) (tried, refused int) {
	t.Helper()
	for name, text := range files {
		document, err := travisyml.Parse(text)
		if slices.Contains(unparsed, name) {
			if !problem.Has(err, travisyml.CodeSyntax) || !strings.Contains(err.Error(), "near line") {
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
			if refusal, is := problem.Detail[*travisyml.Refusal](err); is {
				refused++
				want := refusedFiles[name+", "+kind]
				if !strings.HasSuffix(err.Error(), want) || want == "" && refusal.Problem().Code != "yml_not_built" && !strings.Contains(name, "_") {
					t.Errorf("%s, %s: %v", name, kind, err)
				}
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
	all := filesIn(t, filepath.Join(folder, "travis-yml"), 50)
	oracle, err := os.ReadFile(filepath.Join(folder, "travis-oracle", "files.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(oracle) {
		var file struct{ File, Text string }
		if err := json.Unmarshal(line, &file); err != nil {
			t.Fatal(err)
		}
		all[file.File] = file.Text
	}
	return all
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

// TestRealFilesDeployOnceAndDoWhatTheyDid edits real files, for a branch that each of
// them builds. With CONVOX_TRAVIS_CORPUS_ALL set it edits all of them, in each form.
func TestRealFilesDeployOnceAndDoWhatTheyDid(t *testing.T) {
	files := realFiles(t)
	all := os.Getenv("CONVOX_TRAVIS_CORPUS_ALL") != ""
	tried, refused, unbuilt := 0, 0, 0
	for i, name := range slices.Sorted(maps.Keys(files)) {
		document, err := travisyml.Parse(files[name])
		if err != nil || !all && i%8 > 0 {
			continue
		}
		branch := builtBranch(t, files[name])
		if branch == "" {
			unbuilt++
			continue
		}
		for n, step := range []travisyml.Step{
			{Form: travisyml.FittingForm, App: "api", Rack: "acme/staging", Branch: branch, Generation: 3},
			{Form: travisyml.AfterSuccess, App: "api", Branch: branch, Generation: 2},
			{Form: travisyml.DeployScript, App: "api", Rack: "acme/staging", Branch: branch, Generation: 3},
		} {
			if n > 0 && !all {
				break
			}
			change, err := addStep(document, step)
			refusal, isRefused := problem.Detail[*travisyml.Refusal](err)
			switch {
			case isRefused:
				if n == 0 {
					refused++
				}
				t.Logf("%s: %v", name, refusal.Problem())
			case err != nil:
				t.Errorf("%s: %v", name, err)
			default:
				keepsEveryLine(t, name, change.Old, change.New)
				deploysOnce(t, name, change, step)
				means(t, name, change, func(d *travisyml.Document) (travisyml.Change, error) { return addStep(d, step) })
			}
			if n == 0 {
				tried++
			}
		}
	}
	t.Logf("%d files, %d refused, %d without a build", tried, refused, unbuilt)
	if 1000*refused > 15*tried+1000 {
		t.Errorf("%d of %d files are refused", refused, tried)
	}
}

// builtBranch is one of the usual branches that a file builds, or "".
func builtBranch(t testing.TB, text string) string {
	t.Helper()
	config, err := build.Parse(context.Background(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, branch := range []string{"main", "master", "develop", "dev", "release"} {
		made, err := config.Build(context.Background(), build.EventsOf("acme/api", branch)[0])
		if err == nil && len(made.Jobs) > 0 {
			return branch
		}
	}
	return ""
}

// deploysOnce plays a file before and after a change: builds of the branch deploy
// once, in a job that comes after the others or is the only one, others do not, and
// all jobs that there were are there.
func deploysOnce(t testing.TB, name string, change travisyml.Change, step travisyml.Step) {
	t.Helper()
	was, now := outcomes(t, change.Old, step.Branch), outcomes(t, change.New, step.Branch)
	for i := range was {
		deploys := 0
		for n, played := range now[i].Played {
			for _, call := range played.Calls {
				if !slices.Contains(call.Args, "/tmp/convox") {
					continue
				}
				deploys++
				job := now[i].Build.Jobs[n]
				if call.App != step.App || call.Rack != step.Rack || !call.Deploys || call.OnFailure || job.OS != "linux" || job.AllowFailure {
					t.Errorf("%s: %+v in %s on %s", name, call, job.Name, job.OS)
				}
				if !call.FailsBuild && (step.Form != travisyml.AfterSuccess || call.Phase != "after_success") {
					t.Errorf("%s: its failure does not fail the build", name)
				}
				if n != len(now[i].Build.Jobs)-1 {
					t.Errorf("%s: the job that deploys is not the last", name)
				}
			}
		}
		want := 0
		if (i == 0 || i >= 4) && !was[i].Build.LeftOut {
			want = 1
		}
		if deploys != want {
			t.Errorf("%s: build %d deploys %d times, not %d\n%s", name, i, deploys, want, change.New)
		}
		if strings.Contains(change.New, "\nscript: skip") && !strings.Contains(change.Old, "\nscript: skip") {
			continue // it had nothing to run
		}
		sameJobs(t, name, was[i].Build.Jobs, now[i].Build.Jobs, want)
	}
}

func outcomes(t testing.TB, text, branch string) []build.Outcome {
	t.Helper()
	config, err := build.Parse(context.Background(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	all, err := build.Player{}.Outcomes(context.Background(), config, build.EventsOf("acme/api", branch))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sameJobs checks that each job is there, and at most so many others.
func sameJobs(t testing.TB, name string, was, now []build.Job, more int) {
	t.Helper()
	words := func(job build.Job) string {
		phases := slices.DeleteFunc(job.Phases(), func(phase string) bool { return phase == "deploy" || phase == "after_success" })
		return fmt.Sprint(job.Name, job.OS, job.Arch, job.Language, job.Dist, job.Env, job.AllowFailure, phases)
	}
	left := slices.Clone(now)
	for _, job := range was {
		at := slices.IndexFunc(left, func(other build.Job) bool { return words(other) == words(job) })
		if at < 0 {
			t.Errorf("%s: a job is lost: %s", name, words(job))
			return
		}
		left = slices.Delete(left, at, at+1)
	}
	if len(left) > more {
		t.Errorf("%s: %d jobs are added", name, len(left))
	}
}

// holds checks a change against everything that is promised of it.
func holds(t testing.TB, name string, document *travisyml.Document, change travisyml.Change, add func(*travisyml.Document) (travisyml.Change, error)) {
	t.Helper()
	if change.Old != document.Text() || !change.Changed() {
		t.Errorf("%s: nothing was added", name)
	}
	keepsEveryLine(t, name, change.Old, change.New)
	means(t, name, change, add)
}

// means checks that the new text says what the old one did and the addition.
func means(t testing.TB, name string, change travisyml.Change, add func(*travisyml.Document) (travisyml.Change, error)) {
	t.Helper()
	top := strings.Split(change.Place, ".")[0]
	if top == "env" {
		before, after := meaning(t, change.Old), meaning(t, change.New)
		for key := range before {
			if _, kept := after[key]; !kept {
				t.Errorf("%s: %s is gone", name, key)
			}
		}
		for key := range after {
			if key != top && !reflect.DeepEqual(before[key], after[key]) {
				t.Errorf("%s: %s means something else", name, key)
			}
		}
		addsTo(t, name, before, after, 2)
	}
	again, err := travisyml.Parse(change.New)
	if err != nil {
		t.Errorf("%s: the result does not parse: %v", name, err)
		return
	}
	if top == "env" && strings.HasPrefix(change.Old, "{") {
		return // there is no comment in it to know ours by
	}
	if second, err := add(again); err != nil || second.Changed() || top != "env" && len(second.Found) != 1 {
		t.Errorf("%s: a second time is not the same: %v, found %v", name, err, second.Found)
	}
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
