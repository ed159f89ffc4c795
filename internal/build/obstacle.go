package build

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Obstacle is a part of a file that can keep a deploy from running. Config.Without
// returns the file without it.
type Obstacle struct {
	Kind ObstacleKind
	Line int
	Text string // as Travis reads it: a condition, a key, the branches

	owner *Node // the mapping to change
	edit  func(owner *Node) *Node
}

// ObstacleKind is the kind of an Obstacle.
type ObstacleKind string

// The kinds of obstacles.
const (
	ObstacleBranches    ObstacleKind = "branches"      // branches.only or branches.except at the root
	ObstacleIf          ObstacleKind = "if"            // of the file, a job or a stage
	ObstacleExclude     ObstacleKind = "jobs.exclude"  //
	ObstacleSkip        ObstacleKind = "after_success" // skip, which turns deployments off
	ObstacleNoScript    ObstacleKind = "no script"     // the language's default script runs
	ObstaclePhase       ObstacleKind = "phase"         // its commands end the job, or fail; Text is its name
	ObstacleWindows     ObstacleKind = "os: windows"   // where Travis deploys nothing
	ObstacleBranch      ObstacleKind = "on.branch"     // Text is the branches
	ObstacleNoBranch    ObstacleKind = "no on.branch"  // Text is the key of on that was probably meant, or ""
	ObstacleOtherBranch ObstacleKind = "option"        // the keys of another option, Text, are taken as branches
	ObstacleOn          ObstacleKind = "on"            // another key of on, Text
	ObstacleCondition   ObstacleKind = "on.condition"  //
	ObstacleTags        ObstacleKind = "on.tags"       //
	ObstacleBlock       ObstacleKind = "deploy.script" // several lines, which Travis joins into one broken command
	ObstaclePromote     ObstacleKind = "promote"       // false, so the release isn't promoted
	ObstacleFunction    ObstacleKind = "function"      // of the job's shell, Text, which deploy.script doesn't have
	ObstacleFalseTest   ObstacleKind = "false test"    // in a command, around a deploy; Text is the test
	ObstacleTest        ObstacleKind = "test"          // in a command, around an exit before a deploy; Text is the test
)

const mostObstacles = 1000

// Obstacles returns what can keep a deploy from running, in the order of the file as
// Travis reads it.
func (c *Config) Obstacles() []Obstacle {
	o := obstacles{}
	o.remove(ObstacleBranches, c.Root, "branches")
	o.remove(ObstacleIf, c.Root, "if")
	o.job(c.Root)
	jobs := c.Root.Get("jobs")
	for _, item := range jobs.Get("include").List() {
		o.remove(ObstacleIf, item, "if")
		o.job(item)
	}
	o.remove(ObstacleExclude, jobs, "exclude")
	for _, stage := range c.Root.Get("stages").List() {
		o.remove(ObstacleIf, stage, "if")
	}
	return o.list
}

// Without returns the file without some of its obstacles.
func (c *Config) Without(all []Obstacle) *Config {
	edits := make(map[*Node][]Obstacle)
	for _, obstacle := range all {
		edits[obstacle.owner] = append(edits[obstacle.owner], obstacle)
	}
	made := *c
	made.Root = rebuild(c.Root, edits)
	return &made
}

func rebuild(n *Node, edits map[*Node][]Obstacle) *Node {
	if n == nil || n.Kind != Mapping && n.Kind != List {
		return n
	}
	made := *n
	changed := false
	made.Items = slices.Clone(n.Items)
	for i, item := range made.Items {
		made.Items[i] = rebuild(item, edits)
		changed = changed || made.Items[i] != item
	}
	made.Fields = slices.Clone(n.Fields)
	for i, f := range made.Fields {
		made.Fields[i].Value = rebuild(f.Value, edits)
		changed = changed || made.Fields[i].Value != f.Value
	}
	result := n
	if changed {
		result = &made
	}
	for _, obstacle := range edits[n] {
		result = obstacle.edit(result)
	}
	return result
}

type obstacles struct{ list []Obstacle }

func (o *obstacles) add(kind ObstacleKind, line int, text string, owner *Node, edit func(*Node) *Node) {
	if len(o.list) < mostObstacles {
		o.list = append(o.list, Obstacle{kind, line, text, owner, edit})
	}
}

func (o *obstacles) remove(kind ObstacleKind, owner *Node, key string) {
	if value := owner.Get(key); value != nil {
		text := value.Text
		if only := value.Get("only"); only != nil {
			text = strings.Join(only.Texts(), ", ")
		}
		o.add(kind, value.Line, text, owner, dropKeys(key))
	}
}

func dropKeys(keys ...string) func(*Node) *Node {
	return func(n *Node) *Node { return n.keep(func(f Field) bool { return !slices.Contains(keys, f.Key) }) }
}

func setKey(key, value string) func(*Node) *Node {
	return func(n *Node) *Node { return n.with(key, &Node{Kind: Text, Text: value}) }
}

// makePass makes the commands of a phase succeed.
func makePass(phase string) func(*Node) *Node {
	return func(n *Node) *Node {
		list := &Node{Kind: List, Line: n.Get(phase).line()}
		for _, item := range n.Get(phase).List() {
			item := *item
			item.Text += "\ntrue"
			list.Items = append(list.Items, &item)
		}
		return n.with(phase, list)
	}
}

// job adds the obstacles of a job, or those that all jobs inherit.
func (o *obstacles) job(job *Node) {
	language := job.Get("language").text()
	for _, phase := range phaseOrder {
		value := job.Get(phase.name)
		commands := commandsOf(value)
		deploys := slices.ContainsFunc(commands, func(c Command) bool { return strings.Contains(c.Bash, "convox") })
		if deploys {
			o.tests(job, phase.name)
		}
		switch {
		case phase.name == "after_success" && isSkipped(commands):
			o.add(ObstacleSkip, value.Line, "", job, dropKeys(phase.name))
		case phase.name == "script" && language != "" && !isSet(value):
			o.add(ObstacleNoScript, job.Get("language").line(), language, job, setKey("script", "skip"))
		case len(commands) == 0 || isSkipped(commands) || phase.failure == Ignored:
		case deploys:
			o.add(ObstaclePhase, value.Line, phase.name, job, makePass(phase.name))
		default:
			o.add(ObstaclePhase, value.Line, phase.name, job, setKey(phase.name, "skip"))
		}
	}
	if before := job.Get("before_deploy"); job.Get("deploy") != nil && isSet(before) {
		o.add(ObstaclePhase, before.Line, "before_deploy", job, dropKeys("before_deploy"))
	}
	if os := job.Get("os"); os != nil && slices.Contains(os.Texts(), "windows") {
		o.add(ObstacleWindows, os.Line, "", job, setKey("os", "linux"))
	}
	for _, provider := range job.Deployments() {
		if provider.Kind == Mapping {
			o.provider(provider)
		}
	}
}

// knownOn are the keys of deploy.on that Travis reads.
var knownOn = append([]string{"branch", "repo", "condition", "tags", "all_branches", "rvm", "node_js"}, runtimes...)

// provider adds the conditions of a deployment, and problems with its script.
func (o *obstacles) provider(provider *Node) {
	on := cmp.Or(provider.Get("on"), &Node{Kind: Mapping, Line: provider.Line})
	edit := func(change func(*Node) *Node) func(*Node) *Node {
		return func(n *Node) *Node {
			on := n.Get("on")
			if on == nil || on.Kind != Mapping {
				on = &Node{Kind: Mapping, Line: n.Line}
			}
			return n.with("on", change(on))
		}
	}
	anyBranch := edit(setKey("all_branches", "true"))
	if !isTrue(on.Get("all_branches")) && !isTrue(on.Get("tags")) {
		names, branch := branchesOf(provider, on), on.Get("branch")
		if on.Kind != Mapping {
			branch = on
		}
		switch {
		case isSet(branch):
			o.add(ObstacleBranch, branch.Line, strings.Join(names, ", "), provider, anyBranch)
		case !slices.Equal(names, []string{"master"}):
			key, line := branchOption(provider, names[0])
			o.add(ObstacleOtherBranch, line, key, provider, anyBranch)
		default:
			meant := Field{Line: on.Line}
			if i := slices.IndexFunc(on.Fields, func(f Field) bool { return !slices.Contains(knownOn, f.Key) && f.Key != "os" }); i >= 0 {
				meant = on.Fields[i]
			}
			o.add(ObstacleNoBranch, meant.Line, meant.Key, provider, anyBranch)
		}
	}
	for _, f := range on.Fields {
		switch {
		case f.Key == "condition" && len(commandsOf(f.Value)) > 0:
			o.add(ObstacleCondition, commandsOf(f.Value)[0].Line, strings.Join(f.Value.Texts(), " && "), provider, edit(dropKeys(f.Key)))
		case f.Key == "tags":
			tags := f.Value.text()
			o.add(ObstacleTags, f.Line, tags, provider, edit(func(on *Node) *Node {
				on = dropKeys("tags")(on)
				if tags != "false" {
					on = setKey("all_branches", "true")(on)
				}
				return on
			}))
		case f.Key != "branch" && f.Key != "all_branches" && slices.Contains(knownOn, f.Key):
			o.add(ObstacleOn, f.Line, f.Key, provider, edit(dropKeys(f.Key)))
		}
	}
	o.script(provider)
	if promote := provider.Get("promote"); promote.text() == "false" {
		o.add(ObstaclePromote, promote.Line, "", provider, dropKeys("promote"))
	}
	o.tests(provider, "script")
}

var travisFunction = regexp.MustCompile(`\b(travis_wait|travis_retry)\b(?: +\d+\b)?`)

// script adds a script with several lines, or a function of the job's shell.
func (o *obstacles) script(provider *Node) {
	script := provider.Get("script")
	if strings.Contains(script.text(), "\n") {
		o.add(ObstacleBlock, script.Line, "", provider, oneCommand(script))
	}
	if found := travisFunction.FindStringSubmatch(script.text()); found != nil {
		o.add(ObstacleFunction, script.Line, found[1], provider, func(n *Node) *Node {
			without := *script
			without.Text = travisFunction.ReplaceAllString(script.Text, "")
			return n.with("script", &without)
		})
	}
}

func oneCommand(script *Node) func(*Node) *Node {
	text := strings.Join(strings.Split(strings.TrimSpace(script.Text), "\n"), "; ")
	return func(n *Node) *Node { return n.with("script", &Node{Kind: Text, Text: text, Line: script.Line}) }
}

// branchOption returns the option of a deployment whose keys are taken as branches.
func branchOption(provider *Node, branch string) (key string, line int) {
	for _, f := range provider.Fields {
		if f.Value != provider.Get("on") && f.Value.Get(branch) != nil {
			return f.Key, f.Line
		}
	}
	return "", provider.Line
}

// Is reports whether two obstacles are the same.
func (o Obstacle) Is(other Obstacle) bool {
	return o.owner == other.owner && o.Kind == other.Kind && o.Line == other.Line && o.Text == other.Text
}

// IsBash reports whether Bash can parse a condition.
func (o Obstacle) IsBash() bool { return isCondition("(" + o.Text + ")") }

// Ignores reports whether tags make Travis ignore a given branch.
func (o Obstacle) Ignores() bool {
	return o.Kind == ObstacleTags && o.Text != "false" && isSet(o.owner.Get("on").Get("branch"))
}

// Concerns reports whether an obstacle belongs to the deployment whose command is on
// these lines.
func (o Obstacle) Concerns(from, to int) bool {
	for _, key := range []string{"script", "provider"} {
		if line := o.owner.Get(key).line(); from <= line && line <= to {
			return true
		}
		for _, command := range commandsOf(o.owner.Get(key)) {
			if from <= command.Line && command.Line <= to {
				return true
			}
		}
	}
	return false
}

// test is a test in a command that decides whether a deploy runs.
type test struct {
	from, to int // its byte range
	row      int // of the command's lines, from 0
	holds    bool
}

// tests adds the tests that decide whether a deploy in a key's commands runs: those of
// if, && and ||, around the deploy or around an exit before it.
func (o *obstacles) tests(owner *Node, key string) {
	for i, item := range owner.Get(key).List() {
		for _, command := range commandsOf(item) {
			for _, t := range testsIn(command.Bash) {
				kind, instead, line := ObstacleTest, "false", command.Line
				if t.holds {
					kind, instead = ObstacleFalseTest, "true"
				}
				if command.Rows {
					line += t.row
				}
				text := command.Bash[t.from:t.to]
				o.add(kind, line, text, owner, func(n *Node) *Node {
					list := &Node{Kind: List, Line: n.Get(key).line(), Items: slices.Clone(n.Get(key).List())}
					if i >= len(list.Items) || !strings.HasPrefix(list.Items[i].Text[min(t.from, len(list.Items[i].Text)):], text) {
						return n // another change has removed it
					}
					changed := *list.Items[i]
					changed.Text = changed.Text[:t.from] + instead + strings.Repeat(" ", len(text)-len(instead)) + changed.Text[t.to:]
					list.Items[i] = &changed
					return n.with(key, list)
				})
			}
		}
	}
}

// exitWord matches what ends a command list early.
var exitWord = regexp.MustCompile(`\b(?:exit|return)\b`)

// testsIn finds tests, and the result that each needs for what follows to run.
func testsIn(bash string) []test {
	if len(bash) > longestMention {
		return nil
	}
	file, err := syntax.NewParser().Parse(strings.NewReader(bash), "")
	if err != nil {
		return nil
	}
	source := func(from, to syntax.Pos) string { return bash[from.Offset():to.Offset()] }
	deploys := func(from, to syntax.Pos) bool { return strings.Contains(source(from, to), "convox") }
	ends := func(from, to syntax.Pos) bool { return exitWord.MatchString(source(from, to)) }
	var found []test
	var add func(s *syntax.Stmt, holds bool)
	add = func(s *syntax.Stmt, holds bool) {
		if both, is := s.Cmd.(*syntax.BinaryCmd); is && !s.Negated && (both.Op == syntax.AndStmt && holds || both.Op == syntax.OrStmt && !holds) {
			add(both.X, holds)
			add(both.Y, holds)
			return
		}
		if s.Cmd == nil {
			return
		}
		from, to := s.Pos(), s.Cmd.End()
		if text := source(from, to); len(text) >= len("false") && strings.Contains(text, "$") && !strings.Contains(text, "\n") && !deploys(from, to) {
			found = append(found, test{int(from.Offset()), int(to.Offset()), int(from.Line()) - 1, holds})
		}
	}
	syntax.Walk(file, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.IfClause:
			if len(node.Cond) == 0 {
				break
			}
			last, end := node.Cond[len(node.Cond)-1], node.End()
			otherwise := end
			if node.Else != nil {
				otherwise = node.Else.Pos()
			}
			switch {
			case deploys(node.ThenPos, otherwise):
				add(last, true)
			case deploys(otherwise, end), ends(node.ThenPos, otherwise):
				add(last, false)
			case ends(otherwise, end):
				add(last, true)
			}
		case *syntax.BinaryCmd:
			from, to := node.Y.Pos(), node.Y.End()
			switch isAnd := node.Op == syntax.AndStmt; {
			case !isAnd && node.Op != syntax.OrStmt:
			case deploys(from, to):
				add(node.X, isAnd)
			case ends(from, to):
				add(node.X, !isAnd)
			}
		}
		return true
	})
	return found
}
