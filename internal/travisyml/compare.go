package travisyml

import (
	"slices"
	"strings"

	"convox-travis/internal/build"
)

// isSameJob compares everything of two jobs except what a step changes: their deploy and
// after_success, and their stage if there was none.
func isSameJob(was, now build.Job) bool {
	stage := was.Stage
	if stage == "" && now.Stage != "" {
		stage = firstStage
	}
	if was.AllowFailure != now.AllowFailure || !strings.EqualFold(stage, now.Stage) || !slices.Equal(was.Env, now.Env) {
		return false
	}
	kept := func(n *build.Node) []build.Field {
		return slices.DeleteFunc(slices.Clone(n.Fields), func(f build.Field) bool {
			return f.Key == "deploy" || f.Key == "after_success" || f.Key == "stage"
		})
	}
	return sameFields(kept(was.Config), kept(now.Config))
}

func sameFields(a, b []build.Field) bool {
	if len(a) != len(b) {
		return false
	}
	inOrder := func(x, y build.Field) bool { return x.Key == y.Key && sameNode(x.Value, y.Value) }
	if slices.EqualFunc(a, b, inOrder) {
		return true
	}
	byKey := func(x, y build.Field) int { return strings.Compare(x.Key, y.Key) }
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, byKey)
	slices.SortFunc(b, byKey)
	return slices.EqualFunc(a, b, inOrder)
}

// sameNode compares values. A text at the end of the file has no final line break, and
// gets one.
func sameNode(a, b *build.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && strings.TrimRight(a.Text, "\n") == strings.TrimRight(b.Text, "\n") && a.Secure == b.Secure && slices.EqualFunc(a.Items, b.Items, sameNode) && sameFields(a.Fields, b.Fields)
}

// newSteps returns the new steps if all others are unchanged, or only extended.
func newSteps(was, now []build.Step) (added []build.Step, ok bool) {
	next := 0
	for _, step := range now {
		switch {
		case next < len(was) && sameStep(was[next], step):
			next++
		case next < len(was) && extends(was[next], step):
			next++
			added = append(added, step)
		default:
			added = append(added, step)
		}
	}
	return added, next == len(was)
}

func sameStep(a, b build.Step) bool {
	if a.Phase != "deploy" { // whose line breaks break it
		a.Command.Bash, b.Command.Bash = strings.TrimRight(a.Command.Bash, "\n"), strings.TrimRight(b.Command.Bash, "\n")
	}
	return a.Phase == b.Phase && a.When == b.When && a.Failure == b.Failure && a.Condition == b.Condition && a.Relaxed == b.Relaxed &&
		a.Command.Bash == b.Command.Bash && slices.EqualFunc(a.Steps, b.Steps, sameStep)
}

// extends reports whether a text of after_success is another with more lines.
func extends(was, now build.Step) bool {
	return was.Phase == AfterSuccess.String() && now.Phase == was.Phase && len(now.Steps) == 0 &&
		strings.HasPrefix(now.Command.Bash, strings.TrimRight(was.Command.Bash, "\n")+"\n")
}

// newCalls returns the calls that a job didn't make before.
func newCalls(was, now []build.Call) []build.Call {
	return without(now, was, func(a, b build.Call) bool {
		return slices.Equal(a.Args, b.Args) && a.App == b.App && a.Rack == b.Rack && a.Phase == b.Phase && a.OnFailure == b.OnFailure
	})
}

// hasNewMessage reports whether Travis has a message that it didn't have before.
func hasNewMessage(was, now []build.Message) bool {
	return len(without(now, was, func(a, b build.Message) bool {
		return a.Kind == b.Kind && a.Section == b.Section && a.Key == b.Key && a.Instead == b.Instead
	})) > 0
}

// without removes each of some elements once from others.
func without[T any](all, some []T, same func(a, b T) bool) []T {
	left := slices.Clone(some)
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool {
		at := slices.IndexFunc(left, func(other T) bool { return same(one, other) })
		if at >= 0 {
			left = slices.Delete(left, at, at+1)
		}
		return at >= 0
	})
}
