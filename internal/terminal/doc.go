// Package terminal runs a program in a pseudo-terminal and reads its screen, as
// a person in front of it would: it types, pastes, resizes, waits for what shall
// appear, and remembers everything that was shown. It is for tests, and for
// drawing the screen as an SVG picture. It knows no program of ours.
//
// What the program writes is understood by an emulator of an xterm
// (https://pkg.go.dev/github.com/charmbracelet/x/vt), which also answers its
// questions. The screen is text in cells: fonts, bells and the clipboard are not
// part of it.
//
// It stands on POSIX terminals
// (https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap11.html);
// on other systems the package is empty.
//
// Next room: internal/facts, what of the program has to stay the same.
package terminal
