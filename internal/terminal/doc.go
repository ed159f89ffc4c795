// Package terminal runs a program in a pseudo-terminal and reads its screen like a
// person: it types, pastes, resizes, waits for something to appear, and records
// everything that was shown. It is for tests, and for drawing the screen as an SVG
// picture. It is independent of our program.
//
// An xterm emulator (https://pkg.go.dev/github.com/charmbracelet/x/vt) interprets the
// program's output and answers its queries. The screen is text in cells, without fonts,
// bells or the clipboard.
//
// It requires POSIX terminals
// (https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap11.html); on other
// systems the package is empty.
//
// Next room: internal/factstest, what must stay the same in the program.
package terminal
