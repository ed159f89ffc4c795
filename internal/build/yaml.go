package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits for a file. The largest real ones have some 60,000 bytes and a nesting of 12.
const (
	largestFile  = 1 << 20 // bytes
	deepest      = 500     // collections inside each other
	mostMarks    = 250_000 // characters that separate values
	mostNodes    = 1 << 19 // values, each merged one counted again
	mostUnknowns = 20      // names of unknown aliases
)

var (
	errTooLarge = errors.New("the file is too large")
	errTooDeep  = errors.New("the file is nested too deep")
	errBadKey   = errors.New("a key is a list or a mapping")
	errNoObject = errors.New("it isn't a JSON object")
)

// stop is what functions of this package panic with where a file exceeds a limit or the
// context ends. The exported functions return its error.
type stop struct{ err error }

// catch sets an error to that of a stop; defer it.
func catch(err *error) {
	switch reason := recover().(type) {
	case nil:
	case stop:
		*err = reason.err
	default:
		panic(reason)
	}
}

func checkContext(ctx context.Context) {
	if err := ctx.Err(); err != nil {
		panic(stop{err})
	}
}

// isTooLarge is checked before go-yaml turns each value into hundreds of bytes.
func isTooLarge(text []byte) bool {
	marks := 0
	for _, mark := range []string{",", ":", "[", "{", "- "} {
		marks += bytes.Count(text, []byte(mark))
	}
	return len(text) > largestFile || marks > mostMarks
}

// clean drops what Travis drops before it parses: every byte that isn't ASCII, including
// a byte order mark, the first line's indentation from all lines, and trailing empty
// lines, so that a block at the end has no final line break (travis-yml,
// lib/travis/yml/parts/part.rb).
func clean(text []byte) []byte {
	ascii := make([]byte, 0, len(text))
	for _, b := range text {
		if b < 0x80 {
			ascii = append(ascii, b)
		}
	}
	ascii = bytes.TrimRight(ascii, " \t\n\v\f\r\x00")
	first := bytes.TrimLeft(ascii, " \t\r\n")
	start := bytes.LastIndexByte(ascii[:len(ascii)-len(first)], '\n') + 1
	indent := ascii[start : len(ascii)-len(first)]
	if len(indent) == 0 || len(first) == 0 {
		return ascii
	}
	lines := bytes.Split(ascii, []byte("\n"))
	for i, line := range lines {
		lines[i] = bytes.TrimPrefix(line, indent)
	}
	return bytes.Join(lines, []byte("\n"))
}

var documentStart = regexp.MustCompile(`^(\s*(#[^\n]*)?\n)*(---|%)`)

var unknownAnchor = regexp.MustCompile(`unknown anchor '([^']*)' referenced`)

// parseYAML parses the first document. An alias of an unknown anchor is null, as in
// Travis: such an anchor is defined in a document before the first one, because go-yaml
// keeps anchors across documents. It returns how many lines that put before the text.
func parseYAML(ctx context.Context, text []byte) (document *yaml.Node, shift int, err error) {
	var anchors []string
	for {
		checkContext(ctx)
		var source io.Reader = bytes.NewReader(text)
		if len(anchors) > 0 {
			before := "--- [&" + strings.Join(anchors, " ~, &") + " ~]\n"
			if documentStart.Match(text) {
				before += "...\n"
			} else {
				before += "---\n"
			}
			source = io.MultiReader(strings.NewReader(before), source)
			shift = 2
		}
		decoder := yaml.NewDecoder(source)
		document = new(yaml.Node)
		if len(anchors) > 0 {
			if err := decoder.Decode(document); err != nil {
				return nil, 0, err
			}
			document = new(yaml.Node)
		}
		err = decoder.Decode(document)
		if err == io.EOF {
			return nil, 0, nil
		}
		if err == nil {
			return document.Content[0], shift, nil
		}
		unknown := unknownAnchor.FindStringSubmatch(err.Error())
		if unknown == nil || len(anchors) == mostUnknowns {
			return nil, 0, yamlError(err, shift)
		}
		anchors = append(anchors, unknown[1])
	}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

func yamlError(err error, shift int) error {
	parts := yamlLine.FindStringSubmatch(err.Error())
	if parts == nil {
		return errors.New("the YAML can't be parsed")
	}
	line, _ := strconv.Atoi(parts[1])
	if line <= shift {
		return errors.New(parts[2])
	}
	return fmt.Errorf("line %d: %s", line-shift, parts[2])
}

type reader struct {
	ctx      context.Context
	shift    int                  // lines before the text
	made     map[*yaml.Node]*Node // values of anchors; nil while one is made
	count    int
	messages *[]Message
	isJSON   bool // nodes have line 0
}

// object reads a JSON object, which is YAML too. The error doesn't quote it.
func (r *reader) object(text []byte) (object *Node, err error) {
	defer catch(&err)
	if isTooLarge(text) {
		return nil, errTooLarge
	}
	r.isJSON = true
	document, _, err := parseYAML(r.ctx, text)
	if err != nil || document == nil || document.Kind != yaml.MappingNode || !json.Valid(text) {
		return nil, errNoObject
	}
	return r.node(document, 0), nil
}

func stopAt(line int, err error) {
	if line > 0 {
		err = fmt.Errorf("line %d: %w", line, err)
	}
	panic(stop{err})
}

func (r *reader) line(n *yaml.Node) int {
	if r.isJSON {
		return 0
	}
	return n.Line - r.shift
}

func (r *reader) step() { countNode(r.ctx, &r.count) }

// countNode counts a node, and stops after too many of them.
func countNode(ctx context.Context, count *int) {
	if *count++; *count > mostNodes {
		panic(stop{errTooLarge})
	}
	if *count%1024 == 0 {
		checkContext(ctx)
	}
}

// node converts a node. An alias shares the node of its anchor, so that aliases of
// aliases cost nothing; one inside its own anchor is null.
func (r *reader) node(n *yaml.Node, depth int) *Node {
	r.step()
	line := r.line(n)
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if made, known := r.made[n]; known {
		if made == nil {
			return &Node{Line: line}
		}
		return made
	}
	if n.Anchor != "" {
		r.made[n] = nil
	}
	if depth > deepest {
		stopAt(line, errTooDeep)
	}
	made := &Node{Line: line, anchored: n.Anchor != ""}
	switch n.Kind {
	case yaml.SequenceNode:
		made.Kind = List
		for _, child := range n.Content {
			made.Items = append(made.Items, r.node(child, depth+1))
		}
	case yaml.MappingNode:
		r.mapping(made, n, depth)
	default:
		readScalar(made, n)
	}
	if n.Anchor != "" {
		r.made[n] = made
	}
	return made
}

// mapping lets the last of equal keys win, and what "<<" merges override the keys above it.
func (r *reader) mapping(made *Node, n *yaml.Node, depth int) {
	made.Kind = Mapping
	at := make(map[string]int, len(n.Content)/2)
	set := func(f Field) {
		if i, exists := at[f.Key]; exists {
			made.Fields[i] = f
			return
		}
		at[f.Key] = len(made.Fields)
		made.Fields = append(made.Fields, f)
	}
	written := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		line := r.line(key)
		if key.Kind != yaml.ScalarNode {
			stopAt(line, errBadKey)
		}
		value := r.node(n.Content[i+1], depth+1)
		name := strings.TrimPrefix(key.Value, ":")
		merged := mergedFields(name, n.Content[i+1], value)
		for _, f := range merged {
			r.step()
			set(f)
		}
		if merged != nil {
			continue
		}
		if written[name] && name != "<<" {
			*r.messages = append(*r.messages, Message{Line: line, Kind: DuplicateKey, Key: name})
		}
		written[name] = true
		set(Field{Key: name, Line: line, Value: value})
	}
	made.seal()
}

// seal makes an encrypted value of a mapping that is one.
func (n *Node) seal() {
	if len(n.Fields) == 1 && n.Fields[0].Key == "secure" {
		*n = Node{Kind: Text, Secure: true, Line: n.Line, anchored: n.anchored, cipher: n.Fields[0].Value.Text}
	}
}

// mergedFields returns what a key merges, in the order in which it is set: of a list the
// first mapping wins. Travis doesn't merge an alias of a list.
func mergedFields(key string, n *yaml.Node, value *Node) []Field {
	if key != "<<" {
		return nil
	}
	if value.Kind == Mapping {
		return value.Fields
	}
	if n.Kind == yaml.AliasNode {
		return nil
	}
	var fields []Field
	for i := len(value.Items) - 1; i >= 0; i-- {
		if value.Items[i].Kind != Mapping {
			return nil
		}
		fields = append(fields, value.Items[i].Fields...)
	}
	return fields
}

var (
	textScalar = regexp.MustCompile(`yes|no|on|off`)
	integer    = regexp.MustCompile(`^[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_,]+|0|[1-9][0-9_,]*)$`)
)

// readScalar reads a scalar as Ruby's Psych does, with Travis's changes: a plain scalar
// that contains lower-case yes, no, on or off, and any with a fraction, stay text
// (travis-yml, lib/travis/yml/support/yaml.rb; https://github.com/ruby/psych,
// lib/psych/scalar_scanner.rb).
func readScalar(made *Node, n *yaml.Node) {
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	text := n.Value
	made.Kind, made.Text, made.Rows = Text, text, n.Style&yaml.LiteralStyle != 0
	if n.Style&quoted != 0 || n.Style&yaml.TaggedStyle != 0 && n.Tag == "!!str" {
		return
	}
	switch lower := strings.ToLower(text); {
	case text == "" || text == "~" || lower == "null":
		made.Kind, made.Text = Null, ""
	case textScalar.MatchString(text):
	case lower == "true" || lower == "yes" || lower == "on":
		made.Kind, made.Text = Bool, "true"
	case lower == "false" || lower == "no" || lower == "off":
		made.Kind, made.Text = Bool, "false"
	case len(text) > 1 && text[0] == ':':
		made.Text = text[1:]
	case integer.MatchString(text):
		digits := strings.NewReplacer("_", "", ",", "").Replace(text)
		if number, err := strconv.ParseInt(strings.TrimPrefix(digits, "+"), 0, 64); err == nil {
			made.Text = strconv.FormatInt(number, 10)
		}
	}
}
