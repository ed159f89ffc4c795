package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the program says in one word, to machines, a page explains to people: a
// code that is new, or is gone, is noticed here.

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
	for _, file := range slices.Concat(slices.Collect(maps.Values(sources(t, false)))...) {
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
					if isKind || strings.HasPrefix(name.Name, "Code") || strings.HasPrefix(name.Name, "code") || strings.HasPrefix(name.Name, "Found") {
						if i < len(n.Values) {
							note(n.Values[i])
						}
					}
				}
			case *ast.KeyValueExpr:
				if key, is := n.Key.(*ast.Ident); is && (key.Name == "code" || key.Name == "Code") {
					if note(n.Value); !isNamed(n.Value) {
						t.Errorf("%s: a code that is made up cannot be looked up", set.Position(n.Pos()))
					}
				}
			case *ast.CompositeLit:
				kind, _ := n.Type.(*ast.Ident)
				if kind == nil || len(n.Elts) == 0 || !slices.Contains([]string{"Error", "AccessError", "Warning", "Finding"}, kind.Name) {
					break
				}
				if _, keyed := n.Elts[0].(*ast.KeyValueExpr); !keyed {
					t.Errorf("%s: without the names of its fields its code is not found", set.Position(n.Pos()))
				}
			case *ast.AssignStmt:
				for i, to := range n.Lhs {
					if field, is := to.(*ast.SelectorExpr); is && (field.Sel.Name == "code" || field.Sel.Name == "Code") && i < len(n.Rhs) {
						note(n.Rhs[i])
					}
				}
			case *ast.CallExpr:
				if called, is := n.Fun.(*ast.SelectorExpr); is && called.Sel.Name == "add" {
					switch len(n.Args) {
					case 3: // a warning: the code is first
						note(n.Args[0])
					case 4: // a finding: behind its severity
						note(n.Args[1])
					}
				}
			}
			return true
		})
	}
	return codes
}

// hintTables are the files that say what a person can do about each error.
var hintTables = []string{commandLine + "/hints.go", "tui/flow/hints.go"}

// An error's code has a row in the table of the commands, so that whoever adds one decides
// what a person can do. The wizard's table has a row only where it says something else.
func TestEachErrorHasItsRowOfHints(t *testing.T) {
	errorPart, rest, found := strings.Cut(page(t, troubles), "\n## Warnings\n")
	if !found {
		t.Fatalf("%s has no part called Warnings behind the errors", troubles)
	}
	codes := codesOfErrors(t)
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\|").FindAllStringSubmatch(errorPart, -1) {
		codes[row[1]] = true
	}
	maps.DeleteFunc(codes, func(code string, _ bool) bool {
		return strings.Contains(rest, "\n| `"+code+"` |") && !strings.Contains(errorPart, "\n| `"+code+"` |")
	})
	for _, name := range hintTables {
		text, err := os.ReadFile(folderOfRoot + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		rows := map[string]bool{}
		ast.Inspect(tree, func(n ast.Node) bool {
			if pair, is := n.(*ast.KeyValueExpr); is {
				if key, is := pair.Key.(*ast.BasicLit); is {
					code, _ := strconv.Unquote(key.Value)
					rows[code] = true
				}
			}
			return true
		})
		for _, code := range slices.Sorted(maps.Keys(codes)) {
			if !rows[code] && name == hintTables[0] {
				t.Errorf("%s has no row for %s", name, code)
			}
		}
		for code := range rows {
			if !strings.Contains(page(t, troubles), "\n| `"+code+"` |") {
				t.Errorf("%s has a row for %s, which %s doesn't explain", name, code, troubles)
			}
		}
	}
}

// codesOfErrors are those that errors are made with, and the constants that name a
// code, also of a warning.
func codesOfErrors(t *testing.T) map[string]bool {
	t.Helper()
	codes := map[string]bool{}
	note := func(name string, value ast.Expr) {
		literal, is := value.(*ast.BasicLit)
		if !is || !strings.HasPrefix(strings.ToLower(name), "code") {
			return
		}
		if code, err := strconv.Unquote(literal.Value); err == nil && codeShape.MatchString(code) {
			codes[code] = true
		}
	}
	for _, file := range slices.Concat(slices.Collect(maps.Values(sources(t, false)))...) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				of, is := n.Type.(*ast.SelectorExpr)
				if !is || of.Sel.Name != "Error" {
					return true
				}
				for _, field := range n.Elts {
					if pair, is := field.(*ast.KeyValueExpr); is {
						note(pair.Key.(*ast.Ident).Name, pair.Value)
					}
				}
			case *ast.ValueSpec:
				for i, value := range n.Values {
					note(n.Names[i].Name, value)
				}
			}
			return true
		})
	}
	return codes
}

// lowerFloors speak to the outside, and return facts and codes.
var lowerFloors = []string{"cfn", "travisapi", "internal/convox", "internal/gitrepo", "internal/travisyml", "internal/transport", "internal/ratelimit", "internal/problem"}

var (
	ownCommand = regexp.MustCompile(`convox-travis [a-z-]+`)
	registered = regexp.MustCompile(`Var\w*\([^,]+, "([a-z-]+)"`)
	otherTool  = regexp.MustCompile(`\b(?:aws|git|convox|travis|openssl) [a-z-]|^ (?:deploy )?--(?:app|rack|manifest) $`) // or the end of its command
)

// What a person can do with this program's flags and commands is in the two tables
// alone; the commands of other programs may stand below.
func TestTheLowerFloorsNameNoFlagAndNoCommand(t *testing.T) {
	var names []string
	for _, p := range packages(t) {
		if p.name != commandLine {
			continue
		}
		for _, name := range p.files {
			for _, flag := range registered.FindAllStringSubmatch(page(t, name), -1) {
				names = append(names, flag[1])
			}
		}
	}
	if len(names) < 30 {
		t.Fatalf("only the flags %q were found", names)
	}
	ownFlag := regexp.MustCompile(`--(?:` + strings.Join(names, "|") + `)\b`)
	for _, folder := range lowerFloors {
		for _, file := range sources(t, false)[folder] {
			ast.Inspect(file, func(n ast.Node) bool {
				literal, is := n.(*ast.BasicLit)
				if !is || literal.Kind != token.STRING {
					return true
				}
				text, _ := strconv.Unquote(literal.Value)
				if ownCommand.MatchString(text) || ownFlag.MatchString(text) && !otherTool.MatchString(text) {
					t.Errorf("%s: %q names a flag or a command", set.Position(n.Pos()), text)
				}
				return true
			})
		}
	}
}

// isNamed reports whether a code is a text, a constant, handed on, or is the exit
// code of a process.
func isNamed(code ast.Expr) bool {
	switch code := code.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return strings.HasPrefix(code.Name, "code") || strings.HasPrefix(code.Name, "Code") || strings.HasPrefix(code.Name, "Found")
	case *ast.SelectorExpr:
		return strings.HasPrefix(code.Sel.Name, "Code") || strings.HasPrefix(code.Sel.Name, "exit")
	case *ast.CallExpr:
		called, is := code.Fun.(*ast.Ident)
		return is && called.Name == "codeOf"
	}
	return false
}

func TestTheExitCodesAreExplained(t *testing.T) {
	var codes []string
	for _, file := range sources(t, false)["internal/cli"] {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, is := n.(*ast.ValueSpec); is && strings.HasPrefix(spec.Names[0].Name, "exit") && len(spec.Values) == 1 {
				if value, is := spec.Values[0].(*ast.BasicLit); is {
					codes = append(codes, value.Value)
				}
			}
			return true
		})
	}
	if len(codes) < 7 {
		t.Fatalf("only %v were found in the source", codes)
	}
	var told []string
	for _, row := range regexp.MustCompile(`(?m)^\| ([0-9]+) \|`).FindAllStringSubmatch(page(t, troubles), -1) {
		told = append(told, row[1])
	}
	if !slices.Equal(told, codes) {
		t.Errorf("%s explains the exit codes %v, and there are %v", troubles, told, codes)
	}
}
