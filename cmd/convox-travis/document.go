package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"convox-travis/internal/setup"
)

// formatVersion is the "version" of every document. It grows when a field goes
// or changes its meaning, not when one is added.
const formatVersion = 1

// The documents that --json prints.
type (
	runDocument struct {
		Version      int                  `json:"version"`
		Result       string               `json:"result"`
		Host         string               `json:"host"`
		Repositories []repositoryDocument `json:"repositories"`
		Warnings     []messageDocument    `json:"warnings"`
		Error        *messageDocument     `json:"error"`
		Resume       string               `json:"resume,omitempty"` // the command that goes on where the run ended
	}
	repositoryDocument struct {
		Slug      string             `json:"slug"`
		ID        int                `json:"id"`
		Provider  string             `json:"provider"`
		Activated bool               `json:"activated"`
		Variables []variableDocument `json:"variables"`
		File      *fileDocument      `json:"file"` // .travis.yml, where the wizard added to it
		Error     *messageDocument   `json:"error"`
	}
	fileDocument struct {
		Path      string `json:"path"`
		Step      bool   `json:"step"`      // the deploy step was added
		Encrypted bool   `json:"encrypted"` // the pair was
	}
	variableDocument struct {
		Name   string  `json:"name"`
		Branch *string `json:"branch"` // null is all branches
		Public bool    `json:"public"`
		Action string  `json:"action"`
		Result *string `json:"result"` // null in a dry run
	}
	messageDocument struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Hint    string `json:"hint"` // several are divided by line ends
	}
)

// results are the words for the exit codes.
var results = map[int]string{
	exitDone:        "done",
	exitFailed:      "failed",
	exitUsage:       "failed",
	exitPartial:     "partial",
	exitRefused:     "refused",
	exitInterrupted: "interrupted",
}

func repositoryOf(r setup.RepositoryReport) repositoryDocument {
	document := repositoryDocument{
		Slug: r.Target.Slug, ID: r.ID, Provider: string(r.Target.Provider),
		Activated: r.Activated, Variables: []variableDocument{}, Error: errorOf(r.Err),
	}
	if r.File != nil {
		document.File = &fileDocument{r.File.Path, r.File.Step, r.File.Encrypted}
	}
	for _, v := range r.Variables {
		variable := variableDocument{Name: v.Name, Public: v.Public, Action: string(v.Action)}
		if v.Branch != "" {
			variable.Branch = &v.Branch
		}
		if v.Result != "" {
			result := string(v.Result)
			variable.Result = &result
		}
		document.Variables = append(document.Variables, variable)
	}
	return document
}

func errorOf(err error) *messageDocument {
	if err == nil {
		return nil
	}
	return &messageDocument{Code: codeOf(err), Message: err.Error(), Hint: strings.Join(hintsOf(err), "\n")}
}

func warningsOf(warnings []setup.Warning) []messageDocument {
	documents := []messageDocument{}
	for _, w := range warnings {
		documents = append(documents, messageDocument{Code: w.Code, Message: w.String(), Hint: w.Hint})
	}
	return documents
}

// printJSON writes a document in a line. What a terminal could obey is escaped,
// beyond what JSON demands.
func printJSON(w io.Writer, document any) error {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return err
	}
	var safe strings.Builder
	for _, r := range text.String() {
		if r == '\n' || unicode.IsPrint(r) {
			safe.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&safe, `\u%04x`, unit)
		}
	}
	_, err := io.WriteString(w, safe.String())
	return err
}
