package main

import (
	"errors"

	"github.com/spf13/cobra"
)

// unbegun tells an error that came before the command could tell it, such as that of
// a flag: with --json in the command's own document. It returns what is left to be
// told.
func (p *program) unbegun(cmd *cobra.Command, err error) error {
	form := p.form
	if _, told := errors.AsType[*reportedError](err); err == nil || told || form == "" || cmd.Flags().Lookup("json") == nil {
		return err
	}
	o := options{json: form}
	switch cmd.Name() {
	case "reset-password":
		if args := cmd.Flags().Args(); len(args) == 1 {
			o.rack = args[0]
		}
		return (&resetPresenter{program: p, o: &resetOptions{options: o}}).fail(err)
	}
	return err
}
