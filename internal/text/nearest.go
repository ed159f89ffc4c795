package text

// slips is how many letters may be wrong in a name that was meant.
const slips = 3

// longestTyped is in bytes: no name is longer.
const longestTyped = 128

// Nearest returns the one of names that typed was probably meant to be, or ""
// when none is near.
func Nearest(typed string, names []string) string {
	if len(typed) > longestTyped {
		return ""
	}
	best, least := "", slips+1
	for _, name := range names {
		if d := Distance(typed, name); d < least && d < len(name) {
			best, least = name, d
		}
	}
	return best
}

// Distance counts the letters to put in, leave out, change or swap with their
// neighbor to turn a into b (https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance,
// the form that touches each letter once).
func Distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			changed := 1
			if a[i-1] == b[j-1] {
				changed = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
