//go:build unix

package terminal

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"slices"
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

// Frame is the screen at one moment.
type Frame struct {
	palette       palette
	columns, rows int
	cells         []uv.Cell
	hasCursor     bool
	cursor        uv.Position
}

// Frame returns the current screen.
func (t *Terminal) Frame() Frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := Frame{palette: t.palette, columns: t.emulator.Width(), rows: t.emulator.Height()}
	for y := range f.rows {
		for x := range f.columns {
			cell := t.emulator.CellAt(x, y)
			if cell == nil {
				cell = &uv.EmptyCell
			}
			f.cells = append(f.cells, *cell)
		}
	}
	f.hasCursor, f.cursor = !t.settings.modes[ansi.ModeTextCursorEnable], t.emulator.CursorPosition()
	return f
}

// lastRow is the last one with something on it.
func (f Frame) lastRow() int {
	last := 0
	for i, cell := range f.cells {
		if strings.TrimSpace(cell.Content) != "" || cell.Style.Bg != nil || cell.Style.Attrs&uv.AttrReverse != 0 || f.hasCursor && i == f.cursor.Y*f.columns+f.cursor.X {
			last = i / f.columns
		}
	}
	return last
}

// Scene is a screen on a dark and on a light terminal. Both have the same size and text.
type Scene struct {
	Dark, Light Frame
	Caption     string // at the right of the title
}

// SVG draws the scenes, all of one size, in a window with a title, down to the last row
// with anything on it. One scene is a picture. Several are a film that runs in a loop;
// readers who prefer less motion see its last scene. The colors follow the reader's color
// scheme. It needs no particular font, references nothing outside, and the same scenes give
// the same bytes. The wizard's gutter is drawn as lines, so that they meet. Blanks are
// no-break spaces: browsers collapse plain ones, and Chromium ignores xml:space. Blinking is
// left out.
func SVG(title string, scenes ...Scene) string {
	var used inks
	first := scenes[0]
	rows := 0
	for _, scene := range scenes {
		rows = max(rows, scene.Dark.lastRow()+1)
	}
	width, height := first.Dark.columns*cellWidth+2*margin, rows*cellHeight+titleBar+margin
	edge, muted := ink{first.Dark.palette.edge, first.Light.palette.edge}, ink{first.Dark.palette.title, first.Light.palette.title}
	foreground := ink{first.Dark.palette.foreground, first.Light.palette.foreground}
	background := ink{first.Dark.palette.background, first.Light.palette.background}

	var body strings.Builder
	fmt.Fprintf(&body, `<rect x=".5" y=".5" width="%d" height="%d" rx="8"%s/>`+"\n", width-1, height-1, used.class(background))
	fmt.Fprintf(&body, `<rect x=".5" y=".5" width="%d" height="%d" rx="8" fill="none" stroke="currentColor"%s/>`+"\n", width-1, height-1, used.class(edge))
	for i := range 3 {
		fmt.Fprintf(&body, `<circle cx="%d" cy="18" r="5"%s/>`+"\n", margin+5+18*i, used.class(edge))
	}
	fmt.Fprintf(&body, `<text x="%d" y="23" font-size="13" text-anchor="middle"%s>%s</text>`+"\n", width/2, used.class(muted), escape(title))
	fmt.Fprintf(&body, `<g transform="translate(%d %d)"%s>`+"\n", margin, titleBar, used.class(foreground))
	for i, scene := range scenes {
		if len(scenes) > 1 {
			fmt.Fprintf(&body, `<g class="scene s%d">`+"\n", i)
		}
		if scene.Caption != "" {
			fmt.Fprintf(&body, `<text x="%d" y="-13" font-size="13" text-anchor="end"%s>%s</text>`+"\n", width-2*margin, used.class(muted), escape(scene.Caption))
		}
		body.WriteString(draw(scene, &used))
		if len(scenes) > 1 {
			body.WriteString("</g>\n")
		}
	}
	body.WriteString("</g>\n</svg>\n")

	var head strings.Builder
	fmt.Fprintf(&head, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" fill="currentColor" font-family="%s" font-size="%d">`+"\n",
		width, height, width, height, "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace", fontSize)
	fmt.Fprintf(&head, "<title>%s</title>\n<style>\n%s%s</style>\n", escape(title), used.rules(), film(len(scenes)))
	return head.String() + body.String()
}

// film returns the rules that show the scenes one after another, the last one twice as
// long.
func film(scenes int) string {
	if scenes == 1 {
		return ""
	}
	const seconds = 3
	var rules, frames strings.Builder
	fmt.Fprintf(&rules, ".scene{visibility:hidden}.scene:last-child{visibility:visible}\n@media(prefers-reduced-motion:no-preference){\n.scene{animation:%ds step-end infinite}\n", seconds*(scenes+1))
	for i := range scenes {
		fmt.Fprintf(&rules, ".s%d{animation-name:s%d}", i, i)
		fmt.Fprintf(&frames, "@keyframes s%d{0%%{visibility:hidden}%.2f%%{visibility:visible}", i, 100*float64(i)/float64(scenes+1))
		if i < scenes-1 {
			fmt.Fprintf(&frames, "%.2f%%{visibility:hidden}", 100*float64(i+1)/float64(scenes+1))
		}
		frames.WriteString("}\n")
	}
	return rules.String() + "\n}\n" + frames.String()
}

// ink is a color on a dark and on a light terminal.
type ink struct{ dark, light color.RGBA }

// inks are the colors in use, each with a class.
type inks []ink

func (all *inks) class(of ink) string {
	i := slices.Index(*all, of)
	if i < 0 {
		i = len(*all)
		*all = append(*all, of)
	}
	return fmt.Sprintf(` class="c%d"`, i)
}

func (all inks) rules() string {
	var dark, light strings.Builder
	for i, ink := range all {
		fmt.Fprintf(&dark, ".c%d{color:%s}", i, hex(ink.dark))
		if ink.light != ink.dark {
			fmt.Fprintf(&light, ".c%d{color:%s}", i, hex(ink.light))
		}
	}
	if light.Len() == 0 {
		return dark.String() + "\n"
	}
	return dark.String() + "\n@media(prefers-color-scheme:light){" + light.String() + "}\n"
}

// picture collects what is drawn of a scene, the lower layers first.
type picture struct {
	dark, light palette
	inks        *inks
	columns     int
	backgrounds strings.Builder
	blocks      strings.Builder // and the cursor
	lines       []stroke
	texts       strings.Builder
}

func draw(scene Scene, used *inks) string {
	p := picture{dark: scene.Dark.palette, light: scene.Light.palette, inks: used, columns: scene.Dark.columns}
	for y := range scene.Dark.rows {
		p.row(y, scene.Dark.cells[y*p.columns:], scene.Light.cells[y*p.columns:])
	}
	if scene.Dark.hasCursor {
		at, l := scene.Dark.cursor, p.look(&uv.EmptyCell, &uv.EmptyCell)
		p.shape(&p.blocks, at.X, at.Y, rectangle{width: cellWidth, height: cellHeight}, between(l.foreground, l.background))
	}
	all := p.backgrounds.String() + p.blocks.String()
	for _, line := range p.lines {
		// Half a pixel off, a one-pixel line fills one pixel.
		all += fmt.Sprintf(`<path transform="translate(.5 .5)" fill="none" stroke="currentColor"%s stroke-width="1" d="%s"/>`+"\n", p.inks.class(line.color), line.path)
	}
	return all + p.texts.String()
}

// look is a cell's final style, with reverse and dim applied.
type look struct {
	foreground, background     ink
	bold, underlined, isHidden bool
}

func (p *picture) look(dark, light *uv.Cell) look {
	style := dark.Style
	l := look{
		foreground: ink{p.dark.resolve(style.Fg, p.dark.foreground), p.light.resolve(light.Style.Fg, p.light.foreground)},
		background: ink{p.dark.resolve(style.Bg, p.dark.background), p.light.resolve(light.Style.Bg, p.light.background)},
		bold:       style.Attrs&uv.AttrBold != 0,
		underlined: style.Underline != uv.UnderlineNone,
		isHidden:   style.Attrs&uv.AttrConceal != 0,
	}
	if style.Attrs&uv.AttrReverse != 0 {
		l.foreground, l.background = l.background, l.foreground
	}
	if style.Attrs&uv.AttrFaint != 0 {
		l.foreground = between(l.foreground, l.background)
	}
	if dark.Content == "█" && !l.isHidden {
		l.background, l.isHidden = l.foreground, true
	}
	return l
}

// row draws the cells of row y, as runs of one background and as runs of one look. A wide
// character is its own run, fitted to its two cells.
func (p *picture) row(y int, dark, light []uv.Cell) {
	var back, text run
	for x := 0; x < p.columns; x++ {
		c := &dark[x]
		width := max(1, c.Width)
		l := p.look(c, &light[x])

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
	if r.width > 0 && r.look.background != (ink{p.dark.background, p.light.background}) {
		p.shape(&p.backgrounds, r.x, y, rectangle{width: r.width * cellWidth, height: cellHeight}, r.look.background)
	}
	*r = run{}
}

func (p *picture) text(y int, r *run) {
	defer func() { *r = run{} }()
	content, x, width := r.content.String(), r.x, r.width
	if !r.look.underlined { // nothing to draw for blanks
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
	if r.look.foreground != (ink{p.dark.foreground, p.light.foreground}) {
		p.texts.WriteString(p.inks.class(r.look.foreground))
	}
	if r.look.bold {
		p.texts.WriteString(` font-weight="bold"`)
	}
	if r.look.underlined {
		p.texts.WriteString(` text-decoration="underline"`)
	}
	fmt.Fprintf(&p.texts, ">%s</text>\n", strings.ReplaceAll(escape(content), " ", "&#160;"))
}

func escape(text string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text)) // a Builder never fails
	return escaped.String()
}

// rectangle is a part of a cell, or several cells, from the top left.
type rectangle struct{ left, top, width, height int }

func (p *picture) shape(layer *strings.Builder, x, y int, r rectangle, fill ink) {
	fmt.Fprintf(layer, `<rect x="%d" y="%d" width="%d" height="%d"%s/>`+"\n",
		x*cellWidth+r.left, y*cellHeight+r.top, r.width, r.height, p.inks.class(fill))
}

// stroke is all lines of one color.
type stroke struct {
	color ink
	path  string
}

// drawn draws the gutter and its corner, the only lines of the wizard.
func (p *picture) drawn(x, y int, content string, l look) bool {
	if content != "│" && content != "└" {
		return false
	}
	i := slices.IndexFunc(p.lines, func(s stroke) bool { return s.color == l.foreground })
	if i < 0 {
		i = len(p.lines)
		p.lines = append(p.lines, stroke{color: l.foreground})
	}
	center, top := x*cellWidth+cellWidth/2, y*cellHeight
	if content == "│" {
		p.lines[i].path += fmt.Sprintf("M%d %dV%d", center, top, top+cellHeight)
	} else {
		middle := top + cellHeight/2
		p.lines[i].path += fmt.Sprintf("M%d %dV%dM%d %dH%d", center, top, middle, center, middle, (x+1)*cellWidth)
	}
	return true
}
