#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# security.sh - no trick of ring 3 makes it the application, or brings it to ring 0
#
#   security.sh BUILD KERNEL OUT
#
# KERNEL is a bzImage with the echo server.  In the guest apps/attack tries, as root
# and as nobody; the trace must conform, and in it no thread but the application's own
# may ever have had ukl_mode other than 0.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

[ $# -eq 3 ] || usage "BUILD KERNEL OUT"
BUILD=$1 KERNEL=$2 OUT=$3
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
suite
need_guest

guest_record
guest_start security
guest_finish security
pass_lines 's/^((root|nobody) .*[^ ]) +ok$/\1/p'

tasks=$("$BUILD/ukl" dump --no-state --class mode_write "$OUT/trace" |
	sed -n '/ value=0x0 /!s/.* \(task=[^ ]*\).*/\1/p' | sort -u | wc -l)
[ "$tasks" -eq 1 ] || die "$tasks threads had a ukl_mode other than 0, not 1"
pass "one thread alone had a ukl_mode other than 0: the application's"
judge
