//go:build unix

package terminal

import (
	"fmt"
	"slices"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/termios"
	"github.com/charmbracelet/x/vt"
	"golang.org/x/sys/unix"
)

// settings are changes that a program made to the terminal and hasn't restored. The
// screen's lock guards them: they change while the emulator is written to.
type settings struct {
	modes    map[ansi.Mode]bool // those that differ from the start
	keyboard int                // enhancements that were pushed
	keys     bool               // modifyOtherKeys is on
}

// watch makes the emulator report changes. The cursor's visibility comes from its mode:
// the emulator hides it for one of its screens, terminals for both.
func (s *settings) watch(emulator *vt.Emulator) {
	s.modes = make(map[ansi.Mode]bool)
	set := func(mode ansi.Mode, on bool) {
		switch mode {
		case ansi.ModeSaveCursor: // an action, not a state
		case ansi.ModeTextCursorEnable, ansi.ModeAutoWrap:
			s.modes[mode] = !on
		default:
			s.modes[mode] = on
		}
	}
	emulator.SetCallbacks(vt.Callbacks{
		EnableMode:  func(mode ansi.Mode) { set(mode, true) },
		DisableMode: func(mode ansi.Mode) { set(mode, false) },
	})

	// Two kinds of enhanced keys that the emulator doesn't support: kitty's
	// (https://sw.kovidgoyal.net/kitty/keyboard-protocol/) and xterm's.
	first := func(parameters ansi.Params, otherwise int) int {
		n, _, _ := parameters.Param(0, otherwise)
		return n
	}
	emulator.RegisterCsiHandler(ansi.Command('>', 0, 'u'), func(ansi.Params) bool {
		s.keyboard++
		return true
	})
	emulator.RegisterCsiHandler(ansi.Command('<', 0, 'u'), func(parameters ansi.Params) bool {
		s.keyboard = max(0, s.keyboard-max(1, first(parameters, 1)))
		return true
	})
	emulator.RegisterCsiHandler(ansi.Command('=', 0, 'u'), func(parameters ansi.Params) bool {
		s.keyboard = min(1, first(parameters, 0))
		return true
	})
	emulator.RegisterCsiHandler(ansi.Command('>', 0, 'm'), func(parameters ansi.Params) bool {
		if first(parameters, 4) == 4 {
			level, _, _ := parameters.Param(1, 0)
			s.keys = level > 0
		}
		return true
	})
}

// IsAltScreen reports whether the alternate screen is on.
func (t *Terminal) IsAltScreen() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.emulator.IsAltScreen()
}

// PasteIsBracketed reports whether the program asked to distinguish pastes from keys.
func (t *Terminal) PasteIsBracketed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settings.modes[ansi.ModeBracketedPaste]
}

// EchoIsOn reports whether the terminal echoes what is typed. It works until Close, even
// after the program's end.
func (t *Terminal) EchoIsOn() bool {
	line, err := termios.GetTermios(int(t.master.Fd()))
	return err == nil && line.Lflag&unix.ECHO != 0
}

// Leftovers lists, in order, what the program left changed and a person's shell would
// have to live with. Call it after the program's end and before Close.
func (t *Terminal) Leftovers() []string {
	var left []string
	line, err := termios.GetTermios(int(t.master.Fd()))
	if err != nil {
		left = append(left, "the terminal can't be queried")
	} else {
		for name, on := range map[string]bool{
			"echo off":            line.Lflag&unix.ECHO != 0,
			"line editing off":    line.Lflag&unix.ICANON != 0,
			"signal keys off":     line.Lflag&unix.ISIG != 0,
			"Enter is not mapped": line.Iflag&unix.ICRNL != 0,
			"output is raw":       line.Oflag&unix.OPOST != 0,
		} {
			if !on {
				left = append(left, name)
			}
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for mode, changed := range t.settings.modes {
		if changed {
			left = append(left, modeName(mode))
		}
	}
	if t.settings.keyboard > 0 {
		left = append(left, "keyboard enhancements")
	}
	if t.settings.keys {
		left = append(left, "modified keys")
	}
	slices.Sort(left)
	return left
}

func modeName(mode ansi.Mode) string {
	switch mode {
	case ansi.ModeTextCursorEnable:
		return "cursor hidden"
	case ansi.ModeAltScreen, ansi.ModeAltScreenSaveCursor:
		return "alternate screen"
	case ansi.ModeBracketedPaste:
		return "bracketed paste"
	}
	return fmt.Sprintf("mode %d", mode.Mode())
}
