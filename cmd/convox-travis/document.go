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

// formatVersion is the "version" of every document. It grows when a field is removed or
// changes its meaning, not when one is added.
const formatVersion = 1

// document is what a command prints with --json.
type document interface {
	// end sets how the run ended.
	end(head, *messageDocument)
	// items are the lines of --json=lines that weren't streamed.
	items() []any
}

// Parts of several documents.
type (
	head struct {
		Version int    `json:"version"`
		Result  string `json:"result"`
	}
	messageDocument struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Hint    string `json:"hint"` // one per line
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

// dryRun is the key in results for the exit code of a dry run.
const dryRun = -1

// results maps exit codes to words.
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

// printJSON writes a document as one line. It escapes control characters that JSON
// allows, so that they don't steer a terminal.
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

// jsonForm is the form of JSON that a command line asks for, or "". It works for a
// command line that can't be parsed, too, and for an unknown form.
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
