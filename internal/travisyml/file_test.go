package travisyml_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

func TestTheFileIsFoundFromAnyFolderOfAClone(t *testing.T) {
	root := newClone(t, "language: go\n")
	deep := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	// A .travis.yml of a folder is nothing to Travis.
	write(t, filepath.Join(root, "a", travisyml.FileName), "language: ruby\n")
	file, err := travisyml.Open(deep)
	if err != nil || file.Root != root || file.Path != filepath.Join(root, ".travis.yml") || file.Text != "language: go\n" || file.Missing {
		t.Errorf("%+v, %v", file, err)
	}
	t.Chdir(deep)
	if file, err := travisyml.Open(""); err != nil || file.Text != "language: go\n" {
		t.Errorf("from the current folder: %v", err)
	}
}

func TestTheTopOfAWorkTreeHasAFileForItsGitFolder(t *testing.T) {
	root := newClone(t, "language: go\n")
	inner := filepath.Join(root, "module")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(inner, ".git"), "gitdir: ../.git/modules/module\n")
	file, err := travisyml.Open(inner)
	if err != nil || file.Root != inner || !file.Missing || file.Text != "" {
		t.Errorf("%+v, %v", file, err)
	}
}

func TestOutsideACloneThereIsNoFile(t *testing.T) {
	if _, err := travisyml.Open(t.TempDir()); !errors.Is(err, travisyml.ErrNoClone) {
		t.Errorf("%v", err)
	}
}

func TestWritingKeepsTheMode(t *testing.T) {
	root := newClone(t, "language: go\n")
	name := filepath.Join(root, travisyml.FileName)
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	file := open(t, root)
	if err := file.Write("language: ruby\n"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, name); got != "language: ruby\n" {
		t.Errorf("it holds %q", got)
	}
	if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	onlyTheseIn(t, root, ".git", ".travis.yml")
}

func TestAMissingFileIsMade(t *testing.T) {
	root := newClone(t, "")
	file := open(t, root)
	if !file.Missing {
		t.Fatal("it is there")
	}
	if err := file.Write("language: go\n"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(root, travisyml.FileName)); got != "language: go\n" {
		t.Errorf("it holds %q", got)
	}
	if err := file.Write("language: ruby\n"); codeOf(err) != "yml_changed" {
		t.Errorf("written over one that came meanwhile: %v", err)
	}
}

func TestTheFileBehindALinkIsWritten(t *testing.T) {
	root := newClone(t, "")
	target := filepath.Join(root, "ci", "travis.yml")
	if err := os.Mkdir(filepath.Dir(target), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, target, "language: go\n")
	link := filepath.Join(root, travisyml.FileName)
	if err := os.Symlink(filepath.Join("ci", "travis.yml"), link); err != nil {
		t.Skip("no links here")
	}
	if err := open(t, root).Write("language: ruby\n"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&os.ModeSymlink == 0 || read(t, target) != "language: ruby\n" {
		t.Errorf("the link is %v, %v", info.Mode(), err)
	}
	onlyTheseIn(t, filepath.Dir(target), "travis.yml")
}

func TestALinkToNothingIsNotTakenForAMissingFile(t *testing.T) {
	root := newClone(t, "")
	if err := os.Symlink("nowhere", filepath.Join(root, travisyml.FileName)); err != nil {
		t.Skip("no links here")
	}
	if _, err := travisyml.Open(root); codeOf(err) != "yml_file" {
		t.Errorf("%v", err)
	}
}

func TestAFileThatChangedIsLeft(t *testing.T) {
	root := newClone(t, "language: go\n")
	file := open(t, root)
	name := filepath.Join(root, travisyml.FileName)
	write(t, name, "language: perl\n")
	err := file.Write("language: ruby\n")
	if codeOf(err) != "yml_changed" || read(t, name) != "language: perl\n" {
		t.Errorf("%v, it holds %q", err, read(t, name))
	}
	onlyTheseIn(t, root, ".git", ".travis.yml")
}

func TestWhatIsNoSmallFileIsNotRead(t *testing.T) {
	root := newClone(t, strings.Repeat("#", 1<<20+1))
	if _, err := travisyml.Open(root); codeOf(err) != "yml_file" {
		t.Errorf("a large one: %v", err)
	}
	root = newClone(t, "")
	if err := os.Mkdir(filepath.Join(root, travisyml.FileName), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := travisyml.Open(root); codeOf(err) != "yml_file" {
		t.Errorf("a folder: %v", err)
	}
	root = newClone(t, "a: b\n")
	if err := open(t, root).Write(strings.Repeat("#", 1<<20+1)); codeOf(err) != "yml_file" || read(t, filepath.Join(root, travisyml.FileName)) != "a: b\n" {
		t.Errorf("a large one was written: %v", err)
	}
}

func TestAFolderThatMayNotBeWrittenLeavesTheFile(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("nothing is forbidden here")
	}
	root := newClone(t, "a: b\n")
	file := open(t, root)
	if err := os.Chmod(root, 0o500); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Chmod(root, 0o700) }() // for the test to clean up
	if err := file.Write("c: d\n"); codeOf(err) != "yml_file" || strings.Contains(err.Error(), root) {
		t.Errorf("%v", err)
	}
}

func TestTheAppIsTheFilesOrTheRepositorysOrTheFolders(t *testing.T) {
	for slug, name := range map[string]string{"acme/My_API": "my-api", "group/sub/web": "web", "acme/--": "folder", "": "folder"} {
		root := filepath.Join(t.TempDir(), "folder")
		if err := os.MkdirAll(filepath.Join(root, ".git"), 0o755); err != nil {
			t.Fatal(err)
		}
		if got := open(t, root).AppName(slug); got != name {
			t.Errorf("%q: %q", slug, got)
		}
	}
	for folder, name := range map[string]string{"api": "api", "My App_2.0": "my-app-2-0", "é": "", "--x--": "x"} {
		root := filepath.Join(t.TempDir(), folder)
		if err := os.MkdirAll(filepath.Join(root, ".git"), 0o755); err != nil {
			t.Fatal(err)
		}
		if got := open(t, root).AppName(""); got != name {
			t.Errorf("%q: %q", folder, got)
		}
		if err := os.Mkdir(filepath.Join(root, ".convox"), 0o755); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]string{"web-1\n": "web-1", "": name, "a b": name, "x\x1b[31m": name, strings.Repeat("x", 2000): name} {
			write(t, filepath.Join(root, ".convox", "app"), text)
			if got := open(t, root).AppName(""); got != want {
				t.Errorf("%q: %q", text, got)
			}
		}
	}
}

// newClone makes the top folder of a clone; without a text it has no file.
func newClone(t *testing.T, text string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	if text != "" {
		write(t, filepath.Join(root, travisyml.FileName), text)
	}
	return root
}

func open(t *testing.T, folder string) travisyml.File {
	t.Helper()
	file, err := travisyml.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func onlyTheseIn(t *testing.T, folder string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != len(names) {
		t.Errorf("%s holds %v, %v", folder, entries, err)
	}
}

func codeOf(err error) string {
	return problem.Code(err)
}

func TestAFileOfAnotherNameIsOpenedAndWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ci", "travis.yaml")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	file, err := travisyml.OpenFile(path)
	if err != nil || !file.Missing || file.Path != path || file.Root != filepath.Dir(path) {
		t.Fatalf("%+v, %v", file, err)
	}
	if err := file.Write("language: ruby\n"); err != nil {
		t.Fatal(err)
	}
	file, err = travisyml.OpenFile(path)
	if err != nil || file.Missing || file.Text != "language: ruby\n" {
		t.Errorf("%+v, %v", file, err)
	}
	if _, err := travisyml.OpenFile(filepath.Dir(path)); err == nil {
		t.Error("a folder was opened")
	}
}
