package main

import "fmt"

// ymlDocument is what yml --json prints.
type ymlDocument struct {
	Version int      `json:"version"`
	Result  string   `json:"result"` // "done", "dry-run", "refused" or "failed"
	File    string   `json:"file"`
	Found   string   `json:"found"` // where the file deploys already, or ""
	Changed bool     `json:"changed"`
	Written bool     `json:"written"`
	Diff    string   `json:"diff"`
	Lines   []string `json:"lines"` // to be pasted, where the file was left alone

	Warnings []messageDocument `json:"warnings"`
	Error    *messageDocument  `json:"error"`
}

func (s *ymlPresenter) print(document ymlDocument) {
	if s.o.json == "" {
		return
	}
	document.Version, document.File = formatVersion, s.file.Path
	if document.Lines == nil {
		document.Lines = []string{}
	}
	if document.Warnings == nil {
		document.Warnings = []messageDocument{}
	}
	_ = printJSON(s.out, document) // what cannot be written is told at the end
}

func (s *ymlPresenter) note(format string, args ...any) {
	if s.o.json == "" {
		fmt.Fprintf(s.err, format+"\n", args...)
	}
}
