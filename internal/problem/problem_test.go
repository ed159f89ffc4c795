package problem_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"convox-travis/internal/problem"
)

func TestAnErrorIsOneLine(t *testing.T) {
	for _, c := range []struct {
		err  problem.Error
		want string
	}{
		{problem.Error{Action: "log in to", Object: "rack.example", Reason: "it isn't a Rack"}, "log in to rack.example: it isn't a Rack"},
		{problem.Error{Action: "read the clone", Reason: "git failed"}, "read the clone: git failed"},
		{problem.Error{Object: "acme/api", Cause: io.EOF}, "acme/api: EOF"},
		{problem.Error{Action: "read", Object: "x", Reason: "it is too large", Cause: io.EOF}, "read x: it is too large"},
		{problem.Error{Reason: "not inside a git clone"}, "not inside a git clone"},
		{problem.Error{Action: "stopped"}, "stopped"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestTheOuterErrorNamesTheCodeAndEachHasItsHints(t *testing.T) {
	inner := &problem.Error{Code: "denied", Hints: []string{"ask an owner", "look"}, Detail: 403}
	outer := &problem.Error{Code: "stopped", Cause: fmt.Errorf("acme/api: %w", inner), Hints: []string{"look"}}
	err := errors.Join(io.EOF, fmt.Errorf("run: %w", outer))

	if got := problem.Code(err); got != "stopped" {
		t.Errorf("the code is %q", got)
	}
	if problem.Code(io.EOF) != "" || problem.Of(io.EOF) != nil {
		t.Error("another error has a code")
	}
	if !problem.Has(err, "denied") || !problem.Has(err, "lost", "stopped") || problem.Has(err, "lost") {
		t.Error("Has doesn't find the codes of the chain")
	}
	if status, is := problem.Detail[int](err); !is || status != 403 {
		t.Errorf("the detail is %d, %t", status, is)
	}
	if _, is := problem.Detail[string](err); is {
		t.Error("a detail of another type was found")
	}
	table := problem.Hints{
		"stopped": problem.Say("run the same command again"),
		"denied":  func(e *problem.Error) []string { return []string{fmt.Sprint("status ", e.Detail)} },
	}
	if got, want := table.Of(err), []string{"look", "run the same command again", "ask an owner", "status 403"}; !slices.Equal(got, want) {
		t.Errorf("the hints are %q, want %q", got, want)
	}
}
