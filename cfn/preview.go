package cfn

import (
	"context"
	"crypto/rand"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"

	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// Change is what an update would do to a resource.
type Change struct {
	LogicalID string
	Type      string // such as "AWS::ECS::TaskDefinition"
	Action    string // "Modify", "Add", "Remove", …
	// Replacement is "True", "False", "Conditional", or "" where it does not
	// apply.
	Replacement string
}

// Preview is a reset that has not begun: a change set
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html).
// It ends with Execute or Discard. It holds no password.
type Preview struct {
	Rack    Rack
	Changes []Change // in the order of AWS; the texts are cleaned
	Verdict Verdict
	// Why says in plain words, for Unexpected, which changes it are and why they
	// stop it; otherwise what else there is to know, mostly nothing.
	Why []string
	// RestartsItself means that the update also restarts the web service, so
	// that Restart is not needed.
	RestartsItself bool
	// Since is for Follow: the newest event of the stack before the update, by
	// the clock of AWS.
	Since time.Time

	id   string // ARN of the change set
	name string // of the change set, and the token of its calls
	// unsure means that a request to make it was sent whose fate is not known.
	unsure bool
}

const (
	passwordKey     = "Password" // of the parameter, and of the output
	longestPassword = 50         // characters (https://github.com/convox/rack/blob/master/provider/aws/formation/rack.json)
)

// changeSetPrefix begins the names of this program's change sets. AWS tells the
// one that a stack was updated with last
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html).
const changeSetPrefix = "convox-travis-"

// cleanUp is how long taking a change set away may take.
const cleanUp = 5 * time.Second

// callGrace is how long making one may still take after a stop. It leaves
// time to delete it before a run that was asked to stop is abandoned.
const callGrace = 2 * time.Second

// Preview makes a change set that gives the Rack a new password and leaves
// every other parameter as it is, waits for it and judges its changes. Nothing
// of the Rack is changed. When it fails or stop.Soft ends, the change set is
// deleted again, within 5 seconds.
//
// The errors are those of Search, and CodePassword, CodeBusy when the stack
// cannot be updated now, CodeUnchanged when it has this password already, and
// CodeMissing.
func (f *Finder) Preview(stop transport.Stop, rack Rack, password secret.String) (*Preview, error) {
	what := of("preview the reset", rack)
	if err := checkPassword(what, password); err != nil {
		return nil, err
	}
	ctx := stop.Soft
	if err := f.enter(ctx, what, rack); err != nil {
		return nil, err
	}
	f.given.remember(password)
	described, err := f.describe(ctx, "preview the reset", rack)
	if err != nil {
		return nil, err
	}
	if state := f.stateOf(rack, described); !state.Updatable {
		return nil, attempting(what, state.Busy())
	}
	keys, err := otherParameters(described, what)
	if err != nil {
		return nil, err
	}
	// Read before anything is made: the update can be followed by those only
	// who may read the events.
	since, err := f.newestEvent(ctx, rack)
	if err != nil {
		return nil, err
	}
	p := &Preview{Rack: rack, Since: since, name: changeSetPrefix + strings.ToLower(rand.Text())}
	if err := f.makeChangeSet(stop, p, capabilities(described), keys, password); err != nil {
		return nil, f.takeAway(stop, p, err)
	}
	if err := f.awaitChangeSet(ctx, p); err != nil {
		return nil, f.takeAway(stop, p, err)
	}
	if p.onlyInstances() {
		return nil, f.takeAway(stop, p, unchanged(what))
	}
	p.judge()
	return p, nil
}

// checkPassword holds a password against what the stack's parameter takes. The
// four stars are what AWS shows in place of a password: sent back, they become
// it.
func checkPassword(what string, password secret.String) error {
	switch length := utf8.RuneCountInString(password.Reveal()); {
	case length == 0:
		return failed(CodePassword, what, "the new password is empty")
	case length > longestPassword:
		return failed(CodePassword, what, "the new password has more than 50 characters, which is what a Rack takes")
	case password.Reveal() == hidden:
		return failed(CodePassword, what, "the new password is what AWS shows in place of one")
	}
	return nil
}

// Discard deletes the change set of a preview. One that is not there any more
// is no error. The errors are those of Search, and CodeStale for one that was
// executed.
func (f *Finder) Discard(ctx context.Context, p *Preview) error {
	if err := f.enter(ctx, of("discard the preview", p.Rack), p.Rack); err != nil {
		return err
	}
	return f.deleteChangeSet(ctx, p)
}

// Touched reports whether anything has happened to the stack since a preview was
// made. The errors are those of Search.
func (f *Finder) Touched(ctx context.Context, p *Preview) (bool, error) {
	if err := f.enter(ctx, of("read the events", p.Rack), p.Rack); err != nil {
		return false, err
	}
	newest, err := f.newestEvent(ctx, p.Rack)
	return newest.After(p.Since), err
}

// takeAway deletes the change set of a preview that failed, also after a stop, and
// returns the failure.
func (f *Finder) takeAway(stop transport.Stop, p *Preview, failed error) error {
	if p.id == "" && !p.unsure && Definite(failed) {
		return failed // it was never made
	}
	limit := cleanUp
	if stop.Asked() != nil {
		limit -= callGrace // which making it may have taken
	}
	own, cancel := context.WithTimeout(stop.Hard, limit)
	defer cancel()
	if f.deleteChangeSet(own, p) == nil {
		return failed
	}
	e := ours(failed)
	if e == nil {
		e = stopped(of("preview the reset", p.Rack), "it was stopped", failed)
	}
	return f.leftBehind(p, e)
}

// reference is what AWS knows the change set by: its name only while its ID is
// not known.
func (p *Preview) reference() *string {
	if p.id != "" {
		return aws.String(p.id)
	}
	return aws.String(p.name)
}
