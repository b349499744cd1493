#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# reclaim.sh - transitions while the kernel takes the application's pages away
#
#   reclaim.sh [--plain] BUILD KERNEL OUT [WORD=N...]
#
# Heap, static data and stack of the application go to a swap disk and come back
# while it runs (apps/guest/scenarios/reclaim.sh).  Without words KERNEL is one
# with the echo server; with words, one with count.  Exit status: the checker's;
# 1 if the guest failed or nothing was swapped in; 2 usage.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="[--plain] BUILD KERNEL OUT [WORD=N...]"
record=1
if [ "${1-}" = --plain ]; then
	record=0
	shift
fi
[ $# -ge 3 ] || usage "$USAGE"
suite
BUILD=$1 KERNEL=$2 OUT=$3
shift 3
words=$*
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
need_guest
CMDLINE=${words:+ukl.args=${words// /,}}

guest_swap_disk
[ "$record" -eq 0 ] || guest_record
guest_start reclaim
guest_expect "UKL-GUEST: reclaim:" || { guest_kill; guest_report; die "no pressure"; }
note "${LINE#*UKL-GUEST: }"
guest_finish reclaim
pass "the application works while its pages are taken away"
rm -f "$OUT/swap"
[ "$record" -eq 0 ] || judge
