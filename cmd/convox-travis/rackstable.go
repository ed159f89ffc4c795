package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"al.essio.dev/pkg/shellescape"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/cfn"
	"convox-travis/internal/text"
)

// racksTable tells a person the Racks: a line each where the terminal has room for
// it, else a few, with each value whole, so that it can be copied.
func (p *program) racksTable(found cfn.Summary) {
	if len(found.Racks) == 0 {
		return
	}
	var lines strings.Builder
	table := tabwriter.NewWriter(&lines, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tREGION\tHOST\tVERSION\tSTATE\tNOTE")
	for _, rack := range found.Racks {
		cells := []string{rack.Name, rack.Region, dash(rack.Host), dash(rack.Version), rack.Status, rackNote(rack)}
		for i, cell := range cells {
			cells[i] = shellescape.StripUnsafe(cell)
		}
		fmt.Fprintln(table, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	_ = table.Flush() // a strings.Builder takes everything
	if width := p.outWidth(); widest(lines.String()) > width {
		lines.Reset()
		for _, rack := range found.Racks {
			for _, line := range rackLines(rack, width) {
				fmt.Fprintln(&lines, line)
			}
		}
	}
	fmt.Fprint(p.out, lines.String()) // what cannot be written is told at the end
}

// rackLines is a Rack in lines of a narrow terminal.
func rackLines(rack cfn.Rack, width int) []string {
	lines := text.WrapWhole(strings.Join([]string{rack.Name, rack.Region, rack.Status, rack.Version}, " "), width)
	for _, under := range []string{dash(rack.Host), rackNote(rack)} {
		if under == "" {
			continue
		}
		for _, line := range text.WrapWhole(under, width-len(gap)) {
			lines = append(lines, gap+line)
		}
	}
	return lines
}

func widest(lines string) int {
	width := 0
	for line := range strings.Lines(lines) {
		width = max(width, ansi.StringWidth(strings.TrimRight(line, "\n")))
	}
	return width
}
