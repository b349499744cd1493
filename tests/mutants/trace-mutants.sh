#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# trace-mutants.sh - small lies in traces, made by rule; which does the model see?
#
#   trace-mutants.sh BUILD RECORDED OUT
#
# lies.c says the rules, trace-mutate.c how they are tried on each kind of event: at all
# places of the fixtures' base run, which has every transition once, and at up to PLACES
# of the trace RECORDED.  The table, OUT/table:
#
#   RULE KIND: CAUGHT of MADE, after up to N events: ID xN ..., cover xN; why others escape
#
# where the IDs are the rules that its first event breaks, and "cover" are those that
# break none, but take an edge that "ukl cover" knows not to be one.  What escapes both
# is explained in trace.escapes, kind by kind: "RULE | KINDS | why".  One that is explained
# and never escapes fails the test, if all its places were tried, or it was never made.
#
# Before that both traces must conform from whichever event they begin.  Deterministic
# for the same recording.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

USAGE="BUILD RECORDED OUT"
arguments "$@"
suite
HERE=$(dirname "$0")
FIXTURES=$HERE/../fixtures
MUTATE=$BUILD/tests/trace-mutate
ALL=1000000 PLACES=50 SEED=1
need_file "$RECORDED/metadata" "record a run first"

parts() { # WHAT TRACE
	"$MUTATE" parts "$2" >"$OUT/parts"
	[ "$(wc -l <"$OUT/parts")" -eq 1 ] ||
		die "$1: the trace from event $(head -n 1 "$OUT/parts")"
	pass "$1: the trace conforms from each of its events on: $(<"$OUT/parts")"
}

# Lines "ok|bad|sum TEXT" of the two lists of lies
table() {
	awk -F ' [|] ' -v places="$PLACES" '
	FILENAME ~ /trace.escapes$/ {
		if ($0 ~ /^#/ || NF < 3)
			next
		n = split($2, kind, /, */)
		for (i = 1; i <= n; i++)
			why[$1 " " kind[i]] = $3
		next
	}
	{
		split($0, word, " ")
		row = word[1] " " word[2]
		place = FILENAME ~ /base.lies$/ ? "base" : "recorded"
		if (!(row in made))
			order[++rows] = row
		made[row]++
		tried[row, place]++
		if (word[4] == "-") {
			escaped[row] = escaped[row] " " place ":" word[3]
			next
		}
		caught[row]++
		if (word[5] > late[row])
			late[row] = word[5]
		n = split(word[4], id, ",")
		for (i = 1; i <= n; i++)
			if (!count[row, id[i]]++)
				by[row] = by[row] " " id[i]
	}
	function reason(row,    star) {
		star = row
		sub(/ .*/, " *", star)
		return row in why ? row : star in why ? star : ""
	}
	END {
		for (r = 1; r <= rows; r++) {
			row = order[r]
			known = reason(row)
			line = sprintf("%s: %d of %d", row, caught[row], made[row])
			if (late[row])
				line = line ", after up to " late[row] " events"
			n = split(by[row], id, " ")
			for (i = 1; i <= n; i++)
				line = line (i > 1 ? ", " : ": ") id[i] " x" count[row, id[i]]
			all += made[row]
			hit += caught[row]
			seen[known]
			bad = ""
			if (escaped[row] != "") {
				used[known] = 1
				line = line (known == "" ? "" : "; " why[known])
				bad = known == "" ? "escapes:" escaped[row] : ""
			} else if (known == row && tried[row, "recorded"] < places) {
				bad = "explained, but it never escapes"
			}
			print (bad == "" ? "ok" : "bad") "\t" line (bad == "" ? "" : "  " bad)
		}
		for (row in why)
			if (!(row in seen) || row ~ /[*]$/ && !(row in used))
				print "bad\t" row ": explained, but never made"
		printf "sum\t%d lies, %d seen, %d escape and are explained\n", all, hit, all - hit
	}' "$HERE/trace.escapes" "$OUT/base.lies" "$OUT/recorded.lies"
}

mkdir -p "$OUT"
awk -f "$FIXTURES/expand.awk" /dev/null "$FIXTURES/base.trace" >"$OUT/text"
rm -rf "$OUT/base"
"$BUILD/tests/ukl_assemble" "$OUT/text" "$OUT/base"
parts "the base run" "$OUT/base"
parts "the recorded run" "$RECORDED"
"$MUTATE" judge "$OUT/base" "$ALL" "$SEED" >"$OUT/base.lies"
"$MUTATE" judge "$RECORDED" "$PLACES" "$SEED" >"$OUT/recorded.lies"
table >"$OUT/table"
while IFS=$'\t' read -r kind line; do
	case $kind in
	ok) pass "$line" ;;
	*) note "$kind: $line" ;;
	esac
done <"$OUT/table"
! grep -q '^bad' "$OUT/table" || die "some lies are not explained; see $OUT/table"
