#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mkukl.sh - join an application's objects into the one that vmlinux links
#
#   mkukl.sh OUTPUT OBJECT...
#
# Promises that OUTPUT (a) enters the kernel only through the gates, the first
# by a five-byte direct call and the second by a direct jmp; (b) has no SYSCALL,
# SYSENTER or INT instruction, which at CPL 0 would wreck the machine; (c) needs
# nothing but the gates and the TLS template's bounds; (d) has only sections
# that the kernel's linker script places.  Otherwise it says why, exits with 1
# and leaves no OUTPUT.  All names in OUTPUT carry the prefix ukl_, all
# allocated sections the prefix .ukl.
#
# LD, OBJCOPY, OBJDUMP and NM may name other binutils.
set -eu

LD=${LD:-ld} OBJCOPY=${OBJCOPY:-objcopy} OBJDUMP=${OBJDUMP:-objdump} NM=${NM:-nm}
here=$(dirname "$0")
out=$1
shift
joined=$out.joined
trap 'rm -f "$joined"' EXIT
rm -f "$out"

fail() {
	echo "mkukl: $out: $1" >&2
	exit 1
}

"$LD" -r -d -T "$here/merge.lds" -o "$joined" "$@"
# the assembler names this table beside TLS debugging information; real uses stay
"$OBJCOPY" --strip-symbol=_GLOBAL_OFFSET_TABLE_ "$joined"

# (c) a name nobody defines would otherwise surface, prefixed, in the kernel's link
missing=$("$NM" -u "$joined" | awk '
	$2 !~ /^(entry_SYSCALL_64(_jump)?|__tls_(data_start|data_end|bss_end|align))$/ {
		printf "%s%s", sep, $2; sep = " " }')
[ -z "$missing" ] || fail "undefined: $missing (neither the application nor apps/rt \
defines them; add them there)"

# (d)
strange=$("$OBJDUMP" -h "$joined" | awk '
	$1 ~ /^[0-9]+$/ { name = $2; size = $3; next }
	/ALLOC/ && size !~ /^0+$/ && name !~ /^\.(text|rodata|data|bss|tdata|tbss)$/ {
		printf "%s%s", sep, name; sep = " " }')
[ -z "$strange" ] || fail "sections the kernel's linker script does not place: $strange"

# (a), (b): every relocation against a gate must belong to an E8 call or E9 jmp
total=$("$OBJDUMP" -r "$joined" | awk '$3 ~ /^entry_SYSCALL_64(_jump)?([-+]|$)/ { n++ }
	END { print n + 0 }')
complaint=$("$OBJDUMP" -dr -w "$joined" | awk -v total="$total" '
	/^[0-9a-f]+ <.*>:$/ { where = $2 }
	/^ *[0-9a-f]+:\t/ {
		split($0, part, "\t")
		bytes = part[2]; insn = part[3]
		if (insn ~ /^(syscall|sysenter|sysret|sysexit|int )/)
			print "instruction \"" insn "\" in " where " " part[1]
	}
	/R_X86_64.*entry_SYSCALL_64_jump([-+ \t]|$)/ {
		if (bytes ~ /^e9 / && insn ~ /^jmp /) good++
		else print "entry_SYSCALL_64_jump is not reached by a jmp: " where
		next
	}
	/R_X86_64.*entry_SYSCALL_64([-+ \t]|$)/ {
		if (bytes ~ /^e8 / && insn ~ /^call /) good++
		else print "entry_SYSCALL_64 is not reached by a direct call: " where
	}
	END { if (good != total)
		print total - good " references to a gate are neither call nor jmp" }')
[ -z "$complaint" ] || fail "$complaint"
[ "$total" -gt 0 ] || fail "no call of entry_SYSCALL_64: apps/rt is not linked in"

"$OBJCOPY" --prefix-symbols=ukl_ --prefix-alloc-sections=.ukl "$joined" "$out"
