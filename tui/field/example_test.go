package field_test

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/secret"
	"convox-travis/tui/field"
)

// A secret is typed unseen. Enter reports that it may be taken.
func ExampleSecret() {
	var answer field.Field = field.NewSecret(field.NewTheme(true, field.Glyphs{}), secret.String{})
	answer.Resize(30, 4)
	for _, letter := range "hunter2" {
		answer.Update(tea.KeyPressMsg{Code: letter, Text: string(letter)})
	}
	for line := range strings.Lines(ansi.Strip(answer.View())) {
		fmt.Println(strings.TrimRight(line, " \n"))
	}
	_, done := answer.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	fmt.Println("taken:", done)
	// Output:
	// › •••••••
	//   7 characters
	// taken: true
}
