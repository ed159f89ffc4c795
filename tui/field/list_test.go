package field_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

func repositories(n int) []flow.Row {
	rows := make([]flow.Row, n)
	for i := range rows {
		name := fmt.Sprintf("acme/service-%05d", i)
		rows[i] = flow.Row{Key: name, Cells: []string{name, "github"}}
	}
	return rows
}

func racks() []flow.Row {
	return []flow.Row{
		{Key: "1", Cells: []string{"production", "us-east-1"}, Note: "password saved"},
		{Key: "2", Cells: []string{"漢字", "eu-west-1"}, Note: "private API: Travis can't reach it", Warn: true},
		{Key: "3", Cells: []string{"staging", "eu-west-1"}, Disabled: "no outputs"},
	}
}

var other = flow.Row{Key: "host", Cells: []string{"Enter a host…"}, Other: true}

func list(width, height int, multi bool, rows []flow.Row) *field.List {
	l := field.NewList(field.NewTheme(true, field.Glyphs{}), multi, nil)
	l.SetRows(rows)
	return sized(l, width, height)
}

func headed(width, height int, rows ...flow.Row) *field.List {
	l := field.NewList(field.NewTheme(true, field.Glyphs{}), false, []string{"Rack", "Region"})
	l.SetRows(rows)
	return sized(l, width, height)
}

func TestAListIsATable(t *testing.T) {
	l := headed(80, 24, append([]flow.Row{other}, racks()...)...)
	sees(t, l,
		"Filter: ▏",
		"  RACK        REGION     NOTE",
		"› production  us-east-1  password saved",
		"  漢字        eu-west-1  private API: Travis can't reach it",
		"  staging     eu-west-1  × no outputs",
		"  Enter a host…")
	sees(t, sized(l, 38, 12),
		"Filter: ▏",
		"  RACK        REGION     NOTE",
		"› production  us-east-1  password sav…",
		"  漢字        eu-west-1  private API:…",
		"  staging     eu-west-1  × no outputs",
		"  Enter a host…")
	sees(t, sized(l, 30, 12),
		"Filter: ▏",
		"  RACK        REGION     NOTE",
		"› production  us-east-1",
		"  漢字        eu-west-1  !",
		"  staging     eu-west-1  ×",
		"  Enter a host…")
	sees(t, sized(l, 26, 12),
		"Filter: ▏",
		"  RACK        REGION",
		"› production  us-east-1",
		"  漢字        eu-west-1  !",
		"  staging     eu-west-1  ×",
		"  Enter a host…")
	sees(t, sized(l, 22, 12), // the region goes, and its room is for notes
		"Filter: ▏",
		"  RACK        NOTE",
		"› production  passwor…",
		"  漢字        private…",
		"  staging     × no ou…",
		"  Enter a host…")
	sees(t, sized(l, 11, 12), "Filter: ▏", "  RACK", "› prod…tion", "  漢字", "  staging", "  Enter a …")
}

func TestHeadingsAreNotCut(t *testing.T) {
	l := headed(80, 24, flow.Row{Key: "1", Cells: []string{"a", "b"}, Note: "c"}, flow.Row{Key: "2", Cells: []string{"d"}})
	sees(t, l, "Filter: ▏", "  RACK  REGION  NOTE", "› a     b       c", "  d")
	l.SetRows([]flow.Row{{Key: "1", Cells: []string{"a", ""}}})
	sees(t, l, "Filter: ▏", "  RACK", "› a")
}

func TestColumnsGoFromTheLastOneOn(t *testing.T) {
	rows := []flow.Row{{Key: "1", Cells: []string{"web", strings.Repeat("x", 30), "github"}}}
	sees(t, list(38, 8, false, rows), "Filter: ▏", "› web  "+strings.Repeat("x", 30))
	sees(t, list(36, 8, false, rows), "Filter: ▏", "› web")
}

func TestARowIsInTheColorOfWhatItSays(t *testing.T) {
	theme := field.NewTheme(true, field.Glyphs{})
	l := headed(80, 24, append(racks(), other)...)
	for what, want := range map[string]string{
		"the focus":              theme.Selected.Render("production"),
		"a warning":              theme.Warn.Render("private API: Travis can't reach it"),
		"what can't be selected": theme.Muted.Render("staging"),
		"another answer":         theme.Muted.Render("Enter a host…"),
	} {
		if !strings.Contains(l.View(), want) {
			t.Errorf("%s is not %q", what, want)
		}
	}
	press(t, l, "down")
	if !strings.Contains(l.View(), theme.Warn.Render("private API: Travis can't reach it")) {
		t.Error("a warning is no longer one when it has the focus")
	}
	if press(t, l, "end"); !strings.Contains(l.View(), theme.Selected.Render("Enter a host…")) {
		t.Error("another answer does not show that it has the focus")
	}
}

func TestInLittleRoomTheRowsStay(t *testing.T) {
	l := headed(38, 4, append(racks(), other)...)
	sees(t, l, "Filter: ▏", "› production  us-east-1  password sav…", "  Enter a host…", "  ↓ 2 more")
	press(t, l, "end")
	sees(t, l, "Filter: ▏", "  production  us-east-1  password sav…", "› Enter a host…", "  ↓ 2 more")
	press(t, l, "up")
	sees(t, l, "Filter: ▏", "› staging     eu-west-1  × no outputs", "  Enter a host…", "  ↑ 2 more")
	sees(t, sized(l, 38, 2), "Filter: ▏", "› staging     eu-west-1  × no outputs")
	sees(t, sized(l, 38, 1), "› staging     eu-west-1  × no outputs")
}

// The columns are the same for every filter and every part of the list.
func TestColumnsDoNotMoveSideways(t *testing.T) {
	rows := repositories(50)
	rows[49].Cells[0] += "-with-a-longer-name"
	l := list(80, 8, false, rows)
	column := func() int {
		name, _, _ := strings.Cut(strings.Split(seen(l), "\n")[1], "github")
		return ansi.StringWidth(name)
	}
	top := column()
	if press(t, l, "end"); column() != top {
		t.Errorf("from %d to %d at the end", top, column())
	}
	if press(t, l, "00001"); column() != top {
		t.Errorf("from %d to %d with a filter", top, column())
	}
}

func TestANameThatIsWiderThanTheRoomKeepsBothEnds(t *testing.T) {
	l := list(20, 8, false, []flow.Row{
		{Key: "1", Cells: []string{"acme/a-service-with-a-long-name", "github"}, Note: "note"}, {Key: "2", Cells: []string{"漢字漢字漢字漢字漢字漢字漢字"}},
	})
	sees(t, l, "Filter: ▏", "› acme/a-se…ong-name", "  漢字漢字…漢字漢字")
}

func TestAListSaysWhyItIsEmpty(t *testing.T) {
	l := headed(40, 12, other)
	sees(t, l, "Filter: ▏", "  Nothing found.", "› Enter a host…")
	l.Busy("searching 17 regions")
	sees(t, l, "Filter: ▏", "  searching 17 regions", "› Enter a host…")
	press(t, l, "prod")
	l.SetRows(append(racks(), other))
	sees(t, l, "Filter: prod▏", "  RACK        REGION     NOTE", "› production  us-east-1  password saved", "  Enter a host…", "  1 of 3")
	press(t, l, " zz")
	sees(t, l, "Filter: prod zz▏", "  Nothing matches.", "› Enter a host…")
	if !press(t, l, "enter") {
		t.Error("the other answer was not taken")
	}
	press(t, l, "backspace")
	if key, _ := l.Selected(); key != "host" {
		t.Errorf("%s is selected", key)
	}
	press(t, l, "backspace")
	if key, _ := l.Selected(); key != "1" {
		t.Errorf("%s is selected when it matches again", key)
	}
	press(t, l, "zz", "esc")
	if key, _ := l.Selected(); key != "1" {
		t.Errorf("%s is selected without a filter", key)
	}
	empty := list(40, 12, false, nil)
	sees(t, empty, "Filter: ▏", "  Nothing found.")
	if press(t, empty, "enter") || len(empty.Keys()) > 0 {
		t.Error("there was something to select")
	}
}

func TestTheFirstRowTakesTheFocusFromAnAnswerThatNobodyMovedTo(t *testing.T) {
	l := list(40, 12, false, []flow.Row{other})
	l.SetRows(append(racks(), other))
	if key, _ := l.Selected(); key != "1" {
		t.Errorf("%s is selected", key)
	}
	l.SetRows([]flow.Row{other})
	press(t, l, "down")
	l.SetRows(append(racks(), other))
	if key, _ := l.Selected(); key != "host" {
		t.Errorf("%s is selected, where a person moved to the other answer", key)
	}
	press(t, l, "zz")
	l.SetRows(append(racks(), flow.Row{Key: "z", Cells: []string{"zz"}}, other))
	if key, _ := l.Selected(); key != "z" {
		t.Errorf("%s is selected, where only the filter moved to the other answer", key)
	}
}

func TestOtherAnswersStayInSightOfAnyList(t *testing.T) {
	l := list(40, 6, false, append([]flow.Row{other}, repositories(100)...))
	l.Busy("page 2")
	sees(t, l, "Filter: ▏", "› acme/service-00000  github", "  acme/service-00001  github", "  acme/service-00002  github", "  Enter a host…", "  100 so far")
	press(t, l, "down", "down", "down", "end")
	before := seen(l)
	l.SetRows(append(repositories(200), other))
	l.Busy("")
	if got := seen(l); got != strings.ReplaceAll(before, "100 so far", "↑ 1 more · ↓ 196 more") {
		t.Errorf("rows jumped from\n%s\nto\n%s", before, got)
	}
}

// The matched letters are found without colors too.
func TestTheFilterShowsWhatItMatched(t *testing.T) {
	underlined := func(l *field.List) string {
		screen := vt.NewEmulator(80, 24)
		screen.WriteString(strings.ReplaceAll(l.View(), "\n", "\r\n"))
		var letters strings.Builder
		for y := range 24 {
			for x := range 80 {
				if cell := screen.CellAt(x, y); cell != nil && cell.Style.Underline > 0 {
					letters.WriteString(cell.Content)
				}
			}
		}
		return letters.String()
	}
	rows := append(racks(), flow.Row{Key: "4", Cells: []string{"a\x1b[4m-production", "é"}, Note: "prod"}, flow.Row{Key: "5", Cells: []string{"x", "prod-1"}}, other)
	for filter, want := range map[string]string{"": "", "prod": "prodprodprod", "PROD": "prodprodprod", "字": "字", "é": "é", "sta w": "staw", "zz": ""} {
		l := list(80, 24, false, slices.Clone(rows))
		press(t, l, filter)
		if got := underlined(l); got != want {
			t.Errorf("%q: %q is underlined, not %q", filter, got, want)
		}
	}
	l := list(11, 24, false, slices.Clone(rows))
	if press(t, l, "prod"); !strings.Contains(seen(l), "  prod…tion") || underlined(l) != "prod" {
		t.Errorf("%q is underlined in\n%s", underlined(l), seen(l))
	}
}

func TestAQuestionMarkIsAFilterOnlyBehindOne(t *testing.T) {
	l := list(40, 12, false, racks())
	if l.TakesText() {
		t.Error("it takes ? without a filter")
	}
	if press(t, l, "prod"); !l.TakesText() {
		t.Error("it does not take ? in a filter")
	}
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
	if got := seen(l); !strings.HasSuffix(got, "› acme/service-09999  github\n  ↑ 9,990 more") {
		t.Errorf("the end is\n%s", got)
	}
	press(t, l, "up", "up")
	if got := seen(l); !strings.Contains(got, "› acme/service-09997  github\n  acme/service-09998  github\n  acme/service-09999") {
		t.Errorf("the window moved before the cursor left it:\n%s", got)
	}
}

func TestTypingFilters(t *testing.T) {
	rows := append(repositories(9997), flow.Row{Key: "w", Cells: []string{"acme/web"}},
		flow.Row{Key: "l", Cells: []string{"LegacyWebsite"}}, flow.Row{Key: "s", Cells: []string{"other", "awkweb"}})
	l := list(40, 12, false, rows)
	press(t, l, "down", "WEB")
	sees(t, l, "Filter: WEB▏", "› acme/web", "  LegacyWebsite", "  other               awkweb", "  3 of 10,000")
	press(t, l, "down", "backspace", "backspace", "backspace", "up", "down")
	if got, _ := l.Selected(); got != "w" || l.TakesEscape() {
		t.Errorf("without a filter the cursor is on %s", got)
	}
	paste(l, " acme \x1b web\n")
	sees(t, l, "Filter: acme  web▏", "› acme/web", "  1 of 10,000")
	if !l.TakesEscape() || does(l, "esc") == "" {
		t.Error("esc is not taken")
	}
	press(t, l, "esc")
	if got, _ := l.Selected(); got != "w" || l.TakesEscape() || !strings.Contains(seen(l), "› acme/web") {
		t.Errorf("after esc the cursor is on %s", got)
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
		for _, rows := range [][]flow.Row{all[50:150], all[50:300], all} {
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

func TestArrivingRowsMoveNoPersonsCursor(t *testing.T) {
	all := repositories(100)
	l := list(40, 12, false, all[:10])
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
		"Filter: ▏",
		"  [ ] production  us-east-1  password saved",
		"  [x] 漢字        eu-west-1  private API: Travis can't reach it",
		"›     staging     eu-west-1  × no outputs",
		"  1 marked")
	if !refuses(l, "can't be selected: no outputs") {
		t.Error("it does not say why")
	}
	if !press(t, l, "enter") || !slices.Equal(chosen(l), []string{"2"}) || !slices.Equal(l.Marked(), []string{"2"}) {
		t.Errorf("Enter takes %q", chosen(l))
	}
	press(t, l, "up")
	if does(l, "space") != "unmark" || !strings.HasSuffix(seen(l), "\n  1 marked") {
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

func TestADisabledRowCannotBeSelectedAndSaysWhy(t *testing.T) {
	l := list(40, 12, false, racks())
	if press(t, l, "end", "enter") || does(l, "enter") != "" || chosen(l) != nil {
		t.Error("a disabled row was taken")
	}
	if !refuses(l, "can't be selected: no outputs") {
		t.Errorf("it says %v", l.Problem())
	}
	if !press(t, l, "up", "enter") || l.Problem() != nil {
		t.Error("nothing can be selected any more")
	}
}

func TestNoRowSteersTheTerminal(t *testing.T) {
	l := list(80, 24, false, []flow.Row{{
		Key: "k\x1b", Cells: []string{"a\x1b]0;title\x07b\nc", "\u202ed"}, Note: "e\u009b31m",
	}})
	sees(t, l, "Filter: ▏", "› a]0;titlebc  d  e31m")
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
	for b.Loop() { // two keys an iteration: the most expensive letter, and its end
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
