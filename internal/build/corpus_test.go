package build

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// corpus is a folder that isn't part of this repository. Below it,
// travis-oracle/files.jsonl holds real files, and what travis-yml makes of each
// for six builds. Without it, the tests that need it are skipped.
const corpus = "CONVOX_TRAVIS_CORPUS"

type oracleFile struct {
	File   string
	Text   string
	Travis struct {
		Builds map[string]json.RawMessage
	}
}

type oracleJob struct {
	Stage        string           `json:"stage,omitempty"`
	Name         string           `json:"name,omitempty"`
	OS           string           `json:"os,omitempty"`
	Language     string           `json:"language,omitempty"`
	Env          []map[string]any `json:"env,omitempty"`
	AllowFailure bool             `json:"allow_failure,omitempty"`
	Phases       []string         `json:"phases,omitempty"`
}

// oracleEvents are the six builds, of a repository whose owner pushed.
var oracleEvents = map[string]Event{
	"push main":            {Type: Push, Branch: "main"},
	"push feature/x":       {Type: Push, Branch: "feature/x"},
	"pull request to main": {Type: PullRequest, Branch: "main", HeadBranch: "feature/x", HeadRepo: "acme/api"},
	"tag v1.0":             {Type: Push, Branch: "v1.0", Tag: "v1.0"},
	"cron main":            {Type: Cron, Branch: "main"},
	"api main":             {Type: API, Branch: "main"},
}

func readOracle(t testing.TB) []oracleFile {
	folder := os.Getenv(corpus)
	if folder == "" {
		t.Skip(corpus + " names no folder")
	}
	file, err := os.Open(filepath.Join(folder, "travis-oracle", "files.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var files []oracleFile
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var one oracleFile
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		files = append(files, one)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return files
}

func TestRealFilesGetTheJobsThatTravisMakes(t *testing.T) {
	files := readOracle(t)
	right := 0
	for _, file := range files {
		if difference := compare(t, file); difference != "" {
			t.Errorf("%s: %s", file.File, difference)
			continue
		}
		right++
	}
	t.Logf("%d of %d files", right, len(files))
}

func compare(t *testing.T, file oracleFile) string {
	config, err := Parse(context.Background(), []byte(file.Text))
	if err != nil {
		return err.Error()
	}
	for name, event := range oracleEvents {
		var wanted []oracleJob
		answer := file.Travis.Builds[name]
		var same string
		if json.Unmarshal(answer, &same) == nil && same == "as push main" {
			answer = file.Travis.Builds["push main"]
			same = ""
			_ = json.Unmarshal(answer, &same)
		}
		if same == "" {
			if err := json.Unmarshal(answer, &wanted); err != nil {
				t.Fatal(err)
			}
		}
		event.Repo, event.Sender, event.CommitMessage, event.SettingsKnown = "acme/api", "someone", "Change", true
		// travis-yml itself doesn't ask branches.
		bare := &Config{Root: config.Root.keep(func(f Field) bool { return f.Key != "branches" })}
		build, err := bare.Build(context.Background(), event)
		if err != nil {
			return err.Error()
		}
		var got []oracleJob
		for _, job := range build.Jobs {
			got = append(got, oracleJobOf(job))
		}
		if len(got) != len(wanted) {
			return fmt.Sprintf("%s: %d jobs, not %d (%s)", name, len(got), len(wanted), same)
		}
		for i := range got {
			slices.Sort(got[i].Phases)
			slices.Sort(wanted[i].Phases)
			if len(wanted[i].Env) == 0 {
				wanted[i].Env = nil
			}
			if len(wanted[i].Phases) == 0 {
				wanted[i].Phases = []string{}
			}
			if !reflect.DeepEqual(got[i], wanted[i]) {
				g, _ := json.Marshal(got[i])
				w, _ := json.Marshal(wanted[i])
				return fmt.Sprintf("%s: job %d:\n got %.600s\nwant %.600s", name, i, g, w)
			}
		}
	}
	return ""
}

func oracleJobOf(job Job) oracleJob {
	made := oracleJob{Stage: job.Stage, Name: job.Name, OS: job.OS, Language: job.Language, AllowFailure: job.AllowFailure}
	for _, set := range job.Config.Get("env").List() {
		item := make(map[string]any)
		if set.Secure {
			item["secure"] = set.cipher
		}
		for _, f := range set.Fields {
			if f.Value.Secure {
				item[f.Key] = map[string]any{"secure": f.Value.cipher}
			} else {
				item[f.Key] = f.Value.Text
			}
		}
		made.Env = append(made.Env, item)
	}
	made.Phases = []string{}
	for _, phase := range phases {
		if job.Config.Get(phase) != nil {
			made.Phases = append(made.Phases, phase)
		}
	}
	return made
}
