#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# nmi.sh - non-maskable interrupts at any moment of a busy application
#
#   nmi.sh [--smp N] BUILD KERNEL OUT
#
# KERNEL is a bzImage with count linked in.  While it makes system calls, page faults
# and children, QEMU's monitor injects one NMI after the other.  The application must
# finish with everything counted, some NMIs must have hit application code, and the
# trace must conform, with MF-nmi exercised.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="[--smp N] BUILD KERNEL OUT"
arguments "$@"
suite
need_guest
MEMORY=512 # 30000 pages are touched

# One "nmi" for each prompt, as long as there is a monitor to prompt.
inject() { # prints how many
	local n=0
	while IFS= read -r -t "$LIMIT" -d ')' _ <&5 && echo nmi >&5; do
		n=$((n + 1))
	done 2>/dev/null
	echo "$n"
}

guest_monitor
CMDLINE="ukl.args=calls=500000,jumps=50000,faults=20000,stack=10000,spawn=100"
guest_record
guest_start count
guest_await "count: expect phase=calls" "count did not begin"
monitor_open
inject >"$OUT/injected" &
injector=$!
guest_finish count
wait "$injector" || :
pass "the application finished, everything counted, under $(cat "$OUT/injected") NMIs"

hits=$(struck 0x2 app)
[ "$hits" -gt 0 ] || die "no NMI hit application code"
pass "$hits NMIs hit application code"
conforms "under NMIs"
grep -E 'MF-nmi +[1-9]' "$OUT/verdict" || die "MF-nmi was not exercised"
pass "MF-nmi was exercised"
