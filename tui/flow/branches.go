package flow

import (
	"cmp"
	"slices"
	"strings"

	"convox-travis/internal/gitrepo"
)

// Rows of the branches: branchRow with the name of one.
const (
	branchRow = "branch "
	allRow    = branchRow
)

// branchStep asks which branches get the variables: all, unless a person goes back to it.
var branchStep = step{
	id: StepBranch, name: "Repository",
	pass: func(*Flow) bool { return true },
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Pick, Title: "Which branches get the variables?",
			Headings: []string{"BRANCH"},
			Rows:     f.branchRows(),
			Initial:  Value{Key: branchRow + f.answers.branch},
			Help: []string{
				"Variables for all branches are the default. A variable for one branch overrides them in builds of that branch.",
				"The deploy step in .travis.yml deploys from this branch, or from the default branch.",
			},
		}
		if f.answers.entersBranch {
			q.Initial.Key = typeRow
		}
		if f.several() {
			q.Reason = []string{"One branch applies to all " + nameOf(f.targets()) + "; whether each has it isn't checked."}
		}
		return q
	},
	take: func(f *Flow, v Value) {
		f.answers.entersBranch, f.answers.entry = v.Key == typeRow, v.Text
		if !f.answers.entersBranch {
			f.setBranch(strings.TrimPrefix(v.Key, branchRow))
		}
	},
}

var branchNameStep = step{
	id: StepBranchName, name: "Repository",
	when: func(f *Flow) bool { return f.answers.entersBranch },
	ask: func(f *Flow) Question {
		return Question{
			Kind: Text, Title: "What's the branch's name?",
			Initial: Value{Text: cmp.Or(f.answers.entry, f.answers.branch)},
			Check:   func(v Value) error { return gitrepo.CheckBranch(v.Text) },
		}
	},
	take: func(f *Flow, v Value) {
		f.answers.entry = ""
		f.setBranch(v.Text)
	},
}

// setBranch takes a branch, "" for all. Variables in the file apply to all.
func (f *Flow) setBranch(branch string) {
	f.answers.branch = branch
	f.answers.encrypt = f.answers.encrypt && branch == ""
}

func (f *Flow) branchRows() []Row {
	rows := []Row{{Key: allRow, Cells: []string{"All branches"}}}
	var listed []string
	add := func(branch, note string) {
		if branch != "" && !slices.Contains(listed, branch) {
			listed = append(listed, branch)
			rows = append(rows, Row{Key: branchRow + branch, Cells: []string{branch}, Note: note})
		}
	}
	add(f.onlyKnown().DefaultBranch, "default branch")
	add(f.answers.branch, "")
	if f.isClone() {
		add(f.found.clone.Branch, "checked out here")
		for _, branch := range f.found.branches {
			add(branch, "")
		}
	}
	return append(rows, Row{Key: typeRow, Cells: []string{"Enter a branch…"}, Other: true})
}

func (f *Flow) branch() string {
	return cmp.Or(f.answers.branch, f.onlyKnown().DefaultBranch, "main")
}
