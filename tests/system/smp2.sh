#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# smp2.sh - the demonstration on two processors
#
#   smp2.sh BUILD KERNEL OUT
#
# The server, its client and a ring-3 load run at once and migrate; the trace has
# two streams.  Exit status: the checker's.
set -euo pipefail
TEST=smp2 exec "$(dirname "$0")/demo.sh" --suite --smp 2 "$@"
