#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# nmi-jump.sh - an NMI when ring 3 has just jumped to the application's text
#
#   nmi-jump.sh BUILD KERNEL OUT
#
# KERNEL is a bzImage with the echo server.  The jump's target is in RIP, the page fault
# that refuses it is still to come, and the NMI comes before it: a debugger outside the
# machine stops there, has QEMU inject one, and lets go.  Nothing that ring 3 has in RIP
# may make it the application; the attacks of which that jump is one go on as ever.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

[ $# -eq 3 ] || usage "BUILD KERNEL OUT"
BUILD=$1 KERNEL=$2 OUT=$3
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
suite
need_guest
need_file "$VMLINUX" "make kernel puts it beside $KERNEL"
RECORD=0

# Temporary, so that to go on from there is no step, which would hold the NMI back.
strike() { # PORT ADDRESS
	gdb -nx -batch -ex "set architecture i386:x86-64" -ex "set tcp connect-timeout 60" \
		-ex "target remote 127.0.0.1:$1" \
		-ex "thbreak *$2 if (\$cs & 3) == 3" -ex continue \
		-ex "printf \"struck at 0x%lx, cs %x\\n\", \$rip, \$cs" \
		-ex "monitor nmi" -ex detach >"$OUT/gdb.log" 2>&1 || :
}

text=$(symbol __ukl_text_start)
port=$(free_port)
QEMU_ARGS=(-S -gdb "tcp:127.0.0.1:$port")
CMDLINE="ukl.step=4999 $CMDLINE"
guest_start security
strike "$port" "$text" &
guest_finish security
wait
grep -q "^struck at $text, cs 33" "$OUT/gdb.log" ||
	die "ring 3 was not met at the application's text; see $OUT/gdb.log"
grep -q "NMI received" "$OUT/console.log" || die "no NMI came; see $OUT/console.log"
pass "an NMI when ring 3 has jumped to the application's text changes nothing"
