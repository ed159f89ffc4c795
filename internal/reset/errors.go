package reset

import (
	"errors"
	"fmt"
	"slices"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
)

// Error is a decision not to continue, or not to call a reset done.
type Error struct {
	code  string
	text  string
	cause error
	hints []string
}

// Error says what and why, in one lower-case line.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.text + ": " + e.cause.Error()
	}
	return e.text
}

// Code is the error's name in JSON.
func (e *Error) Code() string { return e.code }

// Hints are what can be done, those of the cause last.
func (e *Error) Hints() []string {
	if inner, is := e.cause.(interface{ Hints() []string }); is {
		return slices.Concat(e.hints, inner.Hints())
	}
	return e.hints
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// The codes.
const (
	CodeUnexpectedUpdate = "unexpected_update"
	CodeUnprovable       = "unprovable"  // the Rack is unreachable, so nobody would see the end
	CodeRolledBack       = "rolled_back" // the old password holds
	CodeNotSettled       = "not_settled" // the stack has the new password, and some web task not yet
	CodeNotFollowed      = "not_followed"
	CodeOvertaken        = "overtaken" // a later update has set another password
	CodeStuck            = "stuck"     // either password may hold
	CodeUnknown          = "unknown"
	CodeNotBegun         = "not_begun"
)

// IsBegun reports whether err says that a reset was started and is not over.
func IsBegun(err error) bool {
	decided, is := errors.AsType[*Error](err)
	return is && slices.Contains([]string{CodeNotSettled, CodeOvertaken, CodeNotFollowed, CodeStuck, CodeUnknown}, decided.code)
}

func unexpectedUpdate(rack cfn.Rack, why string) error {
	return &Error{
		code: CodeUnexpectedUpdate, text: fmt.Sprintf("reset the password of Rack %s: the update would change more than the password: %s", shown(rack), why),
		hints: []string{"the stack has drifted from its template: find out why, and fix it, before anything is updated", "the old password still works"},
	}
}

func unprovable(text string, cause error, hints ...string) error {
	return &Error{code: CodeUnprovable, text: text, cause: cause, hints: hints}
}

func notBegun(rack cfn.Rack) error {
	return &Error{code: CodeNotBegun, text: fmt.Sprintf("Rack %s: the update was not started", shown(rack)), hints: []string{"start again, with a new preview"}}
}

func unknownFate(rack cfn.Rack, cause error) error {
	return &Error{
		code: CodeUnknown, text: fmt.Sprintf("Rack %s: it is not known whether the update has started", shown(rack)), cause: cause,
		hints: []string{pickUp(rack)},
	}
}

func notFollowed(rack cfn.Rack, cause error) error {
	return &Error{
		code: CodeNotFollowed, text: fmt.Sprintf("Rack %s: the update was started, and its end was not seen", shown(rack)), cause: cause,
		hints: []string{pickUp(rack)},
	}
}

func rolledBack(rack cfn.Rack, outcome cfn.Outcome) error {
	return &Error{
		code: CodeRolledBack, text: fmt.Sprintf("reset the password of Rack %s: CloudFormation rolled the update back: %s", shown(rack), reasonOf(outcome)),
		hints: []string{"the old password still holds", "fix what failed, and run this again; the stack's events say more"},
	}
}

func stuck(rack cfn.Rack, outcome cfn.Outcome) error {
	return &Error{
		code: CodeStuck, text: fmt.Sprintf("Rack %s: its stack is stuck in the state %s: %s", shown(rack), shellescape.StripUnsafe(outcome.Status), reasonOf(outcome)),
		hints: []string{
			"look at the stack's events in the CloudFormation console: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html",
			"once the stack is repaired: " + pickUp(rack),
		},
	}
}

func notSettled(rack cfn.Rack, cause error) error {
	return &Error{
		code: CodeNotSettled, text: fmt.Sprintf("Rack %s: its stack has the new password, and not every web task takes it yet", shown(rack)), cause: cause,
		hints: []string{pickUp(rack), "or force a new deployment of the Rack's web service in ECS by hand: " + command(rack) + " --guide"},
	}
}

func overtaken(rack cfn.Rack) error {
	return &Error{
		code: CodeOvertaken, text: fmt.Sprintf("Rack %s: %v, and the new one of this reset doesn't log in", shown(rack), errOvertaken),
		hints: []string{"use the password of the later reset: whoever ran it has it", "or reset it again: " + command(rack)},
	}
}

func pickUp(rack cfn.Rack) string {
	return "continue it: " + command(rack) + ", with the same new password"
}

func command(rack cfn.Rack) string {
	return fmt.Sprintf("convox-travis reset-password %s --region %s", shellescape.Quote(shown(rack)), shellescape.Quote(shellescape.StripUnsafe(rack.Region)))
}

func shown(rack cfn.Rack) string { return shellescape.StripUnsafe(rack.Name) }

func reasonOf(outcome cfn.Outcome) string {
	if outcome.Reason == "" {
		return "AWS gives no reason"
	}
	return outcome.Reason
}

// isKind reports whether AWS failed in this way.
func isKind(err error, kind cfn.ErrorKind) bool {
	failed, is := errors.AsType[*cfn.Error](err)
	return is && failed.Kind == kind
}

func isAWS(err error) bool {
	_, is := errors.AsType[*cfn.Error](err)
	return is
}

// isRefused reports whether AWS has certainly not done what it was told.
func isRefused(err error) bool {
	failed, is := errors.AsType[*cfn.Error](err)
	return is && failed.Definite()
}

// isLasting reports whether an error of AWS doesn't pass by waiting.
func isLasting(err error) bool {
	failed, is := errors.AsType[*cfn.Error](err)
	if !is {
		return err != nil
	}
	return !slices.Contains([]cfn.ErrorKind{
		cfn.KindThrottled, cfn.KindNoAnswer, cfn.KindUnreachable, cfn.KindUnreadable, cfn.KindUnknown, cfn.KindFailed,
	}, failed.Kind)
}

// loginKind is how a login failed, "" where it didn't.
func loginKind(err error) convox.LoginKind {
	if failed, is := errors.AsType[*convox.LoginError](err); is {
		return failed.Kind
	}
	return ""
}
