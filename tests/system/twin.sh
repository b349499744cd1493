#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# twin.sh - the same program in ring 0 and in ring 3: equal output, and a clean trace
#
#   twin.sh [--smp N] [--icount] [--memory MB] [--swap] [--disk MB] BUILD KERNEL PROGRAM OUT [ARG...]
#
# KERNEL is a bzImage with PROGRAM linked in.  Each line of the output that ends in
# "ok" is a thing shown; the trace must conform.  With --swap the guest swaps to a disk;
# with --disk it does, and has a second one of that size.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="[--smp N] [--icount] [--memory MB] [--swap] [--disk MB] BUILD KERNEL PROGRAM OUT [ARG...]"
while [[ ${1-} == --* ]]; do
	case $1 in
	--smp) SMP=$2; shift ;;
	--icount) ICOUNT=1 ;;
	--memory) MEMORY=$2; shift ;;
	--swap) SWAP=1 ;;
	--disk) SWAP=1 DISK=$2; shift ;;
	*) usage "$USAGE" ;;
	esac
	shift
done
[ $# -ge 4 ] || usage "$USAGE"
BUILD=$1 KERNEL=$2 PROGRAM=$3 OUT=$4
shift 4
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
TEST=twin-$(basename "$OUT")
suite
need_guest
LIMIT=900 # the program runs twice, perhaps on a loaded machine

words="$*"
CMDLINE="ukl.program=$PROGRAM ${words:+ukl.args=${words// /,}} $CMDLINE"
[ -z "${SWAP-}" ] || guest_swap_disk
[ -z "${DISK-}" ] || guest_disk disk "$DISK"
guest_record
guest_start twin
guest_finish twin
while read -r line; do
	pass "$line"
done < <(sed -n 's/^UKL-TWIN: \(.*[^ ]\)  *ok$/\1/p' "$OUT/console.log")
[ "$PASSED" -gt 0 ] || die "nothing was shown; see $OUT/console.log"
judge
