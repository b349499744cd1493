#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# trace-mutants.sh - small lies in traces, made by rule; which does "ukl check" see?
#
#   trace-mutants.sh BUILD RECORDED OUT
#
# trace-mutate.c says the rules.  Each is applied to each class of event: at three
# places of the fixtures' base run, which has every transition once, and at two of the
# trace RECORDED, of which a piece is judged.  They are OUT/base/N and OUT/recorded/N,
# OUT/*/list says what each is, and a piece without a lie must conform.  The table:
#
#   RULE CLASS: CAUGHT of MADE: ID xN ...           the rules that its first event breaks
#
# What escapes is explained in trace.escapes, class by class: "RULE | CLASSES | why".
# One that is explained and always caught, or never made, fails the test, and so does
# an explanation that begins with "cover:" if "ukl cover" knows all edges of the base
# run with that lie.  Deterministic for the same recording.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

USAGE="BUILD RECORDED OUT"
arguments "$@"
suite
HERE=$(dirname "$0")
FIXTURES=$HERE/../fixtures
MUTATE=$BUILD/tests/trace-mutate
UKL=$(realpath "$BUILD/ukl")
AROUND=300 SEED=1
need_file "$RECORDED/metadata" "record a run first"

# What each of the traces NAME/N violates: OUT/NAME.violations, lines "N EVENT ID"
judge_all() { # NAME
	local n
	n=$(wc -l <"$OUT/$1/list")
	(cd "$OUT/$1" && seq "$n" | xargs "$UKL" check \
		--format=json --max-violations=999) >"$OUT/$1.json" 2>"$OUT/$1.stderr" || :
	[ "$(grep -c '"type": "verdict"' "$OUT/$1.json")" -eq "$n" ] ||
		die "$1: not every mutant was judged; see $OUT/$1.stderr"
	! grep -q '"verdict": "\(unreadable\|inconclusive\)"' "$OUT/$1.json" ||
		die "$1: a mutant has no verdict; see $OUT/$1.json"
	sed -n 's/^{"type": "violation", "trace": "\([0-9]*\)", "id": "\([^"]*\)", "event": \([0-9]*\),.*/\1 \3 \2/p' \
		"$OUT/$1.json" >"$OUT/$1.violations"
}

# The mutants of TRACE, N of each rule and class: OUT/NAME/1, 2 ...; OUT/NAME/list
make_all() { # NAME TRACE N
	local rule event i=0
	rm -rf "${OUT:?}/$1"
	mkdir -p "$OUT/$1"
	"$MUTATE" list "$2" "$3" "$SEED" >"$OUT/$1/list"
	while read -r rule _ event; do
		i=$((i + 1))
		"$MUTATE" make "$2" "$OUT/$1/$i" "$rule" "$event" "$AROUND"
	done <"$OUT/$1/list"
	judge_all "$1"
	note "$1: $i mutants of $2"
}

# The same pieces of TRACE without a lie
pieces() { # NAME TRACE
	local event i=0
	rm -rf "$OUT/pieces"
	mkdir -p "$OUT/pieces"
	awk '!seen[$3]++ { print "none", $2, $3 }' "$OUT/$1/list" >"$OUT/pieces/list"
	while read -r _ _ event; do
		i=$((i + 1))
		"$MUTATE" make "$2" "$OUT/pieces/$i" none "$event" "$AROUND"
	done <"$OUT/pieces/list"
	judge_all pieces
	[ ! -s "$OUT/pieces.violations" ] ||
		die "a piece without a lie violates: $(head -n 1 "$OUT/pieces.violations")"
	pass "the $i pieces conform without a lie"
	rm -rf "$OUT/pieces"
}

base_run() {
	awk -f "$FIXTURES/expand.awk" /dev/null "$FIXTURES/base.trace" >"$OUT/text"
	rm -rf "$OUT/clean"
	"$BUILD/tests/ukl_assemble" "$OUT/text" "$OUT/clean"
	"$UKL" check --quiet "$OUT/clean" || die "the base run does not conform"
}

# The escapes of the base run that "ukl cover" sees: their numbers
seen_by_cover() {
	local i status
	while read -r i; do
		status=0
		"$UKL" cover "$OUT/base/$i" >/dev/null 2>&1 || status=$?
		[ "$status" -ne 1 ] || echo "$i"
	done < <(awk 'FNR == NR { caught[$1] = 1; next } !(FNR in caught) { print FNR }' \
		"$OUT/base.violations" "$OUT/base/list")
}

table() {
	awk -F ' [|] ' '
	function place(file) {
		return file ~ /\/base/ ? "base" : "recorded"
	}
	FILENAME ~ /trace.escapes$/ {
		if ($0 ~ /^#/ || NF < 3)
			next
		n = split($2, class, /, */)
		for (i = 1; i <= n; i++)
			why[$1 " " class[i]] = $3
		next
	}
	FILENAME ~ /cover$/ { covered[$1] = 1; next }
	FILENAME ~ /violations$/ {
		split($0, word, " ")
		mutant = place(FILENAME) word[1]
		if (!(mutant in first))
			first[mutant] = word[2]
		if (first[mutant] == word[2])
			ids[mutant] = ids[mutant] " " word[3]
		next
	}
	{
		split($0, word, " ")
		row = word[1] " " word[2]
		mutant = place(FILENAME) FNR
		if (!(row in made))
			order[++rows] = row
		made[row]++
		if (mutant in first) {
			caught[row]++
			n = split(ids[mutant], id, " ")
			for (i = 1; i <= n; i++)
				if (!count[row, id[i]]++)
					by[row] = by[row] " " id[i]
		} else if (row in why && why[row] ~ /^cover:/ && place(FILENAME) == "base" && !(FNR in covered)) {
			blind[row] = blind[row] " " word[3]
		} else {
			escaped[row] = escaped[row] " " place(FILENAME) ":" word[3]
		}
	}
	END {
		for (r = 1; r <= rows; r++) {
			row = order[r]
			line = sprintf("%s: %d of %d", row, caught[row], made[row])
			n = split(by[row], id, " ")
			for (i = 1; i <= n; i++)
				line = line (i > 1 ? ", " : ": ") id[i] " x" count[row, id[i]]
			all += made[row]
			hit += caught[row]
			if (blind[row] != "") {
				bad = "ukl cover does not see it:" blind[row]
			} else if (caught[row] == made[row]) {
				bad = row in why ? "explained, but always caught" : ""
			} else {
				bad = row in why ? "" : "escapes:" escaped[row]
				line = line (row in why ? "; " why[row] : "")
			}
			print (bad == "" ? "ok" : "bad") "\t" line (bad == "" ? "" : "  " bad)
		}
		for (row in why)
			if (!(row in made))
				print "bad\t" row ": explained, but never made"
		printf "sum\t%d mutants, %d caught, %d escape and are explained\n", all, hit, all - hit
	}' "$HERE/trace.escapes" "$OUT/cover" "$OUT/base.violations" "$OUT/recorded.violations" \
		"$OUT/base/list" "$OUT/recorded/list"
}

mkdir -p "$OUT"
base_run
make_all base "$OUT/clean" 3
make_all recorded "$RECORDED" 2
pieces recorded "$RECORDED"
seen_by_cover >"$OUT/cover"
table >"$OUT/table"
while IFS=$'\t' read -r kind line; do
	case $kind in
	ok) pass "$line" ;;
	*) note "$kind: $line" ;;
	esac
done <"$OUT/table"
! grep -q '^bad' "$OUT/table" || die "some mutants are not explained; see $OUT/table"
