package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"convox-travis/internal/connect"
)

func newRemove(p *program, stop *connect.Stop) *cobra.Command {
	var o options
	var everyBranch bool
	cmd := p.newCommand(&cobra.Command{
		Use:   "remove",
		Short: "Delete both variables",
		Long: `Delete the CONVOX_HOST and CONVOX_PASSWORD that apply to all branches, those of
--branch, or all of them with --all-branches. On a terminal it asks first. The
credential itself still works.`,
		Example: `  convox-travis remove --repo acme/api
  convox-travis remove --branch main --yes
  convox-travis remove --owner acme --all --dry-run`,
		Args: noArguments,
	}, func() document { return &runDocument{} }, o.check, func(context.Context, []string) result {
		if everyBranch && o.branch != "" {
			return failure(usageError("--branch and --all-branches exclude each other", "pass --all-branches for the variables of every branch, or --branch NAME for those of one"))
		}
		return p.remove(*stop, &o, everyBranch)
	})
	o.repositoryFlags(cmd.Flags())
	o.ownerFlags(cmd.Flags())
	cmd.Flags().BoolVar(&everyBranch, "all-branches", false, "delete the variables of every branch, too")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would be deleted, but delete nothing")
	o.runFlags(cmd.Flags())
	return cmd
}

func (p *program) remove(stop connect.Stop, o *options, everyBranch bool) result {
	show := p.reporter(o, "remove")
	a, err := p.answers(stop.Soft, o, "remove", nil)
	targets := a.request.Targets
	if err == nil && o.all {
		targets, _, err = o.listOwner(stop.Soft, a.travis)
	}
	show.targets = targets
	if err != nil {
		return show.fail(err)
	}
	read, done := p.reading(len(targets))
	removal := connect.MakeRemoval(stop.Soft, a.travis, connect.RemoveRequest{
		Targets: targets, Branch: o.branch, AllBranches: everyBranch, Read: read,
	})
	done()
	if err := cmp.Or(context.Cause(stop.Soft), removal.Ended()); err != nil {
		return show.fail(err)
	}
	spell := speller{client: a.travis}
	for i, r := range removal.Repositories {
		removal.Repositories[i].Err = spell.addSuggestion(stop.Soft, r.Target, r.Err)
	}
	if o.dryRun {
		return show.report(removal.Intent())
	}
	if !removal.IsEmpty() {
		if err := show.confirm(stop.Soft, o, removal); err != nil {
			return show.fail(err)
		}
	}
	runner := connect.Runner{Travis: a.travis, Retry: p.connections.retry, Tell: show.event}
	show.streamed = true
	show.begin(removal.Tally(time.Now()))
	report := runner.Remove(stop, removal)
	r := show.report(report)
	if report.HasChanges() {
		r.notes = append(r.notes, "note: the credential still works; to revoke it, delete the deploy key in Console or change the Rack password")
	}
	return r
}

// confirm asks on a terminal. A script confirms by running the command.
func (s *reporter) confirm(ctx context.Context, o *options, removal connect.Removal) error {
	if o.yes || !(s.inIsTerminal || s.isPlain(o)) {
		return nil
	}
	for _, r := range removal.Repositories {
		for _, v := range r.Variables {
			where := "all branches"
			if v.Branch != "" {
				where = "branch " + v.Branch
			}
			s.say(fmt.Sprintf("%s  %s  %s", r.Target, v.Name, where))
		}
	}
	fmt.Fprint(s.err, "delete them? [y/N] ")
	answer, err := s.line(ctx)
	if stopped := context.Cause(ctx); stopped != nil {
		return stopped
	}
	if errors.Is(err, io.EOF) && answer == "" {
		return usageError("remove needs your confirmation", "answer y, or pass --yes")
	}
	if (err == nil || errors.Is(err, io.EOF)) && (strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")) {
		return nil
	}
	return usageError("nothing was deleted: you didn't confirm", "answer y, or pass --yes")
}
