package tui

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"

	tea "charm.land/bubbletea/v2"

	"convox-travis/internal/audit"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/travisapi"
	"convox-travis/tui/flow"
)

// full is an account with many repositories.
type full struct {
	connect.Travis
	audit.Builder
	audit.Expander
	repositories []travisapi.Repository
}

func (full) User(context.Context) (travisapi.User, error) {
	return travisapi.User{ID: 1, Login: "ann"}, nil
}

func (f full) Repositories(_ context.Context, o travisapi.ListOptions) ([]travisapi.Repository, error) {
	for i := 0; i < len(f.repositories); i += 100 {
		o.Page(f.repositories[i:min(i+100, len(f.repositories))])
	}
	return f.repositories, nil
}

func (full) Sync(context.Context, travisapi.User) error { return nil }

func (full) Endpoint() string { return "" }

func (full) GeneratedKey(context.Context, travisapi.Ref) (travisapi.Key, error) {
	return travisapi.Key{}, nil
}

type good struct{}

func (good) TryLogins(context.Context, convox.Host, secret.String, secret.String, int, func(convox.LoginAttempt)) (bool, error) {
	return true, nil
}

func (good) Rack(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return convox.Login{}, nil
}

func (good) Console(context.Context, convox.Host, secret.String) (convox.Login, error) {
	return convox.Login{}, nil
}

func (good) LacksApp(context.Context, convox.Host, secret.String, string, string) bool { return false }

// atRepositories is the full screen at the question for the repository, with n
// of them.
func atRepositories(t testing.TB, n int) *model {
	t.Helper()
	account := full{repositories: make([]travisapi.Repository, n)}
	for i := range account.repositories {
		account.repositories[i] = travisapi.Repository{ID: i + 1, Slug: fmt.Sprintf("acme/service-%05d", i), Active: i%3 != 0, Provider: travisapi.GitHub}
	}
	f := flow.New(flow.Outside{
		Token:   func(context.Context) (secret.String, error) { return secret.New("t"), nil },
		Travis:  func(secret.String) (flow.Travis, error) { return account, nil },
		Checker: func(string) (flow.Checker, error) { return good{}, nil },
	}, flow.Given{SignIn: flow.ByConsole, Password: secret.New("key")})
	stop := connect.Stop{Soft: t.Context(), Hard: t.Context()}
	m := newModel(stop, Terminal{Out: &Device{screen: os.Stderr}}, f)
	m.ctx = t.Context()
	sent := make(chan tea.Msg, 2*n/100+10)
	m.send = func(msg tea.Msg) { sent <- msg }
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	m.Init()
	for m.step != flow.StepRepository || m.question.Growing {
		if work := m.work; work != nil {
			done := make(chan flow.Outcome, 1)
			done <- work.Run(stop, flow.Tell{Line: func(flow.Line) {}, Progress: func(flow.Progress) {}})
			m.done = done
			m.Update(doneMsg{})
			continue
		}
		m.Update(<-sent)
		m.Update(tickMsg{})
	}
	return m
}

func TestTenThousandRepositoriesAreListed(t *testing.T) {
	m := atRepositories(t, 10_000)
	if screen := m.screen(); !contains(screen, "10,000 repositories") || !contains(screen, "acme/service-00000") {
		t.Errorf("the screen is\n%s", screen)
	}
	for _, key := range "09999" {
		m.Update(tea.KeyPressMsg{Code: key, Text: string(key)})
	}
	if screen := m.screen(); !contains(screen, "› [ ] acme/service-09999") {
		t.Errorf("the screen is\n%s", screen)
	}
}

// BenchmarkAnAnswerAmongTenThousand holds an answer against the question, whose rows
// are not built again for that.
func BenchmarkAnAnswerAmongTenThousand(b *testing.B) {
	m := atRepositories(b, 10_000)
	for b.Loop() {
		if err := m.flow.Answer(flow.Value{}); err == nil {
			b.Fatal("nothing was picked, and that was taken")
		}
	}
}

// BenchmarkAKeyAmongTenThousand is a key press to a frame; the budget is 16 ms.
func BenchmarkAKeyAmongTenThousand(b *testing.B) {
	for name, keys := range map[string][]tea.KeyPressMsg{
		"move":   {{Code: tea.KeyDown}},
		"filter": {{Code: '7', Text: "7"}, {Code: tea.KeyBackspace}},
	} {
		b.Run(name, func(b *testing.B) {
			m := atRepositories(b, 10_000)
			i := 0
			for b.Loop() {
				m.Update(keys[i%len(keys)])
				m.View()
				i++
			}
		})
	}
}

// BenchmarkMemoryOfTenThousand reports what is held with the list on the screen;
// the budget is 60 MiB for the whole program.
func BenchmarkMemoryOfTenThousand(b *testing.B) {
	var m *model
	for b.Loop() {
		m = atRepositories(b, 10_000)
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	b.ReportMetric(float64(stats.HeapAlloc)/(1<<20), "MiB-held")
	runtime.KeepAlive(m)
}
