package build

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Mention is a command of the file that deploys with Convox, whether or not a
// build gets that far.
type Mention struct {
	Line     int
	From, To int // the lines of the whole command
	Phase    string
}

// longestMention is how many bytes of a command are read for what it mentions.
const longestMention = 16 << 10

// Mentions returns the commands that deploy, each line once. What the commands of
// a line depend on isn't looked at: play the builds for that.
func (c *Config) Mentions() []Mention {
	m := mentions{}
	m.job(c.Root)
	for _, item := range c.Root.Get("jobs").Get("include").wrapped() {
		m.job(item)
	}
	return m.list
}

type mentions struct {
	list  []Mention
	phase string
	base  Command
	depth int
}

func (m *mentions) job(job *Node) {
	for _, phase := range phases {
		for _, command := range commandsOf(job.Get(phase)) {
			m.command(phase, command)
		}
	}
	for _, provider := range append(job.Get("deploy").wrapped(), job.Get("addons").Get("deploy").wrapped()...) {
		if provider.Get("provider").text() == "convox" {
			m.base = Command{}
			m.add("deploy", provider.Get("provider").Line)
		}
		for _, command := range commandsOf(provider.Get("script")) {
			m.command("deploy", command)
		}
	}
}

func (m *mentions) add(phase string, line int) {
	if !slices.ContainsFunc(m.list, func(known Mention) bool { return known.Line == line }) {
		mention := Mention{Line: line, From: line, To: line, Phase: phase}
		if m.base.Rows {
			mention.From = m.base.Line - 1
			mention.To = mention.From + strings.Count(strings.TrimSuffix(m.base.Bash, "\n"), "\n") + 1
		}
		m.list = append(m.list, mention)
	}
}

func (m *mentions) command(phase string, command Command) {
	m.phase, m.base = phase, command
	m.text(command.Bash, 0)
}

// text looks for deploys in a text that begins some lines below the command's.
func (m *mentions) text(bash string, below int) {
	if m.depth > 3 || len(bash) > longestMention || !strings.Contains(bash, "convox") {
		return
	}
	file, err := syntax.NewParser().Parse(strings.NewReader(bash), "")
	if err != nil {
		return
	}
	syntax.Walk(file, func(node syntax.Node) bool {
		call, ok := node.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		at := below
		if m.depth == 0 {
			at = int(call.Pos().Line()) - 1
		}
		var words []string
		for _, arg := range call.Args {
			words = append(words, literal(arg))
		}
		if slices.Contains([]string{"echo", "printf", "travis_fold"}, words[0]) {
			return true
		}
		m.words(words, at)
		return true
	})
}

func (m *mentions) words(words []string, below int) {
	for i, word := range words {
		if strings.ContainsAny(word, " \n") {
			m.depth++
			m.text(word, below)
			m.depth--
			continue
		}
		if _, command, ok := readCall(words[i:], func(string) string { return "" }); ok && effectOf(command) != other && effectOf(command) != builds {
			line := m.base.Line
			if m.base.Rows {
				line += below
			}
			m.add(m.phase, line)
			return
		}
	}
}

// literal returns what of a word is known.
func literal(word *syntax.Word) string {
	var b strings.Builder
	var parts func(all []syntax.WordPart)
	parts = func(all []syntax.WordPart) {
		for _, part := range all {
			switch part := part.(type) {
			case *syntax.Lit:
				b.WriteString(part.Value)
			case *syntax.SglQuoted:
				b.WriteString(part.Value)
			case *syntax.DblQuoted:
				parts(part.Parts)
			default:
				b.WriteByte('$')
			}
		}
	}
	parts(word.Parts)
	return b.String()
}
