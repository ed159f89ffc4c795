package setup

import (
	"fmt"
	"slices"

	"convox-travis/internal/build"
)

// FoundRepaired is where Travis reads .travis.yml otherwise than it is written.
const FoundRepaired = "yml_repaired"

// mostRepairs is how many warnings of a file are shown.
const mostRepairs = 50

// Repairs says where Travis reads a file otherwise than it is written.
func Repairs(messages []build.Message) []Warning {
	var warnings []Warning
	for _, m := range messages {
		if text := repairOf(m); text != "" && len(warnings) < mostRepairs {
			warnings = append(warnings, Warning{Code: FoundRepaired, Message: LineLead(m.Line) + text})
		}
	}
	return slices.CompactFunc(warnings, func(a, b Warning) bool { return a.Message == b.Message })
}

func repairOf(m build.Message) string {
	key, of := code(m.Key), ""
	if m.Key != "" {
		of = " of " + key
	}
	switch m.Kind {
	case build.DuplicateKey:
		return key + " is there more than once, and Travis reads the last one"
	case build.RepairedKey:
		return "Travis reads " + key + " as " + code(m.Instead)
	case build.OverwrittenKey:
		return key + " and " + code(m.Instead) + " are both there, and Travis reads " + key
	case build.UnknownKey:
		return "Travis doesn't read " + key
	case build.RepairedValue:
		return "Travis reads the value" + of + " as " + code(m.Instead)
	case build.UnknownValue:
		return "Travis doesn't know the value" + of
	case build.FirstOfList:
		return "Travis reads only the first item" + of
	case build.WrongType:
		return "Travis can't use the value" + of + ", which has the wrong type"
	case build.CommandMapping:
		return "YAML reads this command as a mapping, so it fails: quote all of it"
	case build.InvalidEnv:
		return "Travis drops a variable that isn't NAME=value"
	case build.UnknownImport:
		return "Travis finds no " + key + ", which is to be imported"
	case build.InvalidCondition:
		return "Travis can't parse this condition, so it counts as false"
	}
	return ""
}

// code marks a text of the file.
func code(text string) string { return "`" + Shortened(text) + "`" }

// LineLead names a line at the start of a sentence, where one is known.
func LineLead(line int) string {
	if line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d: ", line)
}

// Shortened is a text of the file that fits on a line or two.
func Shortened(text string) string {
	const longest = 100
	runes := []rune(text[:min(len(text), 4*longest+1)])
	if len(runes) <= longest {
		return text
	}
	return string(runes[:longest]) + "…"
}
