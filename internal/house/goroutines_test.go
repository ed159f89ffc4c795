package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

// notInTheProduct start goroutines of their own, and no terminal is theirs.
var notInTheProduct = []string{"internal/terminal", "internal/release"}

// calledByLibraries are the functions of ours that a library calls in a goroutine of
// its own.
var calledByLibraries = map[string][]string{
	"internal/convox/trust.go": {"judge"},                    // net/http: a handshake
	"internal/child/run.go":    {"Write"},                    // os/exec: a program's output
	"internal/demo/dial.go":    {"Dial"},                     // net/http: a connection
	"cfn/credentials.go":       {"code"},                     // the AWS SDK: credentials
	"cfn/transport.go":         {"HandleDeserialize"},        // the AWS SDK: a call for credentials
	"tui/screen.go":            {"Init", "Update", "follow"}, // Bubble Tea, which prints what it catches
	"tui/layout.go":            {"View"},                     // the same
}

// A panic that nobody catches leaves the terminal as it is, and prints what may be a
// secret.
func TestEveryGoroutineOfOursCatchesItsPanics(t *testing.T) {
	root := os.DirFS(folderOfRoot)
	for _, p := range packages(t) {
		if slices.Contains(notInTheProduct, p.name) {
			continue
		}
		for _, name := range p.files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			positions := token.NewFileSet()
			tree, err := parser.ParseFile(positions, name, text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(node ast.Node) bool {
				switch node := node.(type) {
				case *ast.GoStmt:
					if !catches(node.Call.Fun) {
						t.Errorf("%s: the goroutine does not begin with defer crash.Catch()", positions.Position(node.Pos()))
					}
				case *ast.CallExpr:
					if f := startedBy(node); f != nil && !catches(f) {
						t.Errorf("%s: the goroutine does not begin with defer crash.Catch()", positions.Position(node.Pos()))
					}
				case *ast.FuncDecl:
					if slices.Contains(calledByLibraries[name], node.Name.Name) && !hasCatch(node.Body) {
						t.Errorf("%s: %s does not defer crash.Catch()", positions.Position(node.Pos()), node.Name.Name)
					}
				}
				return true
			})
		}
	}
}

// startedBy is the function that a call starts in a goroutine, or nil. To cancel a
// context cannot panic.
func startedBy(call *ast.CallExpr) ast.Expr {
	selector, is := call.Fun.(*ast.SelectorExpr)
	if !is || len(call.Args) == 0 {
		return nil
	}
	last := call.Args[len(call.Args)-1]
	switch selector.Sel.Name {
	case "Go":
		return last
	case "AfterFunc":
		if _, is := last.(*ast.FuncLit); is {
			return last
		}
	}
	return nil
}

// catches reports whether the last of the defers that a function literal begins with
// is the Catch: so nobody waits for what panicked in vain and takes it for done.
func catches(f ast.Expr) bool {
	literal, is := f.(*ast.FuncLit)
	if !is {
		return false
	}
	caught := false
	for _, statement := range literal.Body.List {
		deferred, is := statement.(*ast.DeferStmt)
		if !is {
			break
		}
		caught = isCatch(deferred)
	}
	return caught
}

func hasCatch(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(node ast.Node) bool {
		deferred, is := node.(*ast.DeferStmt)
		found = found || is && isCatch(deferred)
		return !found
	})
	return found
}

func isCatch(deferred *ast.DeferStmt) bool {
	selector, is := deferred.Call.Fun.(*ast.SelectorExpr)
	if !is {
		return false
	}
	from, is := selector.X.(*ast.Ident)
	return is && from.Name == "crash" && selector.Sel.Name == "Catch"
}

// mayExit are the files that end their process: the door, and the process that plays
// builds, which has no terminal.
var mayExit = []string{door + "/main.go", commandLine + "/run.go", "internal/build/player.go"}

// The process ends in one place, where the terminal is restored, and at the door.
func TestTheProcessEndsInOnePlace(t *testing.T) {
	root := os.DirFS(folderOfRoot)
	for _, p := range packages(t) {
		for _, name := range p.files {
			if strings.HasSuffix(name, "_test.go") || slices.Contains(notInTheProduct, p.name) || slices.Contains(mayExit, name) {
				continue
			}
			text, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, end := range []string{"os.Exit(", "syscall.Exit(", "log.Fatal"} {
				if strings.Contains(string(text), end) {
					t.Errorf("%s: %s leaves the terminal as it is: call quit", name, strings.TrimSuffix(end, "("))
				}
			}
		}
	}
}
