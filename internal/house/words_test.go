package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// notYetSwept are folders whose texts still have to be reworded.
var notYetSwept = []string{}

// oddWords are phrases that read like a translation, and what to say instead. A
// blank in a pattern also matches a line break. What but matches is fine.
var oddWords = []struct{ pattern, say, but string }{
	{`ways? in`, "sign-in method, sign in with", `way in which`},
	{`pairs?`, "the variables", `key pairs?|pairs of`},
	{`key of Console`, "deploy key", ``},
	{`convox client|client of the (?:first|second|third) generation`, "convox CLI", ``},
	{`mend(?:s|ed|ing)?`, "fix", ``},
	{`(?:go|goes|gone|went) on`, "continue", ``},
	{`leaves? the (?:program|wizard|demo)|(?:enter|esc|q|ctrl\+c) leaves?|to leave`, "quit, cancel", ``},
	{`(?:tries|tried|trying) (?:\w+ )?again`, "retry", ``},
	{`(?:takes?|took|taken|taking) (?:\w+ ){0,2}away`, "remove, delete", ``},
	{`(?:takes?|took|taken|taking) (?:it|them|that|CONVOX_HOST|CONVOX_PASSWORD) (?:back|again)`, "roll back", ``},
	{`anew`, "again, new", ``},
	{`put(?:s|ting)? (?:\w+ )?back`, "restore", ``},
	{`doubles?`, "duplicate", `double-?quot(?:e|es|ed)|double quot(?:e|es|ed)|in double`},
	{`(?:un)?begun|(?:un)?begun's`, "started", ``},
	{`white-?lists?|white lists?`, "IP allowlist", `(?-i:WhiteList)`},
	{`(?:be|been) reached from here|cannot be reached|can't be reached`, "unreachable", ``},
	{`signs? (?:its|their) own|signed (?:itself|themselves)`, "self-signed certificate", ``},
	{`(?:dis)?prov(?:e|es|ed|en|ing)|proofs?`, "verify, accept, confirm, test build", ``},
	{`branch alone`, "applies only to the branch", ``},
	{`(?:is|are|was|were|be|been|not|never) seen|seen (?:by|from|as|in|to)`, "found, recognized", ``},
	{`known here|nobody knows|knows (?:no|nothing)|know(?:s|n)? (?:of|by)`, "unknown, recognized", ``},
	{`(?:is|are|was|were|be|been|being|it|not) told|told (?:apart|of|by|to|at|after|beforehand|each|how)|tells? (?:of|apart)`, "report, say, distinguish", ``},
	{`roll(?:s|ed|ing)? (?:a|an|the|one|its|their|this|that) (?:credential|password|key|token)s?`, "rotate", ``},
	{`pass(?:es|ed|ing)? (?:\w+ )?over`, "skip", ``},
	{`(?:leaves?|left|leaving) (?:\w+ ){0,2}alone`, "skip, leave unchanged", ``},
	{`(?:agreed|asked|confirmed|allowed) (?:to |about |for )?by (?:itself|themselves)`, "requires separate confirmation", ``},
	{`(?:is|are|was|were|be|been|nothing|what) (?:kept|held)|(?:kept|held) (?:in|beside|back|against|up)|holds? (?:\w+ )?(?:against|up)`, "store, check, delay", `(?:\w+\.)?mu is held|lock is held`},
	{`left away|leaves? away`, "optional, omit", ``},
	{`stands|stood`, "is, remains", `stands (?:for|out)|stood for`},
	{`whatever (?:is|was)`, "anything, everything", ``},
	{`in vain|heed(?:s|ed|ing)?|deeds?|thereby|hence|thereof|wherein|whilst|amounts to`, "a plainer word", `hence creating one`},
	{`(?:lays?|laid|laying) (?:\w+ )?down`, "create", ``},
	{`what it was given|there is no such command|comes first\.|newest one|nobody has`, "name the thing that is wrong", ``},
	{`not any more|nothing (?:\w+ )?any more|no more of`, "no longer", ``},
	{`as (?:it|they) (?:should|ought) be`, "name the state", ``},
	{`what stands|what came of|what becomes of|what became of|what comes of`, "the result", ``},
	// British spellings.
	{`\w*(?:colour|behaviour|honour|favour|neighbour|flavour|centre|licence|defence|offence|artefact|catalogue|programme)\w*`, "the American spelling", `programmed?r|programmed`},
	{`(?:un)?(?:recogni|organi|initiali|seriali|normali|summari|synchroni|customi|authori|minimi|optimi|reali|canonicali|sanit)s(?:e|es|ed|ing|ation|ations)`, "the American spelling: -ize", ``},
	{`(?:cancel|label|travel|signal|model|total|tunnel|channel|marshal)l(?:ed|ing)`, "the American spelling: one l", ``},
	{`grey|judgement|analyse[sd]?|fulfil|towards|afterwards|spelt|learnt|whilst|amongst`, "the American spelling", ``},
}

// quotes are what a text quotes: addresses, and in a page names of the code.
var (
	address = regexp.MustCompile("https?://[^\\s)>\"`]+")
	quotes  = regexp.MustCompile(address.String() + "|`[\\w./-]+`")
)

// What a person reads (messages, help, pages and comments) is plain American
// English: CONTRIBUTING.md says how to write it.
func TestTextsAreInPlainWords(t *testing.T) {
	type rule struct {
		find, but *regexp.Regexp
		say       string
	}
	blank := `(?:[ \t\n>*#]|//)+`
	var rules []rule
	var patterns []string
	for _, odd := range oddWords {
		patterns = append(patterns, strings.ReplaceAll(odd.pattern, " ", blank))
		r := rule{find: regexp.MustCompile(`(?i)\b(?:` + strings.ReplaceAll(odd.pattern, " ", blank) + `)\b`), say: odd.say}
		if odd.but != "" {
			r.but = regexp.MustCompile(`(?i)\b(?:` + strings.ReplaceAll(odd.but, " ", blank) + `)\b`)
		}
		rules = append(rules, r)
	}
	any := regexp.MustCompile(`(?i)\b(?:` + strings.Join(patterns, "|") + `)\b`) // one search is faster than all
	hide := func(text string) string { return strings.Repeat("\x00", len(text)) }
	check := func(text string, place func(offset int) token.Position) {
		if !any.MatchString(text) {
			return
		}
		for _, r := range rules {
			searched := text
			if r.but != nil {
				searched = r.but.ReplaceAllStringFunc(text, hide)
			}
			for _, found := range r.find.FindAllStringIndex(searched, -1) {
				t.Errorf("%v: %q: say %s", place(found[0]), text[found[0]:found[1]], r.say)
			}
		}
	}

	texts := pages(t)
	texts["internal/cli/guide.sh.tmpl"] = page(t, "internal/cli/guide.sh.tmpl")
	for name, text := range texts {
		if name == "CHANGELOG.md" {
			continue // it says how things were called
		}
		check(quotes.ReplaceAllStringFunc(text, hide), func(offset int) token.Position {
			return token.Position{Filename: name, Line: 1 + strings.Count(text[:offset], "\n")}
		})
	}
	root := os.DirFS(folderOfRoot)
	read := 0
	for _, p := range packages(t) {
		if folder, _, _ := strings.Cut(p.name, "/"); slices.Contains(notYetSwept, folder) {
			continue
		}
		for _, name := range p.files {
			if strings.HasSuffix(path.Base(name), "_test.go") {
				continue
			}
			source, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			positions := token.NewFileSet()
			file, err := parser.ParseFile(positions, name, source, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			read++
			of := func(node ast.Node) {
				start, end := positions.Position(node.Pos()), positions.Position(node.End())
				text := address.ReplaceAllStringFunc(string(source[start.Offset:end.Offset]), hide)
				check(text, func(offset int) token.Position {
					return token.Position{Filename: name, Line: start.Line + strings.Count(text[:offset], "\n")}
				})
			}
			for _, group := range file.Comments {
				of(group)
			}
			ast.Inspect(file, func(node ast.Node) bool {
				switch node := node.(type) {
				case *ast.ImportSpec:
					return false
				case *ast.Field:
					node.Tag = nil // names of JSON
				case *ast.BasicLit:
					if node.Kind == token.STRING && !codeShape.MatchString(strings.Trim(node.Value, "\"`")) {
						of(node)
					}
				}
				return true
			})
		}
	}
	if read < 100 {
		t.Errorf("only %d files were read", read)
	}
}
