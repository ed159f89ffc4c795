package shell_test

import (
	"errors"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/shell"
)

// play runs Bash whose output is what reaches the program `show`, and returns
// the words that it was given, one call a line.
func play(t *testing.T, bash string, failing bool) (shown string, status int, err error) {
	t.Helper()
	var calls []string
	watch := func(call shell.Call) (int, string, bool) {
		if call.Args[0] != "show" {
			return 0, "", false
		}
		calls = append(calls, strings.Join(call.Args[1:], " "))
		if len(call.Args) == 2 && call.Args[1] == "fail" {
			return 7, "", true
		}
		return 0, "", true
	}
	s := shell.New([]string{"HOME=/home/travis", "B=main"}, "/home/travis/build", failing, watch)
	status, err = s.Run(shell.Text{Bash: bash, Line: 1})
	if last, e := s.Finish(); e == nil && err == nil {
		status = last
	}
	return strings.Join(calls, "\n"), status, err
}

// asBash are texts, what they show and how they end, as Bash 5 does.
var asBash = []struct {
	bash, shown string
	status      int
}{
	// set -e
	{`set -e; false; show x`, "", 1},
	{`set -e; false || true; show x`, "x", 0},
	{`set -e; if false; then :; fi; show x`, "x", 0},
	{`set -e; f() { false && true; }; if f; then :; fi; show x`, "x", 0},
	{`set -e; { false && true; }; show x`, "x", 0},
	{`set -e; for i in 1; do false && true; done; show x`, "x", 0},
	{`set -e; f() { false && true; }; f; show x`, "", 1},
	{`set -e; (false); show x`, "", 1},
	{`set -e; ! true; show x`, "x", 0},
	{`set -e; x=$(false); show x`, "", 1},
	{`set -e; export x=$(false); show x`, "x", 0},
	{`set -e; x=$(false; echo y); show $x`, "y", 0},
	{`set -e; false | true; show x`, "x", 0},
	{`set -eo pipefail; false | true; show x`, "", 1},
	{`set -e; if f() { false; show in; }; f; then show then; fi`, "in\nthen", 0},
	{`set -e; set +e; false; show x`, "x", 0},
	{`set -u; show $nothing; show x`, "", 1},
	{`set -u; show ${nothing:-x}`, "x", 0},
	// statuses
	{`while true; do show fail; break; done`, "fail", 0},
	{`n=0; while ((n++ < 1)); do show fail; done`, "fail", 7},
	{`for i in 1 2; do (exit $i); done`, "", 2},
	{`if false; then :; fi`, "", 0},
	{`case x in y) ;; esac`, "", 0},
	{`false; x=1`, "", 0},
	{`x=$(exit 3)`, "", 3},
	{`(exit 5); show $?`, "5", 0},
	{`false | true | (exit 4) | true; show ${PIPESTATUS[@]}`, "1 0 4 0", 0},
	{`show fail & wait $!`, "fail", 7},
	{`show fail & wait`, "fail", 0},
	{`show fail & p=$!; show x; wait $p || show bad`, "fail\nx\nbad", 0},
	{`! show fail`, "fail", 0},
	{`trap 'show bye' EXIT; exit 3`, "bye", 3},
	{`trap 'show err' ERR; false; show x`, "err\nx", 0},
	{`(trap 'show sub' EXIT); show x`, "sub\nx", 0},
	// words
	{`x='a b'; show $x "$x"`, "a b a b", 0},
	{`x=v1.2.3; show ${x#v} ${x%.*} ${x%%.*} ${x/1/9} ${#x} ${x:1:3} ${x^^}`, "1.2.3 v1.2 v1 v9.2.3 6 1.2 V1.2.3", 0},
	{`show {a,b}c {1..3}`, "ac bc 1 2 3", 0},
	{`a=(x y 'z w'); show ${#a[@]} ${a[2]} ${a[-1]}; a+=(q); show ${a[@]:3}`, "3 z w z w\nq", 0},
	{`x=y; y=z; show ${!x}`, "z", 0},
	{`f() { local x=in; show $x; }; x=out; f; show $x`, "in\nout", 0},
	{`f() { x=in; }; x=out; f; show $x`, "in", 0},
	{`x=0; x=1 true; show $x.`, "0.", 0},
	{`set -- a b c; shift; show $# $1 "$*"`, "2 b b c", 0},
	{`read -r a b <<< "1 2 3"; show $b $a`, "2 3 1", 0},
	{`IFS=, read -ra p <<< a,b; show ${p[1]}`, "b", 0},
	{`readonly x=1; x=2 || show kept; show $x`, "kept\n1", 0},
	{`while read -r l; do show $l; done < <(printf 'a\nb\n')`, "a\nb", 0},
	{`printf 'a\nb\n' | while read l; do show $l; done`, "a\nb", 0},
	{`mapfile -t l <<< $'a\nb'; show ${l[1]}`, "b", 0},
	{`show $((1 + 2 * 3)) $((x=5, x++)) $x`, "7 5 6", 0},
	{`[[ release/1.2 =~ ^release/([0-9]+) ]] && show ${BASH_REMATCH[1]}`, "1", 0},
	{`[[ $B == m* && ! $B == x ]] && show x`, "x", 0},
	{`[[ a-b == @(a|b)-+(b) && c == !(a|b) ]] && show x`, "x", 0},
	{`[ "$B" = main -a ! -z "$B" ] && show x`, "x", 0},
	{`[ 1 -lt 2 -a \( a = b -o c = c \) ] && show x`, "x", 0},
	{`[ ! "$nothing" ] && [ -n "$B" ] && show x`, "x", 0},
	{`[ -n ] && [ -z ] && show x`, "x", 0},
	{`case $B in ma*|x) show a;;& *n) show b;; *) show c;; esac`, "a\nb", 0},
	{"cat <<-E | { read x; show $x; }\n\ta$((1))\n\tE", "a1", 0},
	{`for i in 1 2 3; do for j in 1 2; do [ $i = 2 ] && continue 2; [ $j = 2 ] && break; show $i$j; done; done`, "11\n31", 0},
	{`f() { return 3; }; f; show $?`, "3", 0},
	{`eval 'x=1; show $x' && show y`, "1\ny", 0},
	{"show a\nif", "a", 2},
	// files and descriptors
	{`echo 'show $1' > f.sh; bash f.sh a; . ./f.sh b; chmod +x f.sh; ./f.sh c`, "a\nb\nc", 0},
	{`echo a > f; echo b >> f; show $(cat f) $(< f)`, "a b a b", 0},
	{`exec 3> f; echo a >&3; exec 3>&-; show $(cat f)`, "a", 0},
	{`x=$(echo out; echo err >&2); show $x`, "out", 0},
	{`x=$(echo err 2>&1 >/dev/null >&2); show .$x`, ".err", 0},
	{`{ echo a; echo b >&2; } > f 2>&1; show $(cat f)`, "a b", 0},
	{`mkdir d && cd d && echo x > y && cd .. && show $(cat d/y) && cd - > /dev/null && show ${PWD##*/}`, "x\nd", 0},
	{`rm -f f; [ -f f ] || show gone`, "gone", 0},
	// other programs
	{`sudo -E -u x env A=1 timeout -k 5 60 nice -n 5 show x`, "x", 0},
	{`echo a b | xargs -n 1 show`, "a\nb", 0},
	{`echo fail | xargs show`, "fail", 123},
	{`printf '1\n2\n3\n' | xargs -I{} bash -c 'show {}'`, "1\n2\n3", 0},
	{`bash -c 'show $0 $1' a b`, "a b", 0},
	{`x=1; bash -c 'show .${x-}'; export x; bash -c 'show .$x'`, ".\n.1", 0},
	{`f() { show f; }; bash -c f; export -f f; bash -c f`, "f", 0},
	{`echo 'show x' | bash -s`, "x", 0},
	{`bash -ec 'false; show x'`, "", 1},
	{`show() { :; }; show a; command show b`, "b", 0},
	{`show $(basename a/b.c .c)`, "b", 0},
	{`echo "$B" | grep -Eq '^(main|master)$' && show x`, "x", 0},
	{`echo "$B" | grep -q dev || show x`, "x", 0},
	{`["$B" = main] || show x`, "x", 0},
	{`shopt -s nocasematch; [[ MAIN == $B ]] && show x`, "x", 0},
	{`let "x = 5 > 3" && show x`, "x", 0},
	// words that the library expands otherwise
	{`x=a\ b; y=a\$b; show "$x$y"; x="a\qb"; show "$x"`, "a ba$b\na\\qb", 0},
	{`set -- 'a b' c; for x in "$@"; do show "$x"; done; show "x$*y"`, "a b\nc\nxa b cy", 0},
	{`IFS=' :'; v='a : b:c '; set -- $v; show $#`, "3", 0},
	{`r=a.b; [[ axb =~ "$r" ]] || show quoted; [[ axb =~ $r ]] && show plain; [[ 'a b' =~ ^a\ b$ ]] && show space`, "quoted\nplain\nspace", 0},
	{`set -e; shopt -s inherit_errexit; x=$(false; echo y); show $x`, "", 1},
	{"x='a*b'; show \"${x#a\\*}\"; x=aXa; show ${x//a/o}", "b\noXo", 0},
	{`a=(x y); a[2]=z; a[1]+=q; show ${#a[@]} ${a[-2]}; a=([0]=w); show ${a[@]}`, "3 yq\nw", 0},
	{`export A=1; export -n A; bash -c 'show ${A-none}'; A+=2 bash -c 'show $A'; builtin echo x > f; source /dev/stdin <<< "show y"`, "none\n12\ny", 0},
	{`select a in x y; do show $a; done < /dev/null`, "", 1},
	{`set -f; for x in *; do show "$x"; done`, "*", 0},
	// filters
	{`export A=1; export A=2 B=$A; show $B; local_() { local a=3 b=$a; show .$b; }; a=4; local_`, "1\n.4", 0},
	{`show $(uname -m) $(printenv B)`, "x86_64 main", 0},
	{`find . -name show -exec {} x \;`, "x", 0},
	{"ssh -p 22 host <<E\nshow x\nE", "x", 0},
	{`python3 -c 'import os; os.system("show a")'; node -e 'cp.execSync("show b")'`, "a\nb", 0},
	{"node -e 'console.log(`system(show)`); print(\"show a\")'", "", 0},
	{`coproc { show x; }; wait`, "x", 0},
	{`shopt -s expand_aliases
alias s='show a'
s b`, "a b", 0},
}

func TestBashIsPlayedAsBashDoes(t *testing.T) {
	for _, test := range asBash {
		shown, status, err := play(t, test.bash, false)
		if shown != test.shown || status != test.status || err != nil {
			t.Errorf("%s\nshows %q, ends with %d (%v), not %q, %d", test.bash, shown, status, err, test.shown, test.status)
		}
	}
}

// What the play doesn't know has the name of its reason, with a dollar, for whoever
// reads it.
func TestWhatIsNotPlayedIsUnknown(t *testing.T) {
	for bash, want := range map[string]string{
		`show $(sort -V <<< 1) $(expr 1 + 2) $(seq -s, 3)`:                                               "$(sort) $(expr) $(seq)",
		`show $(printf 'a\nb\n' | sort | head -1)`:                                                       "$(sort)",
		`show $(sed -n 2p <<< x) $(sed '1d;$d' <<< x) $(sed y/ab/xy/ <<< x)`:                             "$(sed) $(sed) $(sed)",
		`show $(awk 'BEGIN { print 1 }') $(awk '$1 == "b"' <<< b)`:                                       "$(awk) $(awk)",
		`show $(printf %q x) $(printf %.2f 1) $(tr -s ' ' <<< x) $(head -c 1 <<< x)`:                     "$(printf) $(printf) $(tr) $(head)",
		`show $FUNCNAME $(env | head -1)`:                                                                "$FUNCNAME $(env)",
		`show $(cat APP) $(head -1 APP) $(grep -o 'v.*' APP)`:                                            "$(APP) $(head) $(APP)",
		`echo a > f; sed -i s/a/b/ f; show $(cat f); [ $(date +%u) -lt 6 ] && show week`:                 "$(sed)\nweek",
		`show $(cut -d/ -f2 <<< a/b) $(wc -l < f) $(awk '{ print }' f) $(tail -1 f)`:                     "$(cut) $(wc) $(awk) $(tail)",
		`for d in services/*/; do show $(basename $d); done`:                                             "$(services/*/)",
		`x=aXa; show ${x/#a/b} ${x@Q} ${!x:-none}; shopt -s extglob; show ${x##+(a)} ${x#'a*'} ${!x[@]}`: "${x...} ${x...} ${x...}\n${x...} ${x...} ${x...}",
		`x=a; [[ -n ${x/%a/} ]] || show undecided ${nothing/#a/}`:                                        "undecided",
		`a=$(basename "$NOBODY"); show $a $(dirname "$NOBODY"/x) $(echo ${NOBODY##*/})x`:                 "$NOBODY $NOBODY x",
	} {
		if shown, _, err := play(t, bash, false); shown != want || err != nil {
			t.Errorf("%s\nshows %q (%v), not %q", bash, shown, err, want)
		}
	}
	for _, bash := range []string{
		`declare -n r=x`, `declare -A m=([k]=v)`, `declare -i n=1+1`, `a[5]=x`, `a=([5]=x)`, `a=(x y); unset 'a[0]'`, `getopts a x`, `select x in a; do :; done <<< 1`, `mapfile -n 1 a`, `printf -v a x`, `read -n 2 a <<< abc`, `command export A=1`,
	} {
		if _, _, err := play(t, bash, false); err == nil {
			t.Errorf("%s is played", bash)
		}
	}
}

func TestUnknownProgramsAndFilesSucceedOrFail(t *testing.T) {
	const bash = `make && show make; [ -f Makefile ] && show file; cd folder && show folder; docker build . && show docker; grep x Makefile && show grep; true`
	if shown, _, _ := play(t, bash, false); strings.Count(shown, "\n") != 4 {
		t.Errorf("they succeed: %q", shown)
	}
	if shown, _, _ := play(t, bash, true); shown != "" {
		t.Errorf("they fail: %q", shown)
	}
}

func TestAProgramIsKnownUnderAnotherName(t *testing.T) {
	for _, bash := range []string{
		`cp $(which show) ./x && ./x a`, `mv /usr/bin/show /usr/local/bin/x; x a`, `ln -s /opt/show ~/bin/x; x a`,
		`curl -sL -o /tmp/x https://example.com/cli/show && chmod +x /tmp/x && /tmp/x a`, `wget -qO x https://example.com/show; sudo mv x /usr/bin; x a`,
	} {
		if shown, _, err := play(t, bash, false); shown != "a" || err != nil {
			t.Errorf("%s: %q (%v)", bash, shown, err)
		}
	}
}

func TestABackgroundCommandThatOnlyWaitsEnds(t *testing.T) {
	for _, bash := range []string{
		`trap "kill %1" EXIT; while sleep 240; do echo still; done & (while true; do sleep 9; done) & show x`,
		`stop() { kill %1; wait; exit; }; (trap stop TERM; while sleep 240 & wait %1; do echo still; done) 2>/dev/null & trap stop EXIT; show x`,
	} {
		if shown, status, err := play(t, bash, false); shown != "x" || status != 0 || err != nil {
			t.Errorf("%s: shows %q, ends with %d (%v)", bash, shown, status, err)
		}
	}
}

func TestExitInATrapKeepsTheStatusBeforeIt(t *testing.T) {
	for bash, want := range map[string]int{`stop() { true; exit; }; trap stop EXIT; (exit 5)`: 5, `trap "true; exit 3" EXIT; (exit 5)`: 3} {
		if _, status, err := play(t, bash, false); status != want || err != nil {
			t.Errorf("%s: ends with %d (%v)", bash, status, err)
		}
	}
}

func TestWhatDoesNotEndIsAProblemWithItsLine(t *testing.T) {
	s := shell.New(nil, "/", false, func(shell.Call) (int, string, bool) { return 0, "", false })
	_, err := s.Run(shell.Text{Bash: "true\nwhile :; do\n  :\ndone", Line: 10, Rows: true})
	problem, ok := errors.AsType[*shell.Problem](err)
	if !ok || !errors.Is(err, shell.ErrLimit) || problem.Line < 11 || problem.Line > 12 {
		t.Errorf("%v", err)
	}
}

// Each command of these is costly, so few of them are too many.
func TestCostlyCommandsReachTheLimitSoon(t *testing.T) {
	for _, test := range []struct {
		name, bash string
		most       int // turns
	}{
		{"subshells with many variables", `for i in {1..800}; do read v$i <<< x; done; while :; do tick; (:); (:); (:); done`, 300},
		{"processes with many variables", `for i in {1..800}; do read v$i <<< x; done; while :; do tick; env x; done`, 700},
		{"many words", `x=({1..9999}); while :; do tick; set -- "${x[@]}"; done`, 100},
		{"a file among many", `touch {1..9999}; while [ -f none ]; do tick; done`, 200},
		{"removal among many", `touch {1..9999}; while :; do tick; rm -f x; done`, 200},
		{"patterns of a long text", `x=$(printf %99999s x); while [[ $x != *a*b*c ]]; do tick; done`, 60},
		{"expressions of a long text", `x=$(printf %99999s x); while [[ ! $x =~ a+b+c ]]; do tick; done`, 60},
	} {
		turns := 0
		s := shell.New(nil, "/", false, func(call shell.Call) (int, string, bool) {
			if call.Args[0] == "tick" {
				turns++
			}
			return 0, "", false
		})
		_, err := s.Run(shell.Text{Bash: test.bash, Line: 1})
		if !errors.Is(err, shell.ErrLimit) || turns > test.most {
			t.Errorf("%s: %v, after %d turns", test.name, err, turns)
		}
	}
}

// What could reach the machine isn't imported, so that no text can.
func TestNothingRealIsInReach(t *testing.T) {
	allowed := []string{
		"bytes", "cmp", "errors", "fmt", "io", "io/fs", "iter", "maps", "path", "regexp", "slices", "strconv", "strings", "time",
		"mvdan.cc/sh/v3/expand", "mvdan.cc/sh/v3/pattern", "mvdan.cc/sh/v3/syntax",
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range tree.Imports {
			if imported := strings.Trim(spec.Path.Value, `"`); !slices.Contains(allowed, imported) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
}
