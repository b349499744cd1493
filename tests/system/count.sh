#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# count.sh - is every transition in the trace?  Exactly as many as were made?
#
#   count.sh [--runs N] [--icount] BUILD KERNEL OUT [WORD=N...]
#
# KERNEL is a bzImage with count linked in, its vmlinux beside it.  Boots it N
# times (1), lets count make exactly what the words say (calls=100000 jumps=1000
# faults=10000 stack=1000 grow=500 ticks=50), and compares what it announced with
# the events between its markers: see count.awk.  One run's files are in OUT/N.
# Exit status: 0 equal in every run; 1 a difference, named; 2 usage.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="[--runs N] [--icount] BUILD KERNEL OUT [WORD=N...]"
RUNS=1
arguments "$@"
top=$OUT
suite
DEFAULT="calls=100000 jumps=1000 faults=10000 stack=1000 grow=500 ticks=50 spawn=20"
words="${REST[*]}"
words=${words:-$DEFAULT}
need_guest
MEMORY=512 # 10000 pages and more are touched
CMDLINE="ukl.args=${words// /,}"

events() {
	"$BUILD/ukl" dump --state --class gate_in,sys_enter,sys_leave,int_in \
		"$OUT/trace"
}

compare() { # reads events
	awk -v call="$(symbol ukl_entry_SYSCALL_64)" \
		-v jump="$(symbol ukl_entry_SYSCALL_64_jump)" \
		-v console="$OUT/console.log" -f "$(dirname "$0")/count.awk"
}

# The comparison itself must notice one event too few.
must_differ() { # CLASS
	if events | awk -v class="$1" '$5 == class && $4 == "app" && ++n == 500 { next }
			{ print }' | compare >"$OUT/false.txt"; then
		die "count.awk overlooks that one $1 of the application is missing"
	fi
	pass "one missing $1 is found: $(head -n 1 "$OUT/false.txt")"
}

for ((run = 1; run <= RUNS; run++)); do
	OUT=$top/$run
	guest_record
	guest_start count
	guest_finish count
	events | compare || die "run $run of $RUNS differs; its files are in $OUT"
	if [ "$run" -eq 1 ] && [ "$words" = "$DEFAULT" ]; then
		must_differ gate_in
		must_differ int_in
	fi
	rm -rf "$OUT/trace" # tens of megabytes, and equal
	pass "run $run of $RUNS recorded exactly what was made ($words)"
done
