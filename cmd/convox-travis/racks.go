package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/cobra"

	"convox-travis/cfn"
)

func newRacks(p *program) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "racks",
		Short: "List the Racks found in CloudFormation",
		Long: `List the Racks of an AWS account, in all regions at once. A region that is
switched off, denied or slow is passed over and named. Racks of the third
generation are not CloudFormation stacks: they are reached through Console.`,
		Example: `  convox-travis racks
  convox-travis racks --profile work --region eu-west-1 --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return p.racks(cmd.Context(), &o)
		},
	}
	o.awsFlags(cmd.Flags())
	o.resultFlags(cmd.Flags())
	ignore(cmd.Flags(), "yes", "accessible")
	return cmd
}

// The document that racks --json prints.
type (
	racksDocument struct {
		Version int              `json:"version"`
		Racks   []rackDocument   `json:"racks"`
		Skipped []regionDocument `json:"skipped"`
		Error   *messageDocument `json:"error"`
	}
	rackDocument struct {
		Name      string   `json:"name"`
		Region    string   `json:"region"`
		Host      string   `json:"host"`
		Version   string   `json:"version"`
		Status    string   `json:"status"`
		Private   bool     `json:"private"`
		WhiteList []string `json:"whitelist"`
	}
	regionDocument struct {
		Region string `json:"region"`
		Reason string `json:"reason"`
	}
)

func (p *program) racks(ctx context.Context, o *options) error {
	finder, err := p.reach.finder(ctx, o.profile, p.mfaCode())
	if err != nil {
		return err
	}
	begun := time.Now()
	found, err := finder.Search(ctx, o.regions, nil)
	if stopped := context.Cause(ctx); stopped != nil {
		return stopped
	}
	if err != nil {
		return err
	}
	if o.json != "" {
		p.racksJSON(found, o.json)
		return nil
	}
	p.racksTable(found)
	fmt.Fprintf(p.err, "%s among %s in %s, %.1f s\n", count(len(found.Racks), "Rack"), count(found.Stacks, "stack"),
		count(found.Regions, "region"), time.Since(begun).Seconds())
	for _, skipped := range found.Skipped {
		fmt.Fprintf(p.err, "passed over %s: %s\n", shellescape.StripUnsafe(skipped.Region), shellescape.StripUnsafe(skipped.Reason))
	}
	if len(found.Racks) == 0 {
		printHints(p.err, []string{"look in another account with --profile, or use a Console deploy key"})
	}
	return nil
}

// racksFail ends a search that found out nothing.
func (p *program) racksFail(err error, form string) error {
	code := exitCode(err)
	printError(p.err, err)
	if form == jsonDocument {
		_ = printJSON(p.out, racksDocument{Version: formatVersion, Racks: []rackDocument{}, Skipped: []regionDocument{}, Error: errorOf(err)})
	}
	return &reportedError{code: code}
}

// rackNote says what a Rack's settings mean for Travis.
func rackNote(rack cfn.Rack) string {
	var notes []string
	if rack.Private {
		notes = append(notes, "private API: Travis cannot reach it")
	}
	if len(rack.WhiteList) > 0 {
		notes = append(notes, "white list: only "+strings.Join(rack.WhiteList, ", "))
	}
	if rack.Failed() {
		notes = append(notes, "failed")
	}
	return strings.Join(notes, "; ")
}

// racksJSON prints what was found; what cannot be written is told at the end.
func (p *program) racksJSON(found cfn.Summary, form string) {
	document := racksDocument{Version: formatVersion, Racks: []rackDocument{}, Skipped: []regionDocument{}}
	for _, rack := range found.Racks {
		document.Racks = append(document.Racks, rackDocument{
			Name: rack.Name, Region: rack.Region, Host: rack.Host, Version: rack.Version, Status: rack.Status,
			Private: rack.Private, WhiteList: append([]string{}, rack.WhiteList...),
		})
	}
	for _, skipped := range found.Skipped {
		document.Skipped = append(document.Skipped, regionDocument{Region: skipped.Region, Reason: skipped.Reason})
	}
	if form == jsonDocument {
		_ = printJSON(p.out, document)
		return
	}
	for _, rack := range document.Racks {
		_ = printJSON(p.out, rack)
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
