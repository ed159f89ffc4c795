package connect_test

import (
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/connect"
)

func TestTheSameWarningOfManyRepositoriesIsOne(t *testing.T) {
	w, targets := many(t, 12, public("h", "CONVOX_HOST", "x", ""))
	plan := w.planFor(append(targets, connect.Target{Slug: slug}))
	plan.Warnings = append(plan.Warnings, connect.Warning{Code: "of the run", Message: "one"}, connect.Warning{Code: "of the run", Message: "another"})
	var said []string
	for _, group := range connect.GroupWarnings(plan.AllWarnings()) {
		said = append(said, group.String())
	}
	names := "12 repositories (acme/r00, acme/r01, acme/r02, acme/r03 and 8 more): "
	want := "one\nanother\n" + names + "CONVOX_HOST is replaced; the old value can't be restored\n" + names + "CONVOX_HOST is public; it becomes private"
	if got := strings.Join(said, "\n"); got != want {
		t.Errorf("it says\n%s", got)
	}
}

func TestAWarningOfOneRepositoryNamesIt(t *testing.T) {
	target := connect.Target{Provider: "gitlab", Slug: "a/b"}
	groups := connect.GroupWarnings([]connect.Warning{{Target: target, Message: "this"}, {Message: "that"}, {Target: target, Message: "that", Hint: "do it"}})
	if got := fmt.Sprint(groups[0], "; ", groups[1], "; ", groups[2]); got != "gitlab a/b: this; that; gitlab a/b: that" {
		t.Errorf("it says %s", got)
	}
}
