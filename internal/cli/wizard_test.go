//go:build unix

package cli

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

// wizard is the program on a terminal, in a clone of the world's repository.
type wizard struct {
	*world
	*terminal.Terminal
	t testing.TB

	offersRack bool // a saved login moves the cursor of the first question
}

// open starts the wizard. What it showed is searched for secrets at the end,
// and the terminal has to be what it was.
func (w *world) open(o terminal.Options, args ...string) *wizard {
	w.Helper()
	cmd, _, _ := w.start(w.Context(), "", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, nil, nil
	if w.env["TERM"] == "" {
		cmd.Env = append(cmd.Env, "TERM=xterm-256color", "COLORTERM=truecolor")
	}
	o.Patience = time.Minute // a busy machine draws slowly
	term, err := terminal.Start(cmd, o)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(term.Close)
	_, err = os.Stat(filepath.Join(w.dir, "config", "convox", "auth"))
	return &wizard{w, term, w.TB, err == nil || slices.Contains(args, "demo")}
}

// sees waits until all words are on the screen.
func (z *wizard) sees(words ...string) *wizard {
	z.t.Helper()
	if err := z.WaitText(z.Context(), words...); err != nil {
		z.t.Fatal(err)
	}
	return z
}

// quiet waits until nothing was written for a while, and returns the screen.
func (z *wizard) quiet() string {
	z.t.Helper()
	if err := z.WaitStill(z.Context(), 150*time.Millisecond); err != nil {
		z.t.Fatal(err)
	}
	return z.Screen()
}

// still waits until a question is at rest, and returns the screen: it takes an
// answer, or its field is empty, and nothing more that is looked for can move its
// cursor.
func (z *wizard) still() string {
	z.t.Helper()
	for {
		if now := z.awaitQuestion(takesKeys); z.quiet() == now {
			return now
		}
	}
}

func (z *wizard) types(keys string) *wizard {
	z.Type(keys)
	return z
}

// namesEnter is a foot that says what Enter does, before which it does nothing, or
// the prompt of plain lines.
var namesEnter = regexp.MustCompile(`(?m)(└ |· )enter [a-z]|>\z`)

// takesKeys is besides an empty field, a prompt with what was typed at it, and a page of help.
var takesKeys = regexp.MustCompile(namesEnter.String() + `|(^|│) *›$|> [^\n]*\z|[└·] esc close`)

// looking is a question for which more is being looked for.
var looking = regexp.MustCompile(`\d so far|searching AWS|asking Travis (for more|what)`)

// answerable waits until the screen takes an answer, and returns it.
func (z *wizard) answerable() string {
	z.t.Helper()
	return z.awaitQuestion(namesEnter)
}

// awaitQuestion waits for a screen that takes keys, and returns it. An Enter is
// not for what comes under the cursor later (tui/appearance.go), so it waits until what
// moves the cursor was found: a saved login at the first question, rows of a list,
// the end of a review.
func (z *wizard) awaitQuestion(takes *regexp.Regexp) (screen string) {
	z.t.Helper()
	err := z.WaitFor(z.Context(), func(now string) bool {
		screen = now
		looksMore := looking.MatchString(now) && !strings.HasSuffix(now, ">") // in plain lines, what was looked for stays above the prompt
		if !takes.MatchString(now) || looksMore || z.offersRack && strings.Contains(now, "› Console deploy key") {
			return false
		}
		z.offersRack = false
		return true
	})
	if err != nil {
		z.t.Fatal(err)
	}
	return screen
}

func (z *wizard) enter() *wizard {
	z.t.Helper()
	z.answerable()
	return z.types(terminal.Enter)
}

// reads reads to the end of what there is to read.
func (z *wizard) reads() *wizard {
	z.t.Helper()
	for z.still(); strings.Contains(z.answerable(), "enter next page"); z.still() {
		z.enter()
	}
	return z
}

// ends waits for the end, and holds what is left against the rules.
func (z *wizard) ends(code int, words ...string) *wizard {
	z.t.Helper()
	got, err := z.Wait(z.Context())
	if err != nil || got != code {
		z.t.Errorf("exit %d, not %d, %v:\n%s", got, code, err, z.Screen())
	}
	for _, word := range words {
		if !strings.Contains(z.Screen(), word) {
			z.t.Errorf("%q is not left in the terminal:\n%s", word, z.Screen())
		}
	}
	if left := z.Leftovers(); len(left) > 0 {
		z.t.Errorf("the terminal is left with %v", left)
	}
	secrettest.Absent(z.t, "what was shown", z.Frames(), z.secrets...)
	return z
}

func (z *wizard) wantRackPair() {
	z.t.Helper()
	z.wantPair(z.setting("DEMO_REPO"), "CONVOX_HOST="+z.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
}

// The questions of a way through, by what is on the screen.
const (
	askWay       = "How do builds sign in"
	askRack      = "Which Rack?"
	askSource    = "Where is the Rack password?"
	askPassword  = "What is the Rack password?"
	askKey       = "Enter the deploy key"
	atReview     = "nothing has been written yet"
	atDone       = "Done in "
	askTestBuild = "Run a test build?"
	askDeploy    = "Which Rack do builds deploy to?"

	askRepository = "Which repository?"
)

// atWay waits at the first question until what is saved has moved the cursor: an
// Enter is not for what only just came under it.
func (z *wizard) atWay() *wizard {
	z.t.Helper()
	z.sees(askWay, "› Rack password").still()
	return z
}

// toRacks goes to the question for the Rack.
func (z *wizard) toRacks() *wizard {
	z.t.Helper()
	z.sees(askWay)
	if strings.Contains(z.still(), "› Console deploy key") {
		z.types(terminal.Up).sees("› Rack password")
	}
	return z.enter().sees(askRack)
}

// toPassword goes to the question for the Rack's password.
func (z *wizard) toPassword() *wizard {
	z.t.Helper()
	z.toRacks().types("production").sees("› production").enter()
	return z.sees(askSource, "› Type or paste it").enter().sees(askPassword)
}

// wholeReview is a terminal that shows the review without scrolling: on a smaller
// one an Enter reads on.
var wholeReview = terminal.Options{Height: 44}

func TestWithEverythingFoundAFewEntersAreEnough(t *testing.T) {
	t.Parallel()
	z := newWorld(t).inClone().saved().open(wholeReview).atWay()
	for _, question := range []string{askWay, askRack, askSource, atReview, askTestBuild, atDone} {
		z.sees(question)
		z.still()
		z.enter()
	}
	z.ends(0, "CONVOX_PASSWORD  created", ".travis.yml      deploy step added", "convox-travis remove --repo acme/web", "delete .travis.yml: the file is new")
	z.wantRackPair()
}

func TestTravisConfirmsTheReviewWhileItIsRead(t *testing.T) {
	t.Parallel()
	z := newWorld(t).inClone().saved().open(wholeReview).atWay()
	for _, question := range []string{askWay, askRack, askSource} {
		z.sees(question)
		z.still()
		z.enter()
	}
	z.sees(atReview, "run (confirmed by Travis)")
	z.write().sees(askTestBuild).enter().sees(atDone).enter().ends(0)
	if sent := z.Travis.Previews(); len(sent) != 1 || !strings.Contains(sent[0].Text, "convox deploy") {
		t.Errorf("Travis was sent %+v", sent)
	}
}

func TestATypedPasswordIsTheOtherWay(t *testing.T) {
	t.Parallel()
	z := newWorld(t).inClone().open(terminal.Options{Light: true})
	z.toPassword().types(secrettest.Canary).sees(fmt.Sprintf("%d characters", len(secrettest.Canary))).enter().sees(atReview).write().sees(askTestBuild).enter().sees(atDone).enter().ends(0, "created")
	z.wantRackPair()
}

func TestADeployKeyIsAWayIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	z := w.open(terminal.Options{}, "--console="+w.setting("DEMO_CONSOLE_HOST"))
	z.sees(askKey).types(w.setting("DEMO_DEPLOY_KEY")).enter().sees(askDeploy, "› acme/production").enter().sees(atReview).write().sees(askTestBuild).enter().sees(atDone).enter().ends(0)
	w.wantPair(w.setting("DEMO_REPO"), "CONVOX_HOST="+w.setting("DEMO_CONSOLE_HOST"), "CONVOX_PASSWORD="+w.setting("DEMO_DEPLOY_KEY"))
}

func TestGoingBackAndForthKeepsEveryAnswer(t *testing.T) {
	t.Parallel()
	z := newWorld(t).inClone().open(terminal.Options{})
	z.toPassword().types(secrettest.Canary).enter().sees(atReview)
	review := z.still()
	for _, question := range []string{"Which branches get the variables?", "Which repository?", "Which Travis account?", askPassword, askSource, askRack, askWay} {
		z.types(terminal.Escape).sees(question)
		z.still()
	}
	for _, question := range []string{askWay, askRack, askSource, askPassword} {
		z.sees(question)
		z.still()
		z.enter()
	}
	z.sees(atReview)
	if again := z.still(); again != review {
		t.Errorf("the review was\n%s\nand is\n%s", review, again)
	}
	z.types(terminal.CtrlC).ends(130, "nothing was written")
	z.wantNoWrite()
}

// Every screen is the same again after the terminal was small for a while.
func TestEveryScreenSurvivesAnotherSize(t *testing.T) {
	t.Parallel()
	z := newWorld(t).inClone().saved().open(terminal.Options{Width: 200, Height: 60})
	there := func(question string) {
		z.sees(question).still()
		if question != askPassword { // nothing was typed yet
			z.answerable()
		}
		before := z.still()
		for _, size := range [][2]int{{40, 12}, {80, 24}, {200, 60}} {
			if err := z.Resize(size[0], size[1]); err != nil {
				t.Fatal(err)
			}
			screen := z.still()
			if !strings.Contains(screen, strings.Fields(question)[0]) {
				t.Errorf("at %dx%d the question is gone:\n%s", size[0], size[1], screen)
			}
		}
		if after := z.still(); after != before {
			t.Errorf("the screen was\n%s\nand is\n%s", before, after)
		}
	}
	z.atWay()
	there(askWay)
	z.enter()
	there(askRack)
	z.enter()
	there(askSource)
	z.types(terminal.Down).sees("› Type or paste it").enter()
	there(askPassword)
	z.types(secrettest.Canary).enter()
	there("Review")
	z.enter()
	there(askTestBuild)
	z.enter()
	there("Done")
	z.enter().ends(0)
}

func TestAWrongPasswordIsMendedWhereItWasTyped(t *testing.T) {
	t.Parallel()
	z := newWorld(t).inClone().open(terminal.Options{})
	z.toPassword().types("wrong").enter().sees("the Rack doesn't", askPassword)
	z.types(terminal.CtrlU + secrettest.Canary).enter().sees(atReview)
	if n := len(z.Travis.Writes()); n != 0 {
		t.Errorf("%d writes", n)
	}
	z.types(terminal.CtrlC).ends(130)
}

func TestALongPasteArrivesWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	long := strings.Repeat("a1B2", 50)
	w.Rack.SetPassword(long)
	w.secrets = append(w.secrets, long)
	z := w.open(terminal.Options{})
	z.toPassword().Paste(long + "\n")
	z.sees("200 characters").enter().sees(atReview).write().sees(askTestBuild).enter().sees(atDone).enter().ends(0)
	w.wantPair(w.setting("DEMO_REPO"), "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+long)
}

// Keys that were pressed before a screen was there were meant for another one.
func TestKeysTypedAheadConfirmNothing(t *testing.T) {
	t.Parallel()
	z := newWorld(t).inClone().saved().open(wholeReview).atWay()
	early := strings.Repeat(terminal.Enter, 12)
	// How many harmless questions a burst passes depends on how fast they are drawn.
	for screen := z.answerable(); !strings.Contains(screen, atReview); {
		before := screen
		z.types(early)
		err := z.WaitFor(t.Context(), func(now string) bool {
			screen = now
			return strings.Contains(now, atReview) || now != before && namesEnter.MatchString(now) && !looking.MatchString(now)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	z.types(early) // within half a second of the review
	if screen := z.still(); !strings.Contains(screen, atReview) {
		t.Errorf("it was answered:\n%s", screen)
	}
	z.wantNoWrite()
	z.enter().sees(askTestBuild).enter().sees(atDone).enter().ends(0)
	z.wantRackPair()
}

func TestKeysBehindEnterDoNotReachTheSecret(t *testing.T) {
	t.Parallel()
	z := newWorld(t).inClone().open(terminal.Options{})
	z.toPassword().types(secrettest.Canary + terminal.Enter + "XYZ").sees(atReview)
	z.write().sees(askTestBuild).enter().sees(atDone).enter().ends(0)
	z.wantRackPair()
}

func TestCtrlCLeavesFromEveryQuestion(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{terminal.CtrlC, terminal.CtrlC + terminal.CtrlC} {
		for stops := range 5 {
			z := newWorld(t).inClone().saved().open(terminal.Options{})
			z.atWay()
			for _, question := range []string{askRack, askSource, askPassword, atReview}[:stops] {
				if question == askPassword {
					z.types(terminal.Down).sees("› Type or paste it")
				}
				if question == atReview {
					z.types(secrettest.Canary)
				}
				z.enter().sees(question)
			}
			z.types(keys).ends(130, "nothing was written")
			z.wantNoWrite()
		}
	}
}

func TestCtrlCWhileItIsCheckedLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	w.Rack.Faults.Add(faults.Rule{Kind: faults.Hang, Times: -1})
	z := w.open(terminal.Options{})
	z.atWay().enter().sees(askRack).enter().sees(askSource).enter().sees("Checking the password with").types(terminal.CtrlC).ends(130, "nothing was written")
}

// toReview goes to the review with the saved password.
func (z *wizard) toReview() *wizard {
	z.t.Helper()
	return z.atWay().enter().sees(askRack).enter().sees(askSource).enter().sees(atReview)
}

// write reads the review to its end, and agrees to it.
func (z *wizard) write() *wizard {
	z.t.Helper()
	return z.reads().enter()
}

func TestCtrlCInApplyTakesAwayWhatWasCreated(t *testing.T) {
	t.Parallel()
	w := newWorld(t).watched().inClone().saved()
	z := w.open(terminal.Options{}).toReview()
	w.Travis.Faults.SetLatency(300 * time.Millisecond)
	z.write().awaits(posts("CONVOX_HOST"))
	z.types(terminal.CtrlC).sees("Canceling").ends(130, "then rolled back")
	w.wantPair(w.setting("DEMO_REPO"))
}

func TestASecondCtrlCInApplyLeavesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Hang, Match: posts("CONVOX_PASSWORD")})
	z := w.open(terminal.Options{}).toReview().write()
	w.awaits(posts("CONVOX_PASSWORD"))
	begun := time.Now()
	z.types(terminal.CtrlC).sees("Canceling").types(terminal.CtrlC).ends(130, "CONVOX_HOST      created", "CONVOX_PASSWORD  unknown")
	if took := time.Since(begun); took > soon {
		t.Errorf("it took %v", took)
	}
}

func faultsOnPosts() faults.Rule {
	return faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool { return r.Method == http.MethodPost }}
}

func TestAFailureInApplyIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).watched().inClone().saved()
	z := w.open(terminal.Options{}).toReview()
	w.Travis.Faults.Add(faultsOnPosts())
	z.write().sees("Not everything was written", "Travis failed", "not created")
	w.Travis.Faults.Clear()
	z.enter().sees("what is left to write").write().sees(askTestBuild).enter().sees(atDone).enter().ends(0, "created")
	z.wantRackPair()
}

// The transcript has the results, in place of what other commands print.
func TestTheTerminalKeepsEachFactOnce(t *testing.T) {
	t.Parallel()
	const failed, hint = "set CONVOX_HOST on acme/web: Travis failed (HTTP 503)", "https://www.traviscistatus.com"
	refused := func(z *wizard) *wizard {
		z.toReview()
		z.Travis.Faults.Add(faultsOnPosts())
		return z.write().sees("Not everything was written")
	}
	for name, c := range map[string]struct {
		play   func(*wizard)
		code   int
		once   []string
		absent []string
	}{
		"done": {
			play:   func(z *wizard) { z.toReview().write().sees(askTestBuild).enter().sees(atDone).enter() },
			once:   []string{"CONVOX_HOST      created", "CONVOX_PASSWORD  created", "deploy step added", "git add .travis.yml", "Undo", "convox-travis remove --repo acme/web"},
			absent: []string{"error:", "undo:"},
		},
		"a failure": {
			play: func(z *wizard) { refused(z).types(terminal.Down).sees("› Quit").enter() }, code: 1,
			once: []string{"CONVOX_HOST      not created", "CONVOX_PASSWORD  not created", failed, hint}, absent: []string{"error:", "Undo"},
		},
		"a stop after a failure": {
			play: func(z *wizard) { refused(z).types(terminal.CtrlC) }, code: 130,
			once: []string{"CONVOX_HOST      not created", failed, hint, "error: interrupted", "error:"}, absent: []string{"Undo"},
		},
		"a stop before the review": {
			play: func(z *wizard) { z.toRacks().types(terminal.CtrlC) }, code: 130,
			once: []string{"error: interrupted", "interrupted", "nothing was written to Travis"}, absent: []string{"Stopped"},
		},
		"a stop while it writes": {
			play: func(z *wizard) {
				z.toReview()
				z.Travis.Faults.SetLatency(300 * time.Millisecond)
				z.write().awaits(posts("CONVOX_HOST"))
				z.types(terminal.CtrlC)
			}, code: 130,
			once: []string{"Stopped", "CONVOX_HOST      created, then rolled back", "CONVOX_PASSWORD  not created", "error: interrupted", "interrupted"}, absent: []string{"Undo"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := newWorld(t).inClone().saved().open(terminal.Options{})
			c.play(z)
			z.ends(c.code)
			for _, words := range c.once {
				if n := strings.Count(z.Screen(), words); n != 1 {
					t.Errorf("%q is there %d times:\n%s", words, n, z.Screen())
				}
			}
			for _, words := range c.absent {
				if strings.Contains(z.Screen(), words) {
					t.Errorf("%q is there:\n%s", words, z.Screen())
				}
			}
		})
	}
}

func TestTheResultOfTheFullScreenCanBePiped(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	program := w.program
	w.program = "/bin/sh"
	z := w.open(terminal.Options{}, "-c", `exec "$0" >result`, program)
	z.toReview().write().sees(askTestBuild).enter().sees(atDone).enter().ends(0, "CONVOX_HOST      created")
	result, err := os.ReadFile(filepath.Join(w.dir, "result"))
	const want = "acme/web\n  CONVOX_HOST      created\n  CONVOX_PASSWORD  created\n  .travis.yml      deploy step added\n"
	if err != nil || string(result) != want {
		t.Errorf("%v: %s", err, result)
	}
}

func TestWithoutColoursNothingIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	w.env["NO_COLOR"] = "1"
	z := w.open(terminal.Options{}).toReview()
	z.types(terminal.CtrlC).ends(130)
	for _, colour := range []string{"\x1b[38;", "\x1b[48;", ";38;2", ";38;5"} {
		if strings.Contains(z.Output(), colour) {
			t.Errorf("a colour was set: %q", colour)
		}
	}
}

func TestASilentTerminalIsNotWaitedFor(t *testing.T) {
	z := newWorld(t).inClone().saved().open(terminal.Options{Silent: true})
	begun := time.Now()
	z.sees(askWay)
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the first frame took %v", took)
	}
	z.toReview().write().sees(askTestBuild).enter().sees(atDone).enter().ends(0)
}

func TestTheDemoIsAWorldOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["AWS_PROFILE"], w.env["TRAVIS_TOKEN"], w.env["HOME"] = "a-profile-of-mine", "a-token-of-mine", "/nowhere"
	w.env["TMPDIR"] = w.dir
	z := w.open(wholeReview, "demo")
	enters := 0
	for _, question := range []string{askWay, askRack, askSource, atReview, askTestBuild, atDone} {
		z.sees(question, "demo:")
		z.still()
		switch question {
		case askTestBuild:
			z.types(terminal.Left).sees("› Yes")
		case atDone:
			z.sees("signed in with the new variables", "git add .travis.yml")
		case atReview:
			z.sees("rack.production-1700000000.us-east-1.convox.site")
		}
		z.enter()
		enters++
	}
	z.ends(0, "the demo is over", ".travis.yml      deploy step added")
	if enters > 6 {
		t.Errorf("%d presses of Enter", enters)
	}
	for _, mine := range []string{"a-profile-of-mine", "a-token-of-mine", "/nowhere"} {
		if strings.Contains(z.Frames(), mine) {
			t.Errorf("%s was read", mine)
		}
	}
	if left, err := filepath.Glob(filepath.Join(w.dir, "convox-travis-demo*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if n := len(w.Travis.Faults.Requests()); n != 0 {
		t.Errorf("another Travis got %d requests", n)
	}
}

func TestALostPasswordIsReadFromAWSInTheDemo(t *testing.T) {
	t.Parallel()
	z := newWorld(t).watched().open(terminal.Options{}, "demo")
	z.sees(askWay)
	z.still()
	z.enter().sees(askRack)
	z.still()
	z.enter().sees(askSource).types(terminal.Down + terminal.Down).sees("› Read it from AWS").enter().sees("Read the password from AWS?")
	z.still()
	z.enter().sees("AWS has the password").enter().sees(atReview)
	z.write().sees(askTestBuild).enter().sees(atDone).enter().ends(0, "created")
}

func TestTheDemoSaysWhatToType(t *testing.T) {
	t.Parallel()
	z := newWorld(t).open(terminal.Options{}, "demo")
	z.sees(askWay, "Press Enter six times", "demo-key", "reports", "several")
	z.still()
	z.types(terminal.Down).sees("› Console deploy key").enter().sees(askKey, "In this demo: demo-key").types("demo-key").enter().sees(askDeploy).enter().sees(atReview)
	for _, question := range []string{askDeploy, "Which branches get the variables?", askRepository, "Which Travis account?", askKey, "Which Console?"} {
		z.types(terminal.Escape).sees(question)
		z.still()
	}
	z.types(terminal.CtrlC).ends(130, "nothing was written")
}
