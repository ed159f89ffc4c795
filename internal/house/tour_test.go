package house_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// The tour that the packages' comments lead goes through every room.
const (
	door        = "cmd/convox-travis"
	commandLine = "internal/cli"
	lastRoom    = "internal/house"
)

var nextRoom = regexp.MustCompile(`Next room:\s+([a-z/-]+),`)

func TestTheTourGoesThroughEveryRoom(t *testing.T) {
	next := make(map[string]string)
	for _, p := range packages(t) {
		doc := p.comment(t)
		if doc == "" {
			t.Errorf("%s has no comment", p.name)
		}
		for _, room := range nextRoom.FindAllStringSubmatch(doc, -1) {
			if next[p.name] != "" {
				t.Errorf("%s leads to both %s and %s", p.name, next[p.name], room[1])
			}
			next[p.name] = room[1]
		}
	}
	seen := make(map[string]bool)
	for room := door; room != "" && !seen[room]; room = next[room] {
		seen[room] = true
	}
	if !seen[lastRoom] {
		t.Errorf("the tour does not lead from %s to %s", door, lastRoom)
	}
	for room := range mayImport {
		if !seen[room] {
			t.Errorf("the tour passes %s by: name it as the next room in the comment of a package", room)
		}
	}
}

func TestTheTreeOfTheHouseNamesEveryPackage(t *testing.T) {
	page, err := fs.ReadFile(os.DirFS(folderOfRoot), "CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tree, _ := strings.Cut(string(page), "\n## The house\n")
	if _, tree, _ = strings.Cut(tree, "\n```\n"); tree == "" {
		t.Fatal("there is no tree")
	}
	tree, _, _ = strings.Cut(tree, "\n```\n")
	for name := range mayImport {
		if !strings.Contains(tree, name) {
			t.Errorf("the tree in CONTRIBUTING.md lacks %s", name)
		}
	}
}

// comment is what stands above the package clause, in whichever file.
func (p *source) comment(t *testing.T) (text string) {
	t.Helper()
	for _, name := range p.files {
		source, err := fs.ReadFile(os.DirFS(folderOfRoot), name)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := parser.ParseFile(token.NewFileSet(), path.Base(name), source, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		text += tree.Doc.Text()
	}
	return text
}
