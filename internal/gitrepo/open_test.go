package gitrepo_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/secret/secrettest"
)

func TestACloneIsReadFromItsTopAndFromASubfolder(t *testing.T) {
	dir := clone(t, "remote add origin git@github.com:acme/api.git")
	deep := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{dir, deep} {
		got := open(t, from)
		if got.Root != dir || got.Branch != "main" || got.TravisSlug != "" {
			t.Errorf("from %s: got %+v", from, got)
		}
		want := gitrepo.Remote{Name: "origin", Host: "github.com", Slug: "acme/api", Provider: "github"}
		if len(got.Remotes) != 1 || got.Remotes[0] != want {
			t.Errorf("from %s: the remotes are %+v", from, got.Remotes)
		}
	}
	t.Chdir(deep)
	if got := open(t, ""); got.Root != dir {
		t.Errorf("from the current folder: got %+v", got)
	}
}

func TestAFolderNameMayHoldAnything(t *testing.T) {
	dir := filepath.Join(person(t), "a b\n'ü'\n")
	run(t, "", "init", "--quiet", dir)
	if got := open(t, dir); got.Root != dir {
		t.Errorf("the root is %q, not %q", got.Root, dir)
	}
}

func TestAWorktreeIsItsOwnRootWithTheSameRemotes(t *testing.T) {
	dir := clone(t, "remote add origin git@github.com:acme/api.git", "commit --quiet --allow-empty -m first")
	tree := filepath.Join(filepath.Dir(dir), "tree")
	run(t, dir, "worktree", "add", "--quiet", "-b", "topic/one", tree)
	got := open(t, tree)
	if got.Root != tree || got.Branch != "topic/one" || names(got.Remotes) != "origin=acme/api" {
		t.Errorf("got %+v", got)
	}
}

func TestABareRepositoryIsItsOwnRoot(t *testing.T) {
	dir := filepath.Join(person(t), "api.git")
	run(t, "", "init", "--quiet", "--bare", dir)
	run(t, dir, "remote", "add", "origin", "git@github.com:acme/api.git")
	got := open(t, dir)
	if got.Root != dir || names(got.Remotes) != "origin=acme/api" {
		t.Errorf("got %+v", got)
	}
}

func TestASubmoduleHasItsOwnRemotes(t *testing.T) {
	dir := clone(t, "remote add origin git@github.com:acme/api.git")
	inner := filepath.Join(dir, "vendor", "lib")
	run(t, "", "init", "--quiet", inner)
	run(t, inner, "remote", "add", "origin", "git@github.com:acme/lib.git")
	if got := open(t, inner); got.Root != inner || names(got.Remotes) != "origin=acme/lib" {
		t.Errorf("got %+v", got)
	}
}

func TestTheBranchsRemoteComesFirstThenOriginThenByName(t *testing.T) {
	dir := clone(t,
		"remote add zeta git@github.com:zeta/api.git",
		"remote add origin git@github.com:acme/api.git",
		"remote add alpha git@github.com:alpha/api.git",
		"remote add local ../elsewhere",
		"remote add mine git@gitlab.com:me/sub/api.git",
		"config branch.main.remote mine",
		"config branch.other.remote zeta",
		"commit --quiet --allow-empty -m first",
	)
	if got := names(open(t, dir).Remotes); got != "mine=me/sub/api origin=acme/api alpha=alpha/api zeta=zeta/api" {
		t.Errorf("the remotes are %s", got)
	}
	run(t, dir, "checkout", "--quiet", "--detach")
	got := open(t, dir)
	if got.Branch != "" || names(got.Remotes) != "origin=acme/api alpha=alpha/api mine=me/sub/api zeta=zeta/api" {
		t.Errorf("detached: got %+v", got)
	}
	run(t, dir, "symbolic-ref", "HEAD", "refs/kept/one")
	if got := open(t, dir); got.Branch != "" {
		t.Errorf("on what is no branch: got %+v", got)
	}
	run(t, dir, "checkout", "--quiet", "--detach", "main")
	run(t, dir, "checkout", "--quiet", "-b", "other")
	if got := open(t, dir); got.Branch != "other" || got.Remotes[0].Name != "zeta" {
		t.Errorf("on another branch: got %+v", got)
	}
}

func TestABranchThatFollowsABareAddressAddsNoRemote(t *testing.T) {
	dir := clone(t,
		"remote add origin git@github.com:acme/api.git",
		"config branch.main.remote https://github.com/contributor/api.git",
	)
	if got := names(open(t, dir).Remotes); got != "origin=acme/api" {
		t.Errorf("the remotes are %s", got)
	}
}

func TestRewrittenAddressesAreReadAsRewritten(t *testing.T) {
	dir := clone(t,
		"config url.git@github.com:.insteadOf gh:",
		"config url.ssh://git@gitlab.com/group/.insteadOf https://github.com/moved/",
		"config url./srv/push/.pushInsteadOf gh:",
		"remote add origin gh:acme/api",
		"remote add moved https://github.com/moved/api.git",
		"remote add two git@github.com:first/api.git",
		"remote set-url --add two git@github.com:second/api.git",
		"config remote.origin.promisor true",
		"config remote.origin.partialclonefilter blob:none",
	)
	want := []gitrepo.Remote{
		{Name: "origin", Host: "github.com", Slug: "acme/api", Provider: "github"},
		{Name: "moved", Host: "github.com", Slug: "moved/api", Provider: "github"},
		{Name: "moved", Host: "gitlab.com", Slug: "group/api", Provider: "gitlab", Setting: "url.*.insteadOf"},
		{Name: "two", Host: "github.com", Slug: "first/api", Provider: "github"},
	}
	if got := open(t, dir).Remotes; !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestTravisSlugIsTheLastOneSet(t *testing.T) {
	dir := clone(t, "config travis.slug old/api", "config --add travis.slug acme/api")
	if got := open(t, dir).TravisSlug; got != "acme/api" {
		t.Errorf("travis.slug is %q", got)
	}
	for _, bad := range []string{"api", "acme/\x1b[31mapi", "https://github.com/acme/api"} {
		run(t, dir, "config", "--replace-all", "travis.slug", bad)
		if got := open(t, dir).TravisSlug; got != "" {
			t.Errorf("travis.slug %q became %q", bad, got)
		}
	}
}

func TestTheEnvironmentSaysWhereTheCloneIsAndNoMore(t *testing.T) {
	dir := clone(t, "remote add origin git@github.com:acme/api.git")
	elsewhere := filepath.Join(filepath.Dir(dir), "elsewhere")
	if err := os.Mkdir(elsewhere, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_DIR", filepath.Join(dir, ".git"))
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "travis.slug")
	t.Setenv("GIT_CONFIG_VALUE_0", "acme/web")
	if got := open(t, elsewhere); names(got.Remotes) != "origin=acme/api" || got.TravisSlug != "" {
		t.Errorf("got %+v", got)
	}
}

func TestNoTokenOfARemoteComesOut(t *testing.T) {
	dir := clone(t)
	for name, address := range map[string]string{
		"origin": "https://x-access-token:" + secrettest.Canary + "@github.com/acme/api.git",
		"second": secrettest.Canary + "@gitlab.com:acme/api.git",
		"third":  "https://" + secrettest.Canary + "@git.example.com/acme",
		"fourth": "/srv/" + secrettest.Canary,
	} {
		run(t, dir, "remote", "add", name, address)
	}
	run(t, dir, "config", "remote.https://"+secrettest.Canary+"@example.com.url", "git@github.com:named/oddly.git")
	run(t, dir, "config", "branch.main.remote", "https://"+secrettest.Canary+"@github.com/acme/api")
	run(t, dir, "config", "travis.slug", secrettest.Canary+"/api")
	got := open(t, dir)
	secrettest.Absent(t, "the clone", printed(got)+printed(got.Candidates()))
	if names(got.Remotes) != "origin=acme/api =named/oddly second=acme/api" {
		t.Errorf("the remotes are %s", names(got.Remotes))
	}
}

func TestNothingInACloneSteersTheTerminal(t *testing.T) {
	dir := clone(t, "symbolic-ref HEAD refs/heads/a\u202eb")
	run(t, dir, "config", "remote.\x1b[31mred.url", "git@github.com:acme/api.git")
	got := open(t, dir)
	if got.Branch != "" || names(got.Remotes) != "=acme/api" {
		t.Errorf("got %+q", got)
	}
	if strings.ContainsAny(printed(got.Remotes), "\x1b\u202e") {
		t.Error("a control character came out")
	}
}
