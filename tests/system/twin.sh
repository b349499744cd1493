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
arguments "$@"
TEST=twin-$(basename "$OUT")
suite
need_guest
LIMIT=900 # the program runs twice, perhaps on a loaded machine

words="${REST[*]}"
CMDLINE="ukl.program=$PROGRAM ${words:+ukl.args=${words// /,}} $CMDLINE"
[ -z "${SWAP-}${DISK-}" ] || guest_swap_disk
[ -z "${DISK-}" ] || guest_disk disk "$DISK"
guest_record
guest_start twin
guest_finish twin
pass_lines 's/^UKL-TWIN: (.*[^ ]) +ok$/\1/p'
judge
