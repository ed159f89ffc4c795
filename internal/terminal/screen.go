//go:build unix

package terminal

import (
	"slices"
	"strings"
)

// Screen returns the visible text: a line for each row, without the blanks at
// their ends and without empty rows at the end. While the alternate screen is
// on, it is that one.
func (t *Terminal) Screen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text()
}

// Screens returns every screen there was, in order, each as Screen gave it. One
// is taken after each piece of output, which can end in the middle of a frame.
func (t *Terminal) Screens() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.screens)
}

// Output returns every byte that the program wrote to the terminal, and what the
// terminal echoed.
func (t *Terminal) Output() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.output.String()
}

// Frames returns Output and all Screens as one text, to be searched for what
// must never be shown. The screens find what was painted letter by letter.
func (t *Terminal) Frames() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.output.String() + "\n" + strings.Join(t.screens, "\n")
}

// show gives the program's output to the emulator until nobody has the terminal
// open any more: a read then ends, or fails on Linux, and both mean the same.
func (t *Terminal) show() {
	defer close(t.drained)
	buffer := make([]byte, 4096)
	for {
		n, err := t.master.Read(buffer)
		if n > 0 {
			t.mu.Lock()
			_, _ = t.emulator.Write(buffer[:n]) // fails only when closed
			t.output.Write(buffer[:n])
			t.note()
			t.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

// note remembers the screen and wakes who waits for a change. The lock is held.
func (t *Terminal) note() {
	if screen := t.text(); len(t.screens) == 0 || screen != t.screens[len(t.screens)-1] {
		t.screens = append(t.screens, screen)
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

// text is the screen's. The lock is held.
func (t *Terminal) text() string {
	var all strings.Builder
	for y := range t.emulator.Height() {
		var row strings.Builder
		for x := range t.emulator.Width() {
			// The second cell of a wide character is empty.
			if cell := t.emulator.CellAt(x, y); cell != nil {
				row.WriteString(cell.Content)
			}
		}
		all.WriteString(strings.TrimRight(row.String(), " "))
		all.WriteByte('\n')
	}
	return strings.TrimRight(all.String(), "\n")
}
