package cfn

import (
	"regexp"
	"strings"
)

// notUpdatable finds a stack's status in the sentence in which CloudFormation
// says that it cannot be updated now.
var notUpdatable = regexp.MustCompile(`\b([A-Z]+(?:_[A-Z]+){1,5}) state and can ?not`)

// understood tells the failures that AWS tells apart by its sentence alone, or
// returns nil. Of a sentence only a status or an action is shown, which have
// shapes of their own.
func understood(code, message string) *Error {
	if found := refusedAction.FindStringSubmatch(message); found != nil {
		return &Error{
			Kind: KindDenied, why: "access denied", missing: []permission{{found[1], "*"}},
			hints: []string{"another account or role: --profile"},
		}
	}
	if found := notUpdatable.FindStringSubmatch(message); found != nil {
		return busy(found[1])
	}
	switch code {
	case "ChangeSetNotFound", "ChangeSetNotFoundException", "ParameterNotFound", "ServiceNotFoundException", "ClusterNotFoundException", "ServiceNotActiveException":
		return missing("it is not there")
	case "InvalidChangeSetStatus", "InvalidChangeSetStatusException":
		return &Error{Kind: KindStale, why: "the change set cannot be used any more", hints: []string{"begin again"}}
	case "InsufficientCapabilities", "InsufficientCapabilitiesException":
		return &Error{Kind: KindFailed, why: "the stack's template needs more capabilities than the stack names", hints: []string{"look at the stack's template for transforms and nested stacks"}}
	case "ValidationError", "ClientException":
		if changesNothing(message) {
			return unchanged()
		}
		if strings.Contains(message, "does not exist") || strings.Contains(message, "Unable to describe task definition") {
			return missing("it is not there")
		}
	}
	return nil
}

// changesNothing knows the sentences in which CloudFormation says that an update
// would do nothing. There is no code for it.
func changesNothing(message string) bool {
	return strings.Contains(message, "didn't contain changes") || strings.Contains(message, "No updates are to be performed")
}

func unchanged() *Error {
	return &Error{
		Kind: KindUnchanged, why: "the Rack has this password already",
		hints: []string{"log in with it; where the Rack refuses it, its web service has to be restarted"},
	}
}

func missing(why string) *Error { return &Error{Kind: KindMissing, why: why} }

func busy(status string) *Error {
	e := &Error{Kind: KindBusy, why: "its stack is in the state " + shown(status)}
	switch {
	case inProgress(status):
		e.hints = []string{"wait until it has ended: nothing is changed while another change runs"}
	default:
		e.hints = []string{"repair the stack first, in the CloudFormation console: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html"}
	}
	return e
}
