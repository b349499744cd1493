#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# second.sh - "ukl check" and the second opinion on the same traces
#
#   second.sh [--lies N] BUILD OUT TRACE [TRACE...]
#
# Both judge every fixture, lies in the fixtures' base run, as trace-mutate.c tells them of
# each kind of event, and each TRACE, a recorded run; with --lies N of each kind in the
# first TRACE, too.  They must name the same violations, each with the first event, and
# the same invariants as vacuous.  A disagreement is told with both events.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

USAGE="[--lies N] BUILD OUT TRACE [TRACE...]"
LIES=
arguments "$@"
suite
HERE=$(realpath "$(dirname "$0")")
FIXTURES=$HERE/../fixtures
UKL=$(realpath "$BUILD/ukl")

# Both on the traces whose names, relative to DIR, come in
judge_both() { # SET DIR
	local names=$OUT/$1.names line
	cat >"$names"
	need_file "$names" "there is no trace in $2"
	(cd "$2" && xargs "$UKL" check --format=json --max-violations=999) \
		<"$names" >"$OUT/$1.first" 2>"$OUT/$1.stderr" || :
	(cd "$2" && xargs -n 200 "$HERE/check.py") <"$names" >"$OUT/$1.second"
	"$HERE/compare.py" "$OUT/$1.first" "$OUT/$1.second" >"$OUT/$1.compared" ||
		DIFFERS=1
	while read -r line; do
		case $line in
		"ok "*) pass "$1 ${line#ok }" ;;
		*) note "$1 $line" ;;
		esac
	done <"$OUT/$1.compared"
}

fixtures() {
	local file name
	rm -rf "$OUT/fixtures"
	mkdir -p "$OUT/fixtures"
	for file in "$FIXTURES"/*.pass "$FIXTURES"/*.fail; do
		name=${file##*/}
		awk -f "$FIXTURES/expand.awk" "$file" "$FIXTURES/base.trace" >"$OUT/text"
		"$BUILD/tests/ukl_assemble" "$OUT/text" "$OUT/fixtures/$name"
		echo "$name"
	done
}

# N lies of each rule and kind, in traces
lies() { # SET TRACE N
	rm -rf "${OUT:?}/$1"
	mkdir -p "$OUT/$1"
	"$BUILD/tests/trace-mutate" make "$2" "$OUT/$1" "$3" 1 >"$OUT/$1.lies"
	judge_both "$1" "$OUT/$1" < <(seq "$(wc -l <"$OUT/$1.lies")")
}

rules() { # what the second opinion judges
	sed -n '/^RULES = /,/^"""$/s/^\([A-Z][A-Z]-[a-z0-9-]*\) | .*/\1/p' "$HERE/check.py" |
		sort -u
}

mkdir -p "$OUT"
DIFFERS=0
rules | diff - <("$UKL" list | awk '/^  / { print $1 }' | sort) ||
	die "the second opinion has not a rule for each invariant"
pass "a rule for each of the $(rules | wc -l) invariants"
[ "$(wc -l <"$HERE/check.py")" -le 600 ] || die "check.py has grown beyond 600 lines"
pass "in $(wc -l <"$HERE/check.py") lines"

fixtures >"$OUT/list"
judge_both fixture "$OUT/fixtures" <"$OUT/list"
awk -f "$FIXTURES/expand.awk" /dev/null "$FIXTURES/base.trace" >"$OUT/text"
"$BUILD/tests/ukl_assemble" "$OUT/text" "$OUT/whole"
lies base "$OUT/whole" 2
[ -z "$LIES" ] || lies recorded "$TRACE" "$LIES"
for trace in "$TRACE" "${REST[@]}"; do
	judge_both "$(basename "$(dirname "$trace")")" "$(dirname "$trace")" <<<trace
done
[ "$DIFFERS" -eq 0 ] || die "they disagree; see above"
