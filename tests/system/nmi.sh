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
while [[ ${1-} == --* ]]; do
	case $1 in
	--smp) SMP=$2; shift ;;
	*) usage "$USAGE" ;;
	esac
	shift
done
[ $# -eq 3 ] || usage "$USAGE"
BUILD=$1 KERNEL=$2 OUT=$3
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
suite
need_guest
MEMORY=512 # 30000 pages are touched

# One "nmi" for each prompt, as long as there is a monitor to prompt.
inject() { # PORT; prints how many
	local n=0
	exec 5<>"/dev/tcp/127.0.0.1/$1"
	while IFS= read -r -t "$LIMIT" -d ')' _ <&5 && echo nmi >&5; do
		n=$((n + 1))
	done 2>/dev/null
	echo "$n"
}

port=$(free_port)
QEMU_ARGS=(-monitor "tcp:127.0.0.1:$port,server=on,wait=off")
CMDLINE="ukl.args=calls=500000,jumps=50000,faults=20000,stack=10000,spawn=100"
guest_record
guest_start count
guest_expect "count: expect phase=calls" || { guest_kill; guest_report; die "count did not begin"; }
inject "$port" >"$OUT/injected" &
injector=$!
guest_finish count
wait "$injector" || :
pass "the application finished, everything counted, under $(cat "$OUT/injected") NMIs"

hits=$("$BUILD/ukl" dump --no-state --class int_in "$OUT/trace" |
	awk '$4 == "app" && / vector=0x2 /' | wc -l)
[ "$hits" -gt 0 ] || die "no NMI hit application code"
pass "$hits NMIs hit application code"
"$BUILD/ukl" check --verbose "$OUT/trace" | tee "$OUT/verdict" | grep "conforms" ||
	{ cat "$OUT/verdict"; die "the trace does not conform"; }
pass "the trace conforms"
grep -E 'MF-nmi +[1-9]' "$OUT/verdict" || die "MF-nmi was not exercised"
pass "MF-nmi was exercised"
