package build

import (
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"convox-travis/internal/shell"
)

// Played is what a job does.
type Played struct {
	Calls    []Call
	Unplayed *Unseen // why playing stopped early
	Unseen   []Unseen
	Status   int // the job's exit status: 0 is success
	Failed   int // the line of the first command that fails the job, or 0
}

// travis has the functions of a job's shell that Travis defines, in our words
// (https://docs.travis-ci.com/user/common-build-problems/#travis_retry,
// https://github.com/travis-ci/travis-build/tree/master/lib/travis/build/bash).
const travis = `
travis_fold() { :; }
travis_time_start() { :; }
travis_time_finish() { :; }
travis_terminate() { exit "${1-$?}"; }
travis_retry() { local again=3 status=0
  while ((again-- > 0)); do "$@"; status=$?; ((status == 0)) && break; done
  return $status; }
travis_wait() { [[ $1 =~ ^[0-9]+$ ]] && shift; ("$@"); }
`

// manyDeploys limits how many deploys of a job are played again as failing.
const manyDeploys = 16

// maxWork limits all plays of one script together; it is more than the limit for one.
const maxWork = 30_000

// play plays a script, several times, and reports the line of each command before it
// runs. It returns how much that was, in commands.
func play(script Script, at func(line int)) (played Played, work int) {
	if script.Broken != nil {
		return Played{Unplayed: script.Broken, Status: 2}, 0
	}
	again := func(plan plan) *playing {
		plan.at = at
		playing := run(script, plan)
		work += playing.shell.Work()
		return playing
	}
	first := again(plan{})
	played = first.Played
	played.Unseen = append(slices.Clone(script.Unseen), played.Unseen...)
	var seen []Call
	for i := range played.Calls {
		call := &played.Calls[i]
		if !call.Deploys {
			continue
		}
		if at := slices.IndexFunc(seen, call.same); at >= 0 {
			call.FailsBuild = seen[at].FailsBuild
			continue
		}
		if len(seen) < manyDeploys && work < maxWork && !script.AllowFailure {
			call.FailsBuild = again(plan{failing: call.same}).Status != 0
		}
		seen = append(seen, *call)
	}
	if len(played.Calls) == 0 && !script.mentions("convox") {
		return played, work
	}
	played.noteUnset(first, func(contrary func(which int) bool) *playing {
		if work >= maxWork {
			return first
		}
		return again(plan{contrary: contrary})
	})
	for _, call := range again(plan{onFailure: true}).Calls {
		isPlayed := func(c Call) bool {
			c.Folder = call.Folder // where a failing cd leaves it
			return c.same(call)
		}
		if !slices.ContainsFunc(played.Calls, isPlayed) {
			call.OnFailure = true
			played.Calls = append(played.Calls, call)
		}
	}
	if work >= maxWork && played.Unplayed == nil {
		played.Unplayed = &Unseen{What: "it takes too long to play", Line: firstLine(script)}
	}
	return played, work
}

// noteUnset notes the variables that nothing in the job sets and that decide what it
// deploys: those of a test that could end the other way, and those in a deploy's words.
// oppose plays the script with some tests ending the other way.
func (p *Played) noteUnset(first *playing, oppose func(contrary func(which int) bool) *playing) {
	note := func(names []string, line int) {
		for _, name := range names {
			if !slices.ContainsFunc(p.Unseen, func(unseen Unseen) bool { return unseen.What == name }) {
				p.Unseen = append(p.Unseen, Unseen{What: name, Line: line})
			}
		}
	}
	for _, deploy := range first.deploys() {
		note(deploy.unset, deploy.Line)
	}
	decisions := first.shell.Decisions
	if len(decisions) == 0 || p.Unplayed != nil {
		return
	}
	differs := func(other *playing) bool {
		return !slices.EqualFunc(first.deploys(), other.deploys(), func(a, b Call) bool { return a.same(b) })
	}
	alone := false
	for i, decision := range decisions {
		if differs(oppose(func(which int) bool { return which == i })) {
			alone = true
			note(decision.Names, decision.Line)
		}
	}
	if all := oppose(func(int) bool { return true }); !alone && differs(all) {
		for _, decision := range all.shell.Decisions {
			note(decision.Names, decision.Line)
		}
	}
}

var stripQuotes = strings.NewReplacer("'", "", `"`, "", `\`, "", "\n", "")

func (s Script) mentions(word string) bool {
	isIn := func(command Command) bool {
		return strings.Contains(stripQuotes.Replace(command.Bash), word)
	}
	var inSteps func(steps []Step) bool
	inSteps = func(steps []Step) bool {
		return slices.ContainsFunc(steps, func(step Step) bool { return isIn(step.Command) || inSteps(step.Steps) })
	}
	return slices.ContainsFunc(s.Exports, isIn) || inSteps(s.Steps)
}

func (p *Played) deploys() []Call {
	return slices.DeleteFunc(slices.Clone(p.Calls), func(call Call) bool { return !call.Deploys })
}

// same reports whether two calls come from the same place in the file.
func (c *Call) same(other Call) bool {
	return c.Line == other.Line && c.Phase == other.Phase && c.App == other.App && c.Rack == other.Rack && c.Folder == other.Folder && slices.Equal(c.Args, other.Args)
}

const failedDeploy = 7

type plan struct {
	at        func(line int)       // is called with the line of each command
	onFailure bool                 // unknown programs fail, and no failure keeps a step from running
	failing   func(Call) bool      // the deploys that fail
	contrary  func(which int) bool // the tests of unset variables that end the other way
}

type playing struct {
	Played
	plan
	shell *shell.Shell
	phase string
	line  int // of the last command
	built []Call
	ran   []string // on a release, since the last build
	top   string   // the repository's folder

	source       string // of the convox CLI
	loggedIn     bool
	deployFailed bool // in the last command
}

// folderOf returns a path relative to top if it is inside.
func folderOf(dir, top string) string {
	dir = path.Clean(dir)
	if dir == "." || dir == top {
		return ""
	}
	return strings.TrimPrefix(dir, top+"/")
}

func run(script Script, plan plan) *playing {
	p := &playing{plan: plan, top: script.Dir}
	p.shell = shell.New(script.Environment, script.Dir, plan.onFailure, p.watch)
	p.shell.Define(travis)
	p.shell.Contrary = plan.contrary
	ended := false
	for _, export := range script.Exports {
		if _, ended = p.command(export); ended {
			break
		}
	}
	if !ended {
		ended = p.steps(script.Steps)
	}
	if p.Unplayed == nil {
		if !ended {
			p.Status = p.result(86)
			p.command(Command{Bash: "exit " + strconv.Itoa(p.Status), Line: p.line})
		}
		if status, err := p.shell.Finish(); err != nil {
			p.stop(err)
		} else if ended && p.Status == 0 {
			p.Status = status
		}
	}
	for _, unseen := range p.shell.Unseen {
		p.Unseen = append(p.Unseen, Unseen{What: strings.ReplaceAll(unseen.What, breakMark, "n"), Line: unseen.Line})
	}
	return p
}

// result returns TRAVIS_TEST_RESULT, or what Travis assumes if it is empty.
func (p *playing) result(without int) int {
	value := p.shell.Variable("TRAVIS_TEST_RESULT")
	if value == "" {
		return without
	}
	result, _ := strconv.Atoi(value)
	return result
}

func (p *playing) steps(steps []Step) (ended bool) {
	for _, step := range steps {
		p.phase = step.Phase
		if passed := p.result(1) == 0; !p.onFailure && (step.When == "success" && !passed || step.When == "failure" && passed) {
			continue
		}
		if step.Steps != nil || step.Condition != "" {
			p.shell.Relax()
			if holds, err := p.shell.Holds(step.Condition, step.Command.Line); err != nil || step.Condition != "" && !holds {
				continue
			}
			if p.steps(step.Steps) {
				return true
			}
			continue
		}
		status, ended := p.command(step.Command)
		if status != 0 && p.Failed == 0 && (ended || step.Failure != Ignored) {
			p.Failed = step.Command.Line
		}
		if ended {
			return true
		}
		if step.Failure == Collected {
			if p.result(0) != 0 {
				status = 1
			}
			p.command(Command{Bash: "export TRAVIS_TEST_RESULT=" + strconv.Itoa(min(status, 1)), Line: step.Command.Line})
		}
		if status != 0 && step.Failure == EndsJob && !p.onFailure {
			p.Status = 2
			return true
		}
	}
	return false
}

func (p *playing) command(command Command) (status int, ended bool) {
	p.line = command.Line
	p.at(p.line)
	guesses := p.shell.Guesses
	p.deployFailed = false
	status, err := p.shell.Run(command)
	if err != nil {
		p.stop(err)
		return 0, true
	}
	if p.shell.Guesses > guesses && !p.deployFailed && !p.shell.Exited() {
		status = 0 // unknown results fail nothing
	}
	if p.shell.Exited() || p.shell.Strict() && status != 0 {
		p.Status = status
		return status, true
	}
	return status, false
}

func (p *playing) stop(err error) {
	problem, ok := errors.AsType[*shell.Problem](err)
	if ok && p.Unplayed == nil {
		p.Unplayed = &Unseen{What: problem.Err.Error(), Line: problem.Line}
	}
}

// installers are programs that install the convox CLI. Any program can download it by its
// address.
var installers = []string{
	"brew", "apt", "apt-get", "snap", "npm", "go", "pip", "gem", "cargo", "choco", "docker", "git", "aws",
	"chmod", "mv", "cp", "ln", "install", "tar", "unzip", "gunzip",
}

// note remembers where a program may have got the convox CLI from.
func (p *playing) note(args []string) {
	for _, word := range args[1:] {
		known := strings.Contains(word, "://") || slices.Contains(installers, path.Base(args[0]))
		if known && len(word) < 1000 && strings.Contains(word, "convox") && !strings.ContainsAny(word, " \n") {
			p.source = word
		}
	}
}

// watch observes the programs that a job starts.
func (p *playing) watch(program shell.Call) (status int, output string, known bool) {
	call, command, ok := readCall(program.Args, program.Env)
	if !ok {
		p.note(program.Args)
		return 0, "", false
	}
	p.loggedIn = p.loggedIn || len(command) > 0 && command[0] == "login"
	call.Source, call.LoggedIn = p.source, p.loggedIn
	call.Line, call.Phase, call.Folder, call.unset = program.Line, p.phase, folderOf(program.Dir, p.top), program.Unset
	switch effectOf(command) {
	case deployEffect:
		call.Deploys = true
	case buildEffect:
		p.built, p.ran = append(p.built, call), nil
	case promoteEffect:
		for _, built := range p.built {
			if built.Rack == call.Rack && built.App == call.App && (call.App != "" || built.Folder == call.Folder) {
				call.Deploys, call.Manifest, call.Before = true, built.Manifest, p.ran
			}
		}
	case noEffect:
		if run := RunOf(call); run != "" && call.release != "" {
			p.ran = append(p.ran, run)
		}
	}
	if len(p.Calls) < 1000 {
		p.Calls = append(p.Calls, call)
	}
	if call.Deploys && p.failing != nil && p.failing(call) {
		p.deployFailed = true
		return failedDeploy, "", true
	}
	if slices.Contains(command, "--id") {
		output = "RPLAYED\n"
	}
	return 0, output, true
}
