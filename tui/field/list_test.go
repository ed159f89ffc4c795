package field_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"convox-travis/tui/field"
)

func repositories(n int) []field.Row {
	rows := make([]field.Row, n)
	for i := range rows {
		name := fmt.Sprintf("acme/service-%05d", i)
		rows[i] = field.Row{Key: name, Cells: []string{name, "github"}}
	}
	return rows
}

func racks() []field.Row {
	return []field.Row{
		{Key: "1", Cells: []string{"production", "us-east-1", "production.example-123456.us-east-1.convox.site"}},
		{Key: "2", Cells: []string{"漢字", "eu-west-1", "rack.example"}, Note: "white list"},
		{Key: "3", Cells: []string{"staging", "eu-west-1", ""}, Disabled: "its API is private, and Travis cannot reach it"},
	}
}

func list(width, height int, multi bool, rows []field.Row) *field.List {
	l := field.NewList(field.NewTheme(true), field.ListOptions{Multi: multi, Empty: "no Rack was found"})
	l.SetRows(rows)
	return sized(l, width, height)
}

func TestAListIsSeenInEverySize(t *testing.T) {
	l := list(80, 24, false, racks())
	sees(t, l,
		"/  type to filter",
		"› production  us-east-1  production.example-123456.…",
		"  漢字        eu-west-1  rack.example                 white list",
		"  staging     eu-west-1                               × its API is private, and…",
		"  3 in all")
	sees(t, sized(l, 40, 12),
		"/  type to filter",
		"› production  us-east-1",
		"  漢字        eu-west-1  white list",
		"  staging     eu-west-1  × its API is p…",
		"  3 in all")
	sees(t, sized(l, 200, 60),
		"/  type to filter",
		"› production  us-east-1  production.example-123456.us-east-1.convox.site",
		"  漢字        eu-west-1  rack.example                                     white list",
		"  staging     eu-west-1                                                   × its API is private, and Travis cannot reach it",
		"  3 in all")
}

func TestAListSaysThatItIsEmpty(t *testing.T) {
	l := list(40, 12, false, nil)
	sees(t, l, "  no Rack was found")
	if press(t, l, "enter") || len(l.Keys()) > 0 {
		t.Error("there was something to take")
	}
	l.Busy("searching 17 regions")
	sees(t, l, "  searching 17 regions")
	press(t, l, "prod")
	sees(t, l, "/ prod", "  searching 17 regions")
	l.SetRows(racks())
	sees(t, l, "/ prod", "› production  us-east-1  production.exa…", "  1 of 3 · searching 17 regions")
	press(t, l, " zz")
	sees(t, l, "/ prod zz", "  nothing matches", "  0 of 3 · searching 17 regions")
	if press(t, l, "enter") {
		t.Error("there was something to take")
	}
}

func TestAListCountsNothingBeforeTheFirstArrives(t *testing.T) {
	other := field.Row{Key: "type", Cells: []string{"type a name"}, Other: true}
	l := list(40, 12, false, []field.Row{other})
	l.Busy("reading the list")
	sees(t, l, "/  type to filter", "› type a name", "  reading the list")
	l.SetRows(append(racks()[:1], other))
	sees(t, l, "/  type to filter", "  production   us-east-1  production.ex…", "› type a name", "  1 so far · reading the list")
	l.Busy("")
	l.SetRows([]field.Row{other})
	sees(t, l, "/  type to filter", "› type a name", "  0 in all")
}

func TestTheCursorMovesWithinTheList(t *testing.T) {
	l := list(40, 12, false, repositories(10000))
	for keys, want := range map[string]string{
		"up": "00000", "down down up": "00001", "end": "09999", "end down": "09999", "pgdown": "00009",
		"pgdown pgdown pgup": "00009", "end pgup": "09990", "end home": "00000",
	} {
		press(t, l, "home")
		press(t, l, strings.Fields(keys)...)
		if got, ok := l.Selected(); !ok || got != "acme/service-"+want {
			t.Errorf("%s led to %s", keys, got)
		}
		if !strings.Contains(seen(l), "› acme/service-"+want) {
			t.Errorf("%s: the cursor is not seen:\n%s", keys, seen(l))
		}
	}
	press(t, l, "end")
	if got := seen(l); !strings.HasSuffix(got, "› acme/service-09999  github\n  10,000 in all") {
		t.Errorf("the end is\n%s", got)
	}
	press(t, l, "up", "up")
	if got := seen(l); !strings.Contains(got, "› acme/service-09997  github\n  acme/service-09998  github\n  acme/service-09999") {
		t.Errorf("the window moved before the cursor left it:\n%s", got)
	}
}

func TestTypingFilters(t *testing.T) {
	rows := append(repositories(9997), field.Row{Key: "w", Cells: []string{"acme/web"}},
		field.Row{Key: "l", Cells: []string{"LegacyWebsite"}}, field.Row{Key: "s", Cells: []string{"other", "awkweb"}})
	l := list(40, 12, false, rows)
	press(t, l, "down", "WEB")
	sees(t, l, "/ WEB", "› acme/web", "  LegacyWebsite", "  other          awkweb", "  3 of 10,000")
	press(t, l, "down", "backspace", "backspace", "backspace", "up", "down")
	if got, _ := l.Selected(); got != "w" || l.TakesEscape() {
		t.Errorf("without a filter the cursor is on %s", got)
	}
	paste(l, " acme \x1b web\n")
	sees(t, l, "/ acme  web", "› acme/web", "  1 of 10,000")
	if !l.TakesEscape() || does(l, "esc") == "" {
		t.Error("esc is not taken")
	}
	press(t, l, "esc")
	if got, _ := l.Selected(); got != "w" || l.TakesEscape() || !strings.Contains(seen(l), "› acme/web") {
		t.Errorf("after esc the cursor is on %s", got)
	}
	paste(l, strings.Repeat("x", 300))
	if !refuses(l, "that is too long to look for") {
		t.Error("a paste was dropped in silence")
	}
}

func TestRowsThatArriveLeaveTheCursorOnItsRow(t *testing.T) {
	for _, filter := range []string{"", "service"} {
		all := repositories(300)
		l := list(40, 12, true, all[100:150])
		press(t, l, filter, "down", "down", "down", "space")
		at := func() (key string, line int) {
			key, _ = l.Selected()
			return key, slices.IndexFunc(strings.Split(seen(l), "\n"), func(line string) bool { return strings.HasPrefix(line, "›") })
		}
		key, line := at()
		for _, rows := range [][]field.Row{all[50:150], all[50:300], all} {
			l.SetRows(rows)
			if gotKey, gotLine := at(); gotKey != key || gotLine != line {
				t.Errorf("with %d rows and filter %q: from %s in line %d to %s in line %d", len(rows), filter, key, line, gotKey, gotLine)
			}
		}
		if marked := l.Marked(); len(marked) != 1 || marked[0] != key {
			t.Errorf("marked are %q", marked)
		}
		l.SetRows(all[:60])
		if _, ok := l.Selected(); !ok || len(l.Marked()) > 0 {
			t.Error("a row that went away is chosen, or none")
		}
		l.SetRows(all)
		if marked := l.Marked(); len(marked) != 1 || marked[0] != key {
			t.Errorf("a mark was lost: %q", marked)
		}
	}
}

func TestARowIsPreselectedWhenItArrives(t *testing.T) {
	all := repositories(100)
	l := list(40, 12, false, all[:10])
	l.Select(all[50].Key)
	l.SetRows(all)
	if got, _ := l.Selected(); got != all[50].Key || !strings.Contains(seen(l), "› "+all[50].Key) {
		t.Errorf("%s is preselected", got)
	}
	l = list(40, 12, false, all[:10])
	l.Select(all[50].Key)
	press(t, l, "down")
	l.SetRows(all)
	if got, _ := l.Selected(); got != all[1].Key {
		t.Errorf("a person's cursor was moved to %s", got)
	}
}

func TestSpaceMarksRows(t *testing.T) {
	l := list(80, 24, true, racks())
	if does(l, "space") != "mark" || !press(t, l, "enter") || !slices.Equal(chosen(l), []string{"1"}) {
		t.Errorf("without marks Enter takes %q", chosen(l))
	}
	press(t, l, "down", "space", "up", "space", "space", "end", "space")
	sees(t, l,
		"/  type to filter",
		"  [ ] production  us-east-1  production.example-12345…",
		"  [x] 漢字        eu-west-1  rack.example               white list",
		"›     staging     eu-west-1                             × its API is private, a…",
		"  3 in all · 1 marked")
	if !refuses(l, "cannot be chosen: its API is private") {
		t.Error("nothing says why")
	}
	if !press(t, l, "enter") || !slices.Equal(chosen(l), []string{"2"}) || !slices.Equal(l.Marked(), []string{"2"}) {
		t.Errorf("Enter takes %q", chosen(l))
	}
	press(t, l, "up")
	if does(l, "space") != "unmark" || !strings.HasSuffix(seen(l), "  3 in all · 1 marked") {
		t.Errorf("seen:\n%s", seen(l))
	}
	l = list(80, 24, true, nil)
	l.Mark("1", "3", "9")
	l.SetRows(racks())
	if !slices.Equal(l.Marked(), []string{"1"}) || !slices.Equal(chosen(l), []string{"1"}) {
		t.Errorf("marked are %q", l.Marked())
	}
}

// chosen is what Enter takes.
func chosen(l *field.List) []string {
	if marked := l.Marked(); marked != nil {
		return marked
	}
	if key, ok := l.Selected(); ok {
		return []string{key}
	}
	return nil
}

func TestADisabledRowCannotBeChosenAndSaysWhy(t *testing.T) {
	l := list(40, 12, false, racks())
	if press(t, l, "end", "enter") || does(l, "enter") != "" || chosen(l) != nil {
		t.Error("a disabled row was taken")
	}
	if !refuses(l, "cannot be chosen: its API is private, and Travis cannot reach it") {
		t.Errorf("it says %v", l.Problem())
	}
	if !press(t, l, "up", "enter") || l.Problem() != nil {
		t.Error("nothing can be chosen any more")
	}
}

func TestNoRowSteersTheTerminal(t *testing.T) {
	l := list(80, 24, false, []field.Row{{
		Key: "k\x1b", Cells: []string{"a\x1b]0;title\x07b\nc", "\u202ed"}, Note: "e\u009b31m",
	}})
	sees(t, l, "/  type to filter", "› a]0;titlebc  d  e31m", "  1 in all")
	if got, _ := l.Selected(); got != "k\x1b" {
		t.Errorf("the key became %q", got)
	}
}

func BenchmarkListMove(b *testing.B) {
	l := list(200, 60, true, repositories(10000))
	b.ReportAllocs()
	for b.Loop() {
		press(b, l, "down")
		l.View()
	}
}

func BenchmarkListFilter(b *testing.B) {
	l := list(200, 60, true, repositories(10000))
	b.ReportAllocs()
	for b.Loop() { // two keys an iteration: the dearest letter, and its end
		press(b, l, "s")
		l.View()
		press(b, l, "backspace")
		l.View()
	}
}

// BenchmarkListRows measures the arrival of the last hundred of 10,000 rows.
func BenchmarkListRows(b *testing.B) {
	rows := repositories(10000)
	l := list(200, 60, true, rows[:9900])
	press(b, l, "end")
	b.ReportAllocs()
	for b.Loop() {
		l.SetRows(rows)
		l.View()
	}
}
