package build

import (
	"fmt"
	"testing"
)

func TestVariablesAreSplitAsTravisSplitsThem(t *testing.T) {
	for text, want := range map[string]string{
		"A":                        "[{A }]",
		"A= B=b":                   "[{A } {B b}]",
		"A=a=b":                    "[{A a=b}]",
		`A="a a" B='b b'`:          `[{A "a a"} {B 'b b'}]`,
		`A=a"b c"d'e f'`:           `[{A a"b c"d'e f'}]`,
		`A="\"a\" b" B=c`:          `[{A "\"a\" b"} {B c}]`,
		`A='"a" b' B=c`:            `[{A '"a" b'} {B c}]`,
		`"A=a b"`:                  "[{A a b}]",
		`"A=\"a\"" "B=b"`:          `[{A "a"} {B b}]`,
		"A=$(cmd $(cmd -r)) B=b":   "[{A $(cmd $(cmd -r))} {B b}]",
		"A=`cmd -r`x":              "[{A `cmd -r`x}]",
		"A=${B:-c d}":              "[{A ${B:-c d}}]",
		`A="$(cmd \"$(cmd -r)\")"`: `[{A "$(cmd \"$(cmd -r)\")"}]`,
		"A=$b c B=d":               "[{A $b} {c } {B d}]",
		"A='":                      "error",
		`A="`:                      "error",
		`A="\"`:                    "error",
		`A=a"b`:                    "error",
		"= A":                      "error",
		"==A== A=a":                "error",
		`"A=a"b`:                   "error",
	} {
		pairs, err := parseEnv(text)
		got := fmt.Sprint(pairs)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
