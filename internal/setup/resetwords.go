package setup

import (
	"fmt"
	"strings"

	"convox-travis/cfn"
)

// Table lists what an update would change, the heading first.
func (p ResetPlan) Table() []string {
	if p.Preview == nil {
		return nil
	}
	widest := len("resource")
	for _, change := range p.Preview.Changes {
		widest = max(widest, len(change.LogicalID))
	}
	row := func(resource, action, replaced string) string {
		return strings.TrimRight(fmt.Sprintf("%-*s  %-6s  %s", widest, resource, action, replaced), " ")
	}
	table := []string{row("resource", "action", "replaced")}
	for _, change := range p.Preview.Changes {
		replaced := map[string]string{"True": "yes", "False": "no", "Conditional": "perhaps"}[change.Replacement]
		table = append(table, row(change.LogicalID, strings.ToLower(change.Action), replaced))
	}
	return table
}

// Judgement says in plain words what the changes amount to.
func (p ResetPlan) Judgement() string {
	switch {
	case p.Preview == nil:
		return "The stack has this password already: nothing is updated, and the web service is started anew where it still takes the old one."
	case p.Preview.Verdict == cfn.Unexpected:
		return "Not as expected: nothing is done before it is known why the stack differs from its template."
	case p.Preview.Verdict == cfn.InstancesReplaced:
		return "As expected, and every instance is replaced, one by one."
	}
	return "As expected: the password, where it is stored and used."
}
