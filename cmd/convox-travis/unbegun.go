package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// unbegun tells an error that came before the command could tell it, such as that of
// a flag: with --json in the command's own document. It returns what is left to be
// told.
func (p *program) unbegun(cmd *cobra.Command, err error) error {
	form := jsonForm(cmd, p.args)
	if _, told := errors.AsType[*reportedError](err); err == nil || told || form == "" {
		return err
	}
	o := options{json: form}
	switch cmd.Name() {
	case "check":
		return (&checkPresenter{program: p, o: &checkOptions{options: o}}).fail(err)
	case "racks":
		return p.racksFail(err, form)
	case "reset-password":
		if args := cmd.Flags().Args(); len(args) == 1 {
			o.rack = args[0]
		}
		return (&resetPresenter{program: p, o: &resetOptions{options: o}}).fail(err)
	case "yml":
		if slices.Contains(p.args, "--explain") {
			return (&explanation{program: p, json: true}).fail(err)
		}
		return (&ymlPresenter{program: p, o: &ymlOptions{options: o}}).fail(err)
	}
	return p.presenter(&o, cmd.Name()).fail(err)
}

// jsonForm is the form of JSON that a command line asks for, "" for none. A command
// line that cannot be read asks for it too, and so does one with a form that there
// is not.
func jsonForm(cmd *cobra.Command, args []string) string {
	if cmd.Flags().Lookup("json") == nil {
		return ""
	}
	form := ""
	for _, arg := range args {
		switch {
		case arg == "--":
			return form
		case arg == "--json="+jsonLines:
			form = jsonLines
		case arg == "--json", strings.HasPrefix(arg, "--json="):
			form = jsonDocument
		}
	}
	return form
}
