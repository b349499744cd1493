#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# trace-tools.sh - strace and gdb, as Debian has them, on the application
#
#   trace-tools.sh BUILD KERNEL PROGRAM OUT
#
# KERNEL is a bzImage with the probes linked in, PROGRAM the same for ring 3.  strace in
# the guest shows the same calls, arguments, results and signals for both, but for the
# differences listed here.  gdb on the host, through a gdbserver in the guest, reads,
# changes, steps and stops both; only a software breakpoint is refused in ring 0, where
# text is the kernel's.  The trace of all that must conform.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="BUILD KERNEL PROGRAM OUT"
arguments "$@"
GROUPS_SEEN=calls,rseq,bases
SESSION_SECONDS=200
base=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
INITRD=$OUT/initramfs.cpio.gz
SMP=2 LIMIT=600

# The tools and the shared objects they name, at the paths that they name
pack_tools() {
	local tree=$OUT/tree tool file
	rm -rf "$tree"
	mkdir -p "$tree/bin"
	for tool in strace gdbserver; do
		file=$(command -v "$tool") || die "$tool is missing: ukl-kernel/deps.sh check"
		cp "$file" "$tree/bin/"
		for file in $(ldd "$file" | grep -o '/[^ ]*'); do
			install -D "$file" "$tree$file"
		done
	done
	{ cat "$base"; apps/guest/pack.sh "$tree"; } >"$INITRD"
	rm -rf "$tree"
}

# What must be the same: strace's lines, each after its thread's number, without what
# has no value that could be compared: addresses, process numbers (one is read from
# /proc), the program's name, a length of text (a gate's call is longer than SYSCALL),
# the buffer of modify_ldt(0), which strace shows unread.
#
# Left out, because they differ rightly: the clock (a system call here, the vdso's in
# ring 3), brk (the heap is elsewhere), and what is a race in any program (futexes, the
# moment of SIGCHLD, and how often a timer's SIGALRM came).
normalised() { # RING
	tr -d '\r' <"$OUT/console.log" | sed -n "s/^UKL-STRACE: $1 //p" |
		awk '/: --- SIGALRM/ { alarm = 1; next }
			alarm && /: rt_sigreturn/ { alarm = 0; next }
			{ alarm = 0; print }' |
		grep -vE '^[0-9]+: (clock_gettime|gettimeofday|brk|futex|--- SIGCHLD)' |
		sed -E -e 's/0x[0-9a-f]{6,}/ADDRESS/g' -e 's/"\/(UKL|TWN)"/PROGRAM/g' \
			-e 's/(: (get[pt]?p?id|fork|clone|wait4|set_tid_address)\(.*\) += )[0-9]+$/\1PID/' \
			-e 's/(wait4\(|parent_tid=\[|si_pid=)[0-9]+/\1PID/' -e 's/ +=/ =/' \
			-e 's/(DISPATCH_ON, ADDRESS, )0x[0-9a-f]+/\1LENGTH/' \
			-e 's/(: read\(3, )"[0-9]", 1/\1DIGIT, 1/' \
			-e 's/(: modify_ldt\(0, )\{.*\}/\1BUFFER/'
}

# The same in ring 0 but for this: no restartable sequence lies in the kernel's half (the
# probe "a sequence is aborted, or refused"), and CR4.TSD spares ring 0 ("PR_SET_TSC").
differences() {
	cat <<-'END'
	ring3 wait4(PID, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = PID
	ring0 wait4(PID, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV}], 0, NULL) = PID
	ring3 wait4(PID, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV}], 0, NULL) = PID
	ring0 wait4(PID, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = PID
	ring3 exit_group(0) = ?
	ring3 +++ exited with 0 +++
	ring0 --- SIGSEGV {si_signo=SIGSEGV, si_code=SI_KERNEL, si_addr=NULL} ---
	ring0 +++ killed by SIGSEGV +++
	ring3 --- SIGSEGV {si_signo=SIGSEGV, si_code=SI_KERNEL, si_addr=NULL} ---
	ring3 +++ killed by SIGSEGV +++
	ring0 exit_group(0) = ?
	ring0 +++ exited with 0 +++
	END
}

compare_straces() {
	normalised ring0 >"$OUT/strace.ring0"
	normalised ring3 >"$OUT/strace.ring3"
	[ -s "$OUT/strace.ring3" ] || die "strace showed nothing; see $OUT/console.log"
	diff --unchanged-line-format= --old-line-format='ring3 %L' \
		--new-line-format='ring0 %L' "$OUT/strace.ring3" "$OUT/strace.ring0" |
		sed -E 's/^(ring.) [0-9]+: /\1 /' >"$OUT/strace.diff" || :
	diff <(differences) "$OUT/strace.diff" ||
		die "strace shows other differences of the rings (>) than it should (<)"
	pass "strace shows $(wc -l <"$OUT/strace.ring0") lines, the same in both rings but for" \
		"those listed"
}

# Each -ex goes on when the one before it has failed.  idle_stop is the status with
# which the program ends.
session() { # SYMBOLS
	timeout "$SESSION_SECONDS" gdb -nx -batch "$1" -ex "set debuginfod enabled off" \
		-ex "set sysroot" -ex "target remote 127.0.0.1:$HOST_PORT" \
		-x tests/system/trace-tools.gdb \
		-ex "echo soft:\n" -ex "break idle_step" -ex "continue" -ex "delete" \
		-ex "echo hard:\n" -ex "hbreak idle_step" -ex "continue" -ex "delete" \
		-ex "backtrace" -ex "set var idle_stop = 7" -ex "detach"
}

debug() { # RING SYMBOLS
	local status=0
	guest_expect "UKL-GUEST: debug $1: ready" || die "no gdbserver for $1; see $OUT/console.log"
	session "$2" >"$OUT/gdb.$1" 2>&1 || status=$?
	[ "$status" -ne 124 ] ||
		die "gdb, $1: no end after $SESSION_SECONDS seconds; see $OUT/gdb.$1"
	guest_expect "UKL-GUEST: debug $1: the program ended" ||
		die "the program of $1 did not end; see $OUT/gdb.$1"
	[[ $LINE == *"status 7" ]] ||
		die "${LINE#*UKL-GUEST: }, not with gdb's 7; see $OUT/gdb.$1"
	pass "gdb, $1: the program ends with the status that gdb stored"
}

# What gdb wrote from the line "PART:" on to the next such line, or to the end
part() { # RING PART
	awk -v part="$2:" 'BEGIN { on = part == "start:" }
		/^(soft|hard):$/ { on = $0 == part } on' "$OUT/gdb.$1"
}

saw() { # RING PART WHAT PATTERN
	part "$1" "$2" | grep -E "$4" >"$OUT/gdb.found" ||
		die "gdb, $1: not $3: no \"$4\" in $OUT/gdb.$1"
	pass "gdb, $1: $3"
}

judge_session() { # RING
	saw "$1" start "registers, cs and ss as in user mode" '^selectors 33 2b$'
	saw "$1" start "a watchpoint is hit" '^New value = [0-9]+$'
	saw "$1" start "static data is read" '^counts: yes$'
	saw "$1" start "text is shown" '^=> .*<idle_step\+[0-9]+>:'
	saw "$1" start "a step" '^stepped: yes$'
	saw "$1" hard "a hardware breakpoint in text is hit" '^Breakpoint [0-9]+, idle_step '
	saw "$1" hard "the frames below it" '^#1 .* help_idle '
}

suite
mkdir -p "$OUT"
need_file "$base" "make $base builds it"
pack_tools
need_guest
CMDLINE="ukl.args=$GROUPS_SEEN"
guest_record
guest_start trace-tools
debug ring0 "$VMLINUX"
debug ring3 "$PROGRAM"
guest_finish trace-tools
compare_straces
judge_session ring0
judge_session ring3
saw ring0 soft "a software breakpoint in text is refused" \
	'^Cannot access memory at address 0xffffffff'
saw ring3 soft "a software breakpoint is hit" '^Breakpoint [0-9]+, idle_step '
judge
