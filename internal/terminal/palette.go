//go:build unix

package terminal

import (
	"fmt"
	"image/color"

	"github.com/charmbracelet/x/ansi"
)

// palette has a terminal's values for named colors.
type palette struct {
	foreground, background color.RGBA
	named                  [16]color.RGBA // black, red, green, yellow, blue, magenta, cyan, white; then bright
	edge, title            color.RGBA     // of the window
}

func colors(dark bool) palette {
	if dark {
		return palette{
			foreground: rgb(0xd8dee6), background: rgb(0x12161c),
			edge: rgb(0x323a45), title: rgb(0x8b96a5),
			named: [16]color.RGBA{
				rgb(0x3a424d), rgb(0xf0716b), rgb(0x5fbf77), rgb(0xd9a441), rgb(0x6aa5f2), rgb(0xc08af0), rgb(0x4fbac4), rgb(0xc3cbd5),
				rgb(0x7c8896), rgb(0xff958f), rgb(0x80d996), rgb(0xf0c060), rgb(0x93bffa), rgb(0xd6adfa), rgb(0x78d6de), rgb(0xffffff),
			},
		}
	}
	return palette{
		foreground: rgb(0x1f2730), background: rgb(0xffffff),
		edge: rgb(0xcdd4dc), title: rgb(0x5f6b79),
		named: [16]color.RGBA{
			rgb(0x1f2730), rgb(0xb3261e), rgb(0x1a7436), rgb(0x855700), rgb(0x1558b8), rgb(0x7a35b5), rgb(0x0b6e7a), rgb(0x8893a0),
			rgb(0x5c6875), rgb(0xd03a31), rgb(0x218a43), rgb(0x9c6800), rgb(0x2a6fd6), rgb(0x9350cf), rgb(0x118593), rgb(0xc9d0d8),
		},
	}
}

// resolve returns c's value, or otherwise if c is nil.
func (p palette) resolve(c color.Color, otherwise color.RGBA) color.RGBA {
	switch c := c.(type) {
	case nil:
		return otherwise
	case ansi.BasicColor:
		if int(c) < len(p.named) {
			return p.named[c]
		}
	case ansi.IndexedColor:
		if int(c) < len(p.named) {
			return p.named[c]
		}
	}
	r, g, b, _ := c.RGBA()
	return color.RGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: 255}
}

// between is the color halfway between a and b.
func between(a, b ink) ink {
	middle := func(a, b uint8) uint8 { return uint8((int(a) + int(b)) / 2) }
	mix := func(a, b color.RGBA) color.RGBA {
		return color.RGBA{R: middle(a.R, b.R), G: middle(a.G, b.G), B: middle(a.B, b.B), A: 255}
	}
	return ink{mix(a.dark, b.dark), mix(a.light, b.light)}
}

func rgb(value uint32) color.RGBA {
	return color.RGBA{R: uint8(value >> 16), G: uint8(value >> 8), B: uint8(value), A: 255}
}

func hex(c color.RGBA) string {
	return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
}
