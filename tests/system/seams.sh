#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# seams.sh - NMIs at the instructions that chance does not find
#
#   seams.sh BUILD KERNEL OUT
#
# KERNEL is a bzImage with count linked in.  The emulator takes an interrupt only
# between blocks of instructions, and some states of a task last for less than one.
# So gdb stops the machine there, has an NMI injected, and lets it go on until the NMI's
# handler begins, three times at each place.  The model must have seen an NMI lead out
# of each of these states and back, the program must finish, and the trace must conform.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 3 ] || usage "BUILD KERNEL OUT"
BUILD=$1 KERNEL=$2 OUT=$3
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
TIMES=3
suite
need_guest

# gdb's words for "the RIP that lies there is the application's"
in_app() { # PLACE
	echo "*(unsigned long *)($1) >= $(symbol __ukl_text_start)" \
		"&& *(unsigned long *)($1) < $(symbol __ukl_text_end)"
}

# STATE, the address, steps to take from there, and gdb's condition; in the order in
# which a boot comes by.  A stub's first instruction is the model's cue, so it takes two
# steps.  RIP and CS are on the stack, behind an error code for a page fault;
# ret_from_fork() has the function of a kernel thread in RDX.
places() {
	local fault timer fork
	fault=$(symbol asm_exc_page_fault)
	timer=$(symbol asm_sysvec_apic_timer_interrupt)
	fork=$(symbol ret_from_fork)
	echo "KTHREAD $fork 0 \$rdx != 0 && \$rdx != $(symbol kernel_init)"
	echo "USER_STUB $fault 2 (*(long *)(\$rsp + 16) & 3) == 3"
	echo "APP_STUB $fault 2 $(in_app "\$rsp + 8")"
	echo "GATE_KERNEL $(symbol __ukl_seam_in_end) 0 1"
	echo "RETURN $(symbol __ukl_seam_out_start) 0 1"
	echo "KERNEL_STUB $timer 2 (*(long *)(\$rsp + 8) & 3) == 0 && *(long *)\$rsp < 0" \
		"&& !($(in_app "\$rsp"))"
	echo "CHILD $fork 0 \$rdx == 0"
}

session() { # PORT
	local nmi state place steps condition i
	nmi=$(symbol asm_exc_nmi)
	echo "set architecture i386:x86-64"
	echo "target remote 127.0.0.1:$1"
	while read -r state place steps condition; do
		for ((i = 0; i < TIMES; i++)); do
			echo "thbreak *$place if $condition"
			echo "continue"
			[ "$steps" -eq 0 ] || echo "stepi $steps"
			echo "monitor nmi"
			echo "thbreak *$nmi"
			echo "continue"
			printf 'echo struck %s\\n\n' "$state"
		done
	done < <(places)
	echo "detach"
}

port=$(free_port)
QEMU_ARGS=(-gdb "tcp:127.0.0.1:$port" -S)
CMDLINE="ukl.args=calls=2000,faults=200,spawn=20"
guest_record
guest_start count
session "$port" >"$OUT/session"
until (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
	kill -0 "$GUEST_PID" 2>/dev/null || { guest_report; die "QEMU did not start"; }
done
timeout "$LIMIT" gdb -nx -batch -x "$OUT/session" </dev/null >"$OUT/gdb.log" 2>&1 ||
	die "gdb ended with status $?; see $OUT/gdb.log"
guest_finish count
pass "the program finished, everything counted"

"$BUILD/ukl" cover --verbose "$OUT/trace" >"$OUT/covered" || :
while read -r state _; do
	struck=$(grep -c "^struck $state$" "$OUT/gdb.log") || :
	[ "$struck" -eq "$TIMES" ] || die "$state: struck $struck times; see $OUT/gdb.log"
	for edge in "$state INT_IN_KERNEL OWN_STACK" "OWN_STACK INT_OUT_KERNEL $state"; do
		n=$(awk -v edge="    $edge " 'index($0, edge) == 1 { print $NF }' "$OUT/covered")
		[ "${n:-0}" -ge "$TIMES" ] || die "$edge: ${n:-0} times, not $TIMES"
		pass "$edge: $n times"
	done
done < <(places)
judge
