//go:build unix

package terminal

import (
	"fmt"
	"strings"
)

// rectangle is a part of a cell, or several cells, from the top left.
type rectangle struct{ left, top, width, height int }

func (p *picture) shape(layer *strings.Builder, x, y int, r rectangle, fill ink) {
	fmt.Fprintf(layer, `<rect x="%d" y="%d" width="%d" height="%d"%s/>`+"\n",
		x*cellWidth+r.left, y*cellHeight+r.top, r.width, r.height, p.inks.class(fill))
}

// stroke is all lines of one color and weight. Its pen is at the end of the last one.
type stroke struct {
	color      ink
	weight     int
	path       string
	penX, penY int
	across     int // length of path before the last line, if that was horizontal
}

// aside draws a horizontal line. It merges with the previous one if it continues that.
func (s *stroke) aside(from, to, y int) {
	if s.across > 0 && s.penX == from && s.penY == y {
		s.path = s.path[:s.across]
	} else {
		s.path += fmt.Sprintf("M%d %d", from, y)
	}
	s.across = len(s.path)
	s.path += fmt.Sprintf("H%d", to)
	s.penX, s.penY = to, y
}

func (s *stroke) down(x, from, to int) {
	s.path += fmt.Sprintf("M%d %dV%d", x, from, to)
	s.across = 0
}

// bend draws from one side to another, around the center.
func (s *stroke) bend(sideX, x, sideY, y int) {
	const radius = 4
	bendX, bendY := x+radius, y+radius
	if sideX < x {
		bendX = x - radius
	}
	if sideY < y {
		bendY = y - radius
	}
	s.path += fmt.Sprintf("M%d %dV%dQ%d %d %d %d", x, sideY, bendY, x, y, bendX, y)
	s.across = len(s.path)
	s.path += fmt.Sprintf("H%d", sideX)
	s.penX, s.penY = sideX, y
}

func (s *stroke) element(used *inks) string {
	var aside string
	if s.weight%2 != 0 { // half a pixel off, a one-pixel line fills one pixel
		aside = ` transform="translate(.5 .5)"`
	}
	return fmt.Sprintf(`<path%s fill="none" stroke="currentColor"%s stroke-width="%d" d="%s"/>`+"\n", aside, used.class(s.color), s.weight, s.path)
}

func (p *picture) stroke(color ink, weight int) *stroke {
	for _, line := range p.lines {
		if line.color == color && line.weight == weight {
			return line
		}
	}
	line := &stroke{color: color, weight: weight}
	p.lines = append(p.lines, line)
	return line
}

// drawn draws a character that consists of lines or is a block
// (https://www.unicode.org/charts/PDF/U2500.pdf and U2580.pdf), and reports whether
// content is one.
func (p *picture) drawn(x, y int, content string, l look) bool {
	if part, found := block(content); found {
		p.shape(&p.blocks, x, y, part, l.foreground)
		return true
	}
	arms, weight := arms(content)
	if arms == "" {
		return false
	}
	p.stroke(l.foreground, weight).cell(x*cellWidth, y*cellHeight, arms)
	return true
}

// cell draws in one cell from its center to its sides.
func (s *stroke) cell(left, top int, arms string) {
	x, y := left+cellWidth/2, top+cellHeight/2
	fromX, toX, fromY, toY := x, x, y, y
	if strings.Contains(arms, "left") {
		fromX = left
	}
	if strings.Contains(arms, "right") {
		toX = left + cellWidth
	}
	if strings.Contains(arms, "up") {
		fromY = top
	}
	if strings.Contains(arms, "down") {
		toY = top + cellHeight
	}
	if strings.Contains(arms, "round") { // with one arm on each axis
		s.bend(fromX+toX-x, x, fromY+toY-y, y)
		return
	}
	if fromY != toY {
		s.down(x, fromY, toY)
	}
	if fromX != toX {
		s.aside(fromX, toX, y)
	}
}

// block returns the part of a cell that a block fills. A full block is a background.
func block(content string) (rectangle, bool) {
	switch content {
	case "▀":
		return rectangle{0, 0, cellWidth, cellHeight / 2}, true
	case "▄":
		return rectangle{0, cellHeight / 2, cellWidth, cellHeight / 2}, true
	case "▌":
		return rectangle{0, 0, cellWidth / 2, cellHeight}, true
	case "▐":
		return rectangle{cellWidth / 2, 0, cellWidth - cellWidth/2, cellHeight}, true
	}
	return rectangle{}, false
}

// arms returns the sides that a line character reaches, and its weight, for the
// characters of borders, rules and rails.
func arms(content string) (sides string, weight int) {
	switch content {
	case "─":
		return "left right", 1
	case "│":
		return "up down", 1
	case "┌":
		return "right down", 1
	case "┐":
		return "left down", 1
	case "└":
		return "right up", 1
	case "┘":
		return "left up", 1
	case "├":
		return "right up down", 1
	case "┤":
		return "left up down", 1
	case "┬":
		return "left right down", 1
	case "┴":
		return "left right up", 1
	case "┼":
		return "left right up down", 1
	case "╭":
		return "right down round", 1
	case "╮":
		return "left down round", 1
	case "╰":
		return "right up round", 1
	case "╯":
		return "left up round", 1
	case "━":
		return "left right", 2
	case "┃":
		return "up down", 2
	}
	return "", 0
}
