package build_test

import "strings"

// hostile are texts that end, hang or bloat what runs them carelessly.
var hostile = []string{
	`:(){ :|:& };:`, `f() { f | f & }; f`, `f() { f; }; f`, `f() { g; }; g() { f; }; f`, `f() { (f); }; f`, `f() { x=$(f); }; f`,
	`f() { f & f & }; f`, `f() { eval f; }; f`, `f() { bash -c 'f'; }; export -f f; f`,
	`while :; do :; done`, `while true; do true; done`, `until false; do :; done`, `while ((1)); do x=1; done`, `for ((;;)); do :; done`,
	`for ((;;)); do x=1; done`, `while [ 1 ]; do :; done`, `while [[ 1 ]]; do x=1; done`, `while :; do sleep 1; done`, `while ! false; do echo x; done`,
	`while :; do continue; done`, `until ((0)); do let x=x+1; done`, `while read x || true; do :; done`, `select x in a; do :; done <<< 1`,
	`while :; do :; done & wait`, `(while :; do :; done) | cat`, `while :; do echo y; done | head -1`, `coproc while :; do :; done; wait`,
	`x=a; while :; do x=$x$x; done`, `x=a; for i in {1..64}; do x=$x$x; done`, `x=aaaaaaaa; x=${x//a/$x}; x=${x//a/$x}; x=${x//a/$x}; x=${x//a/$x}; x=${x//a/$x}; x=${x//a/$x}; x=${x//a/$x}; x=${x//a/$x}`,
	`x=(a); while :; do x+=("${x[@]}"); done`, `while :; do x+=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done`, `for i in {1..40000}; do eval "v$i=$i$i$i$i"; done`,
	`echo {1..3000000}`, `echo {1..300}{1..300}{1..300}`, `for i in {1..999999999}; do :; done`, `echo {a..z}{a..z}{a..z}{a..z}{a..z}`, `x={1..1000000}; eval echo $x`,
	`a[1000000000]=x`, `a=([1000000000]=x)`, `declare -a a; a[99999999999999999999]=x`, `a[-1]=x`, `unset 'a[-1]'`, `a[1000000]=x; echo ${a[@]}`,
	`printf '%1000000000d' 1`, `printf '%*d' 1000000000 1`, `printf '%.1000000000f' 1`, `printf '%s' $(seq 1 1000000)`, `seq 1 100000000`, `seq 1 0 5`, `yes | head`, `yes`,
	`cat /dev/zero`, `cat < /dev/urandom`, `head -c 1000000000 /dev/zero`, `read x < /dev/tty`, `cat`, `tee /dev/full`, `dd if=/dev/zero of=x bs=1G count=99`,
	`cat <(yes)`, `cat <(cat <(cat <(echo x)))`, `tee >(cat) >(cat)`, `mkfifo p; cat p`, `exec 3<>/dev/tcp/127.0.0.1/1`, `exec 5<p; read -u 5 x`, `echo x > >(cat)`,
	`while :; do cat <(echo x); done`, `bash <(while :; do :; done)`,
	`trap 'while :; do :; done' EXIT`, `trap 'exit 1' EXIT; trap 'f' ERR; f() { false; }; false`, `trap 'false' ERR; set -E; false`, `trap 'eval "$x"' EXIT; x='trap "$x" EXIT; exit'; exit`,
	`trap ':' DEBUG; :`, `trap 'kill $$' TERM; kill $$`, `kill -9 $$; kill -9 -1; kill -9 $PPID`, `trap 'exit' EXIT; exit 3`,
	`eval "while :; do :; done"`, `x='eval "$x"'; eval "$x"`, `x='x=$x$x; eval "$x"'; eval "$x"`, `eval eval eval eval eval :`, `eval 'eval "eval \"while :; do :; done\""'`,
	`bash -c 'bash -c "while :; do :; done"'`, `echo 'bash f' > f; bash f`, `echo '. ./f' > f; . ./f`, `echo 'source "$0"' > f; bash f`, `cat > f <<< './f & ./f'; ./f`, `bash -c '$0 -c "$0"' bash`,
	`alias a='a a'; shopt -s expand_aliases; a`, `shopt -s expand_aliases; alias a='b '; alias b='a '; a b a b`, `alias for=while; for :; do :; done`,
	`[ -v "" ]`, `[[ -v "" ]]`, `unset ""`, `unset -v ""`, `declare -n r=`, `declare -n r=r; echo $r; r=1`, `declare -n a=b b=a; a=1`, `declare ""`, `declare =x`, `export -n ""`, `readonly x=1; x=2; unset x`,
	`((a[1]=2))`, `((a[99999999]=2))`, `((x=x+1,x[x]=x))`, `x=x; echo $((x))`, `x='y'; y='x'; echo $((x))`, `echo $((1/0))`, `((1%0))`, `echo $((2**1000000000))`, `echo $((-9223372036854775808/-1))`, `let "x=1<<100"`, `((x<<=-1))`, `echo $((08))`, `echo $(( 1 ? 2 : ))`,
	`shift -1`, `shift 99999999999999999999`, `set -- a; shift 2; shift -- -1`, `break -1`, `while :; do break 0; done`, `continue 99`, `exit -1`, `exit 99999999999999999999`, `return -9`,
	`[ a = b = c ]`, `[ ( ( ( ]`, `[ ! ! ! ]`, `test -a -o -a`, `[ -t 99999999999 ]`, `[ 99999999999999999999 -gt 1 ]`, `[[ x =~ ( ]]`, `[[ x =~ (((((a*)*)*)*)*)*$ ]]`, `[[ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! =~ ^(a+)+$ ]]`, `[[ x -eq x[0] ]]`,
	`case $(printf 'a%.0s' {1..5000}) in *a*a*a*a*a*a*a*b) ;; esac`, `x=$(printf 'a%.0s' {1..9999}); echo ${x##*a*a*a*b}`, `[[ x == !(!(!(x))) ]]`, `[[ x == @(a|*(b|+(c))) ]]`, `echo ~root ~nobody ~0 ~+ ~-`, `echo $$ $PPID $UID $RANDOM ~`,
	`mapfile -d '' a`, `mapfile -n -1 -s -1 a < /dev/null`, `read -n -1 x`, `read -t 999999 x`, `read -a ''`, `read 1x`, `getopts '' ''`, `getopts : x -a`, `getopts a x -`, `OPTIND=-9; getopts a x -a`, `printf -v '' x`, `printf -v 'a[99999999]' x`, `printf '%b' '\0'`, `printf '%q' ''`, `printf %`,
	`${x:?}`, `echo ${x:99:-99}`, `echo ${!x}`, `x=x; echo ${!x}`, `echo ${@:99999999999}`, `echo ${x[@]:1:2}`, `echo "${x[*]@Q}" "${!x@}"`, `echo ${#}`, `echo ${x^^[}`, `echo ${x/[/}`, `set -u; echo $x`, `x=${x:=${x:=${x:=y}}}`, `: ${x[${x[${x[0]}]}]}`,
	`cd ..; cd ../../../..; cd /; pwd -P; pushd; popd; popd; cd ""; cd --`, `rm -rf / ~ . ..; ls`, `exec 1>&- 2>&- 0>&-; echo x; read y`, `exec 255>&1 256>&1`, `echo x >&99`, `cat <&-`, `{ echo x; } 99999999999999999999>&1`, `{x}>f`, `> ''`, `< ''`, `echo x >| /etc/passwd`, `echo x > /tmp/hostile-was-here`, `touch /tmp/hostile-was-here`, `curl http://127.0.0.1:1/ | bash`, `nc -l 1`, `sudo reboot`,
	`find / -exec sh -c 'while :; do :; done' \;`, `yes | xargs -n 1 echo`, `seq 1 5000 | xargs -n 1 bash -c 'seq 1 5000'`, `xargs xargs xargs xargs`, `env env env env bash -c env`, `sudo sudo sudo su -c 'sudo su'`, `timeout timeout timeout`, `timeout 1 sh -c 'while :; do :; done'`, `nohup bash -c 'f() { f; }; f' &`, `python3 -c 'import os; os.system("while :; do :; done")'`,
	`sed -e :a -e 'ba'`, `awk 'BEGIN { while (1); }'`, `sed 's/(/[/g;s///;s'`, `echo x | sed 's/\(/x/'`, `echo x | grep '['`, `echo x | grep -E '(((('`, `expr 1 / 0`, `tr a-z`, `echo x | cut -d '' -f 1-`, `head -n -99999999999 f`, `tail -n 99999999999 <<< x`, `basename`, `tr '\000-\377' x < /dev/null`, `wait 99999999999 -1 %1`, "\x00\xff\xfe", "echo \x00 | cat", "`````", "$($($($(", "<<<", "<<a <<b <<c\n", "'", "((", "case", "if", "{", "}", "function", "! ! ! !", "&&", "time time time",
	// what words, arrays and filters are made of
	"x='\x0e$X\x0f\x10'; echo $x $'\x0e' \x11\x0e", `x=$N; for i in {1..99}; do x=$x$x$N; done; eval "$x"`, `eval "$N$N$N$N$N$N$N$N$N$N"`, `f() { f "$N" "$@" "$@"; }; f`,
	`declare -n a=a[0]; "${a[@]}"; echo ${#a[@]}`, `declare -A m; m[$m]=x; m[m[m]]=y; echo ${!m[@]}`, `a[-1]=x; a=([-5]=y [99999999999]=z)`, `for i in {1..20000}; do a[i*99]=x; done`, `a=({1..9999}); for i in {1..99}; do a=("${a[@]/#/x}" y); done`,
	`x=$(printf 'a%.0s' {1..999}); x=${x/#+(a|aa)/$x}; x=${x##+(a|aa)b}; x=${x//+(a)/$x$x}`, `v=v; echo ${!v:-${!v:-${!v}}}`, `x=!x; echo "${!x@Q}" ${!x/#/y}`, `echo "$@$@$@" "x$@y$*z$@"`, `set -- {1..9999}; set -- "$@$@" "$@"; set -- "$@" "$@" "$@" "$@"`,
	`IFS=:; x=$(printf ':%.0s' {1..99999}); set -- $x; set -- $x$x`, `IFS='\'; read a b <<< '\\'; IFS=$'\x0e'; set -- $N`, `declare -i n; n='n+1'; n=n; n+=n[n]`, `declare -i x='$(while :; do :; done)'`, `local -n x=y; export -i`, `declare -l -u -i "a[1]=B"`,
	`printf '%*.*s' -99999 -99999 x`, `printf '%99999s%99999s' a b | tr -s ' '`, `while printf -v x '%9999s%s' x "$x"; do :; done`, `printf '%-+ #0d%c%c' '' '' ''`, `printf '%q' "$(printf '\\%03o' {1..255})"`, `printf "%'d" 1; printf '%s' -v`, `printf -v 'x[x[x]]' 1`, `printf '%(%s)T' -1`,
	`seq -s x 1 99999 | sed 's/x/xx/g;s/x/xx/g;s/x/xx/g;s/x/xx/g;s/x/xx/g;s/x/xx/g'`, `sed -e ':a;ba' <<< x`, `sed '/x/,/y/!{{{{{p' <<< x`, `sed 's' <<< x; sed 'y' <<< x; sed 's/' <<< x; sed '$!' <<< x; sed -e`, `sed 's/x*/&&/g' <<< xxxx; sed 's/\\/\\\\/g;s/&/\&\9/' <<< '&'`, `sed -n '1,999999999p;99999999999999999999p' <<< x`, `sed -i s/x/xx/g f f f; echo x > f; sed -i s/x/xxxxxxxxxxxxxxxx/g f f f f f f`,
	`awk '{print $99999999999999999999}' <<< x`, `awk -F '(' '{print $1}' <<< x`, `awk '/((((/' <<< x`, `awk -v '' '{print ""' <<< x; awk -F; awk`, `seq 20000 | awk '{print $1 $1 $1 $1 $1 $1 $1 $1}' | sort -rV | uniq -c | rev | tac`, `sort -V <<< 99999999999999999999.99999999999999999999`,
	`paste -sd <<< x; paste -d '' a b c; paste`, `head -c -5 <<< x; head -c 99999999999; tail -n +; tail -c +99; head --lines`, `base64 -d <<< '===='`, `uniq -c < <(yes | head -99999)`, `grep -m <<< x; grep -om1 '' <<< x; grep -o 'x*' <<< y`, `tr -s '' <<< x; tr -cs a b <<< x; tr -d <<< x`,
	`read -u 99999999999 x; read -d; read -n; read -N 99999999999 x <<< y`, `readarray -n -s a <<< x; mapfile -s 99999999999 a <<< x`, `select x in {1..9999}; do echo $REPLY; done < <(seq 9999)`, `while getopts :: o -: -a; do :; done`, `printenv; env; env -u '' env; X=$(env) env`, `diff; diff a; cmp a b; diff <(diff <(:) <(:)) <(diff a b)`,
	`PATH=.:.:.; echo 'x' > x; x`, `echo ./x > x; PATH=$PWD; x`, `date +%%s%s%; date +; uname -a -m; id -u -n`, `echo ${BASH_VERSINFO[99]} ${FUNCNAME[-1]} ${FUNCNAME[@]: -1} $_ ${_[0]}; _=x; FUNCNAME=x; unset FUNCNAME _`, `f() { trap f ERR; false; }; trap f ERR; f`, `set -E; f() { false; }; trap f ERR; f`,
	`[[ x =~ $'\xff'"("* ]]; [[ x =~ ${x:-(} ]]; [[ "" =~ "" ]]`, `[[ -v x[@] ]]; [[ -v x[ ]]; [[ -v [ ]]; [[ -v x[$(while :; do :; done)] ]]`, `[ "$A" ] && [ "$B" ] && [ "$C" ] && while :; do convox deploy; done`, `for i in {1..9}; do [ "$A" ] && convox deploy; case $B in x) convox deploy;; esac; done`, `while [ -z "$A" ]; do convox deploy; done`,
}

// deep are texts that are nested deeply.
func deep() []string {
	texts := []string{}
	for _, n := range []int{300, 20_000, 200_000} {
		for _, pair := range [][2]string{{"(", ")"}, {"{ ", "; }"}, {"$(", ")"}, {"((", "))"}, {"[", "]"}, {"${x:-", "}"}, {"x=$(( (", ") ))"}, {`"$(`, `)"`}, {"[[ ( x && ", " ) ]]"}, {"<(", ")"}} {
			texts = append(texts, strings.Repeat(pair[0], n)+":"+strings.Repeat(pair[1], n))
		}
		for _, word := range []string{"! ", "if ", "while ", "eval ", "time ", "a=", ": | ", ": && ", ": || ", ": & ", "x=$", "-", "case x in x) ", "f() ", "coproc ", "if :; then ", "\\`", "echo $((1+", "<<a\n", "a\n"} {
			texts = append(texts, strings.Repeat(word, n)+":")
		}
	}
	return texts
}
