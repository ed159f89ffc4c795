package house_test

import (
	"encoding/xml"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the pages say is held against the source: a test that was renamed and a
// page that was moved are noticed here.

// set is where the files that are read lie.
var set = token.NewFileSet()

// A picture is one file for a dark and a light page.
func TestPicturesFollowTheColorScheme(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(folderOfRoot, "docs", "*.svg"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	styled := regexp.MustCompile(`(?s)<style>.*@media\(prefers-color-scheme:light\)\{.*</style>`)
	for _, file := range files {
		picture := page(t, "docs/"+filepath.Base(file))
		if err := xml.Unmarshal([]byte(picture), new(struct{})); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if rest := styled.ReplaceAllString(picture, ""); rest == picture || regexp.MustCompile(`#[0-9a-f]{6}\b`).MatchString(rest) {
			t.Errorf("%s has one color for dark and light pages", file)
		}
	}
}

func TestTheTestsThatPagesNameAreThere(t *testing.T) {
	there, where := make(map[string]bool), make(map[string]bool)
	for folder, files := range sources(t, true) {
		for _, file := range files {
			for _, d := range file.Decls {
				if f, is := d.(*ast.FuncDecl); is {
					there[f.Name.Name], where[folder+"."+f.Name.Name] = true, true
				}
			}
		}
	}
	for name, text := range pages(t) {
		for _, test := range aTest.FindAllString(text, -1) {
			if !there[test] {
				t.Errorf("%s names %s, which is not there", name, test)
			}
		}
	}
	// Who is to believe a page is told the package too.
	proofs := regexp.MustCompile("`([a-z/-]+\\.(?:Test|Fuzz)[A-Z][A-Za-z]+)`").FindAllStringSubmatch(page(t, "docs/security.md"), -1)
	for _, proof := range proofs {
		if !where[proof[1]] {
			t.Errorf("docs/security.md names %s, which is not there", proof[1])
		}
	}
	// One is named twice, with the command that runs it.
	if named := len(aTest.FindAllString(page(t, "docs/security.md"), -1)); named != len(proofs)+1 || named < 60 {
		t.Errorf("docs/security.md names %d tests, %d of them with their package", named, len(proofs))
	}
}

func TestTheGoThatIsNeededIsNamed(t *testing.T) {
	needed := regexp.MustCompile(`(?m)^go ([0-9]+\.[0-9]+)`).FindStringSubmatch(page(t, "go.mod"))
	if needed == nil || !strings.Contains(page(t, "README.md"), "Go "+needed[1]+" and git") {
		t.Errorf("go.mod needs %v, and the README does not say so", needed)
	}
}

var aTest = regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)[A-Z][A-Za-z]+`)

func TestLinksOfPagesLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"`)
	for name, text := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target := found[1] + found[2]
			if strings.Contains(target, "://") {
				continue
			}
			file, heading, _ := strings.Cut(target, "#")
			where := name
			if file != "" {
				where = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
			}
			if _, err := os.Stat(filepath.Join(folderOfRoot, where)); err != nil {
				t.Errorf("%s links to %s, which is not there", name, target)
			} else if heading != "" && !slices.Contains(headings(page(t, where)), heading) {
				t.Errorf("%s links to %s, and there is no such heading", name, target)
			}
		}
	}
}

// headings are the anchors that GitHub gives a page's headings. A line of a
// script that begins with a # is none.
func headings(text string) (all []string) {
	drop := regexp.MustCompile("[^a-z0-9 _-]")
	text = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
	for _, line := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		all = append(all, strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(line[1]), ""), " ", "-"))
	}
	return all
}

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folderOfRoot, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages are all of them, wherever they lie.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(folderOfRoot, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".md" {
			return err
		}
		name, err = filepath.Rel(folderOfRoot, name)
		if err == nil {
			all[filepath.ToSlash(name)] = page(t, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sources are all files of Go, or of tests, by their folder.
func sources(t *testing.T, tests bool) map[string][]*ast.File {
	t.Helper()
	all := make(map[string][]*ast.File)
	err := filepath.WalkDir(folderOfRoot, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") != tests {
			return err
		}
		folder, err := filepath.Rel(folderOfRoot, filepath.Dir(name))
		if err != nil {
			return err
		}
		folder = filepath.ToSlash(folder)
		if !tests && (strings.HasSuffix(folder, "/cfntest") || strings.HasSuffix(folder, "/travistest")) {
			return nil // their codes are those of AWS and Travis
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		all[folder] = append(all[folder], file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheCommandsOfPagesRunSomething(t *testing.T) {
	there := make(map[string][]string)
	for folder, files := range sources(t, true) {
		for _, file := range files {
			for _, d := range file.Decls {
				if f, is := d.(*ast.FuncDecl); is {
					there[folder] = append(there[folder], f.Name.Name)
				}
			}
		}
	}
	commands := regexp.MustCompile(`-(run|bench) '?([A-Z][A-Za-z$|]+)'? \./([a-z/-]+)`)
	named := 0
	for name, text := range pages(t) {
		for _, command := range commands.FindAllStringSubmatch(text, -1) {
			kind := map[string]string{"run": "^Test", "bench": "^Benchmark"}[command[1]]
			for _, pattern := range strings.Split(command[2], "|") {
				named++
				matches := regexp.MustCompile(kind + ".*" + pattern)
				if !slices.ContainsFunc(there[command[3]], matches.MatchString) {
					t.Errorf("%s: %s runs nothing", name, command[0])
				}
			}
		}
	}
	if named < 20 {
		t.Errorf("only %d commands were found", named)
	}
}
