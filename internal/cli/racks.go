package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"convox-travis/cfn"
	"convox-travis/internal/text"
)

func newRacks(p *program) *cobra.Command {
	var o options
	cmd := p.newCommand(&cobra.Command{
		Use:   "racks",
		Short: "List the Racks in CloudFormation",
		Long: `List the Racks of an AWS account, in all regions at once. Regions that are
disabled, denied or slow are skipped, and reported with the reason. Generation 3
Racks aren't CloudFormation stacks: use Console for those.`,
		Example: `  convox-travis racks
  convox-travis racks --profile work --region eu-west-1 --json`,
		Args: noArguments,
	}, func() document { return &racksDocument{} }, o.check, func(ctx context.Context, _ []string) result {
		return p.racks(ctx, &o)
	})
	o.awsFlags(cmd.Flags())
	o.resultFlags(cmd.Flags())
	ignore(cmd.Flags(), "yes", "accessible")
	return cmd
}

// The document of racks.
type (
	racksDocument struct {
		Version int                  `json:"version"`
		Racks   list[rackDocument]   `json:"racks"`
		Skipped list[regionDocument] `json:"skipped"`
		Error   *messageDocument     `json:"error"`
	}
	rackDocument struct {
		Name      string       `json:"name"`
		Region    string       `json:"region"`
		Host      string       `json:"host"`
		Version   string       `json:"version"`
		Status    string       `json:"status"`
		Private   bool         `json:"private"`
		WhiteList list[string] `json:"whitelist"`
	}
	regionDocument struct {
		Region string `json:"region"`
		Reason string `json:"reason"`
	}
)

func (d *racksDocument) end(h head, err *messageDocument) { d.Version, d.Error = h.Version, err }
func (d *racksDocument) items() []any                     { return itemsOf(d.Racks) }

func (p *program) racks(ctx context.Context, o *options) result {
	finder, err := p.connections.finder(o.profile, p.mfaCode())
	if err != nil {
		return failure(err)
	}
	begun := time.Now()
	found, err := finder.Search(ctx, o.regions, nil)
	if stopped := context.Cause(ctx); stopped != nil {
		err = stopped
	}
	if err != nil {
		return failure(err)
	}
	d := &racksDocument{}
	for _, rack := range found.Racks {
		d.Racks = append(d.Racks, rackDocument{rack.Name, rack.Region, rack.Host, rack.Version, rack.Status, rack.Private, rack.WhiteList})
	}
	notes := []string{fmt.Sprintf("%s among %s in %s, %.1f s", text.Count(len(found.Racks), "Rack"), text.Count(found.Stacks, "stack"),
		text.Count(found.Regions, "region"), time.Since(begun).Seconds())}
	for _, skipped := range found.Skipped {
		d.Skipped = append(d.Skipped, regionDocument{skipped.Region, skipped.Reason})
	}
	notes = append(notes, cfn.GroupSkipped(found.Skipped)...)
	for _, rack := range found.Racks {
		if rack.Repair != "" {
			notes = append(notes, "hint: "+rack.Repair)
		}
	}
	switch {
	case slices.ContainsFunc(found.Skipped, cfn.Skipped.IsTransient):
		notes = append(notes, "hint: run this again: skipped regions may answer now")
	case len(found.Racks) == 0:
		notes = append(notes, "hint: search another account with --profile, or use a Console deploy key")
	}
	return result{document: d, lines: racksTable(found, p.outWidth()), notes: notes}
}

// rackNote says what a Rack's settings mean for Travis.
func rackNote(rack cfn.Rack) string {
	var notes []string
	if rack.Private {
		notes = append(notes, "private API: Travis can't reach it")
	}
	if len(rack.WhiteList) > 0 {
		notes = append(notes, "IP allowlist: "+strings.Join(rack.WhiteList, ", "))
	}
	switch {
	case rack.Dead():
		notes = append(notes, "no working Rack")
	case rack.Failed():
		notes = append(notes, "failed")
	}
	return strings.Join(notes, "; ")
}

// racksTable lists Racks for people, one per line if the terminal is wide enough.
// Values are never cut, so that they can be copied.
func racksTable(found cfn.Summary, width int) []string {
	if len(found.Racks) == 0 {
		return nil
	}
	rows := [][]string{{"NAME", "REGION", "HOST", "VERSION", "STATE", "NOTE"}}
	for _, rack := range found.Racks {
		rows = append(rows, []string{rack.Name, rack.Region, cmp.Or(rack.Host, "-"), cmp.Or(rack.Version, "-"), rack.Status, rackNote(rack)})
	}
	lines := alignColumns(rows)
	if !slices.ContainsFunc(lines, func(line string) bool { return ansi.StringWidth(line) > width }) {
		return lines
	}
	lines = nil
	for _, rack := range found.Racks {
		lines = append(lines, text.WrapWhole(strings.Join([]string{rack.Name, rack.Region, rack.Status, rack.Version}, " "), width)...)
		for _, under := range []string{cmp.Or(rack.Host, "-"), rackNote(rack)} {
			if under == "" {
				continue
			}
			for _, line := range text.WrapWhole(under, width-len(gap)) {
				lines = append(lines, gap+line)
			}
		}
	}
	return lines
}

// alignColumns returns the lines of a table.
func alignColumns(rows [][]string) []string {
	var lines strings.Builder
	table := tabwriter.NewWriter(&lines, 0, 0, len(gap), ' ', 0)
	for _, cells := range rows {
		for i, cell := range cells {
			cells[i] = text.Clean(cell)
		}
		fmt.Fprintln(table, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	_ = table.Flush() // writing to a strings.Builder never fails
	return strings.Split(strings.TrimSuffix(lines.String(), "\n"), "\n")
}
