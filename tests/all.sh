#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# all.sh [--resume KEY] LOGS GOAL... - run test suites, goals of the Makefile; add them up
#
# Lines "NAME: P passed, F failed" count, one for each script that a goal runs.  A goal
# that fails without a failed test, or shows no passed one, counts as one failure.  Each suite's output is in
# LOGS/GOAL.log, and on the terminal only its last line and, if it failed, its end.
# The last lines name the suites that failed, each with the last it said of that, since
# who keeps only the end of a log must find it there.  The closing line is "P passed,
# F failed" over all suites; exit status 1 if any failed.
#
# With --resume a suite that passed under the same KEY before is not run again: its
# counts are taken from LOGS/GOAL.passed.  KEY names the sources, see tests.mk.
set -uo pipefail

key=
if [ "$1" = --resume ]; then
	key=$2
	shift 2
fi
logs=$1
shift
mkdir -p "$logs"
passed=0 failed=0 broken=()

counts() { # LOG: "P F", summed over its counting lines
	sed -nE 's/^[^:]+: ([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$1" |
		awk '{ p += $1; f += $2 } END { print p + 0, f + 0 }'
}

# What a log says of failures: not what passed, nor what make adds
complaints() { # LOG
	grep -Ev '^ *(# )?(ok |make)|: ok: |^[^:]+: [0-9]+ passed, ' "$1" | tail -n 6 | cut -c1-300
}

show() { # GOAL P F WHEN
	printf '%-20s %5d passed, %d failed  (%s)\n' "$@"
}

for goal in "$@"; do
	log=$logs/$goal.log start=$SECONDS status=0
	if [ -n "$key" ] && read -r was p 2>/dev/null <"$logs/$goal.passed" &&
			[ "$was" = "$key" ]; then
		passed=$((passed + p))
		show "$goal" "$p" 0 "run before"
		continue
	fi
	${MAKE:-make} --no-print-directory "$goal" >"$log" 2>&1 || status=$?
	read -r p f < <(counts "$log")
	if [ "$f" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$p" -eq 0 ]; }; then
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f))
	show "$goal" "$p" "$f" "$((SECONDS - start)) s"
	if [ "$f" -eq 0 ]; then
		[ -z "$key" ] || echo "$key $p" >"$logs/$goal.passed"
	else
		broken+=("$goal")
		tail -n 30 "$log" | sed 's/^/    /'
		echo "    ... all of it: $log"
	fi
done
for goal in ${broken+"${broken[@]}"}; do
	echo "$goal failed:"
	complaints "$logs/$goal.log" | sed 's/^/    /'
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
