#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# core.sh - does GDB read the application's core dump as it reads a ring-3 program's?
#
#   core.sh BUILD KERNEL OUT
#
# KERNEL is a bzImage with crash linked in.  It crashes in three ways (apps/crash), as
# the application and in ring 3; the guest writes the cores to a disk, and here GDB
# opens each with vmlinux or the program and must find what crash had said: threads,
# registers, signal, static data, heap, the frames of the crashed function.  The notes
# of both cores must be of the same kinds.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="BUILD KERNEL OUT"
DISK_BYTES=$((64 * 1024 * 1024))
arguments "$@"
suite
need_guest

# What crash said about NAME
said() { # CORE NAME
	sed -n "s/^crash: $2=//p" "$OUT/cores/$1.said"
}

# GDB's answers: see core.gdb
ask() { # CORE PROGRAM PREFIX
	local core=$OUT/cores/$1
	gdb -nx -batch -ex "file $2" -ex "core-file $core" \
		-ex "set \$here = (unsigned long)&${3}crash_here" \
		-ex "set \$data = (unsigned long)&${3}crash_data" \
		-x "$(dirname "$0")/core.gdb" >"$core.gdb" 2>"$core.err" || :
}

answer() { # CORE NAME
	sed -n "s/^$2=//p" "$OUT/cores/$1.gdb"
}

same() { # CORE NAME...
	local core=$1 name
	shift
	for name; do
		[ -n "$(said "$core" "$name")" ] || die "$core: crash did not say its $name"
		[ "$(answer "$core" "$name")" = "$(said "$core" "$name")" ] ||
			die "$core: $name is $(said "$core" "$name"), GDB says" \
				"\"$(answer "$core" "$name")\"; see $OUT/cores/$core.gdb, .err"
	done
}

is() { # CORE NAME VALUE
	[ "$(answer "$1" "$2")" = "$3" ] ||
		die "$1: $2 should be $3, GDB says \"$(answer "$1" "$2")\"; see $OUT/cores/$1.gdb"
}

section() { # CORE NAME
	awk -v name="$2" '/^[A-Z]+$/ { on = $0 == name; next } on' "$OUT/cores/$1.gdb"
}

# The functions of the crashed thread's stack, innermost first
functions() { # CORE
	section "$1" STACK | awk '$1 ~ /^#/ { print ($3 == "in" ? $4 : $2) }' | paste -sd' '
}

in_function() { # CORE FUNCTION: number of threads whose innermost frame it is
	section "$1" THREADS | grep -c " $2 (" || :
}

judge_common() { # CORE
	same "$1" signal data bss rodata heap
	is "$1" by_symbol "$(said "$1" data)"
	is "$1" selectors "0x33 0x2b"
	[ "$(section "$1" THREADS | grep -c LWP)" = "$(said "$1" threads)" ] ||
		die "$1: $(said "$1" threads) threads, GDB lists others; see $OUT/cores/$1.gdb"
	pass "$1: signal, static data, heap, selectors, $(said "$1" threads) threads"
}

judge_fault() { # CORE LAST
	same "$1" fault rbx r12 r13 r14 r15 local
	is "$1" at 1
	[[ "$(functions "$1") " == "die_here inner outer $2 "* ]] ||
		die "$1: the stack is $(functions "$1")"
	pass "$1: fault address, registers, stack, a local variable"
}

judge_threads() { # CORE
	[ "$(in_function "$1" waiter) $(in_function "$1" spinner)" = "2 1" ] ||
		die "$1: not two threads in waiter() and one in spinner(): $OUT/cores/$1.gdb"
	pass "$1: each thread where it was"
}

kinds() { # CORE: its notes
	readelf -nW "$OUT/cores/$1" 2>/dev/null | awk '$1 == "CORE" || $1 == "LINUX" { print $1, $3 }'
}

read_cores() { # RING PROGRAM PREFIX
	local how
	for how in abort segv threads; do
		ask "$1-$how" "$2" "$3"
		judge_common "$1-$how"
	done
	judge_fault "$1-segv" main
	judge_fault "$1-threads" crasher
	judge_threads "$1-threads"
}

# The ukl-* commands: a core has no kernel memory, and its CS is shown as ring 3's.
ukl_where() { # CORE
	gdb -nx -batch -ex "source $(dirname "$0")/../../gdb-scripts/ukl-gdb.py" \
		-ex "file $VMLINUX" -ex "core-file $OUT/cores/$1" -ex ukl-where -ex ukl-stacks \
		>"$OUT/cores/$1.where" 2>&1 || :
	[ "$(grep -cE "^side   app: RIP lies|^flag   unreadable here|Traceback" \
		"$OUT/cores/$1.where")" -eq 2 ] ||
		die "$1: ukl-where errs; see $OUT/cores/$1.where"
	pass "$1: ukl-where names the side, and says what a core does not tell"
}

mkdir -p "$OUT"
rm -rf "$OUT/cores"
truncate -s "$DISK_BYTES" "$OUT/disk"
QEMU_ARGS=(-drive "file=$OUT/disk,format=raw,if=virtio,cache=unsafe")
SMP=2
guest_start core
guest_finish core
tar xf "$OUT/disk" -C "$OUT"
rm "$OUT/disk"
read_cores ring3 "$BUILD/apps/crash/crash" ""
read_cores ring0 "$VMLINUX" ukl_
ukl_where ring0-segv
for how in abort segv threads; do
	diff <(kinds "ring0-$how") <(kinds "ring3-$how") || die "$how: the notes differ in kind"
	[ -n "$(kinds "ring0-$how")" ] || die "$how: no notes"
	pass "$how: $(kinds "ring0-$how" | wc -l) notes, of the same kinds in both cores"
done
