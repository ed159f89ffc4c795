package reset

import (
	"errors"
	"slices"

	"convox-travis/cfn"
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

// failed makes the error of a reset. Its Detail has the Rack.
func failed(rack cfn.Rack, code, reason string, cause error, hints ...string) error {
	if cause != nil {
		reason += ": " + cause.Error()
	}
	return &problem.Error{
		Code: code, Action: "reset the password of", Object: "Rack " + rack.Name, Reason: reason, Cause: cause, Hints: hints, Detail: cfn.Detail{Rack: rack},
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
		append(outcome.Hints, "fix what failed, and run this again; the stack's events say more", "the old password still holds")...)
}

func reasonOf(outcome cfn.Outcome) string {
	if outcome.Reason == "" {
		return "AWS gives no reason"
	}
	return outcome.Reason
}

// isLasting reports whether an error of AWS doesn't pass by waiting.
func isLasting(err error) bool {
	isPassing := problem.Has(err, cfn.CodeThrottled, cfn.CodeNoAnswer, cfn.CodeUnreachable, cfn.CodeUnreadable, cfn.CodeUnknown) ||
		problem.Has(err, cfn.CodeFailed) && !cfn.Definite(err)
	return err != nil && !isPassing
}

// joined is errors.Join that leaves a single error as it is.
func joined(one, other error) error {
	switch {
	case one == nil:
		return other
	case other == nil:
		return one
	}
	return errors.Join(one, other)
}
