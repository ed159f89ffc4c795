//go:build unix

package terminal

import (
	"slices"
	"strings"
)

// Screen returns the visible text: a line per row, without trailing blanks and empty
// rows. If the alternate screen is on, it returns that.
func (t *Terminal) Screen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text()
}

// Screens returns every screen so far, in order, in the form of Screen. One is taken
// after each piece of output, which can end in the middle of a frame.
func (t *Terminal) Screens() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.screens)
}

// Output returns every byte that the program wrote to the terminal, and what the terminal
// echoed.
func (t *Terminal) Output() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.output.String()
}

// Frames returns Output and all Screens as one text, to search for what must never
// appear. The screens also reveal text that was painted letter by letter.
func (t *Terminal) Frames() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.output.String() + "\n" + strings.Join(t.screens, "\n")
}

// show passes the program's output to the emulator until the terminal is closed: a read
// then ends, or fails on Linux, and both mean the same.
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

// note records the screen and wakes those who wait for a change. The caller holds the
// lock.
func (t *Terminal) note() {
	if screen := t.text(); len(t.screens) == 0 || screen != t.screens[len(t.screens)-1] {
		t.screens = append(t.screens, screen)
	}
	close(t.changed)
	t.changed = make(chan struct{})
}

// text is the screen's text. The caller holds the lock.
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
