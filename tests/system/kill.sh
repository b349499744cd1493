#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kill.sh - SIGKILL the recorder at random moments; every trace must say "torn"
#
#   kill.sh [--runs N] BUILD KERNEL OUT
#
# Records the demonstration once whole to learn how long it takes, then N (20)
# times with traffic that would not end for hours and SIGKILL after a random time
# of that order, from late in the boot on.  Each trace must be read up
# to its last whole packet (packets.sh counts them without the reader) and judged
# inconclusive, status 3; none may conform.  RANDOM is seeded by SEED (printed).
# Exit status: 0 so it was; 1 not, named; 2 usage.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="[--runs N] BUILD KERNEL OUT"
RUNS=20
arguments "$@"
top=$OUT
suite
SEED=${SEED:-$RANDOM}
RANDOM=$SEED
need_guest

milliseconds() {
	echo $(($(date +%s%N) / 1000000))
}

# Kills QEMU itself after the seconds in $1, so that it cannot close the trace;
# "exec" makes it the process that timeout(1) knows.
record_and_kill() {
	local line
	line=$("$BUILD/ukl" record --print-command "${GUEST_COMMAND[@]:2}")
	{
		timeout -s KILL "$1" bash -c "exec $line" </dev/null \
			>"$OUT/console.log" 2>"$OUT/stderr" && return 1
	} 2>/dev/null # where bash says "Killed"
	[ -e "$OUT/trace/.recording" ] || die "$OUT/trace is not torn: the kill missed"
}

inspect() {
	local status=0 dumped whole
	"$BUILD/ukl" check "$OUT/trace" >"$OUT/check" 2>&1 || status=$?
	[ "$status" -eq 3 ] ||
		die "check ended with $status, not 3: $(tail -n 1 "$OUT/check")"
	dumped=$("$BUILD/ukl" dump "$OUT/trace" 2>"$OUT/dump.stderr" | wc -l) || :
	whole=$("$(dirname "$0")/packets.sh" "$OUT/trace")
	[ "$dumped" -eq "${whole#* }" ] ||
		die "$OUT: whole packets hold ${whole#* } events, dump printed $dumped"
	pass "killed run $(basename "$OUT"): ${whole% *} whole packets," \
		"$dumped events, inconclusive"
}

OUT=$top/whole
mkdir -p "$OUT"
guest_record
start=$(milliseconds)
guest_start demo # no host traffic: ukl.host_connections is not given
guest_finish demo
duration=$(($(milliseconds) - start))
note "a whole run takes $duration ms; seed $SEED"
for ((run = 1; run <= RUNS; run++)); do
	OUT=$top/$run
	rm -rf "$OUT"
	mkdir -p "$OUT"
	CMDLINE="ukl.bytes=100000000"
	guest_record
	HOST_PORT=$(free_port)
	guest_command demo
	after=$((duration * 4 / 10 + RANDOM * duration / 32768))
	record_and_kill "$((after / 1000)).$(printf %03d $((after % 1000)))" ||
		die "run $run ended before it was killed"
	inspect
done
