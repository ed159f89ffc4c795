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

// parseRoot returns the mapping at the top of the first document, or nil.
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

// lineOf returns only the line from a parser error.
func lineOf(err error) int {
	if found := parserLine.FindStringSubmatch(err.Error()); found != nil {
		if line, err := strconv.Atoi(found[1]); err == nil {
			return line
		}
	}
	return 0
}

// extent finds the lines of the first document: from its first node, or from after its
// opening mark, to its closing mark.
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
