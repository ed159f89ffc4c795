package travisyml

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// addUnder adds an item to a list at the top of the document. A block of text
// there gets the text instead: it is a script, which continues.
func (d *Document) addUnder(name string, lines []string, text map[string][]string) (Change, *Refusal) {
	p := d.whole()
	var edits []edit
	var why refused
	found, ok := p.find(name)
	switch {
	case !ok && lookup(d.root, name) != nil:
		why = reasonAlias
	case !ok:
		edits, why = d.addKey(p, d.nested(name, lines))
	case name == AfterSuccess.String() && isSkipped(found.value):
		why = reasonSkip
	case name == AfterSuccess.String() && isBlock(found.value) && isOpen(found.value.Value):
		why = reasonOpen
	case name == AfterSuccess.String() && isBlock(found.value):
		edits, why = d.addText(found, text)
	case name == DeployScript.String() && found.value.Kind == scalarKind && !isEmptyNode(found.value):
		why = reasonShape
	default:
		edits, why = d.addItem(found, lines)
	}
	change, done := d.splice(name, edits)
	if done {
		return change, nil
	}
	refusal := &Refusal{Reason: reason(why, edits), Place: name, Lines: d.nested(name, lines)}
	if ok {
		refusal.Line = found.key.Line
		refusal.Lines = slices.Clone(lines)
		if whole, can := d.pastedList(found.key.Value, found.value, lines); can {
			refusal.Lines, refusal.Replace = whole, true
		}
	} else if merged := lookup(d.root, name); merged != nil {
		if whole, can := d.pastedList(name, withoutAnchors(clone(merged)), lines); can {
			refusal.Lines = whole
		}
	}
	return Change{}, d.bracketed(refusal)
}

// isOpen reports whether Bash would join what comes next to a text.
func isOpen(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasSuffix(text, "&&") || strings.HasSuffix(text, "|") || strings.HasSuffix(text, "\\")
}

// addJob adds jobs where Travis reads the list of jobs. Of matrix and jobs it reads
// matrix alone
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/schema/def/jobs.rb).
func (d *Document) addJob(lines []string) (Change, *Refusal) {
	jobs, found := d.whole().find("matrix", "jobs")
	name := "jobs.include"
	if found {
		name = keyName(jobs.key) + ".include"
	}
	edits, why := d.addToJobs(jobs, found, lines)
	if why == "" {
		if change, done := d.splice(name, edits); done {
			return change, nil
		}
	}
	refusal := &Refusal{Reason: reason(why, edits), Place: name, Lines: lines}
	d.pasteJob(refusal, jobs, found, lines)
	return Change{}, d.bracketed(refusal)
}

// addToJobs adds jobs to a list of jobs.
func (d *Document) addToJobs(jobs place, found bool, lines []string) ([]edit, refused) {
	if !found {
		if lookup(d.root, "jobs", "matrix") != nil {
			return nil, reasonAlias
		}
		return d.addKey(d.whole(), d.nestedJob(lines))
	}
	if jobs.value.Kind == yaml.SequenceNode { // Travis takes it for jobs.include
		return d.addItem(jobs, lines)
	}
	include, found := jobs.find("include")
	if found {
		return d.addItem(include, lines)
	}
	if jobs.value.Kind == yaml.MappingNode && lookup(jobs.value, "include") != nil {
		return nil, reasonAlias
	}
	return d.addKey(jobs, d.nested("include", lines))
}

func (d *Document) nestedJob(lines []string) []string {
	return append([]string{"jobs:"}, indented(d.nested("include", lines), d.keyIndent())...)
}

// pasteJob says where a person can write a job, and what: an item where there is
// a list in lines, else the whole key again.
func (d *Document) pasteJob(refusal *Refusal, jobs place, found bool, lines []string) {
	if !found {
		refusal.Lines = d.nestedJob(lines)
		for _, key := range []string{"matrix", "jobs"} {
			if merged := lookup(d.root, key); merged != nil {
				refusal.Lines, _ = d.pastedJobs(key, withoutAnchors(clone(merged)), lines)
			}
		}
		return
	}
	refusal.Line = jobs.key.Line
	inLines := func(p place) bool { return p.value.Kind == yaml.SequenceNode && !isFlow(p.value) }
	include, listed := jobs.find("include")
	switch {
	case inLines(jobs):
	case listed && !isFlow(jobs.value):
		refusal.Line = include.key.Line
		if !inLines(include) {
			refusal.Lines, refusal.Replace = d.pastedList(include.key.Value, include.value, lines)
		}
	case jobs.value.Kind == yaml.MappingNode && !isFlow(jobs.value) && lookup(jobs.value, "include") == nil:
		refusal.Place, refusal.Lines = keyName(jobs.key), d.nested("include", lines)
	default:
		refusal.Place = keyName(jobs.key)
		refusal.Lines, refusal.Replace = d.pastedJobs(jobs.key.Value, jobs.value, lines)
	}
	if len(refusal.Lines) == 0 { // another part of the file repeats it
		refusal.Lines = lines
	}
}
