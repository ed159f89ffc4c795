package tui

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"convox-travis/internal/connect"
	"convox-travis/internal/progress"
	"convox-travis/tui/flow"
)

func TestAWaitCountsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		waits := make(chan progress.Wait, 1)
		f := flow.New(flow.Outside{Waits: waits}, flow.Given{})
		m := newModel(connect.Stop{Soft: ctx, Hard: ctx}, Terminal{Out: &Device{screen: os.Stderr}}, f)
		m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
		for _, s := range f.Searches() {
			go s(ctx, func(u flow.Update) { m.Update(foundMsg{u}) })
		}
		waits <- progress.Wait{Words: func(left time.Duration) string { return "left: " + left.String() }, Until: time.Now().Add(30 * time.Second)}
		synctest.Wait()
		for _, want := range []string{"left: 30s", "left: 25s", "left: 20s"} {
			if lines := strings.Join(m.workLines(), "\n"); !contains(lines, want) {
				t.Errorf("not %q, but %s", want, lines)
			}
			time.Sleep(5 * time.Second)
		}
	})
}
