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
# complained, and the trace must conform; how many events were judged is printed.  The
# trace of an hour takes some 10 GB in OUT and is removed if it conforms.
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

groups="$*"
SMP=2 MEMORY=512 LIMIT=$((seconds + 1800))
CMDLINE="ukl.seconds=$seconds ${groups:+ukl.args=${groups// /,}}"
guest_swap_disk
guest_record
guest_start load
guest_expect "UKL-GUEST: load: begins" || { guest_kill; guest_report; die "it did not begin"; }

# The client on the host, as long as the guest is there to answer.
traffic() { # prints how many rounds went well
	local n=0
	while "$BUILD/apps/echo/echo-client" -h 127.0.0.1 -p "$HOST_PORT" -s "$n" -t 600 \
			-c 2 -b 20000 >>"$OUT/client.log" 2>&1; do
		n=$((n + 1))
	done
	echo "$n"
}
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
"$BUILD/ukl" check "$OUT/trace" | tee "$OUT/verdict" || die "the trace does not conform"
pass "after $seconds seconds the trace conforms: $(grep -m 1 events "$OUT/verdict")"
rm -rf "$OUT/trace" "$OUT/swap"
