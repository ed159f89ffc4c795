//go:build unix

package terminal

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// The picture's dimensions, in pixels: whole numbers, so that edges are sharp.
const (
	cellWidth  = 9
	cellHeight = 20
	fontSize   = 15 // most monospaced fonts advance 0.6 of it per character
	baseline   = 15 // from a cell's top
	margin     = 16
	titleBar   = 36
)

// SVG draws the current screen, in a window with a title, dark or light. It needs no
// particular font, references nothing outside, and the same screen gives the same bytes.
// Lines and blocks are drawn as shapes, so that they meet. Blanks are no-break spaces:
// browsers collapse plain ones, and Chromium ignores xml:space. Blinking is left out.
func (t *Terminal) SVG(title string, dark bool) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := picture{palette: colours(dark), columns: t.emulator.Width(), rows: t.emulator.Height()}
	for y := range p.rows {
		p.row(y, func(x int) *uv.Cell { return t.emulator.CellAt(x, y) })
	}
	if !t.kept.modes[ansi.ModeTextCursorEnable] {
		at := t.emulator.CursorPosition()
		shape(&p.blocks, at.X, at.Y, rectangle{width: cellWidth, height: cellHeight}, hex(between(p.palette.foreground, p.palette.background)))
	}
	return p.document(title)
}

// picture collects what is drawn, lower layers first.
type picture struct {
	palette       palette
	columns, rows int
	backgrounds   strings.Builder
	blocks        strings.Builder // and the cursor
	lines         []*stroke
	texts         strings.Builder
}

// look is a cell's final style, with reverse and dim applied.
type look struct {
	foreground, background        color.RGBA
	bold, italic                  bool
	underlined, crossed, isHidden bool
}

func (p *picture) look(cell *uv.Cell) look {
	style := cell.Style
	l := look{
		foreground: p.palette.resolve(style.Fg, p.palette.foreground),
		background: p.palette.resolve(style.Bg, p.palette.background),
		bold:       style.Attrs&uv.AttrBold != 0,
		italic:     style.Attrs&uv.AttrItalic != 0,
		underlined: style.Underline != uv.UnderlineNone,
		crossed:    style.Attrs&uv.AttrStrikethrough != 0,
		isHidden:   style.Attrs&uv.AttrConceal != 0,
	}
	if style.Attrs&uv.AttrReverse != 0 {
		l.foreground, l.background = l.background, l.foreground
	}
	if style.Attrs&uv.AttrFaint != 0 {
		l.foreground = between(l.foreground, l.background)
	}
	if cell.Content == "█" && !l.isHidden {
		l.background, l.isHidden = l.foreground, true
	}
	return l
}

// row draws the cells of row y, as runs of one background and as runs of one look. A wide
// character is its own run, fitted to its two cells.
func (p *picture) row(y int, cell func(x int) *uv.Cell) {
	var back, text run
	for x := 0; x < p.columns; x++ {
		c := cell(x)
		if c == nil {
			c = &uv.EmptyCell
		}
		width := max(1, c.Width)
		l := p.look(c)

		if back.width > 0 && back.look.background != l.background {
			p.background(y, &back)
		}
		back.add(x, width, "", l)

		content := c.Content
		if l.isHidden || content == "" {
			content = " "
		}
		if p.drawn(x, y, content, l) {
			content = " "
		}
		if text.width > 0 && (text.look != l || width > 1 || text.isWide) {
			p.text(y, &text)
		}
		text.add(x, width, content, l)
		x += width - 1
	}
	p.background(y, &back)
	p.text(y, &text)
}

// run is adjacent cells that are drawn together.
type run struct {
	x, width int
	isWide   bool
	content  strings.Builder
	look     look
}

func (r *run) add(x, width int, content string, l look) {
	if r.width == 0 {
		r.x, r.look, r.isWide = x, l, width > 1
	}
	r.width += width
	r.content.WriteString(content)
}

func (p *picture) background(y int, r *run) {
	if r.width > 0 && r.look.background != p.palette.background {
		shape(&p.backgrounds, r.x, y, rectangle{width: r.width * cellWidth, height: cellHeight}, hex(r.look.background))
	}
	*r = run{}
}

func (p *picture) text(y int, r *run) {
	defer func() { *r = run{} }()
	content, x, width := r.content.String(), r.x, r.width
	if !r.look.underlined && !r.look.crossed { // nothing to draw for blanks
		trimmed := strings.TrimLeft(content, " ")
		x += len(content) - len(trimmed)
		width -= len(content) - len(trimmed)
		content = strings.TrimRight(trimmed, " ")
		width -= len(trimmed) - len(content)
	}
	if content == "" {
		return
	}
	fmt.Fprintf(&p.texts, `<text x="%d" y="%d" textLength="%d"`, x*cellWidth, y*cellHeight+baseline, width*cellWidth)
	if r.look.foreground != p.palette.foreground {
		fmt.Fprintf(&p.texts, ` fill="%s"`, hex(r.look.foreground))
	}
	if r.look.bold {
		p.texts.WriteString(` font-weight="bold"`)
	}
	if r.look.italic {
		p.texts.WriteString(` font-style="italic"`)
	}
	var marks []string
	if r.look.underlined {
		marks = append(marks, "underline")
	}
	if r.look.crossed {
		marks = append(marks, "line-through")
	}
	if len(marks) > 0 {
		fmt.Fprintf(&p.texts, ` text-decoration="%s"`, strings.Join(marks, " "))
	}
	fmt.Fprintf(&p.texts, ">%s</text>\n", strings.ReplaceAll(escape(content), " ", "&#160;"))
}

func (p *picture) document(title string) string {
	width, height := p.columns*cellWidth+2*margin, p.rows*cellHeight+titleBar+margin
	var all strings.Builder
	fmt.Fprintf(&all, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="%s" font-size="%d">`+"\n",
		width, height, width, height, "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace", fontSize)
	fmt.Fprintf(&all, "<title>%s</title>\n", escape(title))
	fmt.Fprintf(&all, `<rect x=".5" y=".5" width="%d" height="%d" rx="8" fill="%s" stroke="%s"/>`+"\n",
		width-1, height-1, hex(p.palette.background), p.palette.edge)
	for i := range 3 {
		fmt.Fprintf(&all, `<circle cx="%d" cy="18" r="5" fill="%s"/>`+"\n", margin+5+18*i, p.palette.edge)
	}
	fmt.Fprintf(&all, `<text x="%d" y="23" font-size="13" text-anchor="middle" fill="%s">%s</text>`+"\n", width/2, p.palette.title, escape(title))
	fmt.Fprintf(&all, `<g transform="translate(%d %d)" fill="%s">`+"\n", margin, titleBar, hex(p.palette.foreground))
	all.WriteString(p.backgrounds.String())
	all.WriteString(p.blocks.String())
	for _, line := range p.lines {
		all.WriteString(line.element())
	}
	all.WriteString(p.texts.String())
	all.WriteString("</g>\n</svg>\n")
	return all.String()
}

func escape(text string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text)) // a Builder never fails
	return escaped.String()
}
