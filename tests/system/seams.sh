#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# seams.sh - NMIs at the instructions that chance does not find
#
#   seams.sh BUILD KERNEL OUT
#
# KERNEL is a bzImage with count linked in.  The emulator takes an interrupt only
# between blocks of instructions, and some states of a task last for less than one; in
# others few NMIs that nobody aims arrive.  So gdb stops the machine there, has an NMI
# injected, and lets it go on until the NMI's handler begins, three times at each place.
# The model must have seen an NMI lead out of each of these states and back, the program
# must finish, and the trace must conform.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 3 ] || usage "BUILD KERNEL OUT"
BUILD=$1 KERNEL=$2 OUT=$3
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
TIMES=3
suite
need_guest

# gdb's words for "the RIP that lies there is in the application's text", or the gate's
in_text() { # PLACE [TEXT]
	local text=__ukl_${2-text}
	echo "*(unsigned long *)($1) >= $(symbol "${text}_start")" \
		"&& *(unsigned long *)($1) < $(symbol "${text}_end")"
}

# gdb's words for a C function whose pt_regs are the application's, ring 3's, the kernel's
# shellcheck disable=SC2016 # for gdb
CS='*(long *)($rdi + 136)'
FOR_APP="$CS >> 16 == -1" FOR_USER="($CS & 3) == 3" FOR_KERNEL="$CS == 16"

# Where the kernel says that it does this
site() { # WHAT
	symbol "$(nm "$VMLINUX" | sed -n "s/.* \(ukl_site\.$1\..*\)/\1/p")"
}

# STATE, the address, steps to take from there, and gdb's condition; in the order in
# which a boot comes by.  The first instruction of an entry or of C code is the model's cue,
# so it takes two steps to get behind it.  STATE>OTHER is at such an instruction, before
# it: the first NMI finds the task in STATE, and leaves it and the next ones in OTHER, since
# what the entry was for does not show yet.  RIP and CS are on the stack, behind an
# error code for a page fault; ret_from_fork() has the function of a kernel thread in RDX.
places() {
	local fault fault_c timer fork call call_c
	fault=$(symbol asm_exc_page_fault)
	fault_c=$(symbol exc_page_fault)
	timer=$(symbol asm_sysvec_apic_timer_interrupt)
	fork=$(symbol ret_from_fork)
	call=$(symbol entry_SYSCALL_64)
	call_c=$(symbol do_syscall_64)
	echo "KERNEL $(symbol rest_init) 0 1"
	echo "KTHREAD $fork 0 \$rdx != 0 && \$rdx != $(symbol kernel_init)"
	echo "USER_STUB $fault 2 (*(long *)(\$rsp + 16) & 3) == 3"
	echo "USER_EVENT $fault_c 2 $FOR_USER"
	echo "USER_SYSCALL $call_c 2 $FOR_USER"
	echo "USER>KERNEL $fault 0 (*(long *)(\$rsp + 16) & 3) == 3"
	echo "USER>KERNEL $call 0 1"
	echo "KERNEL_EVENT $fault_c 2 $FOR_KERNEL"
	echo "APP_STUB $fault 2 $(in_text "\$rsp + 8")"
	echo "APP_STUB_KERNEL $fault_c 0 $FOR_APP"
	echo "APP_EVENT $fault_c 2 $FOR_APP"
	echo "APP>KERNEL $fault 0 $(in_text "\$rsp + 8")"
	echo "GATE_KERNEL $(symbol __ukl_seam_in_end) 0 1"
	echo "SYSCALL $call_c 2 $FOR_APP"
	echo "SYSCALL_LEFT $(site sys_leave) 1 1"
	echo "RETURN $(symbol __ukl_seam_out_start) 0 1"
	echo "KERNEL_STUB $timer 2 (*(long *)(\$rsp + 8) & 3) == 0 && *(long *)\$rsp < 0" \
		"&& !($(in_text "\$rsp")) && !($(in_text "\$rsp" seam_in))"
	echo "CHILD $fork 0 \$rdx == 0"
}

session() { # PORT
	local nmi state place steps condition i step
	nmi=$(symbol asm_exc_nmi)
	echo "set architecture i386:x86-64"
	echo "target remote 127.0.0.1:$1"
	while read -r state place steps condition; do
		for ((i = 0; i < TIMES; i++)); do
			echo "thbreak *$place if $condition"
			echo "continue"
			for ((step = 0; step < steps; step++)); do
				printf '%s\n' "set \$from = \$pc" "while \$pc == \$from" stepi end
			done
			echo "monitor nmi"
			echo "thbreak *$nmi"
			echo "continue"
			printf 'echo struck %s %s\\n\n' "$state" "$place"
		done
	done < <(places)
	echo "detach"
}

edge() { # EDGE TIMES
	local n
	n=$(awk -v edge="    $1 " 'index($0, edge) == 1 { print $NF }' "$OUT/covered")
	[ "${n:-0}" -ge "$2" ] || die "$1: ${n:-0} times, not $2"
	pass "$1: $n times"
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
while read -r state place _; do
	struck=$(grep -c "^struck $state $place$" "$OUT/gdb.log") || :
	[ "$struck" -eq "$TIMES" ] || die "$state: struck $struck times; see $OUT/gdb.log"
	in=${state%>*} out=${state#*>}
	edge "$in INT_IN_KERNEL OWN_STACK" "$([ "$in" = "$out" ] && echo "$TIMES" || echo 1)"
	edge "OWN_STACK INT_OUT_KERNEL $out" "$TIMES"
done < <(places)
judge
