// Package travisyml reads a .travis.yml, says which variables and passwords it has, and
// adds to it: a step that runs "convox deploy", and encrypted variables. It only adds
// lines: comments, order, indentation, line endings, anchors and odd spacing stay, byte
// for byte.
//
// Every addition is verified before it is returned. Both texts are parsed, and the new
// document must be the old one plus the addition, including key order. Both are played,
// and builds must do what they did, plus the deploy. If that isn't possible, a Refusal
// has the lines to paste. Nothing here commits, and only File.Write writes.
//
// Travis decides what a file means: how it reads keys, jobs, stages and env
// (https://github.com/travis-ci/travis-yml), what a build then runs
// (https://github.com/travis-ci/travis-build), and the pages
// https://docs.travis-ci.com/user/build-matrix/ and
// https://docs.travis-ci.com/user/build-stages/. The step is the one on Convox's page
// about Travis CI (https://docs.convox.com).
//
// Next room: internal/joblog, which reads what a build said about it.
package travisyml

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/problem"
)

// Document is a parsed .travis.yml. It never changes: an addition returns the text of a
// new one.
type Document struct {
	text  string
	mark  string // a byte order mark, or ""
	lines []string
	eol   string
	root  *yaml.Node // a mapping, or nil for an empty document
	start int        // index of the first line of the first document's content
	end   int        // index of the line after its last
}

// Parse reads the text of a .travis.yml; "" is a missing or an empty file. If it has
// several YAML documents, Travis reads the first, and so does Parse. The error has
// CodeSyntax.
func Parse(text string) (*Document, error) {
	mark := ""
	if strings.HasPrefix(text, byteOrderMark) {
		mark = byteOrderMark
	}
	lines := splitLines(text[len(mark):])
	d := &Document{text: text, mark: mark, lines: lines, eol: lineEnding(lines)}
	root, err := parseRoot(text[len(mark):])
	if err != nil {
		return nil, err
	}
	d.root = root
	d.start, d.end = extent(lines, root)
	return d, nil
}

// Text is what was parsed.
func (d *Document) Text() string { return d.text }

// IsEmpty reports whether the document has no content: it is missing, empty or only
// comments.
func (d *Document) IsEmpty() bool { return d.root == nil }

func parseRoot(text string) (*yaml.Node, error) {
	var document yaml.Node
	err := yaml.NewDecoder(strings.NewReader(text)).Decode(&document)
	if stripped := strings.TrimRight(text, " \t\n\v\f\r\x00"); err != nil && len(stripped) < len(text) { // as Travis does
		err = yaml.NewDecoder(strings.NewReader(stripped)).Decode(&document)
	}
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, syntaxError(lineOf(err), "it isn't valid YAML")
	}
	root := document.Content[0]
	if isEmptyNode(root) {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, syntaxError(root.Line, "it isn't a mapping of keys and values")
	}
	return root, nil
}

// CodeSyntax is the code of an Error for a text that isn't a valid .travis.yml.
const CodeSyntax = "yml_syntax"

// syntaxError quotes nothing of the file, which can contain secrets, and so has no cause.
// The line is 0 if the parser didn't say it.
func syntaxError(line int, why string) error {
	action := "read .travis.yml"
	if line > 0 {
		action += ", near line " + strconv.Itoa(line)
	}
	return &problem.Error{
		Code: CodeSyntax, Action: action, Reason: why,
		Hints: []string{"fix the file; https://config.travis-ci.com/explore shows what Travis makes of it"},
	}
}

var parserLine = regexp.MustCompile(`^yaml: line (\d+):`)

func lineOf(err error) int {
	if found := parserLine.FindStringSubmatch(err.Error()); found != nil {
		if line, err := strconv.Atoi(found[1]); err == nil {
			return line
		}
	}
	return 0
}

// extent finds the lines of the first document.
func extent(lines []string, root *yaml.Node) (start, end int) {
	switch {
	case root != nil:
		start = root.Line - 1
	default:
		for i, line := range lines {
			if isMarker(line, "---") {
				start = i + 1
				break
			}
		}
	}
	for i := start; i < len(lines); i++ {
		if isMarker(lines[i], "---") && (root == nil || i > root.Line-1) || isMarker(lines[i], "...") {
			return start, i
		}
	}
	return start, len(lines)
}

// place is a key of the document with its value, or the whole document.
type place struct {
	key   *yaml.Node // nil for the whole
	value *yaml.Node
	path  []int // from the root to the value, as indexes into Content
	next  int   // index of the line where the next part begins
}

func (d *Document) whole() place { return place{value: d.root, next: d.end} }

// find returns the place of the first of names that the mapping at p has. Of duplicate
// keys the last one counts, as in Travis.
func (p place) find(names ...string) (place, bool) {
	if p.value == nil || p.value.Kind != yaml.MappingNode {
		return place{}, false
	}
	pairs := p.value.Content
	for _, name := range names {
		for i := len(pairs) - 2; i >= 0; i -= 2 {
			if keyName(pairs[i]) != name {
				continue
			}
			next := p.next
			if i+2 < len(pairs) {
				next = pairs[i+2].Line - 1
			}
			return place{pairs[i], pairs[i+1], append(slices.Clone(p.path), i+1), next}, true
		}
	}
	return place{}, false
}

// keyName is a key as Travis reads it, with underscores for dashes.
func keyName(key *yaml.Node) string {
	if key.Kind != yaml.ScalarNode {
		return ""
	}
	return strings.ReplaceAll(strings.TrimSpace(key.Value), "-", "_")
}

// hasMerged also finds keys of aliases and merge keys.
func hasMerged(mapping *yaml.Node, names ...string) bool {
	var all map[string]yaml.Node
	if mapping != nil {
		_ = mapping.Decode(&all) // what can be decoded
	}
	return slices.ContainsFunc(names, func(name string) bool { _, found := all[name]; return found })
}

// isEmptyNode reports whether a node has no text in the file.
func isEmptyNode(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Tag == "!!null" && node.Value == ""
}

func isFlow(node *yaml.Node) bool { return node.Style&yaml.FlowStyle != 0 }

func at(root *yaml.Node, path []int) *yaml.Node {
	for _, i := range path {
		if i >= len(root.Content) {
			return &yaml.Node{}
		}
		root = root.Content[i]
	}
	return root
}

// isShared reports whether an alias elsewhere repeats a part of the document that
// includes the place: an addition there would be made twice.
func (d *Document) isShared(path []int) bool {
	node := d.root
	for i := 0; ; i++ {
		if node.Anchor != "" && hasAlias(d.root, node.Anchor) {
			return true
		}
		if i == len(path) {
			return false
		}
		node = node.Content[path[i]]
	}
}

func lastOf(node *yaml.Node) *yaml.Node {
	for len(node.Content) > 0 {
		node = node.Content[len(node.Content)-1]
	}
	return node
}

func hasAlias(node *yaml.Node, anchor string) bool {
	if node.Kind == yaml.AliasNode {
		return node.Value == anchor
	}
	return slices.ContainsFunc(node.Content, func(inner *yaml.Node) bool { return hasAlias(inner, anchor) })
}

// clone copies a tree. An alias stays an alias.
func clone(node *yaml.Node) *yaml.Node {
	if node == nil {
		return nil
	}
	copied := *node
	copied.Content = make([]*yaml.Node, len(node.Content))
	for i, inner := range node.Content {
		copied.Content[i] = clone(inner)
	}
	return &copied
}

// equal compares trees without positions and comments.
func equal(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.ShortTag() == b.ShortTag() && a.Value == b.Value && a.Anchor == b.Anchor &&
		slices.EqualFunc(a.Content, b.Content, equal)
}

// isSkipped reports whether a value makes Travis skip a phase. As a command, false would
// do the same
// (https://docs.travis-ci.com/user/job-lifecycle/#skipping-the-installation-phase).
func isSkipped(value *yaml.Node) bool {
	return value.Kind == yaml.ScalarNode && (value.Value == "skip" || value.Value == "false")
}

// DeployHooks lists which of before_deploy and after_deploy the top of the file has.
// Travis runs them for each item of deploy
// (https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/addons/deploy/script.rb).
func (d *Document) DeployHooks() []string {
	var hooks []string
	for _, hook := range []string{"before_deploy", "after_deploy"} {
		if found, ok := d.whole().find(hook); ok && !isEmptyNode(found.value) && !isSkipped(found.value) {
			hooks = append(hooks, hook)
		}
	}
	return hooks
}
