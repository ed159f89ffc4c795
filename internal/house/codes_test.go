package house_test

import (
	"go/ast"
	"go/token"
	"maps"
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

// isNamed reports whether a code is a text, a constant, handed on, or is the exit
// code of a process.
func isNamed(code ast.Expr) bool {
	switch code := code.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return strings.HasPrefix(code.Name, "code") || strings.HasPrefix(code.Name, "Code") || strings.HasPrefix(code.Name, "Found")
	case *ast.SelectorExpr:
		return code.Sel.Name == "Code" || strings.HasPrefix(code.Sel.Name, "exit")
	case *ast.CallExpr:
		called, is := code.Fun.(*ast.Ident)
		return is && called.Name == "codeOf"
	}
	return false
}

func TestTheExitCodesAreExplained(t *testing.T) {
	var codes []string
	for _, file := range sources(t, false)["cmd/convox-travis"] {
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
	for _, name := range []string{"README.md", troubles} {
		var told []string
		for _, row := range regexp.MustCompile(`(?m)^\| ([0-9]+) \|`).FindAllStringSubmatch(page(t, name), -1) {
			told = append(told, row[1])
		}
		if !slices.Equal(told, codes) {
			t.Errorf("%s explains the exit codes %v, and there are %v", name, told, codes)
		}
	}
}
