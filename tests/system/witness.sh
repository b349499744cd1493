#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# witness.sh - QEMU's "-d int" log and the trace list the same events, one for one
#
#   witness.sh BUILD KERNEL OUT [ARGUMENTS]
#
# Boots KERNEL (the application "count") once, deterministically, with the recorder
# and with QEMU's own log of interrupts and exceptions.  babeltrace2 reads the
# trace, witness.c compares: neither shares code with the recorder.  Then it checks
# that the comparison can fail, by taking one event out of the log, and by changing
# one RIP in it.  ARGUMENTS are the words for count, with commas between them.
# Exit status: 0 they agree; 1 not, with both lines; 2 usage or trouble.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 3 ] || [ $# -eq 4 ] || usage "BUILD KERNEL OUT [ARGUMENTS]"
suite
BUILD=$1 KERNEL=$2 OUT=$3
CMDLINE="ukl.args=${4:-calls=5000,faults=500,stack=50}"
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
ICOUNT=1 LIMIT=120
WITNESS=$BUILD/tests/system/witness
need_guest
need_file "$WITNESS" "make $WITNESS builds it"
mkdir -p "$OUT"
QEMU_ARGS=(-d int -D "$OUT/int.log")

compare() { # LOG
	"$WITNESS" "$1" "$OUT/trace.txt"
}

# A log that lies must be found out.
must_differ() { # WHAT
	if compare "$OUT/false.log" >"$OUT/false.txt"; then
		die "the comparison overlooks $1"
	fi
	pass "$1 is found: $(head -1 "$OUT/false.txt")"
}

guest_record
guest_start count
guest_finish count
babeltrace2 "$OUT/trace" >"$OUT/trace.txt" 2>"$OUT/babeltrace.stderr"
compare "$OUT/int.log" || die "the trace and QEMU's log differ"
pass "QEMU's log and the trace list the same events"

middle=$(($(grep -c ' v=0e ' "$OUT/int.log") / 2))
awk -v at="$middle" '/ v=0e / && ++n == at { sub(/ v=0e /, " v=none ") } { print }' \
	"$OUT/int.log" >"$OUT/false.log"
must_differ "a page fault left out of the log"
awk -v at="$middle" '/ v=0e / && ++n == at { sub(/[0-9a-f] pc=/, "x pc=") } { print }' \
	"$OUT/int.log" >"$OUT/false.log"
must_differ "a changed RIP in the log"
rm -f "$OUT/false.log"
