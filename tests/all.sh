#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# all.sh LOGS GOAL... - run test suites, each a goal of the Makefile, and add them up
#
# A suite's last line counts: "NAME: P passed, F failed".  One that fails without such
# a line, or shows no passed test, counts as one failure.  Each suite's output is in
# LOGS/GOAL.log, and on the terminal only its last line and, if it failed, its end.
# The closing line is "P passed, F failed" over all suites; exit status 1 if any failed.
set -uo pipefail

logs=$1
shift
mkdir -p "$logs"
passed=0 failed=0

counts() { # LOG: "P F" of its last counting line, or nothing
	sed -nE 's/^.*[^0-9]([0-9]+) passed, ([0-9]+) failed.*$/\1 \2/p' "$1" | tail -n 1
}

for goal in "$@"; do
	log=$logs/$goal.log start=$SECONDS status=0
	${MAKE:-make} --no-print-directory "$goal" >"$log" 2>&1 || status=$?
	read -r p f < <(counts "$log") || { p=0 f=0; }
	if [ "$f" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$p" -eq 0 ]; }; then
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f))
	printf '%-20s %5d passed, %d failed  (%d s)\n' "$goal" "$p" "$f" $((SECONDS - start))
	if [ "$f" -ne 0 ]; then
		tail -n 30 "$log" | sed 's/^/    /'
		echo "    ... all of it: $log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
