// Package house_test holds the source against the plan of the house: which
// package may import which, where a secret may be revealed, how long a file may
// be, and what nothing may be called. A new package gets its line in mayImport,
// and its place in the tour, which ends here.
package house_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

const (
	module       = "convox-travis"
	longestFile  = 500 // lines, tests excepted
	folderOfRoot = "../.."
)

// mayImport says which of our packages each of them may import, tests excepted.
// Rooms on one floor do not import each other.
var mayImport = map[string][]string{
	// The ground: little below it, and nothing of what is above.
	"internal/problem":           {},
	"internal/secret":            {},
	"internal/atomicfile":        {},
	"internal/bounded":           {},
	"internal/child":             {"internal/crash"},
	"internal/clock":             {},
	"internal/crash":             {},
	"internal/transport":         {"internal/clock", "internal/crash", "internal/problem"},
	"internal/ratelimit":         {"internal/atomicfile", "internal/bounded", "internal/clock"},
	"internal/progress":          {},
	"internal/version":           {},
	"internal/text":              {},
	"internal/secret/secrettest": {},
	"internal/factstest":         {"internal/secret/secrettest"},
	"internal/house":             {},

	// The outside, one room for each.
	"cfn":                {"internal/problem", "internal/bounded", "internal/child", "internal/crash", "internal/secret", "internal/text", "internal/transport", "internal/clock"},
	"travisapi":          {"internal/problem", "internal/bounded", "internal/crash", "internal/secret", "internal/transport", "internal/clock", "internal/ratelimit"},
	"internal/shell":     {},
	"internal/build":     {"internal/child", "internal/crash", "internal/shell"},
	"internal/convox":    {"internal/problem", "internal/atomicfile", "internal/bounded", "internal/crash", "internal/secret", "internal/text", "internal/transport", "internal/clock"},
	"internal/travisyml": {"internal/problem", "internal/atomicfile", "internal/build", "internal/bounded", "internal/secret", "internal/text"},
	"internal/joblog":    {},
	"internal/gitrepo":   {"internal/problem", "internal/child", "internal/crash"},

	// The decisions.
	"internal/connect": {
		"cfn", "travisapi", "internal/convox", "internal/travisyml", "internal/gitrepo",
		"internal/crash", "internal/problem", "internal/progress", "internal/secret", "internal/text", "internal/transport", "internal/ratelimit",
	},
	"internal/audit": {
		"internal/connect", "cfn", "travisapi", "internal/build", "internal/convox", "internal/travisyml", "internal/joblog", "internal/gitrepo",
		"internal/crash", "internal/problem", "internal/secret", "internal/text", "internal/clock",
	},
	"internal/reset": {"cfn", "internal/convox", "internal/problem", "internal/secret", "internal/transport", "internal/clock"},

	// The screens: the flow as data, the fields, and the drivers.
	"tui/flow":  {"internal/build", "internal/audit", "internal/connect", "internal/reset", "cfn", "travisapi", "internal/convox", "internal/gitrepo", "internal/travisyml", "internal/crash", "internal/problem", "internal/progress", "internal/secret", "internal/text"},
	"tui/field": {"tui/flow", "internal/secret", "internal/text"},
	"tui":       {"tui/flow", "tui/field", "internal/connect", "internal/crash", "internal/problem", "internal/progress", "internal/secret", "internal/text"},

	// The command.
	"internal/cli": {
		"tui", "tui/flow", "internal/audit", "internal/connect", "internal/reset", "internal/demo", "internal/version",
		"cfn", "travisapi", "internal/build", "internal/convox", "internal/travisyml", "internal/gitrepo",
		"internal/child", "internal/crash", "internal/problem", "internal/progress", "internal/secret", "internal/text", "internal/transport", "internal/clock", "internal/ratelimit",
	},

	"cmd/convox-travis": {"internal/cli"},

	// The small servers, and the world that is made of them.
	"internal/terminal":          {},
	"internal/release":           {},
	"internal/faults":            {},
	"cfn/cfntest":                {"cfn", "internal/crash", "internal/faults", "internal/secret"},
	"travisapi/travistest":       {"travisapi", "internal/build", "internal/crash", "internal/faults", "internal/secret"},
	"internal/convox/convoxtest": {"internal/convox", "internal/crash", "internal/faults", "internal/secret"},
	"internal/demo": {
		"cfn/cfntest", "travisapi/travistest", "internal/convox/convoxtest", "internal/faults",
		"cfn", "travisapi", "internal/convox", "internal/child", "internal/crash", "internal/secret", "internal/clock", "internal/transport",
	},
}

// importedOnlyBy names those that have few users, tests excepted, so that the
// plan above cannot be widened by accident.
var importedOnlyBy = map[string][]string{
	"internal/cli":               {"cmd/convox-travis"},
	"tui":                        {"internal/cli"},
	"tui/flow":                   {"tui", "tui/field", "internal/cli"},
	"tui/field":                  {"tui"},
	"internal/shell":             {"internal/build"},
	"internal/terminal":          {},
	"internal/demo":              {"internal/cli"},
	"internal/secret/secrettest": {"internal/factstest"},
	"internal/factstest":         {},
	"cfn/cfntest":                {"internal/demo"},
	"travisapi/travistest":       {"internal/demo"},
	"internal/convox/convoxtest": {"internal/demo"},
	"internal/faults":            {"internal/demo", "cfn/cfntest", "travisapi/travistest", "internal/convox/convoxtest"},
}

// mayReveal says what each package reveals a secret for.
var mayReveal = map[string]string{
	"internal/secret":  "to compare",
	"travisapi":        "to send it to Travis",
	"internal/convox":  "to log in to a Rack or Console, and to save it for the convox client",
	"cfn":              "to set a Rack's password",
	"internal/connect": "to encrypt it, and to compare hosts",
	"internal/audit":   "to compare hosts, and to play builds with the public variables",
	"tui":              "to show it, in plain lines, to its owner, who asked",
	"tui/field":        "to show it to its owner, who asked",
}

// mayStart says which packages start programs by themselves. All others do so
// through internal/child.
var mayStart = map[string]string{
	"internal/child":    "it is the place for that",
	"internal/release":  "the go command; it is no part of the program",
	"internal/terminal": "what a test runs; it is no part of the program",
}

// starters are what starts a program, by the package that has it.
var starters = map[string][]string{
	"exec":    {"Command", "CommandContext", "Cmd"},
	"os":      {"StartProcess"},
	"syscall": {"StartProcess", "ForkExec", "Exec"},
	"unix":    {"Exec"},
	"tea":     {"ExecProcess"},
}

// vague are names that say nothing about what is behind them.
var vague = []string{"util", "utils", "helper", "helpers", "common"}

func TestImportsRunDownwardOnly(t *testing.T) {
	for _, p := range packages(t) {
		allowed, planned := mayImport[p.name]
		if !planned {
			t.Errorf("%s is not in the plan: say in mayImport what it may import", p.name)
			continue
		}
		for _, imported := range slices.Sorted(maps.Keys(p.imports)) {
			if !slices.Contains(allowed, imported) {
				t.Errorf("%s imports %s, in %s", p.name, imported, p.imports[imported])
			}
			users, few := importedOnlyBy[imported]
			if few && !slices.Contains(users, p.name) {
				t.Errorf("%s is not for %s", imported, p.name)
			}
		}
	}
}

func TestSecretsAreRevealedInFewPackages(t *testing.T) {
	for _, p := range packages(t) {
		if _, may := mayReveal[p.name]; may {
			continue
		}
		for _, place := range p.reveals {
			t.Errorf("%s: a secret is revealed in %s", place, p.name)
		}
	}
}

func TestProgramsAreStartedInOnePlace(t *testing.T) {
	for _, p := range packages(t) {
		if _, may := mayStart[p.name]; may {
			continue
		}
		for _, place := range p.starts {
			t.Errorf("%s: a program is started in %s, not through internal/child", place, p.name)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, p := range packages(t) {
		for file, lines := range p.lines {
			if lines > longestFile {
				t.Errorf("%s has %d lines, over %d: split it by noun", file, lines, longestFile)
			}
		}
	}
}

func TestNamesSayWhatIsInside(t *testing.T) {
	for _, p := range packages(t) {
		for _, file := range p.files {
			stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(file), ".go"), "_test")
			for _, name := range append(strings.Split(path.Dir(file), "/"), stem) {
				if slices.Contains(vague, name) {
					t.Errorf("%s: %q says nothing", file, name)
				}
			}
		}
	}
}

func TestThePlanIsWithoutContradiction(t *testing.T) {
	for _, list := range []map[string][]string{mayImport, importedOnlyBy} {
		for name, others := range list {
			for _, other := range append(others, name) {
				if _, planned := mayImport[other]; !planned {
					t.Errorf("%s names %s, which is not in the plan", name, other)
				}
			}
		}
	}
	for name := range mayReveal {
		if _, planned := mayImport[name]; !planned {
			t.Errorf("mayReveal names %s, which is not in the plan", name)
		}
	}
}

// source is a package of ours. Its name and its files are relative to the
// module. Of the tests only the files are known.
type source struct {
	name    string
	files   []string
	lines   map[string]int
	imports map[string]string // package of ours to a file that imports it
	reveals []string          // file and line of each use of Reveal
	starts  []string          // the same of what starts programs
}

// packages reads every package of the module. It walks the folders itself where
// go list would list one system's files, and hide from go test which files its
// cached result depends on.
func packages(t *testing.T) []*source {
	t.Helper()
	all := make(map[string]*source)
	root := os.DirFS(folderOfRoot)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := entry.Name(); name != "." && (base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return fs.SkipDir // as the go command does
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		p := all[path.Dir(name)]
		if p == nil {
			p = &source{name: path.Dir(name), lines: make(map[string]int), imports: make(map[string]string)}
			all[p.name] = p
		}
		p.files = append(p.files, name)
		if strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		return p.read(name, text)
	})
	if err != nil {
		t.Fatal(err)
	}
	if all["internal/house"] == nil {
		t.Fatal("this package itself was not found")
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *source) int { return strings.Compare(a.name, b.name) })
}

func (p *source) read(name string, text []byte) error {
	positions := token.NewFileSet()
	tree, err := parser.ParseFile(positions, name, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p.lines[name] = bytes.Count(text, []byte("\n"))
	for _, spec := range tree.Imports {
		if ours, found := strings.CutPrefix(strings.Trim(spec.Path.Value, "`\""), module+"/"); found {
			p.imports[ours] = name
		}
	}
	ast.Inspect(tree, func(node ast.Node) bool {
		// Not the call alone: a method value reveals as well.
		if selector, ok := node.(*ast.SelectorExpr); ok && selector.Sel.Name == "Reveal" {
			p.reveals = append(p.reveals, positions.Position(selector.Sel.Pos()).String())
		}
		if isStart(node) {
			p.starts = append(p.starts, positions.Position(node.Pos()).String())
		}
		return true
	})
	return nil
}

// isStart reports whether a node names what starts a program. The type exec.Cmd
// counts where a value of it is made.
func isStart(node ast.Node) bool {
	named := node
	literal, made := node.(*ast.CompositeLit)
	if made {
		named = literal.Type
	}
	selector, ok := named.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := selector.X.(*ast.Ident)
	return ok && (made || selector.Sel.Name != "Cmd") && slices.Contains(starters[from.Name], selector.Sel.Name)
}
