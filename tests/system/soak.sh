#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# soak.sh - so many events without an alarm, counted by the tool
#
#   soak.sh BUILD IMAGES OUT EVENTS
#
# Guest after guest, on one and on two processors, each with another mixture of what
# applications do (see MIXTURES), is recorded and judged; its trace is removed if it
# conforms.  What was judged is added up in OUT/KEY, a file of "ukl check --coverage"; KEY
# stands for the model's sources, so a soak that was interrupted goes on, and starts again
# with another model.  "ukl cover" tells how many events that are.
# Exit status: 0 EVENTS were judged; 1 a violation or a guest that failed; 2 usage.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="BUILD IMAGES OUT EVENTS"
arguments "$@"
suite
TOP=$OUT MEMORY=512 LIMIT=1800
MODEL=$(dirname "$0")/../../model

# IMAGE SCENARIO CPUS WORD...: about 20 million events where calls are most of them
MIXTURES="
count count 1 ukl.args=calls=2000000
count count 2 ukl.args=calls=1000000,jumps=1000000
count count 1 ukl.args=faults=60000,calls=1000000,stack=5000,grow=500,spawn=20
libc  twin  2 ukl.program=libc
count count 1 ukl.args=jumps=2000000,ticks=500
count count 2 ukl.args=ticks=200,calls=2000000,faults=20000,spawn=50
probe twin  2 ukl.program=probe
"

judged() { # how many events the tool has counted
	[ -e "$COUNTED" ] || { echo 0; return; }
	"$BUILD/ukl" cover "$COUNTED" | sed -n 's/.* runs*, \([0-9]*\) events$/\1/p'
}

one_guest() { # IMAGE SCENARIO CPUS WORD...
	KERNEL=$IMAGES/$1/bzImage SMP=$3 CMDLINE="${*:4}" QEMU_ARGS=()
	need_guest
	guest_swap_disk
	guest_disk disk 64
	guest_record
	guest_start "$2"
	guest_finish "$2"
	"$BUILD/ukl" check --coverage "$COUNTED" "$OUT/trace" >"$OUT/verdict" ||
		{ cat "$OUT/verdict"; die "the trace does not conform"; }
	rm -rf "$OUT/trace"
}

mkdir -p "$TOP"
COUNTED=$TOP/$(cat "$MODEL"/*.[ch] | sha256sum | cut -c1-16)
while [ "$(judged)" -lt "$EVENTS" ]; do
	while read -ra mixture; do
		[ ${#mixture[@]} -gt 0 ] && [ "$(judged)" -lt "$EVENTS" ] || continue
		OUT=$TOP/guest
		one_guest "${mixture[@]}"
		pass "${mixture[*]}: conforms; $(judged) of $EVENTS events"
	done <<<"$MIXTURES"
done
note "$("$BUILD/ukl" cover "$COUNTED" | head -n 1), no alarm"
