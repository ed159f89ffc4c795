package main

import (
	"fmt"
	"strings"
)

// missing collects the answers that were not given, so that all are told at
// once.
type missing struct {
	names []string
	hints []string
}

func (m *missing) add(name, hint string) {
	m.names = append(m.names, name)
	m.hints = append(m.hints, name+": "+hint)
}

// err is nil when nothing is missing.
func (m *missing) err(command string) error {
	switch len(m.names) {
	case 0:
		return nil
	case 1:
		return &usageError{what: fmt.Sprintf("%s needs an answer that was not given: %s", command, m.names[0]), hints: m.hints}
	}
	return &usageError{what: fmt.Sprintf("%s needs answers that were not given: %s", command, strings.Join(m.names, ", ")), hints: m.hints}
}
