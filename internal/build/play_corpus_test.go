package build_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/build"
)

// corpus opens a file of the folder that CONVOX_TRAVIS_CORPUS names.
func corpus(t *testing.T, name string, each func(line []byte)) {
	t.Helper()
	folder := os.Getenv("CONVOX_TRAVIS_CORPUS")
	if folder == "" {
		t.Skip("CONVOX_TRAVIS_CORPUS names no folder")
	}
	file, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		each(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// nineBuilds are the builds in which Bash itself ran the snippets.
var nineBuilds = map[string]build.Event{
	"push_main":    {Type: build.Push, Repo: "acme/api", Branch: "main"},
	"push_other":   {Type: build.Push, Repo: "acme/api", Branch: "feature/x"},
	"push_stag":    {Type: build.Push, Repo: "acme/api", Branch: "staging"},
	"push_rel":     {Type: build.Push, Repo: "acme/api", Branch: "release/1.2"},
	"pr_main":      {Type: build.PullRequest, Repo: "acme/api", Branch: "main", HeadBranch: "feature/x"},
	"pr_stag":      {Type: build.PullRequest, Repo: "acme/api", Branch: "staging", HeadBranch: "feature/x"},
	"pr_from_main": {Type: build.PullRequest, Repo: "acme/api", Branch: "develop", HeadBranch: "main"},
	"tag":          {Type: build.Push, Repo: "acme/api", Branch: "v1.0", Tag: "v1.0"},
	"cron_main":    {Type: build.Cron, Repo: "acme/api", Branch: "main"},
}

func TestSnippetsDoWhatBashDoes(t *testing.T) {
	all, right := 0, 0
	corpus(t, "bash/snippets.jsonl", func(line []byte) {
		var snippet struct {
			Bash    string
			Deploys map[string][][2]string
			Exit    map[string]int `json:"exit_when_deploy_fails"`
		}
		if err := json.Unmarshal(line, &snippet); err != nil {
			t.Fatal(err)
		}
		all++
		var wrong []string
		for name, event := range nineBuilds {
			script := build.ScriptOf(build.Job{Language: "ruby", OS: "linux"}, event)
			played, status := build.PlaySnippet(script, snippet.Bash)
			deploys := [][2]string{}
			for _, call := range played.Calls {
				if call.Deploys {
					deploys = append(deploys, [2]string{call.App, call.Rack})
				}
			}
			if want, deployed := snippet.Exit[name]; !slices.Equal(deploys, snippet.Deploys[name]) || deployed && status != want || played.Unplayed != nil {
				wrong = append(wrong, name)
				if len(wrong) == 1 {
					t.Logf("%s: deploys %v, status %d (%v)", name, deploys, status, played.Unplayed)
				}
			}
		}
		if len(wrong) == 0 {
			right++
			return
		}
		t.Logf("wrong in %d builds:\n%s", len(wrong), snippet.Bash)
	})
	if percent := 100 * right / max(all, 1); percent < 97 {
		t.Errorf("%d of %d snippets are right (%d %%)", right, all, percent)
	}
	t.Logf("%d of %d right", right, all)
}

// TestRealScriptsCanBePlayed plays each phase of the real files as a job.
func TestRealScriptsCanBePlayed(t *testing.T) {
	all, not := 0, 0
	var scripts []build.Script
	corpus(t, "travis-oracle/files.jsonl", func(line []byte) {
		var file struct{ Text string }
		if err := json.Unmarshal(line, &file); err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, realScripts(t, file.Text)...)
	})
	played, err := player(t).Play(t.Context(), scripts)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range played {
		all++
		if p.Unplayed != nil {
			not++
			t.Logf("%s: %v", p.Unplayed.What, strings.TrimSpace(scripts[i].Steps[0].Command.Bash))
		}
	}
	if 1000*not > 5*all {
		t.Errorf("%d of %d real scripts can't be played", not, all)
	}
	t.Logf("%d of %d can't be played", not, all)
}

// realScripts returns the commands of a file's phases, one script for each phase
// of it and of its jobs.
func realScripts(t *testing.T, text string) []build.Script {
	t.Helper()
	var root yaml.Node
	if yaml.Unmarshal([]byte(text), &root) != nil {
		return nil
	}
	phases := map[string]bool{"before_install": true, "install": true, "before_script": true, "script": true, "after_success": true, "after_failure": true, "after_script": true, "before_deploy": true, "after_deploy": true}
	var scripts []build.Script
	var look func(n *yaml.Node)
	look = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(n.Content); i += 2 {
				if !phases[n.Content[i].Value] {
					continue
				}
				values := []*yaml.Node{n.Content[i+1]}
				if values[0].Kind == yaml.SequenceNode {
					values = values[0].Content
				}
				list := &build.Node{Kind: build.List}
				for _, value := range values {
					if value.Kind == yaml.ScalarNode {
						list.Items = append(list.Items, &build.Node{Kind: build.Text, Text: value.Value, Line: value.Line, Rows: value.Style&yaml.LiteralStyle != 0})
					}
				}
				job := build.Job{Language: "generic", Config: &build.Node{Kind: build.Mapping, Fields: []build.Field{{Key: n.Content[i].Value, Value: list}}}}
				if script := build.ScriptOf(job, build.Event{Type: build.Push, Repo: "acme/api", Branch: "main"}); len(script.Steps) > 0 {
					scripts = append(scripts, script)
				}
			}
		}
		for _, child := range n.Content {
			look(child)
		}
	}
	look(&root)
	return scripts
}
