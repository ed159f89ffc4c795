package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"convox-travis/internal/setup"
)

func newRemove(p *program, stop *setup.Stop) *cobra.Command {
	var o options
	var everyBranch bool
	cmd := p.newCommand(&cobra.Command{
		Use:   "remove",
		Short: "Take the pair away again",
		Long: `Delete CONVOX_HOST and CONVOX_PASSWORD: those for all branches, with --branch
those of one branch, with --all-branches every one. On a terminal it asks
first. The credential itself goes on working.`,
		Example: `  convox-travis remove --repo acme/api
  convox-travis remove --branch main --yes
  convox-travis remove --owner acme --all --dry-run`,
		Args: noArguments,
	}, func() document { return &runDocument{} }, o.check, func(context.Context, []string) result {
		if everyBranch && o.branch != "" {
			return failure(usageError("--branch and --all-branches contradict each other", "--all-branches takes away the pairs of all branches, --branch NAME that of one"))
		}
		return p.remove(*stop, &o, everyBranch)
	})
	o.repositoryFlags(cmd.Flags())
	o.ownerFlags(cmd.Flags())
	cmd.Flags().BoolVar(&everyBranch, "all-branches", false, "delete every pair, whatever its branch")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would be deleted, and delete nothing")
	o.runFlags(cmd.Flags())
	return cmd
}

func (p *program) remove(stop setup.Stop, o *options, everyBranch bool) result {
	show := p.reporter(o, "remove")
	a, err := p.answers(stop.Soft, o, "remove", nil)
	targets := a.request.Targets
	if err == nil {
		targets, err = o.owned(stop.Soft, a.travis, targets)
	}
	show.targets = targets
	if err != nil {
		return show.fail(err)
	}
	told, over := p.reading(len(targets))
	removal := setup.MakeRemoval(stop.Soft, a.travis, setup.RemoveRequest{
		Targets: targets, Branch: o.branch, AllBranches: everyBranch, Read: told,
	})
	over()
	if err := cmp.Or(context.Cause(stop.Soft), removal.Ended()); err != nil {
		return show.fail(err)
	}
	if o.dryRun {
		return show.report(removal.Intent())
	}
	if !removal.IsEmpty() {
		if err := show.confirm(stop.Soft, o, removal); err != nil {
			return show.fail(err)
		}
	}
	runner := setup.Runner{Travis: a.travis, Retry: p.reach.retry, Tell: show.event}
	show.streamed = true
	show.begin(removal.Tally(time.Now()))
	report := runner.Remove(stop, removal)
	r := show.report(report)
	if report.HasChanges() {
		r.notes = append(r.notes, "note: the credential itself goes on working; to end it, delete the deploy key in Console or change the Rack's password")
	}
	return r
}

// confirm asks on a terminal; a script has said it by running the command.
func (s *reporter) confirm(ctx context.Context, o *options, removal setup.Removal) error {
	if o.yes || !(s.typed || s.isPlain(o)) {
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
		return usageError("remove needs an answer that was not given: whether to delete them", "answer y, or give --yes")
	}
	if (err == nil || errors.Is(err, io.EOF)) && (strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")) {
		return nil
	}
	return usageError("nothing was deleted: it was not agreed to", "answer y, or give --yes")
}
