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
	// Replacement is "True", "False", "Conditional", or "" if it doesn't apply.
	Replacement string
}

// Preview is a reset that hasn't started: a change set
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html).
// It ends with Execute or Discard. It contains no password.
type Preview struct {
	Rack    Rack
	Changes []Change // in the order of AWS; the texts are cleaned
	Verdict Verdict
	// Why lists, for Unexpected, the changes that aren't expected and the reason;
	// otherwise notes, mostly none.
	Why []string
	// RestartsItself means that the update also restarts the web service, so
	// that Restart isn't needed.
	RestartsItself bool
	// Since is for Follow: the time of the stack's newest event before the update, by
	// AWS's clock.
	Since time.Time

	id   string // ARN of the change set
	name string // of the change set, and the token of its calls
	// unsure means that it isn't known whether AWS created the change set.
	unsure bool
}

const (
	passwordKey = "Password" // of the parameter, and of the output
	maxPassword = 50         // characters (https://github.com/convox/rack/blob/master/provider/aws/formation/rack.json)
)

// changeSetPrefix starts the names of this program's change sets. AWS reports the one
// that a stack was last updated with
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html).
const changeSetPrefix = "convox-travis-"

// cleanUpTimeout is how long deleting a change set may take.
const cleanUpTimeout = 5 * time.Second

// callGrace is how long creating one may take after a stop. It leaves time to delete it
// before a run that was asked to stop is abandoned.
const callGrace = 2 * time.Second

// Preview creates a change set that sets a new password and keeps every other
// parameter, waits for it and judges its changes. It changes nothing of the Rack. If it
// fails or stop.Soft ends, the change set is deleted within 5 seconds.
//
// The errors are those of Search, and CodePassword, CodeBusy if the stack can't be
// updated now, CodeUnchanged if it has this password already, and CodeMissing.
func (f *Finder) Preview(stop transport.Stop, rack Rack, password secret.String) (*Preview, error) {
	what := ofRack("preview the reset", rack)
	if err := checkPassword(what, password); err != nil {
		return nil, err
	}
	ctx := stop.Soft
	if err := f.prepare(ctx, what, rack); err != nil {
		return nil, err
	}
	f.redactor.add(password)
	described, err := f.describe(ctx, "preview the reset", rack)
	if err != nil {
		return nil, err
	}
	if state := f.stateOf(rack, described); !state.Updatable {
		return nil, withAction(what, state.Busy())
	}
	keys, err := otherParameters(described, what)
	if err != nil {
		return nil, err
	}
	// Read before anything is created: without permission to read the events, the
	// update couldn't be followed.
	since, err := f.newestEvent(ctx, rack)
	if err != nil {
		return nil, err
	}
	p := &Preview{Rack: rack, Since: since, name: changeSetPrefix + strings.ToLower(rand.Text())}
	if err := f.makeChangeSet(stop, p, capabilities(described), keys, password); err != nil {
		return nil, f.discardFailed(stop, p, err)
	}
	if err := f.awaitChangeSet(ctx, p); err != nil {
		return nil, f.discardFailed(stop, p, err)
	}
	if p.onlyInstances() {
		return nil, f.discardFailed(stop, p, unchangedError(what))
	}
	p.judge()
	return p, nil
}

// checkPassword checks a password by the limits of the stack's parameter. AWS shows
// four stars instead of a password: sent back, they would become the password.
func checkPassword(what string, password secret.String) error {
	switch length := utf8.RuneCountInString(password.Reveal()); {
	case length == 0:
		return newError(CodePassword, what, "the new password is empty")
	case length > maxPassword:
		return newError(CodePassword, what, "the new password has more than 50 characters, the maximum of a Rack")
	case password.Reveal() == hidden:
		return newError(CodePassword, what, "the new password is the placeholder that AWS shows instead of one")
	}
	return nil
}

// Discard deletes the change set of a preview, if it still exists. The errors are those
// of Search, and CodeStale for one that was executed.
func (f *Finder) Discard(ctx context.Context, p *Preview) error {
	if err := f.prepare(ctx, ofRack("discard the preview", p.Rack), p.Rack); err != nil {
		return err
	}
	return f.deleteChangeSet(ctx, p)
}

// Touched reports whether the stack has new events since the preview. The errors are
// those of Search.
func (f *Finder) Touched(ctx context.Context, p *Preview) (bool, error) {
	if err := f.prepare(ctx, ofRack("read the events", p.Rack), p.Rack); err != nil {
		return false, err
	}
	newest, err := f.newestEvent(ctx, p.Rack)
	return newest.After(p.Since), err
}

// discardFailed deletes the change set of a preview that failed, even after a stop, and
// returns the failure.
func (f *Finder) discardFailed(stop transport.Stop, p *Preview, failed error) error {
	if p.id == "" && !p.unsure && DidNothing(failed) {
		return failed // it was never created
	}
	limit := cleanUpTimeout
	if stop.Asked() != nil {
		limit -= callGrace // creating it may have used that
	}
	limited, cancel := context.WithTimeout(stop.Hard, limit)
	defer cancel()
	if f.deleteChangeSet(limited, p) == nil {
		return failed
	}
	e := asError(failed)
	if e == nil {
		e = canceledError(ofRack("preview the reset", p.Rack), "it was stopped", failed)
	}
	return f.withDeleteHint(p, e)
}

// reference identifies the change set: by its ID, or its name while the ID isn't known.
func (p *Preview) reference() *string {
	if p.id != "" {
		return aws.String(p.id)
	}
	return aws.String(p.name)
}
