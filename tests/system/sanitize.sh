#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sanitize.sh - the recorder in QEMU, and the checker on what it wrote, under sanitizers
#
#   sanitize.sh BUILD INITRD KERNEL OUT
#
# BUILD is a build directory under AddressSanitizer, whose library is loaded into QEMU
# before all else: QEMU's own memory comes from it, too.  A report ends QEMU.
# Exit status: 0 all is well; 1 something is not, named.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="BUILD INITRD KERNEL OUT"
arguments "$@"
top=$OUT
suite
need_guest
MEMORY=512
asan=$(${CC:-gcc} -print-file-name=libasan.so)
# QEMU gives little back at its end, and moves between stacks of its own.
export ASAN_OPTIONS=abort_on_error=1:detect_leaks=0:detect_stack_use_after_return=0
export UBSAN_OPTIONS=abort_on_error=1

for SMP in 1 2; do
	OUT=$top/$SMP
	CMDLINE="ukl.args=calls=10000,jumps=100,faults=1000,stack=100,grow=100,ticks=20,spawn=5"
	guest_record
	LD_PRELOAD=$asan guest_start count
	guest_finish count
	pass "$SMP processors: nothing to report of the recorder"
	conforms "$SMP processors"
	rm -rf "$OUT/trace"
done
