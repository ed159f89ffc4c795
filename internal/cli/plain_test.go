//go:build unix

package cli

import (
	"strings"
	"testing"
	"time"

	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

func TestThePlainDriverReadsAPipe(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	e := w.run("1\nproduction\n\n"+secrettest.Canary+"\nyes\n", "--accessible")
	w.want(e, 0, "1  Rack password", "CONVOX_PASSWORD  created", "Review")
	if strings.Contains(e.err+e.out, "\x1b") {
		t.Errorf("it steers a terminal: %q", e.err)
	}
	w.wantPair(w.setting("DEMO_REPO"), "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
}

func TestThePlainDriverTakesWhatIsOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	w.want(w.run("1\n\n\ny\n", "--accessible"), 0, "] >", "created")
	w.env["ACCESSIBLE"] = "1"
	w.want(w.run("1\n\n\ny\n"), 0, "replaced")
}

func TestThePlainDriverGoesBackAndMends(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	input := strings.Join([]string{"7", "1", "nothing like it", "prod", "production", "1", "wrong", "<", "<", "4", "", secrettest.Canary, "no", "<", "", "", "yes"}, "\n") + "\n"
	e := w.run(input, "--accessible")
	w.want(e, 2, "answer with a number from 1 to 2", "nothing is called like that", "doesn't accept this password", "your confirmation of the review")
	w.wantNoWrite()
}

func TestAnswersThatEndEarlyAreListed(t *testing.T) {
	t.Parallel()
	for input, words := range map[string][]string{
		"":                                    {"a Rack or Console", "the password or deploy key", "your confirmation of the review"},
		"1\n":                                 {"a Rack, the password or deploy key"},
		"1\n4\n":                              {"the password or deploy key"},
		"1\n4\n\n" + secrettest.Canary + "\n": {"your confirmation of the review"},
	} {
		w := newWorld(t).inClone()
		w.want(w.run(input, "--accessible"), 2, append(words, "hint: ")...)
		w.wantNoWrite()
	}
}

func TestWithoutATerminalNothingIsGuessed(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	w.want(w.run("1\n\n\ny\n"), 2, "a Rack or Console", "--password-stdin")
	w.want(w.run(w.password(), "--host", w.setting("DEMO_RACK_HOST"), "--saved"), 2, "needs a terminal", "convox-travis apply", "--accessible")
	w.want(w.run("", "demo"), 2, "demo --serve")
	w.wantNoWrite()
}

func TestADumbTerminalGetsPlainLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	w.env["TERM"] = "dumb"
	z := w.open(terminal.Options{})
	z.sees(askWay, "] >").types("1\r").sees(askRack, ">")
	z.types("production\r").sees(askSource).types("\r").sees(askPassword)
	z.still()
	if z.EchoIsOn() {
		t.Error("the secret is echoed")
	}
	z.types(secrettest.Canary + "\r").sees("write? yes, no, d")
	z.still()
	if !z.EchoIsOn() {
		t.Error("the echo was not put back")
	}
	z.types("yes\r").sees(askTestBuild).types("\r").ends(0, "created")
	if strings.Contains(z.Output(), "\x1b") {
		t.Errorf("a dumb terminal got an escape sequence")
	}
	z.wantRackPair()
}

func TestCtrlCAtTheSecretPutsTheEchoBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	w.env["TERM"] = "dumb"
	z := w.open(terminal.Options{})
	z.sees(askWay, "] >").types("1\r").sees(askRack, ">").types("production\r").sees(askSource).types("\r").sees(askPassword)
	z.still()
	z.types(terminal.CtrlC).ends(130, "nothing was written")
	if !z.EchoIsOn() {
		t.Error("the echo is off")
	}
}

func TestWhatIsTypedBetweenQuestionsIsNeitherShownNorTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	w.env["TERM"] = "dumb"
	w.Rack.Faults.SetLatency(700 * time.Millisecond)
	z := w.open(terminal.Options{})
	z.sees(askWay, "] >").types("1\r").sees(askRack, ">").types("production\r").sees(askSource).types("\r").sees(askPassword)
	z.still()
	z.types("wrong\r").sees("checking the password with").types(secrettest.Canary + "\r").sees("doesn't accept")
	z.still()
	if n := len(w.Rack.Faults.Requests()); n > 4 {
		t.Errorf("%d calls: what was typed ahead was taken for an answer", n)
	}
	z.types(terminal.CtrlD).ends(2, "the password or deploy key")
}

func TestAYesTypedAheadOfTheReviewWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	w.env["TERM"] = "dumb"
	w.Travis.Faults.SetLatency(600 * time.Millisecond)
	z := w.open(terminal.Options{}, "--host", w.setting("DEMO_RACK_HOST"), "--saved")
	z.sees("reading the Travis settings of").types("yes\r").sees("write? yes, no, d")
	z.still()
	w.wantNoWrite()
	z.types("yes\r").sees(askTestBuild).types("\r").ends(0, "created")
}

func TestTheFirstOfferDoesNotDependOnTheNetwork(t *testing.T) {
	t.Parallel()
	for range 4 {
		w := newWorld(t).inClone()
		w.want(w.run("", "--accessible"), 2, "[2] >")
		w.want(w.saved().run("", "--accessible"), 2, "[1] >")
	}
}

func TestTheWizardShowsWhatIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"on the full screen": nil, "in plain lines": {"--accessible"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).inClone()
			w.Travis.Faults.Add(faults.Rule{Kind: faults.ThrottledUntil, Match: func(r faults.Request) bool { return r.Path == "/repo/acme%2Fweb" }})
			w.env["CONVOX_PASSWORD"] = secrettest.Canary
			z := w.open(terminal.Options{Height: 60}, append(args, "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"))...)
			z.sees("retrying in 1 s (attempt 2): find acme/web").sees("Review")
			z.types(terminal.CtrlC).ends(130)
		})
	}
}
