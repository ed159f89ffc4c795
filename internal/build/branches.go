package build

import (
	"regexp"
	"slices"
	"strings"
)

// mostBranches limits how many branches of a file are considered.
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

// condition adds what a condition compares the branch with.
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
