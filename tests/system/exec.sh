#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# exec.sh - starting the application: by whom, how often, and as the first process
#
#   exec.sh BUILD KERNEL OUT
#
# KERNEL is a bzImage with count linked in.  Exit status 0: refusals are clean, the
# application starts afresh each time, init= starts it, and both traces conform.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="BUILD KERNEL OUT"
arguments "$@"
TOP=$OUT
suite
need_guest

OUT=$TOP/exec
guest_record
guest_start exec
guest_finish exec
pass_lines 's/^UKL-GUEST: exec: (.*)/\1/p'
conforms "who may start it"

# As the first process, with the words behind "--": it has no console, so it is the
# trace that tells that it ran; when it ends the kernel panics, and QEMU ends.
OUT=$TOP/init
CMDLINE="rdinit=/UKL -- calls=100"
guest_record
guest_start boot
guest_expect "^this pattern matches no line: read to the end$" || :
guest_reap
calls=$("$BUILD/ukl" dump --no-state --class sys_enter "$OUT/trace" | wc -l)
[ "$calls" -ge 100 ] || die "as the first process it made $calls system calls, not 100"
pass "as the first process it made $calls system calls"
conforms "as the first process"
