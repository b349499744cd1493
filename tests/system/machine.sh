#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# machine.sh - NMIs and machine checks, injected one by one and counted
#
#   machine.sh [--smp N] BUILD KERNEL OUT
#
# KERNEL is a bzImage with probe linked in.  QEMU's monitor injects the next event when
# the guest has told that it counted the last, so the numbers must be equal: injected,
# counted by the kernel, recorded.  The program they strike computes, makes page faults
# and system calls, first in ring 0, then in ring 3.  A machine check that Linux
# survives is survived; a fatal one is a panic that names the application's instruction.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="[--smp N] BUILD KERNEL OUT"
arguments "$@"
TOP=$OUT
suite
need_guest
TIMES=100

# Intel's machine checks: QEMU's own processor has AMD's, which forgive nothing.  Bank 2
# of processor 0: status, mcg_status (in progress, may be resumed), address, misc.
INTEL="-cpu max,-la57,vendor=GenuineIntel"
SCRUB="mce 0 2 0xbd000000000000c0 5 0x100000 0x8c"
NO_ACTION="mce 0 2 0xb0000000000000c1 5 0 0"
FATAL="mce 0 2 0xb200000000000175 7 0 0"

# start WORDS: the next guest, with a monitor on descriptor 5
start() {
	# shellcheck disable=SC2206 # the processor's words are meant to be split
	QEMU_ARGS=($CPU)
	guest_monitor
	CMDLINE=$1
	guest_record
	guest_start machine
	guest_await "UKL-GUEST: scenario machine: begins" "the guest did not begin"
	monitor_open
}

monitor() { # COMMAND
	echo "$1" >&5
}

# The next number that the program tells, in COUNT.
next_count() { # ROW
	guest_await "^storm: $1 [0-9]+\$" "no number of $1 any more"
	COUNT=${LINE##* }
}

# The commands in turn, each when the last is counted: one more each time, no less.
storm() { # ROW WHO COMMAND...
	local row=$1 who=$2 i first commands
	shift 2
	commands=("$@")
	next_count "$row"
	first=$COUNT
	for ((i = 1; i <= TIMES; i++)); do
		monitor "${commands[i % $#]}"
		next_count "$row"
		[ "$COUNT" -eq $((first + i)) ] ||
			die "$who: $i of $row injected, $((COUNT - first)) counted"
	done
	pass "$who: $TIMES times $row injected, each counted once"
}

counted() { # ROW VECTOR COMMAND...
	local row=$1 vector=$2 n
	shift 2
	storm "$row" "ring 0" "$@"
	storm "$row" "ring 3" "$@"
	guest_finish machine
	n=$(struck "$vector")
	[ "$n" -eq $((2 * TIMES)) ] || die "$((2 * TIMES)) injected, $n recorded"
	pass "the recorder saw exactly $n"
	for side in app kernel user; do
		n=$(struck "$vector" "$side")
		[ "$n" -gt 0 ] || die "none struck the $side side"
		pass "$n struck the $side side"
	done
	conforms "$row"
}

# A machine check that is fatal, in a program that computes; if it struck the kernel
# under it, which the report tells, once more.  IP is the instruction that it names.
fatal() { # WHO PROGRAM CS
	local try
	IP=
	for try in 1 2 3; do
		start "ukl.spin=$2"
		guest_await "^spin: begins" "$2 did not begin"
		monitor "$FATAL"
		guest_await "RIP [^ ]* *[0-9a-f]*:<[0-9a-f]+>" "$1: no machine check was reported"
		[[ ! $LINE =~ RIP\ (!INEXACT!\ )?$3:\<([0-9a-f]+)\> ]] ||
			{ IP=$((16#${BASH_REMATCH[2]})); break; }
		note "try $try struck the kernel: $LINE"
		guest_kill
	done
	[ -n "$IP" ] || die "$1: the program itself was never struck"
	pass "$1: the fatal machine check names its instruction"
	guest_await "Kernel panic - not syncing: .*[Mm]achine check" "$1: no panic"
	pass "$1: ${LINE#*syncing: }"
	guest_expect "^this pattern matches no line: read to the end$" || :
	guest_reap
	conforms "$1, to the end"
}

CPU=''
OUT=$TOP/nmi
start "ukl.row=NMI ukl.count=$TIMES"
counted NMI 0x2 nmi

CPU=$INTEL
OUT=$TOP/mce
start "ukl.row=MCE ukl.count=$TIMES"
counted MCE 0x12 "$SCRUB" "$NO_ACTION"

OUT=$TOP/fatal
fatal "ring 0" /UKL 13
if [ "$IP" -ge $(($(symbol __ukl_text_start))) ] && [ "$IP" -lt $(($(symbol __ukl_text_end))) ]; then
	pass "that is the application's text"
else
	die "that is not the application's text"
fi
OUT=$TOP/fatal3
fatal "ring 3" /bin/probe 33
