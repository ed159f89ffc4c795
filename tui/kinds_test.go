package tui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/secret"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

const aLine = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"

// ending has commands with words that fit 40 columns.
var ending = flow.Question{
	Kind: flow.Ending, Title: "Done in 1.2 s", Yes: "quit", Copy: `git add .travis.yml && git commit -m "Deploy with Convox" && git push`,
	Lines: []flow.Line{
		{Tone: flow.Good, Text: "CONVOX_HOST      created"},
		{Tone: flow.Heading, Text: "Next"},
		{Tone: flow.Command, Text: `git add .travis.yml && git commit -m "Deploy with Convox" && git push`},
		{Tone: flow.Heading, Text: "Undo"},
		{Tone: flow.Command, Text: "convox-travis remove --repo acme/web-of-a-long-name --repo acme/api --api-url https://travis.example.com"},
	},
}

// states are screens of each kind of question, and of what isn't one.
func states() map[string]func(*model) {
	put := func(q flow.Question, keys ...tea.KeyPressMsg) func(*model) {
		return func(m *model) {
			m.put(q)
			m.look()
			for _, key := range keys {
				m.Update(key)
			}
		}
	}
	letter, down := tea.KeyPressMsg{Code: 'a', Text: "a"}, tea.KeyPressMsg{Code: tea.KeyDown}
	review := flow.Question{Kind: flow.Review, Title: "Review: nothing has been written yet", Yes: "write", Guarded: true, Switches: []flow.Switch{{Key: "d", Label: "deploy step", On: true}, {Key: "e", Label: "encrypt"}}}
	longReview := review
	longReview.Lines = slices.Repeat([]flow.Line{{Text: aLine}}, 40)
	several := flow.Question{Kind: flow.Pick, Title: "Which repository?", Several: true, Headings: []string{"Repository"}}
	for i := range 60 {
		several.Rows = append(several.Rows, flow.Row{Key: fmt.Sprint(i), Cells: []string{fmt.Sprint("acme/a", i)}, Note: aLine})
	}
	one := several
	one.Several = false
	busy := func(work *flow.Work) func(*model) {
		return func(m *model) { m.step, m.field, m.reading, m.busy, m.work = "", nil, nil, "writing "+aLine, work }
	}
	return map[string]func(*model){
		"choice":                  put(unknown),
		"text":                    put(flow.Question{Kind: flow.Text, Title: "Enter the Rack's host"}),
		"text, typed":             put(flow.Question{Kind: flow.Text, Title: "Enter the Rack's host"}, letter),
		"secret":                  put(key),
		"secret, typed":           put(key, letter),
		"pick":                    put(one),
		"pick, filtered":          put(one, letter),
		"pick several, marked":    put(several, letter, markAll, down),
		"confirm":                 put(flow.Question{Kind: flow.Confirm, Title: "Read the password from AWS?", Yes: "Yes", No: "No, go back"}),
		"confirm, guarded":        put(flow.Question{Kind: flow.Confirm, Title: "Run a test build?", Reason: []string{aLine}, Yes: "Yes, run it", No: "No, finish", Guarded: true}),
		"confirm, not read":       put(flow.Question{Kind: flow.Confirm, Title: "Do it?", Reason: slices.Repeat([]string{aLine}, 9), Yes: "Yes", No: "No"}),
		"review":                  put(review),
		"review, not read":        put(longReview),
		"review, read":            put(longReview, tea.KeyPressMsg{Code: tea.KeyEnd}),
		"shown":                   put(flow.Question{Kind: flow.Shown, Title: "The new password", Secret: secret.New("abcdefgh"), Tail: 6, Guarded: true}),
		"shown, typed":            put(flow.Question{Kind: flow.Shown, Title: "The new password", Secret: secret.New("abcdefgh"), Tail: 6, Guarded: true}, letter),
		"ending":                  put(ending),
		"ending, copied":          put(ending, tea.KeyPressMsg{Code: 'c', Text: "c"}),
		"help":                    put(longReview, tea.KeyPressMsg{Code: '?', Text: "?"}),
		"reading":                 busy(nil),
		"writing":                 busy(&flow.Work{Writes: true}),
		"waiting for a build":     busy(&flow.Work{Writes: true, Stops: "stop waiting for the build"}),
		"writing, to be canceled": func(m *model) { busy(&flow.Work{Writes: true})(m); m.stopping = true },
	}
}

// Keys are dropped whole from 40 columns on, and never those that answer or help.
func TestNoKeyIsCutInAnyStateOfAnyKind(t *testing.T) {
	for name, set := range states() {
		m := atRepositories(t, 3)
		set(m)
		for width := 40; width <= 130; width++ {
			for _, height := range []int{12, 36}[width%2:] {
				m.Update(tea.WindowSizeMsg{Width: width, Height: height})
				m.look()
				all := map[string]bool{}
				for _, k := range m.keys() {
					all[k.Key+" "+k.Does] = true
				}
				lines := strings.Split(ansi.Strip(m.screen()), "\n")
				if len(lines) > height {
					t.Fatalf("%s, %dx%d: %d lines", name, width, height, len(lines))
				}
				last := lines[len(lines)-1]
				_, named, _ := strings.Cut(last, "└ ")
				for _, k := range strings.Split(named, " · ") {
					if !all[k] {
						t.Fatalf("%s, %dx%d: a key is named %q in %q", name, width, height, k, last)
					}
				}
				for _, k := range m.keys() {
					if (k.Key == "enter" || k.Does == "help") && !strings.Contains(named, k.Key+" "+k.Does) {
						t.Fatalf("%s, %dx%d: %s is missing in %q", name, width, height, k.Key, last)
					}
				}
				for _, line := range lines {
					if w := ansi.StringWidth(strings.TrimRight(line, " ")); w > min(width, widest) {
						t.Fatalf("%s, %dx%d: a line of %d cells: %q", name, width, height, w, line)
					}
				}
			}
		}
	}
}

func TestTheHelpNamesEveryKey(t *testing.T) {
	for name, set := range states() {
		m := atRepositories(t, 3)
		m.Update(tea.WindowSizeMsg{Width: 120, Height: 80})
		set(m)
		m.look()
		keys := m.keys()
		if m.help != nil || m.busy != "" || m.question.Kind == flow.Ending {
			continue
		}
		m.Update(tea.KeyPressMsg{Code: tea.KeyF1})
		for _, k := range keys {
			if k.Does != "help" && !contains(m.screen(), fmt.Sprintf("%-9s  %s", k.Key, k.Does)) {
				t.Errorf("%s: %s is missing in\n%s", name, k.Key, ansi.Strip(m.screen()))
			}
		}
	}
}

func commands(lines []flow.Line) (commands []string) {
	for _, l := range lines {
		if l.Tone == flow.Command {
			commands = append(commands, l.Text)
		}
	}
	return commands
}

// On the screen a command is wrapped between words; in the ordinary terminal it is one
// line.
func TestNoCommandIsBrokenInsideAWord(t *testing.T) {
	m := atRepositories(t, 3)
	for width := 40; width <= 130; width++ {
		m.Update(tea.WindowSizeMsg{Width: width, Height: 36})
		m.put(ending)
		behind := regexp.MustCompile(`(?m)^ [│◆└] ?`).ReplaceAllString(ansi.Strip(m.screen()), "")
		left := ansi.Strip(strings.Join(wholeTranscript(m.theme, width, m.flow.Rail(), ending.Title, ending.Lines), "\n"))
		for _, command := range commands(ending.Lines) {
			if !strings.Contains(strings.Join(strings.Fields(behind), " "), command) {
				t.Fatalf("%d columns: %s is broken in\n%s", width, command, behind)
			}
			if !regexp.MustCompile("(?m)^( │   )?" + regexp.QuoteMeta(command) + "$").MatchString(left) {
				t.Fatalf("%d columns: %s is broken in\n%s", width, command, left)
			}
		}
	}
}

var hyperlink = regexp.MustCompile(`\x1b]8;;([^\x07\x1b]*)(?:\x07|\x1b\\)([^\x1b]*)\x1b]8;;(?:\x07|\x1b\\)`)

func TestAddressesAreLinksWhereTheyAreWhole(t *testing.T) {
	const address = "https://console.example.com/a/long/address"
	m := atRepositories(t, 3)
	for width := 30; width <= 100; width++ {
		m.Update(tea.WindowSizeMsg{Width: width, Height: 36})
		m.put(key)
		m.problem = &flow.Problem{Message: "no", Do: []string{"see " + address + ", then retry"}}
		m.resize()
		for what, screen := range map[string]string{"question": m.screen(), "help": func() string { m.openHelp(); return m.screen() }()} {
			links, isWhole := hyperlink.FindAllStringSubmatch(screen, -1), contains(screen, address)
			if isWhole != (len(links) > 0) {
				t.Fatalf("%s, %d columns: whole %t, %d links in\n%s", what, width, isWhole, len(links), ansi.Strip(screen))
			}
			for _, link := range links {
				if link[1] != address || link[2] != address {
					t.Fatalf("%s, %d columns: %q leads to %q", what, width, link[2], link[1])
				}
			}
		}
	}
}

func TestTheNextCommandIsCopiedAsItIsShown(t *testing.T) {
	m := atRepositories(t, 3)
	m.put(ending)
	_, cmd := m.Update(tea.KeyPressMsg{Code: 'c', Text: "c"})
	if got := fmt.Sprint(cmd()); !strings.Contains(got, commands(ending.Lines)[0]) && got != commands(ending.Lines)[0] {
		t.Errorf("copied %q", got)
	}
	if !contains(m.screen(), "c sent to the clipboard") {
		t.Errorf("it doesn't say so:\n%s", ansi.Strip(m.screen()))
	}
}

// What stands below the rows changes with the focus, and moves neither them nor the keys.
func TestRowsAndKeysStayWhileTheFocusMoves(t *testing.T) {
	q := flow.Question{Kind: flow.Pick, Title: "Which Rack?", Headings: []string{"Rack"}, Rows: []flow.Row{
		{Key: "1", Cells: []string{"a"}, Detail: []flow.Detail{{Text: strings.Repeat("a", 60)}, {Label: "version", Text: strings.Repeat("1", 20)}}},
		{Key: "2", Cells: []string{"b"}, Detail: []flow.Detail{{Text: "b"}}}, {Key: "3", Cells: []string{"Enter a host…"}, Other: true},
	}}
	for _, size := range [][2]int{{40, 12}, {80, 24}, {120, 36}} {
		m := atRepositories(t, 3)
		m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		m.put(q)
		at := func() (rows, keys int) {
			lines := strings.Split(ansi.Strip(m.screen()), "\n")
			return slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "Enter a host…") }), len(lines)
		}
		row, keys := at()
		for range 2 {
			m.Update(tea.KeyPressMsg{Code: tea.KeyDown})
			if r, k := at(); r != row || k != keys {
				t.Errorf("%v: the rows moved from %d to %d, the keys from %d to %d:\n%s", size, row, r, keys, k, ansi.Strip(m.screen()))
			}
		}
	}
}

func TestButtonsAreWholeWhereTheyFit(t *testing.T) {
	c := field.NewConfirm(field.NewTheme(true, field.Glyphs{}), "Yes, continue", "No, go back", false, true)
	c.Resize(37, 1)
	if !contains(c.View(), "Yes, continue") || !contains(c.View(), "› No, go back") {
		t.Errorf("it shows %q", ansi.Strip(c.View()))
	}
}

// The number of answers goes before a name is cut.
func TestTheFoldedLineIsCutLast(t *testing.T) {
	theme := field.NewTheme(true, field.Glyphs{})
	items := []flow.Item{{Name: "Console", Answer: "console.convox.com", State: flow.Behind}, {Name: "Repository", Answer: "acme/web", State: flow.Behind}}
	for width, want := range map[int]string{80: " ◇ console.convox.com · acme/web · 2 answers", 40: " ◇ console.convox.com · acme/web", 20: " ◇ console.convox.c…"} {
		if got := ansi.Strip(foldTranscript(theme, items, width)); got != want {
			t.Errorf("%d columns: %q", width, got)
		}
	}
}

// A value that has no room beside its name stands below it, and only the name is colored.
func TestAValueStandsBelowItsName(t *testing.T) {
	theme := field.NewTheme(true, field.Glyphs{})
	got := styleLine(theme, flow.Line{Tone: flow.Added, Text: "CONVOX_PASSWORD  •••••••• private, accepted by production"}, 36)
	want := []string{theme.Good.Render("  + CONVOX_PASSWORD"), "      •••••••• private, accepted by", "      production"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAFailureEndsWithARedSign(t *testing.T) {
	theme := field.NewTheme(true, field.Glyphs{})
	for tone, want := range map[flow.Tone]string{flow.Bad: theme.Error.Render("◆"), flow.Good: theme.Good.Render("◆"), flow.Warning: theme.Good.Render("◆")} {
		if got := strings.Join(wholeTranscript(theme, 80, nil, "It", []flow.Line{{Tone: tone, Text: "a"}}), "\n"); !strings.Contains(got, want) {
			t.Errorf("tone %d: %q", tone, got)
		}
	}
}

func TestTheHelpSaysThatThereIsMore(t *testing.T) {
	m := atRepositories(t, 3)
	m.Update(tea.WindowSizeMsg{Width: 40, Height: 12})
	q := key
	q.Title = aLine
	m.put(q)
	m.Update(tea.KeyPressMsg{Code: tea.KeyF1})
	if !regexp.MustCompile(`↓ \d+ more`).MatchString(ansi.Strip(m.screen())) {
		t.Errorf("it doesn't:\n%s", ansi.Strip(m.screen()))
	}
}
