package reset

import (
	"errors"
	"slices"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
)

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
	return slices.Contains([]string{CodeNotSettled, CodeOvertaken, CodeNotFollowed, CodeStuck, CodeUnknown}, problem.Code(err))
}

// failed makes the error of a reset. Its Detail is the Rack.
func failed(rack cfn.Rack, code, reason string, cause error, hints ...string) error {
	if cause != nil {
		reason += ": " + cause.Error()
	}
	return &problem.Error{
		Code: code, Action: "reset the password of", Object: "Rack " + shown(rack), Reason: reason, Cause: cause, Hints: hints, Detail: rack,
	}
}

func unknownFate(rack cfn.Rack, cause error) error {
	return failed(rack, CodeUnknown, "it is not known whether the update has started", cause)
}

func notFollowed(rack cfn.Rack, cause error) error {
	return failed(rack, CodeNotFollowed, "the update was started, and its end was not seen", cause)
}

func rolledBack(rack cfn.Rack, outcome cfn.Outcome) error {
	return failed(rack, CodeRolledBack, "CloudFormation rolled the update back: "+reasonOf(outcome), nil,
		"fix what failed, and run this again; the stack's events say more", "the old password still holds")
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
	e, is := errors.AsType[*cfn.Error](err)
	return is && e.Kind == kind
}

func isAWS(err error) bool {
	_, is := errors.AsType[*cfn.Error](err)
	return is
}

// isRefused reports whether AWS has certainly not done what it was told.
func isRefused(err error) bool {
	e, is := errors.AsType[*cfn.Error](err)
	return is && e.Definite()
}

// isLasting reports whether an error of AWS doesn't pass by waiting.
func isLasting(err error) bool {
	e, is := errors.AsType[*cfn.Error](err)
	if !is {
		return err != nil
	}
	return !slices.Contains([]cfn.ErrorKind{
		cfn.KindThrottled, cfn.KindNoAnswer, cfn.KindUnreachable, cfn.KindUnreadable, cfn.KindUnknown, cfn.KindFailed,
	}, e.Kind)
}

// loginKind is how a login failed, "" where it didn't.
func loginKind(err error) convox.LoginKind {
	if e, is := errors.AsType[*convox.LoginError](err); is {
		return e.Kind
	}
	return ""
}
