package travisyml

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Secure is an encrypted variable: Text is the base64, on one line, of
// "NAME=VALUE" encrypted with the repository's public key
// (https://docs.travis-ci.com/user/encryption-keys/).
type Secure struct {
	Name string
	Text string
}

// ourMark ends the comment above one of our items; the variable's name is before it. The
// name of an encrypted variable isn't visible, so this is how to find the item again.
const ourMark = ", by convox-travis"

var (
	securePattern = regexp.MustCompile(`^[A-Za-z0-9+/]+={0,2}$`)
	namePattern   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	ourItem       = regexp.MustCompile(`^( *- secure: )"[A-Za-z0-9+/]+={0,2}"[ \t]*$`)
)

// AddSecure adds encrypted variables to env.global. If an earlier run added one,
// identified by the comment above it, it is replaced in its place; no other byte changes.
// Jobs that Travis makes from env's entries stay the same. The error has a Refusal, or
// CodeStep.
func (d *Document) AddSecure(variables ...Secure) (Change, error) {
	if err := d.checkIndentation(); err != nil {
		return Change{}, err
	}
	lines := slices.Clone(d.lines)
	var added []Secure
	for _, v := range variables {
		if !namePattern.MatchString(v.Name) || !securePattern.MatchString(v.Text) {
			return Change{}, unwritable("encrypted variable", "letters, digits and underscores, with base64 on one line")
		}
		if !d.replaceOurs(lines, v) {
			added = append(added, v)
		}
	}
	const place = "env.global"
	change := Change{Old: d.text, New: d.mark + strings.Join(lines, ""), Place: place}
	if len(added) == 0 {
		return change, nil
	}
	d, err := Parse(change.New)
	if err != nil {
		return Change{}, err
	}
	lines = secureItems(added)
	edits, why := d.addGlobal(lines)
	if spliced, done := d.splice(place, edits); done {
		spliced.Old = change.Old
		return spliced, nil
	}
	refusal := &Refusal{Reason: reason(why, edits), Place: place, Lines: lines}
	env, found := d.whole().find("env")
	switch global, listed := env.find("global"); {
	case !found:
		refusal.Lines = d.nestedGlobal(lines)
	case listed:
		refusal.Line = global.key.Line
	default:
		refusal.Line = env.key.Line
		if !hasMerged(env.value, "jobs", "matrix") {
			refusal.Fix = "move the value of `env` to `jobs` inside it"
		}
	}
	return Change{}, refusal.Problem()
}

func secureItems(variables []Secure) []string {
	var lines []string
	for _, v := range variables {
		lines = append(lines, "# "+v.Name+ourMark, `- secure: "`+v.Text+`"`)
	}
	return lines
}

func (d *Document) nestedGlobal(lines []string) []string {
	return append([]string{"env:"}, indented(d.nested("global", lines), d.keyIndent())...)
}

// replaceOurs replaces our items of a variable in lines, and reports whether there are
// any: of duplicates the last one counts, and leaving an old one would be confusing.
func (d *Document) replaceOurs(lines []string, v Secure) (found bool) {
	for _, item := range d.globalList() {
		if i := item.Line - 1; d.ourName(item.Line) == v.Name {
			start := ourItem.FindStringSubmatch(cutBreak(lines[i]))[1]
			lines[i] = start + `"` + v.Text + `"` + lines[i][len(cutBreak(lines[i])):]
			found = true
		}
	}
	return found
}

// OurSecure lists the encrypted variables that an earlier run added to env.global.
func (d *Document) OurSecure() []string {
	var names []string
	for _, item := range d.globalList() {
		if name := d.ourName(item.Line); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func (d *Document) globalList() []*yaml.Node {
	env, _ := d.whole().find("env")
	global, ok := env.find("global")
	if !ok || global.value.Kind != yaml.SequenceNode || isFlow(global.value) {
		return nil
	}
	return global.value.Content
}

// ourName is the variable of one of our items on a line, or "".
func (d *Document) ourName(line int) string {
	above := line - 2
	if above < 0 || line > len(d.lines) || !ourItem.MatchString(cutBreak(d.lines[line-1])) {
		return ""
	}
	name, ours := strings.CutSuffix(strings.TrimRight(cutBreak(d.lines[above]), " \t"), ourMark)
	name, comment := strings.CutPrefix(strings.TrimLeft(name, " "), "# ")
	if !ours || !comment || !namePattern.MatchString(name) {
		return ""
	}
	return name
}

// addGlobal adds items to env.global in each of the shapes that env can have
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/schema/def/env.rb).
// Anything that isn't a mapping with one of env's own keys is moved under jobs, as Travis
// would do.
func (d *Document) addGlobal(lines []string) ([]edit, refusalReason) {
	env, found := d.whole().find("env")
	if !found {
		if hasMerged(d.root, "env") {
			return nil, reasonAlias
		}
		return d.addKey(d.whole(), d.nestedGlobal(lines))
	}
	if global, found := env.find("global"); found {
		return d.addItem(global, lines)
	}
	if env.value.Kind == yaml.MappingNode && hasMerged(env.value, "global") {
		return nil, reasonAlias
	}
	if isEmptyNode(env.value) || hasMerged(env.value, "jobs", "matrix") {
		return d.addKey(env, d.nested("global", lines))
	}
	return d.moveToJobs(env, lines)
}

// moveToJobs adds the keys global and jobs between env and its content. The lines of the
// content stay where they are, and are then under jobs.
func (d *Document) moveToJobs(env place, lines []string) ([]edit, refusalReason) {
	if why := d.refuseInside(env); why != "" {
		return nil, why
	}
	if env.value.Line == env.key.Line {
		return nil, reasonOneLine
	}
	column, inner := env.value.Column-1, env.key.Column-1
	if env.value.Kind != yaml.SequenceNode || isFlow(env.value) {
		column-- // a list may have the indentation of its key, anything else can't
	}
	if column <= inner {
		return nil, reasonColumn
	}
	above := indented(append(d.nested("global", lines), "jobs:"), column)
	return []edit{{
		insertions: []insertion{{env.key.Line, above}},
		expect: func(old, _ *yaml.Node) *yaml.Node {
			was := *at(old, env.path)
			pairs := append(nodesOf(d.nested("global", lines)), &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "jobs"}, &was)
			*at(old, env.path) = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: pairs}
			return old
		},
	}}, ""
}
