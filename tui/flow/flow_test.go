package flow_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
	"convox-travis/tui/flow"
)

const (
	token = "t0ken"
	key   = "k3y-" + secrettest.Canary
	slug  = "acme/web"
)

// world is what a flow meets, and the flow.
type world struct {
	*testing.T
	travis  *travistest.Server
	rack    *convoxtest.Rack
	console *convoxtest.Console
	outside flow.Outside
	retry   transport.Retry

	flow *flow.Flow
	path []string // the steps that asked, in order

	hold   *[]flow.Search // where searches are kept instead of being run
	stopAt string         // a word of what is told, upon which the work is asked to stop
	facts  []string       // what TestFacts compares
	asked  string         // the step that they end with
}

// generated is the key of the repositories, made before a call waits for it.
var generated = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, travis: travistest.Start(t), rack: convoxtest.StartRack(t, secrettest.Canary), console: convoxtest.StartConsole(t)}
	recordFacts(w)
	w.retry = transport.Retry{Tries: 2, Deadline: time.Second, Pause: time.Millisecond}
	w.travis.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: token, Organizations: []string{"acme"}})
	pair, err := generated()
	if err != nil {
		t.Fatal(err)
	}
	w.travis.AddRepository(travistest.Repository{ID: 7, Slug: slug, Active: true, Key: pair})
	w.travis.AddRepository(travistest.Repository{ID: 8, Slug: "acme/off", Key: pair})
	w.travis.AddRepository(travistest.Repository{ID: 9, Slug: "acme/new", Unsynced: true, Key: pair})
	w.console.AddRack(convox.Rack{Organization: "acme", Name: "production"})
	w.console.AddKey(convoxtest.Key{Value: key, Organizations: []string{"acme"}})
	w.outside = flow.Outside{
		Clone: func(context.Context) (gitrepo.Clone, error) {
			return gitrepo.Clone{Remotes: []gitrepo.Remote{{Name: "origin", Host: "github.com", Slug: slug, Provider: gitrepo.GitHub}}}, nil
		},
		Saved: func(context.Context, ...convox.Host) ([]convox.SavedLogin, error) {
			return []convox.SavedLogin{{Host: w.host(), Password: secret.New(secrettest.Canary), InUse: true}}, nil
		},
		Racks: func(_ context.Context, _ string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
			deliver(cfn.RegionResult{Region: "us-east-1", Of: 2, Racks: []cfn.Rack{{Name: "production", Region: "us-east-1", Host: w.rack.Host}, {Name: "broken", Region: "us-east-1", Status: "CREATE_FAILED"}}})
			deliver(cfn.RegionResult{Region: "eu-west-1", Of: 2, Racks: []cfn.Rack{{Name: "staging", Region: "eu-west-1", Host: "127.0.0.1:1", Private: true}}})
			return cfn.Summary{Skipped: []cfn.Skipped{{Region: "me-south-1", Reason: "off"}}}, nil
		},
		Token:  func(context.Context) (secret.String, error) { return secret.New(token), nil },
		Travis: w.client,
		Checker: func(fingerprint string) (flow.Checker, error) {
			return convox.NewChecker(convox.CheckerOptions{Fingerprint: fingerprint, Retry: w.retry, Roots: w.roots()})
		},
	}
	return w
}

func (w *world) client(token secret.String) (flow.Travis, error) {
	return travisapi.New(travisapi.Config{Endpoint: w.travis.URL, Token: token, Retry: w.retry})
}

func (w *world) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(w.console.Authority())
	return pool
}

func (w *world) host() convox.Host {
	host, err := convox.ParseHost(w.rack.Host)
	if err != nil {
		w.Fatal(err)
	}
	return host
}

// begin makes the flow, and finds what is to be found.
func (w *world) begin(given flow.Given) *world {
	w.Helper()
	if given.Console.IsZero() {
		given.Console, _ = convox.ParseHost(w.console.Host)
	}
	w.flow = flow.New(w.outside, given)
	w.search(w.flow.Searches())
	w.settle()
	return w
}

func (w *world) search(searches []flow.Search) {
	if w.hold != nil {
		*w.hold = append(*w.hold, searches...)
		return
	}
	for _, s := range searches {
		s(w.Context(), w.flow.Found)
	}
}

// settle runs what is to be done until a question is asked, or all is over.
func (w *world) settle() {
	w.Helper()
	for {
		w.search(w.flow.Searches())
		switch w.flow.State() {
		case flow.Waiting:
			w.Fatalf("it waits: %s", w.flow.Busy())
		case flow.Working:
			soft, ask := context.WithCancelCause(w.Context())
			outcome := w.flow.Work().Run(connect.Stop{Soft: soft, Hard: w.Context()}, w.tell(ask))
			ask(nil)
			w.flow.Finish(outcome)
			continue
		case flow.Asking:
			step, _ := w.flow.Step()
			w.path = append(w.path, step)
			w.noteQuestion(step)
			w.hear()
		}
		return
	}
}

var errStop = errors.New("stop")

// tell searches what a work tells for secrets.
func (w *world) tell(ask context.CancelCauseFunc) flow.Tell {
	told := func(text string) {
		secrettest.Absent(w, "what is told", text, key)
		if w.stopAt != "" && strings.Contains(text, w.stopAt) {
			ask(errStop)
		}
	}
	return flow.Tell{
		Line:     func(l flow.Line) { told(l.Text) },
		Progress: func(p flow.Progress) { told(p.Words) },
	}
}

// hear searches all that a driver would show for secrets.
func (w *world) hear() {
	w.Helper()
	q := w.flow.Question()
	step, _ := w.flow.Step()
	isLong := slices.Contains([]string{flow.StepRecover, flow.StepAffected}, step) // what they say has yet to move to Help
	if len(q.Reason) > 3 && !isLong {
		w.Errorf("%s has a reason of %d lines: %q", step, len(q.Reason), q.Reason)
	}
	secrettest.Absent(w, "the question", fmt.Sprintf("%+v %#v", q, q), key)
	secrettest.Absent(w, "the rail", fmt.Sprintf("%+v", w.flow.Rail()), key)
	if q.Problem != nil {
		secrettest.Absent(w, "the problem", fmt.Sprintf("%+v", *q.Problem), key)
	}
}

// step checks which question is asked.
func (w *world) step(id string) *world {
	w.Helper()
	got, _ := w.flow.Step()
	if w.flow.State() != flow.Asking || got != id {
		w.Fatalf("it is at %s (state %d), not at %s: %v", got, w.flow.State(), id, w.path)
	}
	return w
}

func (w *world) answer(v flow.Value) *world {
	w.Helper()
	w.noteAnswer(v)
	if err := w.flow.Answer(v); err != nil {
		w.Fatalf("%v: %v", w.path, err)
	}
	w.settle()
	return w
}

// accept gives the answer that is offered.
func (w *world) accept() *world {
	w.Helper()
	v := w.flow.Question().Initial
	if k := w.flow.Question().Kind; k == flow.Review || k == flow.Ending {
		v.Yes = true
	}
	return w.answer(v)
}

func (w *world) type_(text string) *world {
	w.Helper()
	return w.answer(flow.Value{Text: text, Secret: secret.New(text)})
}

func (w *world) settings() string {
	var all []string
	for _, v := range w.travis.EnvVars(slug) {
		all = append(all, v.Name+"="+v.Value)
	}
	return strings.Join(all, " ")
}

func (w *world) wantProblem(words string) *world {
	w.Helper()
	problem := w.flow.Question().Problem
	if problem == nil || !strings.Contains(problem.Message, words) {
		w.Errorf("the problem is %+v, not %q", problem, words)
	}
	return w
}

var written = "CONVOX_HOST=%s CONVOX_PASSWORD='" + secrettest.Canary + "'"

func (w *world) wantWritten() {
	w.Helper()
	if got, want := w.settings(), fmt.Sprintf(written, w.rack.Host); got != want {
		w.Errorf("Travis has %s", got)
	}
}

func TestWithEverythingFoundFewQuestionsAreAsked(t *testing.T) {
	w := newWorld(t).begin(flow.Given{})
	w.step(flow.StepSignIn).accept().step(flow.StepRack).accept().step(flow.StepSource).accept().step(flow.StepReview)
	if n := len(w.travis.Writes()); n != 0 {
		t.Errorf("%d writes before the review", n)
	}
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone).accept()
	if w.flow.State() != flow.Over || len(w.flow.Report().Errs()) != 0 {
		t.Errorf("%+v", w.flow.Report())
	}
	w.wantWritten()
}

func TestADeployKeyIsTheOtherWayIn(t *testing.T) {
	w := newWorld(t).begin(flow.Given{})
	w.choose("Console deploy key").step(flow.StepKey).type_(key).step(flow.StepReview).accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	if got := w.settings(); got != "CONVOX_HOST="+w.console.Host+" CONVOX_PASSWORD='"+key+"'" {
		t.Errorf("Travis has %s", got)
	}
	var rail []string
	for _, item := range w.flow.Rail() {
		rail = append(rail, item.Name+"="+item.Answer)
	}
	if got := strings.Join(rail, ","); got != "Sign in with=Console deploy key,Console="+w.console.Host+",Deploy key=accepted · 1 Rack,Travis=ann,Repository=acme/web · all branches,Review=confirmed,Test build=,Done=" {
		t.Errorf("the rail says %s", got)
	}
}

// Each question can be gone back to, those that were passed over too, and the
// way forward again offers every answer that was given.
func TestGoingBackLosesNoAnswer(t *testing.T) {
	for name, forward := range map[string]func(*world){
		"a Rack": func(w *world) {
			w.choose("Rack password").answer(flow.Value{Key: "type"}).type_(w.rack.Host).answer(flow.Value{Index: 1}).type_(secrettest.Canary).step(flow.StepReview)
		},
		"Console": func(w *world) { w.choose("Console deploy key").type_(key).step(flow.StepReview) },
	} {
		w := newWorld(t).begin(flow.Given{Branch: "main"})
		forward(w)
		review := fmt.Sprint(w.flow.Question().Lines)
		back := 0
		for w.flow.Back() {
			back++
			w.hear()
		}
		w.step(flow.StepSignIn)
		if back < 6 {
			t.Errorf("%s: only %d steps back", name, back)
		}
		for at, _ := w.flow.Step(); at != flow.StepReview; at, _ = w.flow.Step() {
			if w.accept(); len(w.path) > 40 {
				t.Fatalf("%s: it goes on and on: %v", name, w.path)
			}
		}
		if again := fmt.Sprint(w.flow.Question().Lines); again != review {
			t.Errorf("%s: the review said\n%s\nand says\n%s", name, review, again)
		}
	}
}

func TestAWrongPasswordIsMendedInPlace(t *testing.T) {
	w := newWorld(t).begin(flow.Given{})
	w.accept().accept().answer(flow.Value{Index: 1}).step(flow.StepPassword).type_("wrong").step(flow.StepPassword).wantProblem("doesn't accept")
	w.rack.SetPassword("right")
	w.type_("right").step(flow.StepReview)
	if w.rack.SetPassword("other"); len(w.travis.Writes()) != 0 {
		t.Error("something was written")
	}
	w = newWorld(t).begin(flow.Given{})
	w.rack.SetPassword("changed")
	w.accept().accept().step(flow.StepSource).accept().step(flow.StepSource).wantProblem("doesn't accept")
}

func TestASecretThatCannotBeMeantIsRefusedAtOnce(t *testing.T) {
	w := newWorld(t).begin(flow.Given{})
	w.choose("Console deploy key").step(flow.StepKey)
	for _, text := range []string{"", " a", "a\nb"} {
		if err := w.flow.Answer(flow.Value{Secret: secret.New(text)}); err == nil {
			t.Fatalf("%q was taken", text)
		}
	}
	w.step(flow.StepKey)
	if n := len(w.console.Faults.Requests()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestARackOutOfReachNeedsAWord(t *testing.T) {
	w := newWorld(t).begin(flow.Given{})
	w.choose("Rack password").answer(flow.Value{Key: "host 127.0.0.1:1"}).step(flow.StepPassword).type_("pw").step(flow.StepUnchecked)
	if w.flow.Question().Initial.Yes {
		t.Error("yes is offered")
	}
	w.answer(flow.Value{}).step(flow.StepRack).accept().step(flow.StepPassword).accept().step(flow.StepUnchecked)
	w.answer(flow.Value{Yes: true}).step(flow.StepReview)
	if lines := fmt.Sprint(w.flow.Question().Lines); !strings.Contains(lines, "not verified") || !strings.Contains(lines, "private API") {
		t.Errorf("the review says %s", lines)
	}
}

func TestWithoutAReviewEveryAnswerIsGuarded(t *testing.T) {
	for _, isAgreed := range []bool{true, false} {
		w := newWorld(t).begin(flow.Given{Agreed: isAgreed, SignIn: flow.ByRack, Host: convox.Host{}})
		for _, answer := range []flow.Value{{Key: "host 127.0.0.1:1"}, {Secret: secret.New("pw")}, yes} {
			if id, _ := w.flow.Step(); w.flow.Question().Guarded != isAgreed {
				t.Errorf("agreed %t: %s: %t", isAgreed, id, !isAgreed)
			}
			w.answer(answer)
		}
	}
}

func TestAnUnknownRepositoryIsSyncedOrChosenAnew(t *testing.T) {
	w := newWorld(t)
	w.travis.SyncTime = 10 * time.Millisecond
	w.begin(flow.Given{Targets: []connect.Target{{Provider: travisapi.GitHub, Slug: "acme/new"}}})
	w.accept().accept().accept().step(flow.StepUnknown)
	w.answer(flow.Value{Index: 1}).step(flow.StepRepository).accept().step(flow.StepUnknown)
	w.answer(flow.Value{Index: 0}).step(flow.StepActivate)
}

func TestAnInactiveRepositoryIsActivatedWithTheRest(t *testing.T) {
	w := newWorld(t).begin(flow.Given{Targets: []connect.Target{{Provider: travisapi.GitHub, Slug: "acme/off"}}})
	w.accept().accept().accept().step(flow.StepActivate).accept().step(flow.StepReview)
	if lines := fmt.Sprint(w.flow.Question().Lines); !strings.Contains(lines, "activation ") || len(w.travis.Writes()) != 0 {
		t.Errorf("%d writes; the review says %s", len(w.travis.Writes()), lines)
	}
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	if first := w.travis.Writes()[0].Path; first != "/repo/8/activate" {
		t.Errorf("the first write was %s", first)
	}
}

func TestAMixedPairNeedsAWord(t *testing.T) {
	branch := "old"
	w := newWorld(t)
	w.travis.SetEnvVars(slug, []travistest.EnvVar{{ID: "h", Name: "CONVOX_HOST", Value: "x", Branch: &branch}})
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepMixed)
	w.answer(flow.Value{Index: 0}).step(flow.StepBranch).accept().step(flow.StepMixed)
	w.answer(flow.Value{Index: 1}).step(flow.StepReview)
}

func TestTheClonesOtherHostsAreNotOffered(t *testing.T) {
	w := newWorld(t)
	w.outside.Clone = func(context.Context) (gitrepo.Clone, error) {
		return gitrepo.Clone{Remotes: []gitrepo.Remote{{Name: "origin", Host: "git.acme.example", Slug: slug}}}, nil
	}
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepRepository)
	rows := w.flow.Question().Rows
	if rows[0].Disabled == "" || len(rows) < 3 {
		t.Errorf("%+v", rows)
	}
	w.answer(flow.Value{Key: "type", Text: "acme/typed"}).step(flow.StepSlug)
	if text := w.flow.Question().Initial.Text; text != "acme/typed" {
		t.Errorf("%q is offered", text)
	}
	if err := w.flow.Answer(flow.Value{Text: "https://git.acme.example/acme/web"}); err == nil {
		t.Error("a host that Travis does not know was taken")
	}
	w.type_("acme/none").step(flow.StepUnknown).answer(flow.Value{Index: 1}).step(flow.StepRepository)
	w.answer(flow.Value{Key: "github " + slug}).step(flow.StepReview)
}

func TestATokenIsAskedForAndChecked(t *testing.T) {
	w := newWorld(t)
	w.outside.Token = func(context.Context) (secret.String, error) { return secret.String{}, nil }
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepToken).type_("wrong").step(flow.StepToken).wantProblem("doesn't recognize")
	w.type_(token).step(flow.StepReview)

	w = newWorld(t)
	w.outside.Token = func(context.Context) (secret.String, error) { return secret.New("stale"), nil }
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepAccount).wantProblem("doesn't recognize").answer(flow.Value{Index: 1}).step(flow.StepToken).type_(token).step(flow.StepReview)
}

func TestAFailureIsTriedAgain(t *testing.T) {
	w := newWorld(t).begin(flow.Given{})
	w.accept().accept().accept().step(flow.StepReview)
	good := w.travis.Faults.Requests()
	w.failWrites(true)
	w.accept().step(flow.StepRetry)
	if w.flow.CanGoBack() {
		t.Error("it goes back after something may have been written")
	}
	w.accept().step(flow.StepReview).accept().step(flow.StepRetry)
	w.failWrites(false)
	w.accept().step(flow.StepReview).reads("what is left to write")
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	w.wantWritten()
	if len(w.travis.Faults.Requests()) <= len(good) {
		t.Error("nothing was sent")
	}

	w = newWorld(t).begin(flow.Given{})
	w.accept().accept().accept().failWrites(true)
	w.accept().step(flow.StepRetry).answer(flow.Value{Index: 1})
	if w.flow.State() != flow.Over || len(w.flow.Report().Errs()) != 1 {
		t.Errorf("state %d, %+v", w.flow.State(), w.flow.Report())
	}
}

func TestACredentialGoesToTheHostThatItWasGivenFor(t *testing.T) {
	other := convoxtest.StartRack(t, "another")
	w := newWorld(t).begin(flow.Given{SignIn: flow.ByRack, Host: newWorldHost(t, other.Host), Password: secret.New("another")})
	w.step(flow.StepReview)
	w.backTo(flow.StepRack)
	w.rack.Faults.Forget()
	w.answer(flow.Value{Key: "host " + w.rack.Host}).step(flow.StepSource)
	if n := len(w.rack.Faults.Requests()); n != 0 || len(w.flow.Question().Options) != 2 {
		t.Errorf("%d calls with the password of another Rack, %+v", n, w.flow.Question().Options)
	}

	w = newWorld(t).begin(flow.Given{})
	w.choose("Console deploy key").type_(key).step(flow.StepReview)
	w.backTo(flow.StepConsole)
	w.type_(w.rack.Host).step(flow.StepKey)
	if !w.flow.Question().Initial.Secret.IsEmpty() {
		t.Error("the key of another Console is offered")
	}

	w = newWorld(t).begin(flow.Given{})
	w.choose("Rack password").answer(flow.Value{Key: "host " + w.rack.Host}).answer(flow.Value{Index: 1}).type_(secrettest.Canary).step(flow.StepReview)
	w.backTo(flow.StepRack)
	w.answer(flow.Value{Key: "host 127.0.0.1:1"}).step(flow.StepPassword)
	if !w.flow.Question().Initial.Secret.IsEmpty() {
		t.Error("the password of another Rack is offered")
	}
}

func (w *world) backTo(step string) {
	w.Helper()
	for at, _ := w.flow.Step(); at != step; at, _ = w.flow.Step() {
		if !w.flow.Back() {
			w.Fatalf("there is no way back to %s", step)
		}
	}
	w.settle()
}

func newWorldHost(t *testing.T, text string) convox.Host {
	t.Helper()
	host, err := convox.ParseHost(text)
	if err != nil {
		t.Fatal(err)
	}
	return host
}

func TestADryRunWritesNothing(t *testing.T) {
	w := newWorld(t).begin(flow.Given{DryRun: true})
	w.accept().accept().accept().step(flow.StepReview).accept()
	if w.flow.State() != flow.Over || len(w.travis.Writes()) != 0 || w.flow.Report() == nil {
		t.Errorf("%d writes", len(w.travis.Writes()))
	}
}

func TestFlagsAnswer(t *testing.T) {
	w := newWorld(t)
	w.begin(flow.Given{SignIn: flow.ByRack, Rack: "production", Saved: true}).step(flow.StepReview)
	w.begin(flow.Given{SignIn: flow.ByRack, Host: w.host(), Password: secret.New(secrettest.Canary)}).step(flow.StepReview)
	w.begin(flow.Given{SignIn: flow.ByConsole, Password: secret.New(key)}).step(flow.StepReview)
	w.begin(flow.Given{SignIn: flow.ByConsole, Password: secret.New("wrong")}).step(flow.StepKey).wantProblem("doesn't accept")
	w.begin(flow.Given{SignIn: flow.ByRack, Rack: "nowhere"}).step(flow.StepRack).wantProblem("nowhere")
	other, _ := convox.ParseHost("127.0.0.1:1")
	w.begin(flow.Given{SignIn: flow.ByRack, Rack: "production", Host: other}).step(flow.StepRack).wantProblem("production")
	w.begin(flow.Given{SignIn: flow.ByConsole, Password: secret.New(key), Rack: "acme/none"}).step(flow.StepKey).wantProblem("acme/none")
}

func TestAnMFACodeStartsTheSearchAgain(t *testing.T) {
	w := newWorld(t)
	search := w.outside.Racks
	w.outside.Racks = func(ctx context.Context, code string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
		if code != "123456" {
			return cfn.Summary{}, &problem.Error{Code: cfn.CodeMFA}
		}
		return search(ctx, code, deliver)
	}
	w.begin(flow.Given{}).accept().step(flow.StepRack).answer(flow.Value{Key: "mfa"}).step(flow.StepMFA)
	if err := w.flow.Answer(flow.Value{Text: "no digits"}); err == nil {
		t.Error("it was taken for a code")
	}
	w.type_("123456").step(flow.StepRack)
	if rows := w.flow.Question().Rows; len(rows) != 4 {
		t.Errorf("%+v", rows)
	}
}

func TestRowsSayWhatTheyMeanForTravis(t *testing.T) {
	w := newWorld(t).begin(flow.Given{})
	w.accept().step(flow.StepRack)
	q := w.flow.Question()
	var all []string
	for _, row := range q.Rows {
		all = append(all, row.Cells[0]+": "+row.Note+row.Disabled)
	}
	if got := strings.Join(all, "; "); got != "broken: failed to install (CREATE_FAILED); production: password saved; staging: private API: Travis can't reach it; Enter a host…: " {
		t.Error(got)
	}
	if q.Initial.Key != "host "+w.rack.Host || !strings.Contains(q.More, "me-south-1") {
		t.Errorf("%+v, %s", q.Initial, q.More)
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	w := newWorld(t)
	w.outside.Token = func(context.Context) (secret.String, error) { return secret.String{}, nil }
	w.outside.Clone = nil
	w.begin(flow.Given{})
	if got := strings.Join(w.flow.Missing(), " "); got != "sign in password token repository review" {
		t.Error(got)
	}
	w.choose("Rack password")
	if got := strings.Join(w.flow.Missing(), " "); got != "rack password token repository review" {
		t.Error(got)
	}
}
