//go:build unix

package gitrepo_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/secret/secrettest"
)

// trap is a program that leaves a mark when it is run.
type trap struct{ program, mark string }

func newTrap(t *testing.T) trap {
	t.Helper()
	dir := t.TempDir()
	trap := trap{filepath.Join(dir, "trap"), filepath.Join(dir, "mark")}
	if err := os.WriteFile(trap.program, []byte("#!/bin/sh\necho \"$0 $*\" >> '"+trap.mark+"'\nenv >> '"+trap.mark+"'\ncat\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return trap
}

func (p trap) wantUntouched(t *testing.T) {
	t.Helper()
	if text, err := os.ReadFile(p.mark); err == nil {
		t.Errorf("a program was run:\n%s", text)
	}
}

// partial makes a clone whose branch lost is at a commit that only the promisor
// remote has, as git fetch --filter leaves it.
func partial(t *testing.T) string {
	t.Helper()
	dir := clone(t, "remote add origin git@github.com:acme/api.git", "config core.repositoryFormatVersion 1", "config extensions.partialClone origin",
		"config remote.origin.promisor true", "config remote.origin.partialCloneFilter blob:none")
	commit(t, dir, "one")
	commit(t, dir, "two")
	if err := os.WriteFile(filepath.Join(dir, ".git", "refs", "heads", "lost"), []byte(strings.Repeat("1234", 10)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	blob, err := exec.Command("git", "-C", dir, "rev-parse", "HEAD~1:"+file).Output()
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSpace(string(blob))
	if err := os.Remove(filepath.Join(dir, ".git", "objects", name[:2], name[2:])); err != nil {
		t.Fatal(err)
	}
	return dir
}

// read reads of a clone all that there is to read.
func read(t *testing.T, dir string) {
	t.Helper()
	got := open(t, dir)
	if got.Branch != "main" || len(got.Candidates()) == 0 {
		t.Errorf("read %+v", got)
	}
	if versions, err := got.History(t.Context(), file, 50); err != nil || len(versions) != 1 || versions[0].Text != "two" {
		t.Errorf("the history is %v, %v", versions, err)
	}
	if all := gitrepo.Branches(t.Context(), dir); !slices.Equal(all, []string{"lost", "main"}) {
		t.Errorf("the branches are %q", all)
	}
	if branch := gitrepo.DefaultBranch(t.Context(), dir); branch != "" {
		t.Errorf("the default branch is %q", branch)
	}
}

func TestNothingThatTheCloneConfiguresIsRun(t *testing.T) {
	for name, settings := range map[string][][2]string{
		"ssh":            {{"core.sshCommand", "TRAP"}},
		"a helper":       {{"remote.origin.url", "ext::TRAP %S"}, {"protocol.allow", "always"}, {"protocol.ext.allow", "always"}},
		"another system": {{"remote.origin.vcs", "trap"}},
		"a git proxy":    {{"core.gitProxy", "TRAP"}, {"remote.origin.url", "git://git.invalid/acme/api"}},
		"upload-pack":    {{"remote.origin.uploadpack", "TRAP"}, {"remote.origin.url", "../elsewhere"}},
		"a password":     {{"core.askPass", "TRAP"}, {"credential.helper", "TRAP"}, {"remote.origin.url", "https://127.0.0.1:9/acme/api"}},
		"a pager":        {{"core.pager", "TRAP"}, {"pager.config", "TRAP"}, {"pager.remote", "TRAP"}, {"pager.for-each-ref", "TRAP"}},
		"a file watcher": {{"core.fsmonitor", "TRAP"}, {"core.fsmonitorHookVersion", "2"}},
		"aliases":        {{"alias.config", "!TRAP"}, {"alias.remote", "!TRAP"}, {"alias.rev-list", "!TRAP"}, {"alias.for-each-ref", "!TRAP"}},
		"signatures":     {{"gpg.program", "TRAP"}, {"gpg.ssh.program", "TRAP"}, {"log.showSignature", "true"}},
		"differences":    {{"diff.external", "TRAP"}, {"diff.evil.textconv", "TRAP"}, {"diff.evil.command", "TRAP"}, {"core.attributesFile", "ATTRIBUTES"}},
		"filters":        {{"filter.evil.smudge", "TRAP"}, {"filter.evil.clean", "TRAP"}, {"filter.evil.process", "TRAP"}, {"core.attributesFile", "ATTRIBUTES"}},
		"hooks":          {{"core.hooksPath", "HOOKS"}},
		"alternates":     {{"core.alternateRefsCommand", "TRAP"}, {"gc.recentObjectsHook", "TRAP"}},
		"an editor":      {{"core.editor", "TRAP"}, {"sequence.editor", "TRAP"}, {"interactive.diffFilter", "TRAP"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, trap := partial(t), newTrap(t)
			hooks := t.TempDir()
			attributes := filepath.Join(hooks, "attributes")
			if err := os.WriteFile(attributes, []byte("* diff=evil filter=evil\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, hook := range []string{"reference-transaction", "post-index-change", "pre-auto-gc", "post-checkout"} {
				if err := os.Symlink(trap.program, filepath.Join(hooks, hook)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink(trap.program, filepath.Join(hooks, "git-remote-trap")); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", hooks+string(os.PathListSeparator)+os.Getenv("PATH"))
			run(t, dir, "remote", "add", "fork", "git@github.com:me/api.git") // a helper's address is no candidate
			for _, setting := range settings {
				run(t, dir, "config", setting[0], strings.NewReplacer("TRAP", trap.program, "ATTRIBUTES", attributes, "HOOKS", hooks).Replace(setting[1]))
			}
			read(t, dir)
			trap.wantUntouched(t)
		})
	}
}

func TestNothingThatTheEnvironmentConfiguresIsRun(t *testing.T) {
	for name, value := range map[string]string{
		"GIT_SSH": "TRAP", "GIT_SSH_COMMAND": "TRAP", "GIT_PROXY_COMMAND": "TRAP", "GIT_ASKPASS": "TRAP", "SSH_ASKPASS": "TRAP",
		"GIT_EXTERNAL_DIFF": "TRAP", "GIT_PAGER": "TRAP", "PAGER": "TRAP", "GIT_EDITOR": "TRAP", "GIT_SEQUENCE_EDITOR": "TRAP",
		"GIT_TRACE": "MARK", "GIT_TRACE_SETUP": "MARK", "GIT_TRACE2": "MARK", "GIT_TRACE2_EVENT": "MARK", "GIT_TRACE2_PERF": "MARK",
		"GIT_CONFIG_PARAMETERS": "'core.sshCommand=TRAP' 'core.pager=TRAP'", "GIT_CONFIG_GLOBAL": "CONFIG", "GIT_CONFIG_SYSTEM": "CONFIG",
		"GIT_EXEC_PATH": "PROGRAMS", "GIT_ALLOW_PROTOCOL": "ssh:ext:file", "GIT_NO_LAZY_FETCH": "0",
		"GIT_OBJECT_DIRECTORY": "PROGRAMS", "GIT_ALTERNATE_OBJECT_DIRECTORIES": "PROGRAMS", "GIT_NAMESPACE": "evil",
	} {
		t.Run(name, func(t *testing.T) {
			dir, trap := partial(t), newTrap(t)
			programs := t.TempDir()
			for _, program := range []string{"git", "git-config", "git-remote", "git-fetch", "git-for-each-ref"} {
				if err := os.Symlink(trap.program, filepath.Join(programs, program)); err != nil {
					t.Fatal(err)
				}
			}
			config := filepath.Join(programs, "config")
			if err := os.WriteFile(config, []byte("[core]\n\tsshCommand = "+trap.program+"\n[travis]\n\tslug = acme/other\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv(name, strings.NewReplacer("TRAP", trap.program, "MARK", trap.mark, "CONFIG", config, "PROGRAMS", programs).Replace(value))
			read(t, dir)
			trap.wantUntouched(t)
			if got := open(t, dir); got.TravisSlug != "" {
				t.Errorf("the environment named %s", got.TravisSlug)
			}
		})
	}
}

// The program that git is here shows what it gets.
func TestGitGetsNoSecret(t *testing.T) {
	for _, name := range []string{
		"CONVOX_PASSWORD", "TRAVIS_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ACCESS_KEY_ID",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK",
	} {
		t.Setenv(name, secrettest.Canary)
	}
	t.Setenv("RACK_URL", "https://convox:"+secrettest.Canary+"@rack.example.com")
	folder := t.TempDir()
	seen := filepath.Join(folder, "seen")
	script := "#!/bin/sh\n{ env; echo \"$*\"; cat; } >> '" + seen + "'\n"
	dir := clone(t, "remote add origin git@github.com:acme/api.git")
	commit(t, dir, "one")
	if err := os.WriteFile(filepath.Join(folder, "git"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	got := open(t, dir)
	_, _ = got.History(t.Context(), file, 50)
	gitrepo.Branches(t.Context(), dir)
	gitrepo.DefaultBranch(t.Context(), dir)
	text, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	secrettest.Absent(t, "what git gets", string(text))
	for _, kept := range []string{"HOME=", "XDG_CONFIG_HOME=", "PATH=", "GIT_CEILING_DIRECTORIES="} {
		if !bytes.Contains(text, []byte("\n"+kept)) {
			t.Errorf("git misses %s", kept)
		}
	}
}

func TestALongAnswerOfGitIsRefused(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"remotes":  {"[remote \"r%d\"]\n\turl = git@github.com:acme/api-with-a-long-name-of-its-own.git\n", "git remote answers with more than 1 MiB"},
		"settings": {"[branch \"b%d\"]\n\tremote = origin-with-a-long-name-of-its-own-and-more-than-that-of-any-real-one\n", "git config answers with more than 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := clone(t)
			config, err := os.OpenFile(filepath.Join(dir, ".git", "config"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for n := range 12_000 {
				all.WriteString(strings.ReplaceAll(test.text, "%d", strings.Repeat("x", n%7)+string(rune('a'+n%26))+time.Duration(n).String()))
			}
			if _, err := config.WriteString(all.String()); err != nil {
				t.Fatal(err)
			}
			if err := config.Close(); err != nil {
				t.Fatal(err)
			}
			_, err = gitrepo.Open(t.Context(), dir)
			if codeOf(err) != "git_failed" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOfVeryManyBranchesTheFirstAreListed(t *testing.T) {
	dir := clone(t)
	commit(t, dir, "one")
	head, err := exec.Command("git", "-C", dir, "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packed strings.Builder
	packed.WriteString("# pack-refs with: peeled fully-peeled sorted \n")
	for n := range 30_000 {
		packed.WriteString(strings.TrimSpace(string(head)) + " refs/heads/" + strings.Repeat("a", n/200) + "b" + string(rune('a'+n%200/20)) + string(rune('a'+n%20)) + "\n")
	}
	if err := os.WriteFile(filepath.Join(dir, ".git", "packed-refs"), []byte(packed.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if all := gitrepo.Branches(t.Context(), dir); len(all) != 1000 {
		t.Errorf("%d branches are listed", len(all))
	}
}

// What git starts ends with it.
func TestAGitThatHangsEndsWithAllThatItStarted(t *testing.T) {
	folder := person(t)
	alive := filepath.Join(folder, "alive")
	if out, err := exec.Command("mkfifo", alive).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	// Its child holds the writing end of a pipe, which ends when it does.
	script := "#!/bin/sh\nif [ \"$6\" = rev-parse ]; then sleep 60 > '" + alive + "' & fi\nsleep 60\n"
	if err := os.WriteFile(filepath.Join(folder, "git"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	started, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		pipe, err := os.Open(alive)
		close(started)
		if err == nil {
			_, err = pipe.Read(make([]byte, 1)) // ends with the last writer
			pipe.Close()
		}
		ended <- err
	}()
	if _, err := gitrepo.OpenWithin(t.Context(), folder, time.Second); !errors.Is(err, os.ErrDeadlineExceeded) && codeOf(err) != "git_unfinished" {
		t.Errorf("got %v", err)
	}
	<-started
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("what git started is still there")
	}
}
