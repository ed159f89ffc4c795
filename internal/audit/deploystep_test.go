package audit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/audit"
	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/travisyml"
)

// cloneWith is a clone with these files, of which git knows those that aren't empty.
func cloneWith(t *testing.T, files map[string]string) travisyml.File {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here")
	}
	folder := t.TempDir()
	git := func(arguments ...string) {
		command := exec.Command("git", arguments...)
		command.Dir = folder
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %s", err, output)
		}
	}
	git("init", "-q")
	for name, text := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			git("add", "--", name)
		}
	}
	file, err := travisyml.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func saidOf(warnings []connect.Warning) string {
	all := ""
	for _, w := range warnings {
		if w.Code != travisyml.CodeNewFile {
			all += w.Code + ": " + w.Message + "; " + w.Hint + "\n"
		}
	}
	return all
}

func TestAStepIsComparedWithTheManifestOfItsClone(t *testing.T) {
	const services = "services:\n  web:\n    build: .\n  worker: {}\n"
	const none = "yml_no_manifest: the top folder has no convox.yml, which a deploy needs unless its step names another manifest: "
	for name, c := range map[string]struct {
		files           map[string]string
		manifest        string
		command         string
		console         bool
		warnings, notes string
	}{
		"a manifest at the top":         {map[string]string{"convox.yml": services}, "", "", true, "", ""},
		"no manifest at all":            {nil, "", "", true, "", ""},
		"others below":                  {map[string]string{"ops/convox.yml": "a", "convox.staging.yml": "a", "x/y/convox-b.yaml": "a", "my convox.yml": "a", "convox/a.yml": "a"}, "", "", true, "", none + "convox.staging.yml, ops/convox.yml, x/y/convox-b.yaml; \n"},
		"one that git doesn't know":     {map[string]string{"ops/convox.yml": ""}, "", "", true, "", ""},
		"names that can't be written":   {map[string]string{"a b/convox.yml": "a", "$(x)/convox.yml": "a", "-c/convox.yml": "a"}, "", "", true, "", ""},
		"the old one, on a Rack":        {map[string]string{"docker-compose.yml": "a", "ops/convox.yml": "a"}, "", "", false, "", ""},
		"the old one, behind a Console": {map[string]string{"docker-compose.yml": "a", "ops/convox.yml": "a"}, "", "", true, "", none + "ops/convox.yml; \n"},
		"a named manifest":              {map[string]string{"ops/convox.yml": "a"}, "ops/convox.yml", "", true, "", ""},
		"a named one that is missing":   {map[string]string{"convox.yml": "a"}, "ops/convox.yml", "", true, "yml_manifest: this clone has no ops/convox.yml, which the deploy step names as its manifest; check the path, which starts at the repository's top folder, or commit the file\n", ""},
		"a named folder":                {map[string]string{"ops/convox.yml": "a"}, "ops", "", true, "yml_manifest: this clone has no ops, which the deploy step names as its manifest; check the path, which starts at the repository's top folder, or commit the file\n", ""},
		"a service":                     {map[string]string{"convox.yml": services}, "", "worker rake", true, "", ""},
		"no service":                    {map[string]string{"convox.yml": services}, "", "rake db:migrate", true, "yml_service: convox.yml has no service rake, in which the command before promoting would run; start the command with its service: web, worker\n", ""},
		"no service of another":         {map[string]string{"convox.yml": services, "b.yml": "services: {api: {}}"}, "b.yml", "web rake", true, "yml_service: b.yml has no service web, in which the command before promoting would run; start the command with its service: api\n", ""},
		"a manifest without services":   {map[string]string{"convox.yml": "resources: {}\n"}, "", "rake db:migrate", true, "", ""},
		"a manifest that isn't YAML":    {map[string]string{"convox.yml": "{"}, "", "rake db:migrate", true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := audit.DeployStep{Target: build.Target{Repo: slug, Branch: "main", App: "api", DefaultApp: "api"}, Console: c.console, Manifest: c.manifest, BeforePromote: c.command}
			if c.console {
				step.Rack = "acme/production"
			}
			change, err := audit.PlanFile(t.Context(), build.Player{}, cloneWith(t, c.files), audit.FileRequest{Step: step})
			if err != nil || !change.Changed() {
				t.Fatal(err)
			}
			if got := saidOf(change.Warnings); got != c.warnings {
				t.Errorf("warnings\n%s\nnot\n%s", got, c.warnings)
			}
			if got := saidOf(change.Notes); got != c.notes {
				t.Errorf("notes\n%s\nnot\n%s", got, c.notes)
			}
		})
	}
}

// What is there is left, and it is said what it doesn't do.
func TestAStepThatDoesSomethingElseIsCompared(t *testing.T) {
	const (
		command  = "yml_other_step: the deploy step on line 4 doesn't run that command before it promotes; "
		manifest = "yml_other_step: the deploy step on line 4 doesn't use the manifest ops/c.yml; "
		again    = "delete that step, then run this again\n"
		with     = "delete that step, then run convox-travis yml with "
		byHand   = "change that step yourself\n"
	)
	there := func(change func(*audit.DeployStep)) audit.DeployStep {
		step := audit.DeployStep{Target: build.Target{Repo: slug, Branch: "main", App: "api", DefaultApp: "api", Rack: "acme/production"}, Console: true}
		change(&step)
		return step
	}
	plain := func(*audit.DeployStep) {}
	simple := func(s *audit.DeployStep) { s.BeforePromote, s.Manifest = "web rake b", "b.yml" }
	migrating := func(s *audit.DeployStep) { s.BeforePromote, s.Manifest = "web  rake $A && b ", "ops/c.yml" }
	for name, c := range map[string]struct {
		there, asked func(*audit.DeployStep)
		says         string
	}{
		"a plain one":                           {plain, plain, ""},
		"the same":                              {migrating, migrating, ""},
		"more than asked":                       {migrating, plain, ""},
		"no command and manifest":               {plain, migrating, command + again + manifest + again},
		"another command and manifest":          {simple, migrating, command + again + manifest + again},
		"a command, and the step's manifest":    {simple, func(s *audit.DeployStep) { s.BeforePromote = "web rake" }, command + with + "--manifest b.yml too\n"},
		"a manifest, and the step's command":    {simple, func(s *audit.DeployStep) { s.Manifest = "ops/c.yml" }, manifest + with + "--before-promote 'web rake b' too\n"},
		"the default manifest":                  {plain, func(s *audit.DeployStep) { s.Manifest = "./convox.yml" }, ""},
		"another command":                       {migrating, func(s *audit.DeployStep) { s.BeforePromote = "web rake" }, command + byHand},
		"another manifest":                      {migrating, func(s *audit.DeployStep) { s.Manifest = "c.yml" }, strings.Replace(manifest, "ops/", "", 1) + byHand},
		"the same manifest in other characters": {migrating, func(s *audit.DeployStep) { s.Manifest = "./ops/c.yml" }, ""},
	} {
		file := travisyml.File{Root: t.TempDir(), Text: "script: make\n"}
		change, err := audit.PlanFile(t.Context(), build.Player{}, file, audit.FileRequest{Step: there(c.there)})
		if err != nil {
			t.Fatal(err)
		}
		file.Text = change.New
		change, err = audit.PlanFile(t.Context(), build.Player{}, file, audit.FileRequest{Step: there(c.asked)})
		if got := saidOf(change.Warnings); err != nil || change.Changed() || got != c.says {
			t.Errorf("%s: %v %q, not %q, in\n%s", name, err, got, c.says, file.Text)
		}
	}
}
