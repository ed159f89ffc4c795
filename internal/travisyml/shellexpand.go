package travisyml

import "strings"

// expansion copies $NAME, ${…}, $(…) or `…` as it is, and keeps what the shell
// would run.
func (l *lexer) expansion(w *token, text *strings.Builder) {
	from, line := l.at, l.line
	w.expands = true
	switch {
	case l.has("$(") || l.has("${"):
		l.at += 2
		l.balanced(l.text[from+1])
		if l.text[from+1] == '(' {
			w.inner = append(w.inner, inner{strings.TrimSuffix(l.text[from+2:l.at], ")"), line})
		}
	case l.has("`"):
		end := strings.IndexByte(l.text[l.at+1:], '`')
		if end < 0 {
			end = len(l.text) - l.at - 2
		}
		l.at += end + 2
		w.inner = append(w.inner, inner{strings.Trim(l.text[from:l.at], "`"), line})
		l.line += strings.Count(l.text[from:l.at], "\n")
	default:
		l.at++
	}
	text.WriteString(l.text[from:l.at])
}

// balanced goes on to behind the bracket that closes one.
func (l *lexer) balanced(open byte) {
	closing := map[byte]byte{'(': ')', '{': '}'}[open]
	var quote byte
	for depth := 1; l.at < len(l.text) && depth > 0; l.at++ {
		switch c := l.text[l.at]; {
		case c == '\n':
			l.line++
		case c == '\\' && quote != '\'' && l.at+1 < len(l.text):
			l.at++
			if l.text[l.at] == '\n' {
				l.line++
			}
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '\'' || c == '"':
			quote = c
		case c == open:
			depth++
		case c == closing:
			depth--
		}
	}
}
