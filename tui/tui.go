// Package tui asks the questions of package flow, with one of two drivers: the
// full screen (Screen) or plain lines (Plain). It asks and shows, and decides
// nothing.
//
// Rules of the screen: the question first, then in a line why it is asked, then
// where the answer goes; an error stands beside what it is about, with what can
// be done; the keys at the foot are those that do something now; whatever takes
// longer than a moment says what it is and since when; nothing is told by
// colour alone.
//
// Next room: tui/field, which shows one question.
package tui
