package field_test

import (
	"slices"
	"strings"
	"testing"

	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

func owned() []flow.Row {
	rows := []flow.Row{{Key: "t", Cells: []string{"type a name"}, Other: true}}
	for _, name := range []string{"acme/web", "acme/api", "ac-media/me", "Acme/Docs", "globex/acme"} {
		rows = append(rows, flow.Row{Key: name, Cells: []string{name}})
	}
	return append(rows, flow.Row{Key: "acme/secret", Cells: []string{"acme/secret"}, Disabled: "you may not write its settings"})
}

func ownedList() *field.List {
	l := field.NewList(field.NewTheme(true, field.Glyphs{}), true, nil)
	l.SetRows(owned())
	return sized(l, 80, 24)
}

func TestAllOfAnOwnerAreMarked(t *testing.T) {
	l := ownedList()
	press(t, l, "acme/", "ctrl+a")
	sees(t, l,
		"Filter: acme/▏",
		"› [x] acme/web",
		"  [x] acme/api",
		"  [x] Acme/Docs",
		"      acme/secret  × you may not write its settings",
		"      type a name",
		"  4 of 6 · 3 marked")
	press(t, l, "esc", "globex", "space")
	if !slices.Equal(l.Marked(), []string{"acme/web", "acme/api", "Acme/Docs", "globex/acme"}) {
		t.Errorf("marked are %q", l.Marked())
	}
	if got := seen(l); !strings.HasSuffix(got, "  1 of 6 · 4 marked, 3 hidden by the filter") {
		t.Errorf("seen:\n%s", got)
	}
	press(t, l, "ctrl+a")
	if n := len(l.Marked()); n != 3 {
		t.Errorf("%d are marked when those that are shown were unmarked", n)
	}
	press(t, l, "esc", "ctrl+a")
	if n := len(l.Marked()); n != 5 {
		t.Errorf("%d are marked of all", n)
	}
	press(t, l, "ctrl+a")
	if l.Marked() != nil || strings.Contains(seen(l), "marked") {
		t.Errorf("marked are %q", l.Marked())
	}
}

func TestAnOwnerOfNothingIsAFilterLikeAnyOther(t *testing.T) {
	l := ownedList()
	press(t, l, "globe/")
	sees(t, l, "Filter: globe/▏", "› [ ] globex/acme", "      type a name", "  1 of 6")
	press(t, l, "acme")
	sees(t, l, "Filter: globe/acme▏", "› [ ] globex/acme", "      type a name", "  1 of 6")
}

func TestAnotherAnswerIsNotMarked(t *testing.T) {
	l := ownedList()
	press(t, l, "end")
	if does(l, "space") != "" || does(l, "ctrl+a") == "" {
		t.Errorf("%+v", l.Keys())
	}
	press(t, l, "space")
	if got := seen(l); l.Marked() != nil || !strings.Contains(got, "›     type a name") || !refuses(l, "can't be marked") {
		t.Errorf("seen:\n%s", got)
	}
	if !press(t, l, "enter") || !slices.Equal(chosen(l), []string{"t"}) {
		t.Errorf("Enter takes %q", chosen(l))
	}
	if press(t, list(80, 24, false, owned()), "ctrl+a"); l.Marked() != nil {
		t.Error("a row of a list for one was marked")
	}
}

func BenchmarkListMarkAll(b *testing.B) {
	l := list(200, 60, true, repositories(10000))
	b.ReportAllocs()
	for b.Loop() { // two keys an iteration: all, and none
		press(b, l, "ctrl+a")
		l.View()
		press(b, l, "ctrl+a")
		l.View()
	}
}
