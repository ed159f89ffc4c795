package main

import (
	"time"

	"convox-travis/internal/reset"
)

// The documents that reset-password --json prints: one at the end; with
// --json=lines an event a line before it.
type (
	resetDocument struct {
		Version int                  `json:"version"`
		Event   string               `json:"event,omitempty"` // "end", among lines
		Result  string               `json:"result"`
		Rack    string               `json:"rack"`
		Region  string               `json:"region"`
		Host    string               `json:"host"`
		Phase   string               `json:"phase"`  // how far it came
		Status  string               `json:"status"` // of the stack, where it is known
		Verdict *string              `json:"verdict"`
		Changes list[changeDocument] `json:"changes"`
		Where   *string              `json:"where"` // the new password is, in words, once the update may have begun
		Left    *messageDocument     `json:"left"`  // what could not be taken away
		Error   *messageDocument     `json:"error"`
	}
	changeDocument struct {
		Resource    string `json:"resource"`
		Type        string `json:"type"`
		Action      string `json:"action"`
		Replacement string `json:"replacement"`
	}
	previewDocument struct {
		Event   string               `json:"event"`
		Verdict *string              `json:"verdict"`
		Why     list[string]         `json:"why"`
		Changes list[changeDocument] `json:"changes"`
	}
	resetEventDocument struct {
		Event    string `json:"event"` // "stack", "restart", "login" or "step"
		Phase    string `json:"phase"`
		Done     int    `json:"done"`
		Of       int    `json:"of"`
		Message  string `json:"message"`
		Resource string `json:"resource,omitempty"`
		Type     string `json:"type,omitempty"`
		Status   string `json:"status,omitempty"`
		Reason   string `json:"reason,omitempty"`
		At       string `json:"at,omitempty"`
	}
)

func changesOf(plan *reset.Plan) (verdict *string, changes []changeDocument) {
	if plan == nil {
		return nil, changes
	}
	word := "unchanged" // the stack has the password already
	if plan.Preview == nil {
		return &word, changes
	}
	for _, c := range plan.Preview.Changes {
		changes = append(changes, changeDocument{c.LogicalID, c.Type, c.Action, c.Replacement})
	}
	word = string(plan.Preview.Verdict)
	return &word, changes
}

func previewOf(plan reset.Plan) previewDocument {
	document := previewDocument{Event: "preview"}
	document.Verdict, document.Changes = changesOf(&plan)
	if plan.Preview != nil {
		document.Why = plan.Preview.Why
	}
	return document
}

func eventOf(e reset.Event) resetEventDocument {
	document := resetEventDocument{Event: "step", Phase: string(e.Phase), Done: e.Done, Of: e.Of, Message: e.Words}
	switch {
	case e.Stack != nil:
		document.Event, document.Resource, document.Type = "stack", e.Stack.LogicalID, e.Stack.Type
		document.Status, document.Reason, document.At = e.Stack.Status, e.Stack.Reason, e.Stack.At.UTC().Format(time.RFC3339)
	case e.Deployment != nil:
		document.Event = "restart"
	case e.Turn != nil:
		document.Event = "login"
	}
	return document
}

func (d *resetDocument) end(h head, err *messageDocument) {
	d.Version, d.Result, d.Error = h.Version, h.Result, err
}

func (d *resetDocument) items() []any {
	d.Event = "end"
	return []any{d}
}

func (s *resetPresenter) document(report reset.Report) *resetDocument {
	d := &resetDocument{
		Rack: s.o.rack, Region: s.found.Rack.Region, Host: s.found.Host.String(),
		Phase: string(report.Phase), Status: report.Status, Left: errorOf(report.Left),
	}
	if report.Where != "" && !report.OldHolds() {
		d.Where = &report.Where
	}
	d.Verdict, d.Changes = changesOf(s.plan)
	return d
}
