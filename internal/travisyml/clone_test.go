package travisyml_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/travisyml"
)

func TestALinkIsFollowedInsideTheCloneAlone(t *testing.T) {
	const text = "language: go\n"
	for name, test := range map[string]struct {
		links map[string]string // by name; a target HOME/… is absolute
		file  string            // with --file, "" is the clone's
		want  string            // what is written, "" is a refusal
		says  string
	}{
		"no link":                         {nil, "", "clone/.travis.yml", ""},
		"inside":                          {map[string]string{"clone/.travis.yml": "ci/inside.yml"}, "", "clone/ci/inside.yml", ""},
		"inside, absolute":                {map[string]string{"clone/.travis.yml": "HOME/clone/ci/inside.yml"}, "", "clone/ci/inside.yml", ""},
		"inside, by a link to the clone":  {map[string]string{"clone/.travis.yml": "HOME/way/ci/inside.yml", "way": "clone"}, "", "clone/ci/inside.yml", ""},
		"out and back":                    {map[string]string{"clone/.travis.yml": "HOME/hop", "hop": "HOME/clone/ci/inside.yml"}, "", "clone/ci/inside.yml", ""},
		"outside":                         {map[string]string{"clone/.travis.yml": "../outside/file.yml"}, "", "", "outside/file.yml"},
		"outside, absolute":               {map[string]string{"clone/.travis.yml": "HOME/outside/file.yml"}, "", "", "outside/file.yml"},
		"outside, by two":                 {map[string]string{"clone/.travis.yml": "hop", "clone/hop": "../outside/file.yml"}, "", "", "outside/file.yml"},
		"in a folder with the same start": {map[string]string{"clone/.travis.yml": "../clone2/file.yml"}, "", "", "clone2/file.yml"},
		"in another clone inside":         {map[string]string{"clone/.travis.yml": "module/file.yml"}, "", "", "clone/module/file.yml"},
		"to nothing":                      {map[string]string{"clone/.travis.yml": "nowhere"}, "", "", "a link to nothing"},
		"to nothing outside":              {map[string]string{"clone/.travis.yml": "../nowhere"}, "", "", "a link to nothing"},
		"to itself":                       {map[string]string{"clone/.travis.yml": ".travis.yml"}, "", "", "can't be read"},
		"to a folder":                     {map[string]string{"clone/.travis.yml": "ci"}, "", "", "regular file"},
		"named, a linked folder":          {map[string]string{"clone/cd": "../outside"}, "clone/cd/file.yml", "", "outside/file.yml"},
		"named, new in a linked folder":   {map[string]string{"clone/cd": "../outside"}, "clone/cd/new.yml", "", "outside/new.yml"},
		"named, a folder linked inside":   {map[string]string{"clone/cd": "ci"}, "clone/cd/inside.yml", "clone/ci/inside.yml", ""},
		"named, outside":                  {map[string]string{"clone/x.yml": "../outside/file.yml"}, "clone/x.yml", "", "outside/file.yml"},
		"named, by a linked clone":        {map[string]string{"way": "clone"}, "way/.travis.yml", "way/.travis.yml", ""},
		"named, without a clone":          {map[string]string{"outside/x.yml": "file.yml"}, "outside/x.yml", "outside/file.yml", ""},
		"named, into a clone":             {map[string]string{"outside/x.yml": "../clone/.travis.yml"}, "outside/x.yml", "clone/.travis.yml", ""},
	} {
		t.Run(name, func(t *testing.T) {
			home, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			real := []string{"clone/.travis.yml", "clone/ci/inside.yml", "clone/module/file.yml", "outside/file.yml", "clone2/file.yml"}
			for _, file := range real {
				if err := os.MkdirAll(filepath.Join(home, filepath.Dir(file)), 0o755); err != nil {
					t.Fatal(err)
				}
				if _, isLink := test.links[file]; !isLink {
					write(t, filepath.Join(home, file), text)
				}
			}
			for _, folder := range []string{"clone/.git", "clone/module/.git"} {
				if err := os.Mkdir(filepath.Join(home, folder), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for link, target := range test.links {
				if err := os.Symlink(strings.Replace(target, "HOME/", home+"/", 1), filepath.Join(home, link)); err != nil {
					t.Skip("no links here")
				}
			}
			file, err := travisyml.Open(filepath.Join(home, "clone", "ci"))
			if test.file != "" {
				file, err = travisyml.OpenFile(filepath.Join(home, test.file))
			}
			if test.want == "" {
				if codeOf(err) != "yml_file" || !strings.Contains(err.Error(), test.says) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || file.Path != filepath.Join(home, test.want) {
				t.Fatalf("%q, %v", file.Path, err)
			}
			if err := file.Write("language: ruby\n"); err != nil {
				t.Fatal(err)
			}
			for _, file := range real {
				wanted := text
				if now, err := filepath.EvalSymlinks(filepath.Join(home, test.want)); err == nil && now == filepath.Join(home, file) {
					wanted = "language: ruby\n"
				}
				if _, isLink := test.links[file]; !isLink && read(t, filepath.Join(home, file)) != wanted {
					t.Errorf("%s holds %q", file, read(t, filepath.Join(home, file)))
				}
			}
			for link := range test.links {
				if info, err := os.Lstat(filepath.Join(home, link)); err != nil || info.Mode()&os.ModeSymlink == 0 {
					t.Errorf("%s is no link any more: %v", link, err)
				}
			}
		})
	}
}

func TestAFileThatBecameALinkIsLeft(t *testing.T) {
	root := newClone(t, "language: go\n")
	file, other := open(t, root), filepath.Join(t.TempDir(), "other.yml")
	write(t, other, "language: go\n")
	if err := os.Remove(file.Path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, file.Path); err != nil {
		t.Skip("no links here")
	}
	if err := file.Write("language: ruby\n"); err == nil || read(t, other) != "language: go\n" {
		t.Errorf("%v, it holds %q", err, read(t, other))
	}
}

// git runs git in a folder, with nobody's settings.
func git(t *testing.T, folder string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{
		"-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main",
	}, args...)...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return string(out)
}

// In a clone, a work tree, a submodule and one whose .git is a link, a commit
// picks up the written file and nothing else, whatever a killed process left.
func TestWhatIsWrittenIsAllThatACommitPicksUp(t *testing.T) {
	folder := t.TempDir()
	clone, tree, outer := filepath.Join(folder, "clone"), filepath.Join(folder, "tree"), filepath.Join(folder, "outer")
	git(t, folder, "init", "--quiet", clone)
	write(t, filepath.Join(clone, travisyml.FileName), "language: go\n")
	git(t, clone, "add", ".")
	git(t, clone, "commit", "--quiet", "-m", "one")
	git(t, clone, "worktree", "add", "--quiet", tree)
	git(t, folder, "init", "--quiet", outer)
	git(t, outer, "submodule", "--quiet", "add", clone, "module")
	git(t, outer, "commit", "--quiet", "-m", "one")
	linked := filepath.Join(folder, "linked")
	git(t, folder, "clone", "--quiet", clone, linked)
	if err := os.Rename(filepath.Join(linked, ".git"), filepath.Join(folder, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(folder, "elsewhere"), filepath.Join(linked, ".git")); err != nil {
		t.Skip("no links here")
	}
	for _, root := range []string{clone, tree, filepath.Join(outer, "module"), linked} {
		killWrites(t, root)
		git(t, root, "add", ".")
		status := git(t, root, "status", "--porcelain", "--untracked-files=all")
		if status != "" && status != "M  .travis.yml\n" {
			t.Errorf("%s: a commit takes %q", root, status)
		}
		file := open(t, root)
		if err := file.Write("language: perl\n"); err != nil {
			t.Fatal(err)
		}
		git(t, root, "add", ".")
		if status := git(t, root, "status", "--porcelain", "--untracked-files=all"); status != "M  .travis.yml\n" {
			t.Errorf("%s: a commit takes %q", root, status)
		}
		left, err := filepath.Glob(filepath.Join(strings.TrimSpace(git(t, root, "rev-parse", "--absolute-git-dir")), ".convox-travis*"))
		if err != nil || len(left) > 0 {
			t.Errorf("%s: left are %q, %v", root, left, err)
		}
	}
}
