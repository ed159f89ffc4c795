package build

import (
	"io"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// Mention is a command of the file that deploys with Convox, whether or not a build gets
// to it.
type Mention struct {
	Line     int
	From, To int // the lines of the whole command
}

const longestMention = 16 << 10

// Mentions returns the commands that deploy, one per line. It ignores conditions; play
// the builds for those.
func (c *Config) Mentions() []Mention { return c.mentions("convox").list }

// OwnCommands returns the commands that run a script of the repository, or a tool such as
// make that does: each once, without arguments.
func (c *Config) OwnCommands() []string { return c.mentions("").own }

func (c *Config) mentions(word string) finder {
	m := finder{word: word}
	for _, job := range c.jobs() {
		for _, command := range job.commands() {
			m.base = command
			m.text(command.Bash, 0)
		}
		for _, provider := range job.Deployments() {
			if name := provider.Get("provider"); name.text() == "convox" {
				m.base = Command{}
				m.add(name.Line)
			}
		}
	}
	return m
}

type finder struct {
	word  string
	list  []Mention
	own   []string
	base  Command
	depth int
}

func (m *finder) add(line int) {
	if !slices.ContainsFunc(m.list, func(known Mention) bool { return known.Line == line }) {
		mention := Mention{Line: line, From: line, To: line}
		if m.base.Rows {
			mention.From = m.base.Line - 1
			mention.To = mention.From + strings.Count(strings.TrimSuffix(m.base.Bash, "\n"), "\n") + 1
		}
		m.list = append(m.list, mention)
	}
}

// text searches a text, which begins some lines below the command, for deploys.
func (m *finder) text(bash string, below int) {
	if m.depth > 3 || len(bash) > longestMention || !strings.Contains(bash, m.word) {
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
			words = append(words, Literal(arg, "$"))
		}
		if slices.Contains([]string{"echo", "printf", "travis_fold"}, words[0]) {
			return true
		}
		m.words(words, at)
		if own := ownCommand(words); own != "" && !slices.Contains(m.own, own) {
			m.own = append(m.own, own)
		}
		return true
	})
}

func (m *finder) words(words []string, below int) {
	for i, word := range words {
		if strings.ContainsAny(word, " \n") {
			m.depth++
			m.text(word, below)
			m.depth--
			continue
		}
		if _, command, ok := readCall(words[i:], func(string) string { return "" }); ok && effectOf(command) != noEffect && effectOf(command) != buildEffect {
			line := m.base.Line
			if m.base.Rows {
				line += below
			}
			m.add(line)
			return
		}
	}
}

// Literal returns the value of a word, with a text instead of each variable and command,
// or "" if the word can't be expanded.
func Literal(word *syntax.Word, instead string) string {
	config := expand.Config{ // one for each call, which writes to it
		Env: expand.FuncEnviron(func(string) string { return instead }),
		CmdSubst: func(output io.Writer, _ *syntax.CmdSubst) error {
			_, err := io.WriteString(output, instead)
			return err
		},
		ProcSubst: func(*syntax.ProcSubst) (string, error) { return instead, nil },
	}
	value, err := expand.Literal(&config, word)
	if err != nil {
		return ""
	}
	return value
}

// taskRunners run something that a file of the repository defines.
var taskRunners = []string{
	"make", "rake", "npm", "yarn", "pnpm", "gradle", "mvn", "ant", "fab", "invoke", "inv", "grunt", "gulp", "composer", "cap", "ansible-playbook",
	"just", "task", "tox", "nox", "lein", "sbt", "cargo", "bundle",
}

// fetchTasks are the tasks of taskRunners that run nothing.
var fetchTasks = []string{"install", "i", "ci", "update", "add", "config", "require"}

func ownCommand(words []string) string {
	for len(words) > 1 && slices.Contains([]string{"sudo", "bash", "sh", ".", "source", "travis_retry", "exec"}, words[0]) {
		words = words[1:]
		if strings.HasSuffix(words[0], ".sh") {
			return words[0]
		}
	}
	program := words[0]
	isOwn := strings.Contains(program, "/") && !strings.ContainsAny(program[:1], "/~$") && !strings.ContainsAny(program, " \n")
	if _, _, isConvox := readCall(words, func(string) string { return "" }); isOwn && !isConvox {
		return program
	}
	if !slices.Contains(taskRunners, program) {
		return ""
	}
	task := program
	for _, word := range words[1:] {
		if strings.ContainsAny(word, "=$ -") || slices.Contains(fetchTasks, word) {
			return ""
		}
		task += " " + word
		if word != "run" && word != "exec" {
			break
		}
	}
	return task
}

const mostBranches = 8

// Branches returns branches that the file mentions, in branches, conditions, deployments
// and tests in its commands. They are guesses, which only decide which builds to look at.
// A pattern yields what can be read from it.
func (c *Config) Branches() []string {
	var b branchNames
	branches := c.Root.Get("branches")
	b.add(append(branches.Get("only").Texts(), branches.Get("except").Texts()...)...)
	for _, part := range append(c.jobs(), c.Root.Get("stages").List()...) {
		if tree := parseCondition(part.Get("if").text()); tree != nil {
			b.condition(tree)
		}
		for _, provider := range part.Deployments() {
			on := provider.Get("on")
			if provider.Kind == Mapping && !isTrue(on.Get("all_branches")) && !isTrue(on.Get("tags")) {
				b.add(branchesOf(provider, on)...)
			}
			for _, condition := range on.Get("condition").Texts() {
				b.bash("[[ " + condition + " ]]")
			}
		}
		for _, command := range part.commands() {
			b.bash(command.Bash)
		}
	}
	return b.list
}

type branchNames struct{ list []string }

var (
	branchWord      = regexp.MustCompile(`[A-Za-z0-9_][\w./-]*`)
	expanded        = regexp.MustCompile("[$][\\w{(]|`")
	pullRequestPart = regexp.MustCompile(`[-:/_]false$`) // of a test of "$TRAVIS_BRANCH-$TRAVIS_PULL_REQUEST"
)

// add adds the names in texts. Values of variables aren't available.
func (b *branchNames) add(texts ...string) {
	for _, text := range texts {
		if expanded.MatchString(text) {
			continue
		}
		for _, word := range branchWord.FindAllString(text, -1) {
			word = pullRequestPart.ReplaceAllString(strings.TrimRight(word, "./-"), "")
			if word != "" && word != "false" && word != "true" && !slices.Contains(b.list, word) && len(b.list) < mostBranches {
				b.list = append(b.list, word)
			}
		}
	}
}

func (b *branchNames) condition(x *expression) {
	isBranch := func(x *expression) bool { return x.op == opVariable && x.text == "branch" }
	if slices.ContainsFunc(x.args, isBranch) {
		for _, arg := range x.args {
			if arg.op == opValue {
				b.add(arg.text)
			}
		}
	}
	for _, arg := range x.args {
		b.condition(arg)
	}
}

// A test compares a variable of a branch, on either side, or is a case.
var (
	branchTest = regexp.MustCompile(`(?i)(\S+)\s+(?:==?|!=|=~)\s+(\S[^\s;]*|'[^']*'|"[^"]*")`)
	branchCase = regexp.MustCompile(`(?is)\bcase\s+\S*branch\S*\s+in\b(.*?)\besac\b`)
	caseItem   = regexp.MustCompile(`(?:^|;;|\n)\s*\(?([^()\n]+)\)`)
)

// bash adds what the tests in a command compare a branch variable with.
func (b *branchNames) bash(text string) {
	isBranch := func(word string) bool { return strings.Contains(strings.ToUpper(word), "BRANCH") }
	plain := strings.NewReplacer(`\`, "", `"`, "", `'`, "")
	for _, test := range branchTest.FindAllStringSubmatch(text, -1) {
		switch left, right := plain.Replace(test[1]), plain.Replace(test[2]); {
		case isBranch(left):
			b.add(right)
		case isBranch(right):
			b.add(left)
		}
	}
	for _, found := range branchCase.FindAllStringSubmatch(text, -1) {
		for _, item := range caseItem.FindAllStringSubmatch(found[1], -1) {
			b.add(plain.Replace(item[1]))
		}
	}
}
