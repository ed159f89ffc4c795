// Package joblog finds in the log of a Travis job the result of its deployment. It
// recognizes fixed phrases of Travis, its deploy tool dpl, curl, Bash and the convox CLI.
// A log can contain anything, including secrets, so nothing of it is meant to be shown: a
// Finding has names of its own, and only a Command is copied, to be compared with known
// ones.
//
// The phrases are those of
//   - travis-build (https://github.com/travis-ci/travis-build,
//     lib/travis/build/addons/deploy/script.rb, lib/travis/build/bash),
//   - Travis's worker (https://github.com/travis-ci/worker, step_run_script.go),
//   - both generations of the convox CLI (https://github.com/convox/rack and
//     https://github.com/convox/convox, pkg/cli; errors of the server are printed as they
//     are, https://github.com/convox/stdsdk).
//
// Next room: internal/gitrepo, which finds out whose file it is.
package joblog

import (
	"bytes"
	"regexp"
	"strings"
)

// Kind is what a log says.
type Kind string

// The kinds, those that end a job from outside first.
const (
	Silent     Kind = "silent"      // nothing was printed for Finding.Time
	TooLong    Kind = "too long"    // the log
	OutOfTime  Kind = "out of time" // the job
	Canceled   Kind = "canceled"
	Skipped    Kind = "skipped" // by Travis, for Finding.Reason
	Promoted   Kind = "promoted"
	RolledBack Kind = "rolled back"
	Refused    Kind = "refused" // the login
	NoApp      Kind = "no app"
	NoRack     Kind = "no Rack"
	NoDownload Kind = "no download" // of the CLI
	NoCLI      Kind = "no CLI"      // it isn't installed, or can't be started
	WaitedFor  Kind = "waited for"  // travis_wait ended a command after Finding.Time
	Deployment Kind = "deployment"  // it failed
	Command    Kind = "command"     // Finding.Command failed
)

// Reason is why Travis skipped a deployment.
type Reason string

// The reasons, in Travis's words.
const (
	PullRequest Reason = "the current build is a pull request"
	Repository  Reason = "this repo's name does not match one specified in .travis.yml's deploy.on.repo"
	Branch      Reason = "this branch is not permitted"
	Runtime     Reason = "this is not on the required runtime"
	Condition   Reason = "a custom condition was not met"
	Tag         Reason = "this is not a tagged commit"
)

var reasons = []Reason{PullRequest, Repository, Branch, Runtime, Condition, Tag}

// Finding is something that a log says. Only Command can contain any text of it.
type Finding struct {
	Kind     Kind
	Reason   Reason // of Skipped, or ""
	Provider string // of Skipped: up to 40 lower-case letters and digits
	Time     string // of Silent and WaitedFor: 10m0s, 20 minutes
	// If a command failed, as a consequence or by itself:
	Command string // as in the log, at least its last line; it can contain secrets
	Phase   string // script, or the phase that ended the job with it: before_install, …
	Status  string // its exit code
}

// Log is what a whole log says.
type Log struct {
	Last     Finding // what decided; zero if nothing did
	Deploys  bool    // a deployment was started or skipped
	Shown    bool    // a command was shown that may deploy, such as one in an if
	Promoted bool    // a release was promoted
	Ended    bool    // the job came to its end, and its log too
}

const longestLine = 4 << 10

// Read reads a log. Of several findings the last one counts, but a failure of a command
// or a deployment doesn't replace its own cause.
func Read(log []byte) Log {
	r := reader{}
	for line := range bytes.FieldsFuncSeq(log, func(c rune) bool { return c == '\n' || c == '\r' }) {
		r.line(clean(line[:min(len(line), longestLine)]))
	}
	return r.log
}

var sequence = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])`)

func clean(line []byte) string {
	if bytes.IndexByte(line, 0x1b) >= 0 {
		line = sequence.ReplaceAll(line, nil)
	}
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, string(line)))
}

type reader struct {
	log     Log
	dpl     bool // Travis's deploy tool was started
	deploys bool // the current command is about a deployment
	caused  bool // Last was found in the current command
	waits   bool // a release is being promoted
	shows   bool // the current command is shown, in lines up to fi
	builds  bool // the Rack builds, after the login, and prints what Docker does
}

const phases = `before_install|install|before_script|script|before_cache|before_deploy|deploy|checkout|setup|setup_casher|setup_cache|announce`

var (
	skipped   = regexp.MustCompile(`^Skipping a deployment with the ([a-z0-9]{0,40}) provider because (.*)`)
	asserted  = regexp.MustCompile(`^(?:The command ")?(.*)" failed and exited with ([0-9]{1,3}) during (` + phases + `)\.$`)
	exited    = regexp.MustCompile(`^(?:The command ")?(.*)" exited with ([0-9]{1,3})\.$`)
	promoting = regexp.MustCompile(`^Promoting [A-Z0-9]{1,20}\.\.\. ?(OK$)?`)
	about     = regexp.MustCompile(`(?i)convox|deploy`)
	deploying = regexp.MustCompile(`convox\b.* (?:deploy|promote)\b`)
)

// lines are other lines that count, some only in a command that deploys. start is the
// start of the line, before a pattern whose group is a time; most lines have none of them.
var lines = []struct {
	kind    Kind
	deploys bool
	start   string
	rest    *regexp.Regexp // nil fits
}{
	{Silent, false, "No output has been received in the last ", regexp.MustCompile(`^((?:[0-9]{1,2}h)?[0-9]{1,3}m[0-9]{1,2}s|[0-9]{1,3} minutes)\b`)},
	{WaitedFor, false, "Timeout (", regexp.MustCompile(`^([0-9]{1,3} minutes)\) reached\. Terminating "`)},
	{TooLong, false, "The job exceeded the maximum log length", nil},
	{OutOfTime, false, "The job exceeded the maximum time limit for jobs", nil},
	{Canceled, false, "Done: Job Cancel", nil},
	{RolledBack, true, "ERROR: ", regexp.MustCompile(`(?i)\broll(?:ed )?back\b`)},
	{Refused, true, "ERROR: ", regexp.MustCompile(`(?i)\b(?:invalid login|invalid authentication|unauthorized|authentication (?:required|failed)|status:? 401)\b`)},
	{NoApp, true, "ERROR: ", regexp.MustCompile(`(?i)^(?:no such app|app not found)\b`)},
	{NoRack, true, "ERROR: ", regexp.MustCompile(`(?i)^(?:could not find rack|no such rack|rack not found|no racks found|no current rack|ambiguous rack name|multiple racks detected)\b`)},
	{NoDownload, true, "curl: (", nil},
	{NoDownload, true, "wget: ", nil},
	{NoDownload, true, "chmod: cannot access ", regexp.MustCompile(`convox`)},
	{Deployment, true, "ERROR: ", nil},
}

// noCLI is a line of a shell that can't start the convox CLI.
var noCLI = regexp.MustCompile(`(?:^|[\s/'])convox: (?:command not found|not found|No such file or directory|Permission denied|cannot execute.*|Exec format error)$`)

// dplStart begins the installation of Travis's deploy tool, which the deployment follows.
const dplStart = "travis_fold:start:dpl"

func (r *reader) line(line string) {
	isShown := strings.HasPrefix(line, "$ ") // Travis shows a command before it runs it
	if isShown {
		r.begin(false)
		r.shows = strings.HasSuffix(line, "then")
	}
	if isShown || r.shows {
		r.deploys = r.deploys || about.MatchString(line)
		r.log.Shown = r.log.Shown || deploying.MatchString(line)
		r.shows = r.shows && !strings.HasPrefix(line, "fi")
	}
	switch {
	case isShown:
	case strings.HasPrefix(line, dplStart):
		r.log.Deploys, r.dpl = true, true
		r.begin(true)
	case line == "failed to deploy":
		r.failed(Finding{Kind: Deployment})
	case line == "OK" && r.waits:
		r.promoted()
	case strings.HasPrefix(line, "Done. Your build exited with "):
		r.log.Ended = true
		switch r.log.Last.Kind {
		case Silent, TooLong, OutOfTime, Canceled: // another program printed that
			r.log.Last = Finding{}
		}
	default:
		r.other(line)
	}
}

func (r *reader) other(line string) {
	if match := skipped.FindStringSubmatch(line); match != nil {
		r.skip(Finding{Kind: Skipped, Provider: match[1], Reason: reasonOf(match[2])})
		return
	}
	if match := promoting.FindStringSubmatch(line); match != nil {
		if r.log.Deploys, r.waits, r.builds = true, true, false; match[1] != "" {
			r.promoted()
		}
		return
	}
	if strings.HasPrefix(line, "Starting build... OK") {
		r.builds = true
		return
	}
	if strings.HasSuffix(line, ".") && strings.Contains(line, `" `) {
		if match := asserted.FindStringSubmatch(line); match != nil {
			r.failed(Finding{Kind: Command, Command: match[1], Status: match[2], Phase: match[3]})
			return
		}
		if match := exited.FindStringSubmatch(line); match != nil {
			r.exit(match[1], match[2])
			return
		}
	}
	if strings.Contains(line, "convox: ") && noCLI.MatchString(line) {
		r.found(Finding{Kind: NoCLI})
		return
	}
	for _, l := range lines {
		rest, isIt := strings.CutPrefix(line, l.start)
		if !isIt || l.deploys && (!r.deploys && !r.dpl || r.builds && l.kind != Deployment) || l.kind == Deployment && r.caused {
			continue
		}
		var match []string
		if l.rest != nil {
			if match = l.rest.FindStringSubmatch(rest); match == nil {
				continue
			}
			match = match[1:]
		}
		r.found(Finding{Kind: l.kind, Time: strings.Join(match, "")})
		return
	}
}

func (r *reader) begin(deploys bool) {
	r.deploys, r.caused, r.waits, r.builds = deploys, false, false, false
}

func (r *reader) found(f Finding) { r.log.Last, r.caused, r.waits = f, true, false }

func (r *reader) promoted() {
	r.found(Finding{Kind: Promoted})
	r.log.Promoted = true
}

// skip is a skipped deployment. It doesn't replace a failed one, or one that is more
// likely about Convox.
func (r *reader) skip(f Finding) {
	r.log.Deploys = true
	isOurs := func(provider string) bool { return provider == "script" || provider == "convox" }
	if last := r.log.Last; last.Kind == "" || last.Kind == Skipped && (isOurs(f.Provider) || !isOurs(last.Provider)) {
		r.found(f)
	}
}

// failed is a failure whose cause may be known already.
func (r *reader) failed(f Finding) {
	if r.caused && r.log.Last.Kind != Promoted {
		f.Kind, f.Time = r.log.Last.Kind, r.log.Last.Time
	}
	r.found(f)
}

// exit ends a command of script.
func (r *reader) exit(command, status string) {
	switch isPassed := strings.Trim(status, "0") == ""; {
	case !isPassed:
		r.failed(Finding{Kind: Command, Command: command, Status: status, Phase: "script"})
	case r.caused && !r.deploys: // it was about something else
		r.log.Last = Finding{}
	}
	r.begin(false)
}

func reasonOf(text string) Reason {
	for _, reason := range reasons {
		if strings.HasPrefix(text, string(reason)) {
			return reason
		}
	}
	return ""
}
