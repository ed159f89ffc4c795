package tui

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/tui/flow"
)

// What arrives can move the cursor just before Enter is pressed.
func TestAnEnterIsNotForARowThatOnlyJustCameUnderTheCursor(t *testing.T) {
	f := flow.New(flow.Outside{
		Racks: func(_ context.Context, _ string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
			deliver(cfn.RegionResult{Region: "us-east-1", Of: 1, Racks: []cfn.Rack{{Name: "production", Region: "us-east-1", Host: "rack.example.com"}}})
			return cfn.Summary{}, nil
		},
	}, flow.Given{SignIn: flow.ByRack})
	m := newModel(connect.Stop{Soft: t.Context(), Hard: t.Context()}, Terminal{Out: &Device{screen: os.Stderr}}, f)
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	m.ctx, m.send = t.Context(), func(tea.Msg) {}
	searches := f.Searches()
	m.refresh()
	for _, s := range searches {
		s(t.Context(), func(u flow.Update) { m.Update(foundMsg{u}) })
	}
	if screen := m.screen(); !contains(screen, "› production") {
		t.Fatalf("the screen is\n%s", screen)
	}
	m.Update(enter)
	if step, _ := f.Step(); step != flow.StepRack {
		t.Fatalf("it is at %s", step)
	}
	m.View()
	m.terminal.Out.writes.Add(1)
	m.Update(enter)
	if step, _ := f.Step(); step != flow.StepRack {
		t.Fatalf("though it was drawn, it is at %s", step)
	}
	m.look()
	m.Update(enter)
	if step, _ := f.Step(); step == flow.StepRack {
		t.Error("an Enter after a look is not taken")
	}
}

// The rows can arrive before what is shown below them, and the screen has no more
// lines than the terminal.
func TestTheHeaderStaysWhenRowsArrive(t *testing.T) {
	var racks []cfn.Rack
	for i := range 20 {
		racks = append(racks, cfn.Rack{Name: fmt.Sprint("rack", i), Region: "us-east-1", Host: strings.Repeat(strings.Repeat("a", 50)+".", 3) + "example.com", Status: "UPDATE_COMPLETE"})
	}
	for _, height := range []int{12, 24} {
		f := flow.New(flow.Outside{
			Racks: func(_ context.Context, _ string, deliver func(cfn.RegionResult)) (cfn.Summary, error) {
				deliver(cfn.RegionResult{Region: "us-east-1", Of: 1, Racks: racks})
				return cfn.Summary{}, nil
			},
		}, flow.Given{SignIn: flow.ByRack})
		m := newModel(connect.Stop{Soft: t.Context(), Hard: t.Context()}, Terminal{Out: &Device{screen: os.Stderr}}, f)
		m.Update(tea.WindowSizeMsg{Width: 80, Height: height})
		m.ctx, m.send = t.Context(), func(tea.Msg) {}
		searches := f.Searches()
		m.refresh()
		for _, s := range searches {
			s(t.Context(), func(u flow.Update) { m.Update(foundMsg{u}) })
		}
		if screen := m.screen(); m.isCut || !contains(screen, "convox-travis") || !contains(screen, "› rack") {
			t.Errorf("at %d lines the screen is\n%s", height, screen)
		}
	}
}

func TestADefaultThatIsFoundLateMovesNoCursorThatAPersonMoved(t *testing.T) {
	for _, isMoved := range []bool{false, true} {
		f := flow.New(flow.Outside{
			Saved: func(context.Context, ...convox.Host) ([]convox.SavedLogin, error) {
				return make([]convox.SavedLogin, 1), nil
			},
		}, flow.Given{})
		m := newModel(connect.Stop{Soft: t.Context(), Hard: t.Context()}, Terminal{Out: &Device{screen: os.Stderr}}, f)
		searches := f.Searches()
		m.refresh()
		if isMoved {
			m.Update(tea.KeyPressMsg{Code: tea.KeyUp})
			m.Update(down)
		}
		for _, s := range searches {
			s(t.Context(), func(u flow.Update) { m.Update(foundMsg{u}) })
		}
		if want := map[bool]int{false: 0, true: 1}[isMoved]; m.picture().focus != want {
			t.Errorf("moved %t: the cursor is at %v", isMoved, m.picture().focus)
		}
	}
}
