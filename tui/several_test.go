package tui

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"convox-travis/internal/connect"
	"convox-travis/tui/flow"
)

func (m *model) type_(keys string) {
	for _, key := range keys {
		m.Update(tea.KeyPressMsg{Code: key, Text: string(key)})
	}
}

var markAll = tea.KeyPressMsg{Code: 'a', Mod: tea.ModCtrl}

func TestAllThatIsShownIsMarkedAndTaken(t *testing.T) {
	m := atRepositories(t, 10_000)
	m.type_("acme/")
	m.look()
	m.Update(markAll)
	if screen := m.screen(); !contains(screen, "10,000 of 10,000 · ↓ 9,957 more · 10,000 marked") || !contains(screen, "[x] acme/service-00000") || !contains(screen, "space unmark · ctrl+a mark all") {
		t.Errorf("the screen is\n%s", screen)
	}
	m.Update(enter)
	if got := m.flow.Busy(); got != "reading the Travis settings of 10,000 repositories" {
		t.Errorf("it is %s", got)
	}
	m = atRepositories(t, 30)
	m.type_("00020")
	m.look()
	m.Update(tea.KeyPressMsg{Code: tea.KeySpace, Text: " "})
	m.Update(enter)
	if got := m.flow.Busy(); got != "asking Travis about acme/service-00020" {
		t.Errorf("with one marked it is %s", got)
	}
}

// plainRows are those of a list in plain lines, the last of which is picked by
// itself.
func plainRows() flow.Question {
	q := flow.Question{Kind: flow.Pick, Several: true, Initial: flow.Value{Key: "acme/web"}}
	for _, name := range []string{"acme/web", "acme/api", "acme/locked", "globex/acme", "acme/website"} {
		q.Rows = append(q.Rows, flow.Row{Key: name, Cells: []string{name, "github"}})
	}
	q.Rows[2].Disabled = "you may not write its settings"
	q.Rows = append(q.Rows, flow.Row{Key: "gitlab acme/api", Cells: []string{"acme/api", "gitlab"}}, flow.Row{Key: "type", Cells: []string{"type a name"}, Other: true})
	return q
}

func TestSeveralArePickedInPlainLines(t *testing.T) {
	for input, want := range map[string]struct {
		value flow.Value
		says  string
	}{
		"":                          {value: flow.Value{Key: "acme/web"}},
		"4":                         {value: flow.Value{Key: "globex/acme"}},
		"acme/website":              {value: flow.Value{Key: "acme/website"}},
		"type a name":               {value: flow.Value{Key: "type"}},
		"1-5":                       {value: flow.Value{Key: "acme/web", Keys: []string{"acme/web", "acme/api", "globex/acme", "acme/website"}}, says: "4 picked: acme/web, acme/api, globex/acme, acme/website"},
		"4, 1 acme/website 1":       {value: flow.Value{Key: "globex/acme", Keys: []string{"globex/acme", "acme/web", "acme/website"}}, says: "3 picked"},
		"ALL":                       {value: flow.Value{Key: "acme/web", Keys: []string{"acme/web", "acme/api", "globex/acme", "acme/website", "gitlab acme/api"}}, says: "5 picked"},
		"acme/\nall":                {value: flow.Value{Key: "acme/web", Keys: []string{"acme/web", "acme/api", "acme/website", "gitlab acme/api"}}, says: "4 picked"},
		"acme/\n1-2":                {value: flow.Value{Key: "acme/web", Keys: []string{"acme/web", "acme/api"}}, says: "2 picked"},
		"1 2 7":                     {value: flow.Value{Key: "type", Keys: []string{"acme/web", "acme/api"}}},
		"3\n1":                      {value: flow.Value{Key: "acme/web"}, says: "error: acme/locked cannot be picked: you may not write its settings"},
		"1 nonsense\n1":             {value: flow.Value{Key: "acme/web"}, says: "error: nonsense is neither a number nor a name here"},
		"1-9\n1":                    {value: flow.Value{Key: "acme/web"}, says: "error: 1-9 is not within 1 and 7"},
		"0\n1":                      {value: flow.Value{Key: "acme/web"}, says: "error: 0 is not within"},
		"1 acme/api\n1":             {value: flow.Value{Key: "acme/web"}, says: "error: 2 are called acme/api: answer with the number"},
		"acme/api\n2":               {value: flow.Value{Key: "gitlab acme/api"}, says: "2  acme/api, gitlab"},
		"zzz\n1":                    {value: flow.Value{Key: "acme/web"}, says: "error: nothing is called like that\nhint: what is not listed: 7, type a name"},
		"locked\nall\nacme/web":     {value: flow.Value{Key: "acme/web"}, says: "error: all: none of these can be picked"},
		"web\n2":                    {value: flow.Value{Key: "acme/website"}, says: "2  acme/website"},
		"1-2-3\nacme/web, acme/web": {value: flow.Value{Key: "acme/web"}, says: "error: nothing is called like that"},
	} {
		var out bytes.Buffer
		p := &plain{stop: connect.Stop{Soft: t.Context(), Hard: t.Context()}, out: &out, in: newLineReader(Input{Reader: strings.NewReader(input + "\n")})}
		value, err := p.pick(plainRows())
		if err != nil || value.Key != want.value.Key || !slices.Equal(value.Keys, want.value.Keys) || !strings.Contains(out.String(), want.says) {
			t.Errorf("%q: %+v, %v\n%s", input, value, err, out.String())
		}
	}
}

func TestWhatWasPickedBeforeIsOfferedInPlainLines(t *testing.T) {
	q := plainRows()
	q.Initial = flow.Value{Key: "acme/web", Keys: []string{"acme/web", "globex/acme"}}
	var out bytes.Buffer
	p := &plain{stop: connect.Stop{Soft: t.Context(), Hard: t.Context()}, out: &out, in: newLineReader(Input{Reader: strings.NewReader("\n")})}
	value, err := p.pick(q)
	if err != nil || !slices.Equal(value.Keys, q.Initial.Keys) || !strings.Contains(out.String(), "[the 2 from before]") {
		t.Errorf("%+v, %v: %s", value, err, out.String())
	}
}

func TestWhatIsNotListedCanBeTypedBelowALongList(t *testing.T) {
	q := flow.Question{Kind: flow.Pick, Several: true}
	for i := range 31 {
		q.Rows = append(q.Rows, flow.Row{Key: fmt.Sprint(i), Cells: []string{fmt.Sprint("acme/r", i)}})
	}
	q.Rows = append(q.Rows, flow.Row{Key: "type", Cells: []string{"type a name"}, Other: true})
	var out bytes.Buffer
	p := &plain{stop: connect.Stop{Soft: t.Context(), Hard: t.Context()}, out: &out, in: newLineReader(Input{Reader: strings.NewReader("32\n")})}
	value, err := p.pick(q)
	if err != nil || value.Key != "type" || !strings.Contains(out.String(), "  20  acme/r19\n  … and 11 more of 31\n  32  type a name\n") {
		t.Errorf("%+v, %v: %s", value, err, out.String())
	}
}

// A name that matches nothing needs no typing twice.
func TestAFilterThatMatchesNothingIsTheNameToEnter(t *testing.T) {
	m := atRepositories(t, 30)
	m.type_("acme/unlisted")
	m.look()
	m.Update(enter)
	m.look()
	if screen := m.screen(); m.step != flow.StepSlug || !contains(screen, "acme/unlisted") {
		t.Errorf("at %s, the screen is\n%s", m.step, screen)
	}
}
