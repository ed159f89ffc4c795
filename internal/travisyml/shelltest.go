package travisyml

import (
	"slices"
	"strings"
)

// reference to a variable of the shell.
var variablePattern = lately(`\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)[^}]*\})`)

// variableIn is the variable that a word of a test is about, as the build knows
// it, and what stands beside it.
func (w *walk) variableIn(word string) (name, beside string) {
	for _, at := range variablePattern().FindAllStringSubmatchIndex(word, -1) {
		group := 2
		if at[group] < 0 {
			group = 4
		}
		this := word[at[group]:at[group+1]]
		if meant, is := w.means[this]; is {
			this = meant
		}
		if ofPulls[this] && strings.Contains(word[at[0]:at[1]], branchVariable) {
			this = branchVariable // of a pull request its own branch, and else that of the build
		}
		// A word that names several is about the branch, if one of them is that.
		if name == "" || this == branchVariable {
			name = this
			beside = word[:at[0]] + word[at[1]:]
		}
	}
	return name, beside
}

// compared is what a comparison tells.
func (w *walk) compared(left, op, right string) outcome {
	name, beside := w.variableIn(left)
	if name == "" {
		left, right = right, left
		name, beside = w.variableIn(left)
	}
	if name == "" {
		return unknown
	}
	other, _ := w.variableIn(right)
	if beside != "" && !strings.Contains(left, "$(") {
		right = strings.TrimPrefix(right, strings.Trim(beside, `"'`)) // as in "x$A" = x
	}
	switch op {
	case "=", "==", "-eq":
		return comparedWith(name, other, right)
	case "!=", "-ne":
		return comparedWith(name, other, right).not()
	case "=~":
		return matchesPattern(name, right)
	}
	there := present(name)
	return outcome{there.yes & someJobs, there.no & someJobs}
}

// comparedWith is equality with a text or another variable.
func comparedWith(name, other, text string) outcome {
	branchAndTag := name == branchVariable && other == tagVariable || name == tagVariable && other == branchVariable
	switch {
	case branchAndTag:
		return outcome{yes: tagged}
	case other != "" && name == tagVariable:
		return unknown
	}
	return equals(name, text)
}

// shellTest reads what is between brackets, or behind test.
type shellTest struct {
	*walk
	words []token
	at    int
	depth int // of brackets
}

var (
	comparisons = []string{"=", "==", "!=", "=~", "-eq", "-ne", "<", ">", "-lt", "-le", "-gt", "-ge"}
	oneSided    = lately(`^-[a-zA-Z]$`)
)

// tested is what a test tells. Of words that are none it tells nothing.
func (w *walk) tested(words []token) outcome {
	t := &shellTest{walk: w, words: words}
	return t.either()
}

func (t *shellTest) word() string {
	if t.at < len(t.words) {
		t.at++
		return t.words[t.at-1].text
	}
	return ""
}

func (t *shellTest) takes(ops ...string) bool {
	if t.at < len(t.words) && slices.Contains(ops, t.words[t.at].text) {
		t.at++
		return true
	}
	return false
}

func (t *shellTest) either() outcome {
	o := t.both()
	for t.takes("||", "-o") {
		o = o.or(t.both())
	}
	return o
}

func (t *shellTest) both() outcome {
	o := t.one()
	for t.takes("&&", "-a") {
		o = o.and(t.one())
	}
	return o
}

func (t *shellTest) one() outcome {
	turned := false
	for t.takes("!") {
		turned = !turned
	}
	o := t.term()
	if turned {
		return o.not()
	}
	return o
}

func (t *shellTest) term() outcome {
	if t.depth < mostInside && t.takes("(") {
		t.depth++
		defer func() { t.depth-- }()
		o := t.either()
		t.takes(")")
		return o
	}
	next := func(n int) string {
		if t.at+n < len(t.words) {
			return t.words[t.at+n].text
		}
		return ""
	}
	if slices.Contains(comparisons, next(1)) {
		left, op, right := t.word(), t.word(), t.word()
		return t.compared(left, op, right)
	}
	if oneSided.MatchString(next(0)) && t.at+1 < len(t.words) {
		op := t.word()
		if op != "-n" && op != "-z" {
			t.word()
			return unknown
		}
		o := t.isThere(t.word())
		if op == "-z" {
			return o.not()
		}
		return o
	}
	return t.isThere(t.word())
}

func (t *shellTest) isThere(word string) outcome {
	name, _ := t.variableIn(word)
	switch {
	case name == "":
		return unknown
	}
	return present(name)
}

var seeks = lately(`^(?:[ef]?grep|rg|expr)$`)

// sought is what a pipeline tells that looks for something in the name of the
// branch or the tag.
func (w *walk) sought(tokens []token) outcome {
	last, about := "", ""
	for i, token := range tokens {
		if i == 0 || token.op && token.text != here {
			last = ""
		}
		if token.op {
			continue
		}
		if last == "" {
			last = token.text
		}
		if name, _ := w.variableIn(token.text); name == branchVariable || name == tagVariable {
			about = name
		}
	}
	if about == "" || !seeks.MatchString(last) {
		return unknown
	}
	return outcome{yes: equals(about, "something").yes}
}
