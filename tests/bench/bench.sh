#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh - what recording costs, how large traces are, how fast they are checked
#
#   bench.sh [--runs N] BUILD ECHO_KERNEL COUNT_KERNEL OUT
#
# Runs every load N times (5, the least) without and with the recorder, in turn, so
# that whatever else the machine does meets both alike; what is timed is QEMU, from
# its start to its exit.  Then checks the last trace of each load N times, beside
# babeltrace2.  The table goes to standard output and to OUT/results.txt, the single
# samples stay in OUT/samples.  Nothing is asserted about any number.
# Exit status: 0 measured; 1 a guest or a reader failed; 2 usage.
set -euo pipefail
export LC_ALL=C # decimal points

TEST=bench
LIMIT=300	# seconds, for one guest
MEMORY=512
USAGE="usage: bench.sh [--runs N] BUILD ECHO_KERNEL COUNT_KERNEL OUT"
# What "count" is told: mostly system calls, some faults, a few timer interrupts.
COUNT_WORDS="calls=300000,jumps=20000,faults=20000,stack=5000,ticks=20"
LOADS="boot demo count"
# QEMU that never begins: what is paid before the first instruction
STOPPED="-S -display none -serial null -monitor stdio"

die() {
	echo "$TEST: $*" >&2
	exit 1
}

note() {
	echo "$TEST: $*" >&2
}

runs=5
if [ "${1-}" = --runs ]; then
	runs=${2-}
	shift $(($# < 2 ? $# : 2))
fi
if [ $# -ne 4 ] || ! [[ $runs =~ ^[1-9][0-9]*$ ]]; then
	echo "$USAGE" >&2
	exit 2
fi
[ "$runs" -ge 5 ] || { echo "$TEST: --runs $runs is too few; give 5 or more" >&2; exit 2; }
BUILD=$1 ECHO_KERNEL=$2 COUNT_KERNEL=$3 OUT=$4
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
UKL=$BUILD/ukl
SAMPLES=$OUT/samples
for file in "$UKL" "$ECHO_KERNEL" "$COUNT_KERNEL" "$INITRD"; do
	[ -s "$file" ] || { echo "$TEST: $file is missing; 'make bench' builds it" >&2; exit 2; }
done
for program in babeltrace2 zstd /usr/bin/time qemu-system-x86_64; do
	command -v "$program" >/dev/null ||
		{ echo "$TEST: no $program; 'make deps-check' lists packages" >&2; exit 2; }
done
rm -rf "$OUT"
mkdir -p "$SAMPLES"

# --- one measurement -----------------------------------------------------------

# timed SAMPLE COMMAND...: appends "wall-seconds cpu-seconds peak-KiB" to a file
timed() {
	local sample=$SAMPLES/$1 start end
	shift
	start=$EPOCHREALTIME
	/usr/bin/time -q -f '%U %S %M' -o "$OUT/usage" "$@" || return
	end=$EPOCHREALTIME
	awk -v ns="$(((${end/./} - ${start/./}) * 1000))" \
		'{ printf "%.6f %.2f %d\n", ns / 1e9, $1 + $2, $3 }' "$OUT/usage" >>"$sample"
}

# column SAMPLE N: "median min max" of the Nth column
column() {
	sort -n -k "$2,$2" "$SAMPLES/$1" | awk -v c="$2" '
		{ v[NR] = $c }
		END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[1], v[NR] }'
}

median() { # SAMPLE COLUMN
	column "$@" | cut -d' ' -f1
}

# --- guests --------------------------------------------------------------------

kernel() { # LOAD
	case $1 in
	demo) echo "$ECHO_KERNEL" ;;
	*) echo "$COUNT_KERNEL" ;;
	esac
}

words() { # LOAD
	case $1 in
	start | boot) echo "ukl.scenario=boot" ;;
	demo) echo "ukl.scenario=demo ukl.connections=32 ukl.bytes=50000" ;;
	count) echo "ukl.scenario=count ukl.args=$COUNT_WORDS" ;;
	esac
}

# guest LOAD without|with: one run.  QEMU is started as "ukl record" would, but not
# by it: what that does before is not the guest's time.
guest() {
	local trace=$OUT/$1 options=() extra=() line command
	rm -rf "$trace"
	[ "$1" != start ] || read -r -a extra <<<"-- $STOPPED"
	[ "$2" = with ] || options=(--no-plugin)
	line=$("$UKL" record --print-command "${options[@]}" --out "$trace" \
		--kernel "$(kernel "$1")" --initrd "$INITRD" --memory "$MEMORY" \
		--append "$(words "$1")" "${extra[@]}")
	eval "command=($line)"
	timed "$1.$2" timeout "$LIMIT" "${command[@]}" <<<"quit" >"$OUT/console" 2>&1 ||
		die "the guest of '$1' failed; its console is $OUT/console"
	[ "$1" != start ] || return 0
	grep -q "UKL-GUEST: scenario $1: ok" "$OUT/console" ||
		die "the scenario '$1' failed; its console is $OUT/console"
}

events() { # LOAD
	"$UKL" stats "$OUT/$1" | awk '$1 == "events" { print $2; exit }'
}

bytes() { # LOAD
	cat "$OUT/$1"/stream_* "$OUT/$1/metadata" | wc -c
}

compressed() { # LOAD
	cat "$OUT/$1"/stream_* "$OUT/$1/metadata" | zstd -q -3 -c | wc -c
}

# --- readers -------------------------------------------------------------------

check() { # LOAD
	timed "$1.check" "$UKL" check --quiet "$OUT/$1" ||
		die "'ukl check $OUT/$1' ended with status $?"
}

count_elsewhere() { # LOAD
	timed "$1.babeltrace2" babeltrace2 -c sink.utils.counter -p step=+0 "$OUT/$1" \
		>"$OUT/counter" 2>"$OUT/babeltrace.stderr" ||
		die "babeltrace2 failed; see $OUT/babeltrace.stderr"
	grep -qw "$(events "$1") Event messages" "$OUT/counter" ||
		die "babeltrace2 counts other events than ukl; see $OUT/counter"
}

# --- the table -----------------------------------------------------------------

heading() {
	echo "UKL reference model: measurements of one run, $(date -u +%Y-%m-%d)"
	echo
	echo "machine   $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)," \
		"$(nproc) processors, load average before: $load_before"
	echo "emulator  $(qemu-system-x86_64 --version | head -n 1), TCG, one virtual CPU"
	echo "samples   $runs of each, with and without in turn; median [least .. greatest]"
}

loads_table() {
	local load
	printf '\nRecording: seconds from QEMU'"'"'s start to its exit\n'
	printf '  %-10s %9s %26s %26s %7s %7s %9s\n' load events "without the recorder" \
		"with it" ratio "of CPU" "ns/event"
	for load in start $LOADS; do
		echo "$load $(events "$load") $(column "$load.without" 1)" \
			"$(column "$load.with" 1) $(median "$load.without" 2)" \
			"$(median "$load.with" 2)"
	done | awk '
		function row(name, n, a, b, ca, cb, from_a, from_b) {
			printf "  %-10s %9d %26s %26s %7.3f %7.3f %9s\n", name, n,
				from_a, from_b, b / a, cb / ca,
				n < 1000 ? "-" : sprintf("%.0f", (b - a) / n * 1e9)
		}
		function range(m, lo, hi) {
			return sprintf("%.3f [%.3f .. %.3f]", m, lo, hi)
		}
		{
			row($1, $2, $3, $6, $9, $10, range($3, $4, $5), range($6, $7, $8))
			n[$1] = $2; a[$1] = $3; b[$1] = $6; ca[$1] = $9; cb[$1] = $10
		}
		END {
			x = a["count"] - a["boot"]; y = b["count"] - b["boot"]
			row("count-boot", n["count"] - n["boot"], x, y,
			    ca["count"] - ca["boot"], cb["count"] - cb["boot"],
			    sprintf("%.3f", x), sprintf("%.3f", y))
		}'
	echo "  start: QEMU up to the first instruction. boot: up and off again."
	echo "  demo: the echo server, 32 connections of 50000 bytes, and a load in ring 3."
	echo "  count: $COUNT_WORDS."
	echo "  count-boot: the difference of the two, the application's run alone."
	echo "  ns/event: what the recorder added, by the events that it recorded."
}

sizes_table() {
	local load n raw small
	printf '\nSize: bytes\n  %-10s %9s %11s %11s %11s %11s\n' trace events raw "per event" \
		"zstd -3" "per event"
	for load in $LOADS; do
		n=$(events "$load") raw=$(bytes "$load") small=$(compressed "$load")
		awk -v l="$load" -v n="$n" -v r="$raw" -v s="$small" 'BEGIN {
			printf "  %-10s %9d %11d %11.1f %11d %11.1f\n", l, n, r, r / n, s, s / n }'
	done
}

checking_table() {
	local load what
	printf '\nChecking: all invariants, one processor\n'
	printf '  %-10s %-12s %26s %12s %9s %14s\n' trace program seconds "Mevents/s" "MB/s" \
		"peak RSS, KiB"
	for load in $LOADS; do
		for what in check babeltrace2; do
			[ -e "$SAMPLES/$load.$what" ] || continue
			echo "$load $what $(column "$load.$what" 1) $(events "$load")" \
				"$(bytes "$load") $(median "$load.$what" 3)"
		done
	done | awk '{
		printf "  %-10s %-12s %26s %12.2f %9.0f %14d\n", $1,
			$2 == "check" ? "ukl check" : $2,
			sprintf("%.3f [%.3f .. %.3f]", $3, $4, $5), $6 / $3 / 1e6, $7 / $3 / 1e6,
			$8
	}'
	echo "  babeltrace2 only counts (sink.utils.counter). Trace 'count' has" \
		"$(($(events count) / $(events boot))) times the events of 'boot'."
}

# --- all of it -----------------------------------------------------------------

load_before=$(cut -d' ' -f1-3 /proc/loadavg)
for load in start $LOADS; do # not counted: fills the page cache
	guest "$load" with
done
rm -f "$SAMPLES"/*
for ((run = 1; run <= runs; run++)); do
	note "run $run of $runs"
	for load in start $LOADS; do
		guest "$load" without
		guest "$load" with
	done
done
note "readers"
for ((run = 1; run <= runs; run++)); do
	for load in $LOADS; do
		check "$load"
	done
	count_elsewhere count
done
{
	heading
	loads_table
	sizes_table
	checking_table
} | tee "$OUT/results.txt"
rm -rf "${OUT:?}"/{start,boot,demo,count,usage,console,counter,babeltrace.stderr}
