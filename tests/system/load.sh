#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# load.sh - everything at once, for as long as is asked: two processors, no violation
#
#   load.sh BUILD KERNEL OUT SECONDS [GROUP...]
#
# KERNEL is a bzImage with probe linked in.  An echo server whose pages are taken away
# and the probes (GROUPs, or all) are the application; ring 3 works beside them, and a
# client on the host.  At the end everybody must have gone on, the kernel must not have
# complained, the trace must conform, and the kernel must have counted each interrupt
# that it has: see interrupts.c.
#
# A trace takes 10 to 20 MB a second, so the time is spent in guests of at most PIECE
# seconds, one after the other; each is judged, and its trace removed if it conforms.
# How many events were judged is printed.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 4 ] || usage "BUILD KERNEL OUT SECONDS [GROUP...]"
BUILD=$1 KERNEL=$2 OUT=$3 seconds=$4
shift 4
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
suite
need_guest
need_file "$BUILD/apps/echo/echo-client" "make $BUILD/apps/echo/echo-client builds it"

INTERRUPTS=$BUILD/tests/system/interrupts
need_file "$INTERRUPTS" "make $INTERRUPTS builds it"

PIECE=300
groups="$*"
SMP=2 MEMORY=512 TOP=$OUT
READING=65521 # bytes: no other read() of the guest asks for so many
events=0 interrupts=0

# The client on the host, as long as the guest is there to answer.
traffic() { # prints how many rounds went well
	local n=0
	while "$BUILD/apps/echo/echo-client" -h 127.0.0.1 -p "$HOST_PORT" -s "$n" -t 600 \
			-c 2 -b 20000 >>"$OUT/client.log" 2>&1; do
		n=$((n + 1))
	done
	echo "$n"
}

loaded_guest() { # SECONDS
	local client line
	LIMIT=$(($1 + 1800)) QEMU_ARGS=()
	CMDLINE="ukl.seconds=$1 ukl.reading=$READING ${groups:+ukl.args=${groups// /,}}"
	guest_swap_disk
	guest_disk disk 1 # for the probes of O_DIRECT
	guest_record
	guest_start load
	guest_expect "UKL-GUEST: load: begins" ||
		{ guest_kill; guest_report; die "it did not begin"; }
	traffic >"$OUT/traffic" &
	client=$!
	guest_finish load
	wait "$client"
	[ "$(<"$OUT/traffic")" -gt 0 ] || die "no round of the client on the host went well"
	while read -r line; do
		pass "$line"
	done < <(sed -n 's/^UKL-GUEST: load: \(.*rounds\)$/\1/p' "$OUT/console.log")
	pass "client on the host: $(<"$OUT/traffic") rounds"
	pass "no complaint in the kernel's log"
}

compare_interrupts() { # READINGS
	"$INTERRUPTS" "$OUT/trace" "$1" $READING
}

# The comparison itself must notice one interrupt too few, on either side.
must_differ() { # WHAT +1|-1
	awk -v by="$2" '$1 == "LOC:" { $2 += by } { print }' "$OUT/interrupts" >"$OUT/false"
	! compare_interrupts "$OUT/false" >"$OUT/false.txt" ||
		die "interrupts.c overlooks that $1"
	pass "$1: that is found"
}

judge_interrupts() {
	sed -n 's/^UKL-INTERRUPTS: //p' "$OUT/console.log" >"$OUT/interrupts"
	compare_interrupts "$OUT/interrupts" >"$OUT/compared" ||
		{ cat "$OUT/compared"; die "interrupts were lost"; }
	interrupts=$((interrupts + $(sed -n 's/.*in all \([0-9]*\).*/\1/p' "$OUT/compared")))
	pass "the kernel counted each interrupt: $(<"$OUT/compared")"
	[ "$OUT" != "$TOP/0" ] || {
		must_differ "the kernel counted one too few" -1
		must_differ "the trace holds one too few" +1
	}
}

judge_piece() {
	judge_interrupts
	check_trace "$OUT/trace" >"$OUT/verdict" ||
		{ cat "$OUT/verdict"; die "the trace does not conform"; }
	events=$((events + $(awk '$2 == "events" && !seen++ { print $1 }' "$OUT/verdict")))
	pass "the trace conforms; $events events so far"
	rm -rf "$OUT/trace" "$OUT/swap" "$OUT/disk"
}

for ((left = seconds; left > 0; left -= PIECE)); do
	OUT=$TOP/$((seconds - left))
	loaded_guest $((left < PIECE ? left : PIECE))
	judge_piece
done
note "$seconds seconds of everything at once: $events events judged, none violates anything;" \
	"$interrupts interrupts, none lost"
