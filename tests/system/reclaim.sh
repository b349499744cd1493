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
PLAIN=0
arguments "$@"
suite
words="${REST[*]}"
need_guest
CMDLINE=${words:+ukl.args=${words// /,}}

guest_swap_disk
[ "$PLAIN" -eq 1 ] || guest_record
guest_start reclaim
guest_await "UKL-GUEST: reclaim:" "no pressure"
note "${LINE#*UKL-GUEST: }"
guest_finish reclaim
pass "the application works while its pages are taken away"
rm -f "$OUT/swap"
[ "$PLAIN" -eq 1 ] || judge
