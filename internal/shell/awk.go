package shell

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	// rule is what of awk's language is played: a pattern, and print.
	rule   = regexp.MustCompile(`^\s*(BEGIN|/(?:[^/\\]|\\.)*/|[$\w]+\s*(?:==|!=|~)\s*(?:"[^"]*"|[$\w]+|/[^/]*/))?\s*(?:\{\s*(print|printf)\b([^{}]*?);?\s*(?:;?\s*exit\s*;?)?\s*\}\s*)?$`)
	factor = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*"|\$?\w+)`)
	equals = regexp.MustCompile(`^([$\w]+)\s*(==|!=|~)\s*(.*)$`)
)

// awk prints fields, variables and texts of the lines that a pattern is for. Other
// programs of awk print what isn't known.
func (s *Shell) awk(args []string) int {
	separator, variables := "", map[string]string{}
	var words []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-F" && i+1 < len(args):
			i++
			separator = args[i]
		case args[i] == "-v" && i+1 < len(args):
			i++
			name, value, _ := strings.Cut(args[i], "=")
			variables[name] = value
		case strings.HasPrefix(args[i], "-F"):
			separator = args[i][2:]
		default:
			words = append(words, args[i])
		}
	}
	if len(words) == 0 {
		return 2
	}
	m := rule.FindStringSubmatch(words[0])
	if m == nil {
		s.printUnknown("awk")
		return 0
	}
	data, ok := "\n", true
	if m[1] != "BEGIN" {
		data, _, ok = s.texts(words[1:])
	}
	splits, err := regexp.Compile(separator)
	if err != nil || len(separator) == 1 {
		splits = regexp.MustCompile(regexp.QuoteMeta(separator))
	}
	for number, line := range lines(data) {
		s.step()
		fields := strings.Fields(line)
		if separator != "" && separator != " " {
			fields = splits.Split(line, -1)
		}
		look := func(word string) string {
			field, isField := strings.CutPrefix(word, "$")
			switch n, err := strconv.Atoi(field); {
			case word[0] == '"':
				return strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\"`, `"`).Replace(word[1 : len(word)-1])
			case isField && field == "NF":
				return or(strings.Join(fields[max(len(fields)-1, 0):], ""), "")
			case word == "NF":
				return strconv.Itoa(len(fields))
			case word == "NR":
				return strconv.Itoa(number + 1)
			case isField && err == nil && n == 0:
				return line
			case isField && err == nil && n <= len(fields):
				return fields[n-1]
			case isField:
				return ""
			case err == nil:
				return word
			}
			return variables[word]
		}
		if !awkHolds(m[1], line, look) {
			continue
		}
		output := ""
		rest := strings.TrimSpace(m[3])
		for range maxNested {
			one := factor.FindString(rest)
			if one == "" {
				break
			}
			output += look(strings.TrimSpace(one))
			rest = strings.TrimSpace(rest[len(one):])
			if after, comma := strings.CutPrefix(rest, ","); comma {
				output, rest = output+" ", after
			}
		}
		switch {
		case rest != "":
			output = openMark + "$(awk)" + valueMark + shutMark
		case m[2] == "" || m[3] == "":
			output = line
		}
		if m[2] != "printf" {
			output += "\n"
		}
		s.print(output)
	}
	return oneIf(!ok)
}

// awkHolds says whether a pattern of awk is for a line.
func awkHolds(pattern, line string, look func(string) string) bool {
	matches := func(expression, text string) bool {
		compiled, err := regexp.Compile(strings.Trim(expression, "/"))
		return err == nil && compiled.MatchString(text)
	}
	if pattern == "" || pattern == "BEGIN" {
		return true
	}
	m := equals.FindStringSubmatch(pattern)
	switch {
	case pattern[0] == '/':
		return matches(pattern, line)
	case m == nil:
		return false
	case m[2] == "~":
		return matches(strings.Trim(m[3], `"`), look(m[1]))
	}
	return (look(m[1]) == look(m[3])) == (m[2] == "==")
}
