package main

import (
	"bytes"
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

// document is what --json prints of a command.
type document interface {
	// end sets how the run ended, and why.
	end(head, *messageDocument)
	// items are the lines of --json=lines that weren't streamed.
	items() []any
}

// What documents share.
type (
	head struct {
		Version int    `json:"version"`
		Result  string `json:"result"`
	}
	messageDocument struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Hint    string `json:"hint"` // several are divided by line ends
	}
)

// list is never null in JSON.
type list[T any] []T

// MarshalJSON implements json.Marshaler.
func (l list[T]) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return encode([]T(l))
}

// itemsOf are the lines of a list.
func itemsOf[T any](all []T) (items []any) {
	for _, item := range all {
		items = append(items, item)
	}
	return items
}

// dryRun stands for the exit code of a run that was not to change anything.
const dryRun = -1

// results are the words for the exit codes.
var results = map[int]string{
	exitDone:        "done",
	exitFailed:      "failed",
	exitUsage:       "failed",
	exitPartial:     "partial",
	exitRefused:     "refused",
	exitFound:       "found",
	exitInterrupted: "interrupted",
	dryRun:          "dry-run",
}

func errorOf(err error) *messageDocument {
	if err == nil {
		return nil
	}
	return &messageDocument{Code: codeOf(err), Message: err.Error(), Hint: strings.Join(hintsOf(err), "\n")}
}

func warningsOf(warnings []setup.Warning) (documents []messageDocument) {
	for _, w := range warnings {
		documents = append(documents, messageDocument{Code: w.Code, Message: w.String(), Hint: w.Hint})
	}
	return documents
}

// printJSON writes a document in a line. What a terminal could obey is escaped,
// beyond what JSON demands.
func printJSON(w io.Writer, document any) error {
	text, err := encode(document)
	if err != nil {
		return err
	}
	var safe strings.Builder
	for _, r := range string(text) {
		if r == '\n' || unicode.IsPrint(r) {
			safe.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&safe, `\u%04x`, unit)
		}
	}
	_, err = io.WriteString(w, safe.String())
	return err
}

func encode(document any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(document)
	return text.Bytes(), err
}

// jsonForm is the form of JSON that a command line asks for, "" for none. One that
// can't be read asks for it too, and so does one with an unknown form.
func jsonForm(args []string) string {
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
