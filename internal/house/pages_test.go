package house_test

import (
	"encoding/xml"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the pages say is held against the source: a code that is new, a test that
// was renamed and a page that was moved are noticed here.

const troubles = "docs/troubleshooting.md"

// codeShape is a word for machines.
var codeShape = regexp.MustCompile(`^[a-z]+(?:_[a-z0-9]+)*$`)

func TestEachCodeIsExplained(t *testing.T) {
	var told []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\|").FindAllStringSubmatch(page(t, troubles), -1) {
		told = append(told, row[1])
	}
	slices.Sort(told)
	codes := slices.Sorted(maps.Keys(codesOfSource(t)))
	if len(codes) < 100 {
		t.Fatalf("only %d codes were found in the source", len(codes))
	}
	for _, code := range codes {
		if !slices.Contains(told, code) {
			t.Errorf("%s does not explain %s", troubles, code)
		}
	}
	for _, code := range told {
		if !slices.Contains(codes, code) {
			t.Errorf("%s explains %s, which nothing says any more", troubles, code)
		}
	}
}

// codesOfSource are the codes of errors, warnings and findings: what a method or
// function that gives one returns, constants that are one, and fields that hold
// one.
func codesOfSource(t *testing.T) map[string]bool {
	t.Helper()
	codes := make(map[string]bool)
	note := func(e ast.Expr) {
		if literal, is := e.(*ast.BasicLit); is && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil && codeShape.MatchString(text) {
				codes[text] = true
			}
		}
	}
	for _, file := range sources(t, false) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "Code" || n.Name.Name == "codeOf" {
					ast.Inspect(n, func(n ast.Node) bool {
						if r, is := n.(*ast.ReturnStmt); is {
							note(r.Results[0])
						}
						return true
					})
				}
			case *ast.ValueSpec:
				kind, _ := n.Type.(*ast.Ident)
				for i, name := range n.Names {
					isKind := kind != nil && strings.HasSuffix(kind.Name, "Kind") && strings.HasPrefix(name.Name, "Kind")
					isCode := kind != nil && kind.Name == "Kind" && strings.HasPrefix(name.Name, "Kind")
					if isKind || isCode || strings.HasPrefix(name.Name, "Code") || strings.HasPrefix(name.Name, "code") || strings.HasPrefix(name.Name, "Found") {
						if i < len(n.Values) {
							note(n.Values[i])
						}
					}
				}
			case *ast.KeyValueExpr:
				if key, is := n.Key.(*ast.Ident); is && (key.Name == "code" || key.Name == "Code") {
					note(n.Value)
				}
			case *ast.CallExpr:
				if called, is := n.Fun.(*ast.SelectorExpr); is && called.Sel.Name == "add" && len(n.Args) == 3 {
					note(n.Args[0])
				}
			}
			return true
		})
	}
	return codes
}

// Pictures that are kept by hand are there for both looks, and differ in nothing
// but their colours.
func TestHandDrawnPicturesDifferInTheirColoursAlone(t *testing.T) {
	colour := regexp.MustCompile(`#[0-9a-f]{6}\b`)
	light, dark := page(t, "docs/flow-light.svg"), page(t, "docs/flow-dark.svg")
	if light == dark || colour.ReplaceAllString(light, "") != colour.ReplaceAllString(dark, "") {
		t.Error("docs/flow-light.svg and docs/flow-dark.svg show different things")
	}
	if err := xml.Unmarshal([]byte(dark), new(struct{})); err != nil {
		t.Error(err)
	}
}

func TestTheTestsThatPagesNameAreThere(t *testing.T) {
	there := make(map[string]bool)
	for _, file := range sources(t, true) {
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is {
				there[f.Name.Name] = true
			}
		}
	}
	named := 0
	for name, text := range pages(t) {
		for _, test := range regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)[A-Z][A-Za-z]+`).FindAllString(text, -1) {
			if named++; !there[test] {
				t.Errorf("%s names %s, which is not there", name, test)
			}
		}
	}
	if named < 30 {
		t.Errorf("only %d tests are named", named)
	}
}

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

// headings are the anchors that GitHub gives a page's headings.
func headings(text string) (all []string) {
	drop := regexp.MustCompile("[^a-z0-9 _-]")
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

func pages(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		names, err := filepath.Glob(filepath.Join(folderOfRoot, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			name, err := filepath.Rel(folderOfRoot, name)
			if err != nil {
				t.Fatal(err)
			}
			all[filepath.ToSlash(name)] = page(t, name)
		}
	}
	return all
}

// sources are all files of Go, or of tests.
func sources(t *testing.T, tests bool) (all []*ast.File) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir(folderOfRoot, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") != tests {
			return err
		}
		if !tests && (strings.Contains(filepath.ToSlash(name), "/cfntest/") || strings.Contains(filepath.ToSlash(name), "/travistest/")) {
			return nil // their codes are those of AWS and Travis
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		all = append(all, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
