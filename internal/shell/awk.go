package shell

import (
	"regexp"
	"strconv"
	"strings"
)

// awkPrint matches the part of awk's language that is played: printing fields of lines
// that match a regular expression.
var awkPrint = regexp.MustCompile(`^\s*(?:/([^/]*)/)?\s*\{\s*print\s*((?:\$\w+[\s,]*|"[^"\\]*"[\s,]*)*);?\s*\}\s*$`)

var awkFactor = regexp.MustCompile(`"[^"]*"|\$\w+|,`)

// awk prints fields of lines. The output of other awk programs is unknown.
func (s *Shell) awk(args []string) int {
	separator := ""
	var words []string
	for i := 0; i < len(args); i++ {
		after, isSeparator := strings.CutPrefix(args[i], "-F")
		switch {
		case isSeparator && after == "" && i+1 < len(args):
			i++
			separator = args[i]
		case isSeparator:
			separator = after
		default:
			words = append(words, args[i])
		}
	}
	if len(words) == 0 {
		return 2
	}
	m := awkPrint.FindStringSubmatch(words[0])
	if m == nil || len(separator) > 1 {
		s.printUnknown("awk")
		return 0
	}
	expression, err := regexp.Compile(m[1])
	if err != nil {
		return 2
	}
	data, _, ok := s.texts(words[1:])
	for _, line := range lines(data) {
		s.step()
		if !expression.MatchString(line) {
			continue
		}
		fields := strings.Fields(line)
		if separator != "" && separator != " " {
			fields = strings.Split(line, separator)
		}
		output := ""
		for _, factor := range awkFactor.FindAllString(m[2], -1) {
			name := factor[1:]
			n, err := strconv.Atoi(name)
			switch {
			case factor == ",":
				output += " "
			case factor[0] == '"':
				output += strings.Trim(factor, `"`)
			case name == "NF":
				output += strings.Join(fields[max(len(fields)-1, 0):], "")
			case err != nil:
				output += unknownOutput("awk")
			case n == 0:
				output += line
			case n <= len(fields):
				output += fields[n-1]
			}
		}
		if m[2] == "" {
			output = line
		}
		s.print(output + "\n")
	}
	return oneIf(!ok)
}
