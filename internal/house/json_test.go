package house_test

import (
	"go/ast"
	"go/token"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What programs read of a run is a promise: a field or a word of it that is new,
// or is gone, is noticed here.

const documents = "docs/json.md"

// toldUnder is the heading under which the page tells of each kind of object.
var toldUnder = map[string]string{
	"runDocument":        "apply, remove and the wizard",
	"repositoryDocument": "A repository",
	"variableDocument":   "A variable",
	"fileDocument":       "What was added to .travis.yml",
	"checkDocument":      "check",
	"auditedDocument":    "A checked repository",
	"testBuildDocument":  "A test build",
	"findingDocument":    "A finding",
	"racksDocument":      "racks",
	"travisDocument":     "What Travis makes of the file",
	"lastBuildDocument":  "The last build",
	"rackDocument":       "A Rack",
	"regionDocument":     "A skipped region",
	"resetDocument":      "reset-password",
	"changeDocument":     "A change",
	"previewDocument":    "The preview",
	"resetEventDocument": "What happens",
	"ymlDocument":        "yml",
	"explainDocument":    "yml --explain",
	"buildDocument":      "A build",
	"jobDocument":        "A job",
	"deployDocument":     "A deploy",
	"unseenDocument":     "What is unknown",
	"messageDocument":    "An error or a warning",
}

func TestEachFieldOfADocumentIsExplained(t *testing.T) {
	text := page(t, documents)
	found := 0
	structures := structsOf(sources(t, false)["internal/cli"])
	for _, file := range sources(t, false)["internal/cli"] {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, is := n.(*ast.TypeSpec)
			if !is {
				return true
			}
			tags := tagsOf(spec.Type, structures)
			if len(tags) == 0 || spec.Name.Name == "head" { // it stands in others
				return true
			}
			found++
			var told []string
			for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(below(text, toldUnder[spec.Name.Name]), -1) {
				told = append(told, row[1])
			}
			if !slices.Equal(told, tags) {
				t.Errorf("%s has %v, and %s tells of %v under %q", spec.Name.Name, tags, documents, told, toldUnder[spec.Name.Name])
			}
			return true
		})
	}
	if found != len(toldUnder) {
		t.Errorf("%d kinds of object are printed, and %d told of", found, len(toldUnder))
	}
}

func structsOf(files []*ast.File) map[string]ast.Expr {
	structures := map[string]ast.Expr{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, is := n.(*ast.TypeSpec); is {
				structures[spec.Name.Name] = spec.Type
			}
			return true
		})
	}
	return structures
}

// tagsOf are the names of a struct's fields in JSON, and of those that it embeds.
func tagsOf(kind ast.Expr, structures map[string]ast.Expr) (tags []string) {
	structure, is := kind.(*ast.StructType)
	if !is {
		return nil
	}
	for _, field := range structure.Fields.List {
		if embedded, is := field.Type.(*ast.Ident); is && len(field.Names) == 0 {
			tags = append(tags, tagsOf(structures[embedded.Name], structures)...)
		}
		if field.Tag == nil {
			continue
		}
		if tag, err := strconv.Unquote(field.Tag.Value); err == nil {
			name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
			tags = append(tags, name)
		}
	}
	return tags
}

// below is what stands under a heading, up to the next one.
func below(text, heading string) string {
	_, under, _ := strings.Cut(text, "# "+heading+"\n")
	under, _, _ = strings.Cut(under, "\n#")
	return under
}

func TestEachWordOfADocumentIsExplained(t *testing.T) {
	text := page(t, documents)
	for _, c := range []struct {
		folder, kind string
		headings     []string
	}{
		{"internal/connect", "Action", []string{"A variable"}},
		{"internal/connect", "Result", []string{"A variable"}},
		{"internal/audit", "Severity", []string{"A finding"}},
		{"internal/reset", "Phase", []string{"reset-password"}},
		{"cfn", "Verdict", []string{"reset-password"}},
		{"internal/cli", "results", []string{"The result"}},
		{"internal/cli", "Event", []string{"reset-password", "The preview", "What happens"}},
	} {
		under := ""
		for _, heading := range c.headings {
			under += below(text, heading)
		}
		var words []string
		for _, file := range sources(t, false)[c.folder] {
			words = append(words, constantsOf(file, c.kind)...)
			words = append(words, givenTo(file, c.kind)...)
		}
		if len(words) < 3 {
			t.Errorf("%s: of %s only %v were found in the source", c.folder, c.kind, words)
		}
		for _, word := range words {
			if !strings.Contains(under, "`"+word+"`") {
				t.Errorf("%s does not tell of the %s %q under %q", documents, c.kind, word, c.headings)
			}
		}
	}
}

// constantsOf are the values of the constants of a type, or those of a map that
// is called so.
func constantsOf(file *ast.File, kind string) (words []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is {
			return true
		}
		of, typed := spec.Type.(*ast.Ident)
		if typed && of.Name == kind || spec.Names[0].Name == kind {
			for _, value := range spec.Values {
				words = append(words, literals(value)...)
			}
		}
		return true
	})
	return words
}

// givenTo are the words that a field is given, where they stand in the source.
func givenTo(file *ast.File, field string) (words []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if kind, is := n.Type.(*ast.SelectorExpr); is && kind.Sel.Name == "Error" {
				return false // what was attempted, in words for people
			}
		case *ast.KeyValueExpr:
			if key, is := n.Key.(*ast.Ident); is && key.Name == field {
				words = append(words, literals(n.Value)...)
			}
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				if selector, is := to.(*ast.SelectorExpr); is && selector.Sel.Name == field && len(n.Rhs) == len(n.Lhs) {
					words = append(words, literals(n.Rhs[i])...)
				}
			}
		}
		return true
	})
	return words
}

func literals(e ast.Expr) (words []string) {
	ast.Inspect(e, func(n ast.Node) bool {
		if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
			if word, err := strconv.Unquote(literal.Value); err == nil && word != "" {
				words = append(words, word)
			}
		}
		return true
	})
	return words
}
